# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Where tests write: in memory, where there is room, since programs that sync everything they
deliver cost most on a disk."""
import contextlib
import os
import sys
import tempfile

import tree

MEMORY = "/dev/shm"
ROOM = 3 << 30  # bytes: all that runs at the same time needs half of it
ROOM_ON_DISK = 1 << 30
LONGEST = 50  # bytes of a path: a socket's has 107, with the names of a run and of a case in it


def memory_available():
    """In bytes."""
    with contextlib.suppress(OSError):
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    return 0


def why_not(path, room):
    """Why tests cannot write so many bytes there and run programs from there; None if they can."""
    try:
        status = os.statvfs(path)
    except OSError as error:
        return error.strerror
    if not os.access(path, os.W_OK | os.X_OK):
        return "it cannot be written to"
    if status.f_flag & os.ST_NOEXEC:
        return "no programs can be run from there"
    if status.f_blocks and status.f_bavail * status.f_frsize < room:
        return f"less than {room >> 20} MiB are free"
    if len(os.path.realpath(path)) > LONGEST:
        return "its path is too long for those of sockets below it"
    return None


def is_roomy(path):
    """Can much be written there, in memory, and run from there?"""
    return why_not(path, ROOM) is None and memory_available() >= ROOM


def usable(places, room):
    """The first of these; ends the process where there is none."""
    reasons = []
    for path in dict.fromkeys(places):
        if not (reason := why_not(path, room)):
            return path
        reasons.append(f"{path}: {reason}")
    return sys.exit(
        f"The tests have no place for their files: {'; '.join(reasons)}. TMPDIR names another.")


class Scratch:
    """
    `directory`: for nearly all; `disk`: on a real file system, for cases that need one. Both are
    the user's who is called by the number `uid`.
    """

    def __init__(self, uid=None):
        temporary = [os.environ.get("TMPDIR") or "/tmp", "/tmp", "/var/tmp"]
        memory = [MEMORY] if is_roomy(MEMORY) else []
        self.directory = self.make(usable(memory + temporary, ROOM_ON_DISK), uid)
        self.disk = self.make(usable(["/var/tmp"] + temporary, ROOM_ON_DISK), uid)

    @staticmethod
    def make(where, uid):
        path = os.path.realpath(tempfile.mkdtemp(prefix="qfile-", dir=where))
        os.chmod(path, 0o711)  # for programs that become somebody else
        if uid is not None:
            os.chown(path, uid, uid)
        return path

    def remove(self):
        for path in self.directory, self.disk:
            if os.path.isdir(path):
                tree.remove(path)
