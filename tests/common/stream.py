# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Streams of the Filecopy format, true to qfile(5) or not: every field takes any value. It owes
nothing to the C code."""
import stat
import struct

FIFO, DEVICE, DIRECTORY, BLOCK_DEVICE, FILE, LINK, SOCKET = (
    stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR, stat.S_IFBLK, stat.S_IFREG, stat.S_IFLNK,
    stat.S_IFSOCK)

ATIME, MTIME, NSEC = 1500000000, 1577836800, 500000000
ALL_ONES = 2**32 - 1
ALL_ONES_64 = 2**64 - 1

END = bytes(32)


def header(namelen, mode, filelen=0, atime=ATIME, atime_nsec=NSEC, mtime=MTIME, mtime_nsec=NSEC):
    return struct.pack("<IIQIIII", namelen, mode, filelen, atime, atime_nsec, mtime, mtime_nsec)


def name_bytes(name):
    """What stands behind the header for a name, or for the bytes of one."""
    return (name.encode() if isinstance(name, str) else name) + b"\0"


def entry(name, mode, data=b"", **fields):
    """An entry whose lengths are true, unless `fields` says otherwise."""
    name = name_bytes(name)
    fields = {"namelen": len(name), "mode": mode, "filelen": len(data)} | fields
    return header(**fields) + name + data


def file(name, content=b"x", mode=0o644, **fields):
    return entry(name, FILE | mode, content, **fields)


def directory(name, mode=0o755, **fields):
    """One of its headers: a directory takes one before its entries and one after them."""
    return entry(name, DIRECTORY | mode, **fields)


def link(name, target, **fields):
    return entry(name, LINK | 0o777, target.encode() if isinstance(target, str) else target,
                 **fields)


def tree(name, *entries, mode=0o755):
    """A directory with entries in it, from its first header to its second."""
    return directory(name) + b"".join(entries) + directory(name, mode)


def delivery(*entries):
    return b"".join(entries) + END
