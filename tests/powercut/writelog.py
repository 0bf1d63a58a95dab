# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The record that QEMU's driver blklogwrites keeps of a disk.

Little endian, in sectors of the size that the first one tells: a u64 magic, u64 version 1, u64
number of entries, u32 size of a sector. Then each entry: a sector with u64 sector, u64 sectors, u64
flags and u64 length of a text, and behind it what was written. An entry comes when the disk has
answered, and this disk has no FUA: the kernel writes, and then flushes.
"""
import struct

MAGIC, VERSION = 0x6a736677736872, 1
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8
TEXT = b"mark: "


class Entry:
    """A write, a flush, or both; `mark`: what workload.py noted by it. `data` is read when it is
    asked for."""

    def __init__(self, log, place, offset, length, flags):
        self.log, self.place, self.offset, self.length = log, place, offset, length
        self.flush, self.discard = bool(flags & FLUSH), bool(flags & DISCARD)
        self.mark = None

    @property
    def data(self):
        if self.discard:
            return bytes(self.length)
        self.log.seek(self.place)
        return self.log.read(self.length)


def read(path):
    """All entries. ValueError if this is no such record, or one that this cannot replay."""
    log = open(path, "rb")
    magic, version, count, size = struct.unpack("<QQQI", log.read(28))
    if (magic, version) != (MAGIC, VERSION):
        raise ValueError(f"{path} is no record of writes")
    entries, at = [], size
    for _ in range(count):
        log.seek(at)
        sector, sectors, flags, _ = struct.unpack("<QQQQ", log.read(32))
        if flags & ~(FLUSH | DISCARD):
            raise ValueError(f"{path} has an entry with the flags {flags}")
        at += size
        entry = Entry(log, at, sector * size, sectors * size, flags)
        if entry.length and not entry.discard:
            log.seek(at)
            head = log.read(64)
            if head.startswith(TEXT):
                entry.mark = head[len(TEXT):].split(b"\n")[0].decode()
            at += entry.length
        entries.append(entry)
    return entries

