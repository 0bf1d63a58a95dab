# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Streams that are none: EINVAL, nothing visible."""
import stream as wire
import suite
from copying import EEXIST, EINVAL, Copying

test = suite.cases(Copying, once=True)

FILE, DIRECTORY, LINK = wire.FILE | 0o644, wire.DIRECTORY | 0o755, wire.LINK | 0o777


def refuses(t, bad, name):
    """A delivery that begins well and goes on with `bad` is malformed. The answer names `name`."""
    stream = wire.delivery(wire.directory("dir"), wire.file("dir/file"), bad)
    t.deliver(stream, "--allow-all-names", "--allow-unsafe-symlinks").refused(EINVAL, name)


def refuses_header(t, mode, **fields):
    """The same for a header before a name that is good."""
    refuses(t, wire.entry("bad", mode, **fields), "dir/file")


@test("types other than file, directory and link are refused")
def _(t):
    for kind in (0o00, 0o01, 0o02, 0o06, 0o14, 0o16, 0o17):
        refuses_header(t, kind << 12 | 0o644)


@test("mode bits that do not exist are refused")
def _(t):
    refuses_header(t, 0o200000000 | FILE)
    refuses_header(t, 0o37777700644)


@test("a directory with data is refused")
def _(t):
    refuses_header(t, DIRECTORY, filelen=1)


@test("lengths beyond what a file can have are refused")
def _(t):
    refuses_header(t, FILE, filelen=wire.ALL_ONES_64)
    refuses_header(t, FILE, filelen=1 << 63)


@test("link targets that are too long are refused")
def _(t):
    refuses_header(t, LINK, filelen=16384)
    refuses_header(t, LINK, filelen=wire.ALL_ONES_64)


@test("nanoseconds of a second or more are refused")
def _(t):
    refuses_header(t, FILE, atime_nsec=10**9)
    refuses_header(t, FILE, mtime_nsec=10**9)
    refuses_header(t, FILE, mtime_nsec=wire.ALL_ONES)


@test("names of impossible lengths are refused")
def _(t):
    for length in (16384, wire.ALL_ONES, 1):
        refuses(t, wire.header(length, FILE), "dir/file")


@test("an entry in a directory that was not sent is refused")
def _(t):
    refuses(t, wire.file("missing/file"), "missing/file")
    refuses(t, wire.directory("dir/missing/sub"), "dir/missing/sub")
    refuses(t, wire.link("missing/link", "x"), "missing/link")


@test("an entry below a file is refused")
def _(t):
    refuses(t, wire.file("dir/file/below"), "dir/file/below")
    refuses(t, wire.directory("dir/file/below"), "dir/file/below")


@test("one name for two entries of a delivery is refused")
def _(t):
    t.deliver(wire.delivery(wire.file("twice", b"1"), wire.file("twice", b"2")),
              "--on-conflict=rename").refused(EEXIST, "twice")
    stream = wire.delivery(wire.directory("dir"), wire.file("dir/twice", b"1"),
                           wire.directory("dir/twice"))
    t.deliver(stream).refused(EEXIST, "dir/twice")
