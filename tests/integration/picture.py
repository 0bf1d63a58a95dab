#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picture.py [--below] DIR: print a tree, one line an entry, with everything that a copy must keep.

--below leaves out DIR itself. Every step goes from one directory descriptor to the next, so that paths may be longer
than the system takes, with at most three of them open, so that trees may be deeper than there are descriptors.
"""
import hashlib
import os
import stat
import sys

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def open_anyway(name, flags, parent, mode):
    """Open what its owner may not read, too. Neither that nor reading changes what is printed."""
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        fd = os.open(name, flags, dir_fd=parent)
        os.fchmod(fd, mode)
        return fd


def content(name, parent, mode):
    digest = hashlib.sha256()
    with open(open_anyway(name, os.O_RDONLY | os.O_NOFOLLOW, parent, mode), "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def show(depth, name, parent):
    """Print one entry. Returns its status where it is a directory."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        kind, more = "dir", ""
    elif stat.S_ISLNK(status.st_mode):
        kind, more, mode = "link", ascii(os.readlink(name, dir_fd=parent)), 0o777
    elif stat.S_ISREG(status.st_mode):
        kind, more = "file", f"{status.st_size} {content(name, parent, mode)}"
    else:
        kind, more = "other", ""
    print(depth, ascii(name) if depth else ".", kind, f"{mode:04o}", status.st_mtime_ns, more)
    return status if kind == "dir" else None


def main():
    below = sys.argv[1] == "--below"
    top = os.fsencode(sys.argv[-1])
    status = os.lstat(top) if below else show(0, top, None)
    if not status:
        return
    fd = open_anyway(top, DIRECTORY, None, stat.S_IMODE(status.st_mode))
    levels = []  # for each directory that we are in: names still to be shown, and its mode

    def enter(fd, mode):
        """Make a directory passable as long as we are in it: the way back leads through it."""
        if mode & 0o700 != 0o700 and os.geteuid() != 0:
            os.fchmod(fd, mode | 0o700)
        levels.append((sorted(os.listdir(fd), reverse=True), mode))

    enter(fd, stat.S_IMODE(status.st_mode))
    while levels:
        names, mode = levels[-1]
        if names:
            name = os.fsencode(names.pop())
            status = show(len(levels), name, fd)
            if status:
                inner = open_anyway(name, DIRECTORY, fd, stat.S_IMODE(status.st_mode))
                os.close(fd)
                fd = inner
                enter(fd, stat.S_IMODE(status.st_mode))
        else:
            levels.pop()
            outer = os.open("..", DIRECTORY, dir_fd=fd) if levels else -1
            if mode & 0o700 != 0o700 and os.geteuid() != 0:
                os.fchmod(fd, mode)
            os.close(fd)
            fd = outer


main()
