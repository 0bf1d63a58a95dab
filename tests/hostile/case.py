# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a case is: a stream, how it is fed to the receiver, and what must come of it."""
import dataclasses
import os
import stat
import sys
import typing

import stream

EEXIST, EINVAL, ENOSPC, ENAMETOOLONG, ENOLINK, EILSEQ, ETIMEDOUT, EDQUOT = (
    17, 22, 28, 36, 67, 84, 110, 122)
TRUNCATED = 31415926

CASES = {}  # by name, "subject.what-it-is"


# ---- Expectations ----


@dataclasses.dataclass
class Refused:
    """The answer has this code and this last name, the receiver exits with 1, and the home is as it
    was."""
    code: int
    name: bytes | str = b""


@dataclasses.dataclass
class Arrives:
    """The delivery succeeds, and below the incoming directory there is this much more than before.

    `entries`: paths, each with what look() of home.py must see there; or, where that would be too
    much, the names of the top-level entries with a function of a path that returns a complaint or
    None.
    """
    entries: dict
    name: bytes | str = b""
    ignored: int = 0  # bytes at the stream's end that the receiver does not read


class Seen(typing.NamedTuple):
    """What must be seen of one entry. None: whatever it is."""
    kind: int
    mode: int
    data: bytes | None = None  # content or target
    atime: int | None = None   # nanoseconds since 1970, both
    mtime: int | None = None


def nanoseconds(seconds, nsec):
    return seconds * 10**9 + nsec


SENT_ATIME = nanoseconds(stream.ATIME, stream.NSEC)
SENT_MTIME = nanoseconds(stream.MTIME, stream.NSEC)


def a_file(content=b"x", mode=0o644, atime=SENT_ATIME, mtime=SENT_MTIME):
    return Seen(stat.S_IFREG, mode, content, atime, mtime)


def a_directory(mode=0o755, atime=SENT_ATIME, mtime=SENT_MTIME):
    return Seen(stat.S_IFDIR, mode, None, atime, mtime)


def a_link(target, atime=SENT_ATIME, mtime=SENT_MTIME):
    return Seen(stat.S_IFLNK, 0o777, target.encode() if isinstance(target, str) else target, atime,
                mtime)


def unsealed():
    """A directory whose second header never came: its times are those of its filling."""
    return Seen(stat.S_IFDIR, 0o700)


# ---- Cases ----

# How a stream is fed.
AT_ONCE = "at once, then the end of the stream"
BYTE_BY_BYTE = "one byte a write"
HELD_OPEN = "at once, and the writing end stays open"
CUT_ANYWHERE = "a delivery for each of its bytes, or for some of them, cut there"


@dataclasses.dataclass
class Case:
    name: str
    make: callable     # returns the stream
    expect: callable   # Refused or Arrives; for CUT_ANYWHERE a function of the length
    options: tuple
    feed: str
    needs: callable    # returns why the case cannot run here, or None
    where: str         # it is written


def written_at():
    """The file, and the line there, that makes a case while it is imported."""
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def add(name, make, expect, *options, feed=AT_ONCE, needs=lambda receiver: None):
    assert name not in CASES, name
    CASES[name] = Case(name, make, expect, options, feed, needs, written_at())


def case(expect, *options, **how):
    """Make a case of a function that returns a stream; its name is the module's and the
    function's."""
    def register(function):
        subject = function.__module__.rpartition(".")[2]
        add(f"{subject}.{function.__name__.replace('_', '-')}", function, expect, *options, **how)
        return function
    return register
