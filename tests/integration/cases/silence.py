# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A sender that falls silent, and one that does not listen: --timeout."""
import os
import time

import stream as wire
import suite
from copying import ETIMEDOUT, STAGING, Copying
from expect import check, has, wait_until

test = suite.cases(Copying, once=True)

FILE = wire.file("file", b"content")


def fall_silent(t, *parts):
    """Senders that send a part each and then nothing, without closing their streams, are given up.
    (part, name of the entry it ends in)"""
    several = []
    for part, name in parts:
        receiving = t.start_unpacker("--timeout=2", "-v")
        receiving.write(part)
        several.append((receiving, name))
    for receiving, name in several:
        end = receiving.wait().exits(1).answered(ETIMEDOUT, name)
        has(end.said, "nothing came for too long (the sender fell silent)")
    t.nothing_arrived()


def a_full_pipe():
    """Returns both ends. Who writes to it waits."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, bytes(4096))
    except BlockingIOError:
        os.set_blocking(writing, True)
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb")


@test("a sender that never begins is given up", waits=True)
def _(t):
    fall_silent(t, (b"", ""))


@test("a sender that falls silent is given up, wherever it stops", waits=True)
def _(t):
    fall_silent(
        t,
        (wire.directory("dir")[:20], ""),
        (wire.directory("directory")[:36], ""),
        ((wire.directory("dir") + wire.file("dir/file", b"content"))[:-3], "dir/file"),
        (wire.entry("file", wire.FILE | 0o644, filelen=10000000) + bytes(2000000), "file"),
        ((wire.directory("dir") + wire.link("dir/link", "target"))[:-3], "dir/link"),
        (FILE, "file"))


@test("what has come is written while the receiver waits for more")
def _(t):
    # More than it keeps open, so that the writer has the last ones.
    receiving = t.start_unpacker()
    receiving.write(b"".join(wire.file(f"{number}", b"content") for number in range(20)))
    wait_until(lambda: t.staged("19"), "the last file", by=[receiving])
    staging, = (name for name in os.listdir(t.incoming) if name.startswith(STAGING))
    for number in range(20):
        path = f"{t.incoming}/{staging}/tree/{number}"
        wait_until(lambda path=path: int(os.stat(path).st_mtime) == wire.MTIME,
                   lambda number=number: f"file {number}", by=[receiving])
    receiving.write(wire.END)
    receiving.wait().exits(0)


@test("a sender that is slower than that altogether, but never silent for so long, is not given up",
      waits=True)
def _(t):
    stream = wire.delivery(FILE)
    receiving = t.start_unpacker("--timeout=4")
    # Ten parts, with nine pauses between them.
    for place in range(0, len(stream), 8):
        receiving.write(stream[place:place + 8])
        time.sleep(0.5)
    receiving.wait().arrives("file")
    t.arrived("file")


@test("--timeout=0 waits for ever", waits=True)
def _(t):
    receiving = t.start_unpacker("--timeout=0")
    receiving.write(FILE)
    time.sleep(1.5)
    check(receiving.runs(), "it did not wait")
    receiving.write(wire.END)
    receiving.wait().arrives("file")
    t.arrived("file")


@test("a sender that does not take its answer is given up", waits=True)
def _(t):
    # A pipe that is full already: whoever shares it with us has left it so.
    reading, writing = a_full_pipe()
    with reading, writing:
        receiving = t.start_unpacker("--timeout=1", stdout=writing)
        receiving.write(wire.END)
        receiving.close().wait().exits(1).says("the sender had gone before it could be told")
