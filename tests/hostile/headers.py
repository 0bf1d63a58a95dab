# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Every field of the header at nothing, at its bounds, one past them, and all ones."""
import functools
import os
import tempfile

from case import (EINVAL, ENOSPC, Arrives, Refused, a_directory, a_file, a_link, add, case,
                  nanoseconds)
from home import unbounded
from stream import (ALL_ONES, ALL_ONES_64, ATIME, BLOCK_DEVICE, DEVICE, DIRECTORY, FIFO, FILE, LINK,
                    MTIME, NSEC, SOCKET, delivery, directory, entry, file, header, link, tree)

# What comes before a header that is none: something to be taken back. The answer names the last
# entry that had a name.
BEFORE = tree("d", file("d/a"))
LAST = "d"


def refuse_header(name, mode=FILE, **fields):
    add(f"headers.{name}", lambda: delivery(BEFORE, entry("bad", mode, **fields)),
        Refused(EINVAL, LAST))


# ---- namelen ----


@case(Refused(EINVAL))
def namelen_1():
    """An empty name; and nothing has had a name before it."""
    return delivery(header(1, FILE), b"\0")


@case(Arrives({"f": a_file(b"")}, "f"))
def namelen_2():
    return delivery(file("f", b""))


for number in 1, 16384, 2**31, ALL_ONES - 1, ALL_ONES:
    refuse_header(f"namelen-{number}-in-the-middle", namelen=number)


@case(Arrives({"d": a_directory(), "d/a": a_file()}, LAST))
def namelen_0_ends_whatever_else_is_in_it():
    return BEFORE + header(0, ALL_ONES, ALL_ONES_64, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES)


# ---- mode ----

TYPES = {"none": 0, "fifo": FIFO, "character-device": DEVICE, "block-device": BLOCK_DEVICE,
         "socket": SOCKET, "whiteout": 0o160000, "03": 0o030000, "05": 0o050000, "07": 0o070000,
         "11": 0o110000, "13": 0o130000, "15": 0o150000, "all-bits": 0o170000}

for kind, bits in TYPES.items():
    refuse_header(f"type-{kind}", bits | 0o644)

for mode in 0, 1, 0o7777, 0o200000 | FILE, 0o200000 | DIRECTORY, 2**31 | FILE, ALL_ONES:
    refuse_header(f"mode-{mode:o}", mode)


def permissions(mode):
    add(f"headers.file-mode-{mode:o}", lambda: delivery(file("f", mode=mode)),
        Arrives({"f": a_file(mode=mode & 0o777)}, "f"))
    add(f"headers.directory-mode-{mode:o}", lambda: delivery(tree("d", file("d/a"), mode=mode)),
        Arrives({"d": a_directory(mode & 0o777), "d/a": a_file()}, "d"))


for mode in 0, 1, 0o200, 0o777, 0o1000, 0o2755, 0o4755, 0o6711, 0o7777:
    permissions(mode)


@case(Arrives({"d": a_directory(), "d/a": a_link("x"), "d/b": a_link("x")}, "d"))
def link_mode_means_nothing():
    return delivery(tree("d", entry("d/a", LINK, b"x"), entry("d/b", LINK | 0o7777, b"x")))


@case(Arrives({"d": a_directory(0o700), "d/e": a_directory(0o755)}, "d"))
def set_id_bits_in_a_first_header():
    return delivery(directory("d", 0o7777), directory("d/e", 0o7777), directory("d/e", 0o7755),
                    directory("d", 0o6700))


# ---- filelen ----


@case(Arrives({"f": a_file(b"")}, "f"))
def filelen_0():
    return delivery(file("f", b""))


@case(Arrives({"f": a_file(b"\n")}, "f"))
def filelen_1():
    return delivery(file("f", b"\n"))


@case(Refused(ENOSPC, "bad"), needs=unbounded)
def filelen_2_63_less_1():
    """The most that a file can announce: no disk has it, and that is said before any of its
    data."""
    return delivery(BEFORE, entry("bad", FILE, filelen=2**63 - 1))


@case(Refused(ENOSPC, "bad"), needs=unbounded)
def filelen_2_62():
    return delivery(BEFORE, entry("bad", FILE, filelen=2**62))


for number in 2**63, 2**63 + 1, ALL_ONES_64 - 1, ALL_ONES_64:
    refuse_header(f"filelen-{number}", filelen=number)
for number in 1, 2**32, 2**63 - 1, 2**63, ALL_ONES_64:
    refuse_header(f"directory-filelen-{number}", DIRECTORY, filelen=number)
for number in 0, 16384, 2**32 + 1, 2**63, ALL_ONES_64:
    refuse_header(f"link-filelen-{number}", LINK, filelen=number)


@case(Refused(EINVAL, "d/a"))
def second_header_with_data():
    return delivery(directory("d"), file("d/a"), entry("d", DIRECTORY, b"x"))


# ---- Times ----


@functools.cache
def kept_time(time):
    """Does the file system that we deliver to have this time?"""
    with tempfile.NamedTemporaryFile() as probe:
        os.utime(probe.name, ns=(time, time))
        return os.stat(probe.name).st_mtime_ns == time


def times(name, **fields):
    """A file, a link and a directory of these times."""
    sent = {"atime": ATIME, "atime_nsec": NSEC, "mtime": MTIME, "mtime_nsec": NSEC} | fields
    seen = {which: nanoseconds(sent[which], sent[f"{which}_nsec"]) for which in ("atime", "mtime")}

    def make():
        return delivery(directory("d"), file("d/f", **fields), link("d/l", "f", **fields),
                        directory("d", **fields))

    def needs(_):
        return (None if all(map(kept_time, seen.values()))
                else "the file system here has no such time")

    add(f"headers.{name}", make,
        Arrives({"d": a_directory(**seen), "d/f": a_file(**seen), "d/l": a_link("f", **seen)}, "d"),
        needs=needs)


for field in "atime", "mtime":
    for number in 0, 1, 2**31 - 1, 2**31, ALL_ONES - 1, ALL_ONES:
        times(f"{field}-{number}", **{field: number})
    for number in 0, 1, 10**9 - 1:
        times(f"{field}-nsec-{number}", **{f"{field}_nsec": number})
    for number in 10**9, 2**31, ALL_ONES:
        refuse_header(f"{field}-nsec-{number}", **{f"{field}_nsec": number})
        refuse_header(f"link-{field}-nsec-{number}", LINK, filelen=1, **{f"{field}_nsec": number})
        refuse_header(f"directory-{field}-nsec-{number}", DIRECTORY, **{f"{field}_nsec": number})

times("the-first-moment", atime=0, atime_nsec=0, mtime=0, mtime_nsec=0)
times("the-last-moment", atime=ALL_ONES, atime_nsec=10**9 - 1, mtime=ALL_ONES, mtime_nsec=10**9 - 1)


@case(Refused(EINVAL, "d/a"))
def second_header_with_bad_nanoseconds():
    return delivery(directory("d"), file("d/a"), directory("d", mtime_nsec=10**9))
