# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""How a stream ends, or does not: cut, too long, slow, silent; and what is no stream at all."""
import functools
import random
import subprocess

from case import (BYTE_BY_BYTE, CUT_ANYWHERE, EINVAL, ETIMEDOUT, HELD_OPEN, TRUNCATED, Arrives,
                  Refused, a_directory, a_file, a_link, add, case)
from settings import UNPACKER
from stream import END, FILE, LINK, delivery, directory, entry, file, header, link

# ---- A small delivery, whole, slow, and cut anywhere ----

PARTS = [directory("d"), file("d/a", b"hello"), link("d/l", "a"), directory("d"), file("e", b"")]
NAMES = ["d", "d/a", "d/l", "d", "e"]
ARRIVED = {"d": a_directory(), "d/a": a_file(b"hello"), "d/l": a_link("a"), "e": a_file(b"")}


def small():
    return delivery(*PARTS)


def refused_where_cut(length):
    """The last name is that of the last entry whose name had come whole."""
    last, begin = "", 0
    for part, name in zip(PARTS, NAMES):
        if length >= begin + 32 + len(name) + 1:
            last = name
        begin += len(part)
    return Refused(TRUNCATED, last)


add("ending.whole", small, Arrives(ARRIVED, "e"))
add("ending.byte-by-byte", small, Arrives(ARRIVED, "e"), feed=BYTE_BY_BYTE)
add("ending.left-open", small, Arrives(ARRIVED, "e"), feed=HELD_OPEN)
add("ending.cut-anywhere", small, refused_where_cut, feed=CUT_ANYWHERE)


# ---- The end ----


@case(Arrives({}))
def nothing_but_the_end():
    return END


@case(Arrives({}), feed=HELD_OPEN)
def nothing_but_the_end_and_left_open():
    return END


@case(Refused(TRUNCATED))
def empty():
    return b""


@case(Refused(TRUNCATED, "f"))
def no_end():
    return file("f")


@case(Refused(TRUNCATED, "f"))
def end_of_31_bytes():
    return file("f") + END[:31]


@case(Arrives(ARRIVED, "e", ignored=6))
def data_behind_the_end():
    return small() + b"behind"


@case(Arrives({"f": a_file()}, "f", ignored=len(small())))
def another_delivery_behind_the_end():
    return delivery(file("f")) + small()


@case(Arrives({"f": a_file()}, "f", ignored=32))
def two_ends():
    return delivery(file("f")) + END


@case(Arrives({"f": a_file()}, "f", ignored=3 * 2**20))
def much_behind_the_end():
    """More than a pipe holds: the sender is still writing when the answer comes."""
    return delivery(file("f")) + bytes(3 * 2**20)


@case(Arrives({"f": a_file(b"hellp")}, "f"))
def a_flipped_bit():
    """Nothing here can tell; but the checksum that is answered is not that of what the sender
    meant."""
    stream = bytearray(delivery(file("f", b"hello")))
    stream[stream.index(b"hello") + 4] ^= ord("o") ^ ord("p")
    return bytes(stream)


# ---- Content that is short, or long ----


@case(Refused(TRUNCATED, "f"))
def content_shorter_than_announced():
    """The end becomes content."""
    return delivery(entry("f", FILE, b"x" * 99, filelen=132))


@case(Refused(EINVAL, "f"))
def content_longer_than_announced():
    """The rest becomes a header."""
    return delivery(entry("f", FILE, b"x" * 132, filelen=100))


@case(Refused(TRUNCATED, "f"))
def large_content_cut():
    return entry("f", FILE, b"x" * (2**20 - 1), filelen=2**20)


@case(Refused(TRUNCATED, "f"))
def holes_cut():
    return entry("f", FILE, bytes(2**20 - 1), filelen=2**20)


@case(Arrives({"f": a_file(bytes(range(256)) * 4096 + bytes(2**20) + b"\1" + bytes(2**20 + 5))},
              "f"))
def holes_in_the_middle_and_at_the_end():
    return delivery(file("f", bytes(range(256)) * 4096 + bytes(2**20) + b"\1" + bytes(2**20 + 5)))


# ---- What is no stream at all ----

GARBAGE = {"text": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "all-ones": b"\xff" * 4096,
           "spaces": b" " * 4096, "tar": b"ustar\0" + b"etc/passwd".ljust(506, b"\0"),
           "elf": b"\x7fELF\2\1\1" + bytes(57), "escapes": b"\x1b]0;x\x07" * 100}
for what, garbage in GARBAGE.items():
    add(f"ending.garbage-of-{what}", lambda garbage=garbage: garbage, Refused(EINVAL))

for seed in range(10):
    # No namelen of random bytes is below 16384 but with luck, which these seeds have not.
    add(f"ending.garbage-of-chance-{seed}", lambda seed=seed: random.Random(seed).randbytes(5000),
        Refused(EINVAL))
    add(f"ending.garbage-behind-a-file-{seed}",
        lambda seed=seed: file("f") + random.Random(seed).randbytes(5000), Refused(EINVAL, "f"))


# ---- Silence ----


@functools.cache
def no_timeout(_):
    words = subprocess.run([UNPACKER, "--help"], stdout=subprocess.PIPE, check=False).stdout
    return None if b"--timeout" in words else "this qfile-unpacker has no --timeout"


SILENT = {"at-the-beginning": (b"", ""), "in-a-header": (file("f") + file("g")[:7], "f"),
          "in-a-name": (header(3, FILE) + b"a", ""),
          "in-content": (entry("f", FILE, b"x", filelen=2), "f"),
          "in-large-content": (entry("f", FILE, b"x" * 300000, filelen=10**6), "f"),
          "in-a-target": (directory("d") + entry("d/l", LINK, b"x", filelen=2), "d/l"),
          "before-the-end": (small()[:-1], "e")}
for what, (stream, name) in SILENT.items():
    add(f"ending.silence-{what}", lambda stream=stream: stream, Refused(ETIMEDOUT, name),
        "--timeout=1", feed=HELD_OPEN, needs=no_timeout)


@case(Refused(TRUNCATED, "f"), "--timeout=100", needs=no_timeout)
def the_end_of_the_stream_is_no_silence():
    return file("f")


@case(Arrives(ARRIVED, "e"), "--timeout=1", feed=HELD_OPEN, needs=no_timeout)
def silence_behind_the_end_is_none():
    return small()
