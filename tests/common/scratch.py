# SPDX-License-Identifier: GPL-2.0-or-later
"""Where tests write: in memory, where there is room, since programs that sync everything they deliver cost most on a disk."""
import contextlib
import os
import tempfile

import tree

MEMORY = "/dev/shm"
ROOM = 3 << 30  # bytes: all that runs at the same time needs half of it


def memory_available():
    """In bytes."""
    with contextlib.suppress(OSError):
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    return 0


def is_roomy(path):
    """Can much be written there, and run from there?"""
    try:
        status = os.statvfs(path)
    except OSError:
        return False
    return (os.access(path, os.W_OK | os.X_OK) and not status.f_flag & os.ST_NOEXEC and status.f_bavail * status.f_frsize >= ROOM
            and memory_available() >= ROOM)


class Scratch:
    """`directory`: for nearly all; `disk`: on a real file system, for cases that need one. Both are the user's who is called by the number `uid`."""

    def __init__(self, uid=None):
        self.directory = self.make(MEMORY if is_roomy(MEMORY) else None, uid)
        self.disk = self.make("/var/tmp" if os.access("/var/tmp", os.W_OK | os.X_OK) else None, uid)

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
