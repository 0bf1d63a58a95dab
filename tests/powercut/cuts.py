# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The moments at which the power is cut, and the disk as it would be then.

A cut is made after an entry of the record. What was written before the last flush is on the disk.
What was written since then is on it, too, if the disk has kept the order (variant 0); or by chance:
of every block of 4096 bytes, either it is there or it is not. So writes are dropped, torn and
reordered in every way that a disk may. Writes to the same block keep their order.
"""
import os
import random

from writelog import read

BLOCK = 4096


class Cut:
    """After the entry with this number. `step`: the one that has begun, `over`: and has been
    reported."""

    def __init__(self, number, variant, step, over):
        self.number, self.variant, self.step, self.over = number, variant, step, over

    def __str__(self):
        order = "in order" if self.variant == 0 else f"by chance, variant {self.variant}"
        return f"after entry {self.number}, {order}"


class Record:
    """All cuts of a recorded disk, at least so many. They begin when the disk was prepared."""

    def __init__(self, path, at_least):
        self.entries = read(path)
        marks = {entry.mark: number for number, entry in enumerate(self.entries) if entry.mark}
        if "ready" not in marks or "over" not in marks:
            raise ValueError(f"{path} ends early")
        self.first, self.last = marks["ready"], len(self.entries)
        places, open_places = [], 0
        step, over, since = -1, True, []
        for number, entry in enumerate(self.entries):
            if entry.flush:
                since.clear()
            elif entry.length:
                since.append(number)
            if entry.mark and entry.mark.startswith("begin "):
                step, over = int(entry.mark[6:]), False
            elif entry.mark and entry.mark.startswith("end "):
                over = True
            if number >= self.first:
                places.append((number, step, over, bool(since)))
                open_places += bool(since)
        # where all is flushed, chance has nothing to choose
        variants = 1 + max(1, -(-(at_least - len(places)) // max(open_places, 1)))
        self.cuts = [Cut(number, variant, step, over) for number, step, over, is_open in places
                     for variant in range(variants if is_open else 1)]


class Disk:
    """`at`: the image of the disk at a cut. Cuts are asked for in their order."""

    def __init__(self, record, base, directory, seed):
        self.record, self.seed = record, seed
        self.flushed, self.at = f"{directory}/flushed", f"{directory}/disk"
        self.size = os.path.getsize(base)
        copy_sparse(base, self.flushed, self.size)
        self.file = os.open(self.flushed, os.O_RDWR)
        self.done, self.pending = 0, []

    def advance(self, number):
        for entry in self.record.entries[self.done:number + 1]:
            if entry.length:
                self.pending.append(entry)
            if entry.flush:
                for each in self.pending:
                    os.pwrite(self.file, each.data, each.offset)
                self.pending.clear()
        self.done = number + 1

    def cut(self, cut):
        """Make the image anew."""
        self.advance(cut.number)
        copy_sparse(self.flushed, self.at, self.size)
        chance = random.Random(f"{self.seed} {cut.number} {cut.variant}")
        # sometimes nearly all is kept, sometimes nearly nothing
        share = chance.random()
        fd = os.open(self.at, os.O_WRONLY)
        try:
            for entry in self.pending:
                if cut.variant == 0:
                    os.pwrite(fd, entry.data, entry.offset)
                    continue
                data = entry.data
                for begin in range(0, len(data), BLOCK):
                    if chance.random() < share:
                        os.pwrite(fd, data[begin:begin + BLOCK], entry.offset + begin)
        finally:
            os.close(fd)


def copy_sparse(source, to, size):
    """Only what is there: most of a disk is empty. The file `to` stays the same one."""
    in_fd = os.open(source, os.O_RDONLY)
    out_fd = os.open(to, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.ftruncate(out_fd, 0)
        os.ftruncate(out_fd, size)
        at = 0
        while at < size:
            try:
                at = os.lseek(in_fd, at, os.SEEK_DATA)
            except OSError:  # nothing but emptiness follows
                break
            end = os.lseek(in_fd, at, os.SEEK_HOLE)
            while at < end:
                data = os.pread(in_fd, min(end - at, 1 << 20), at)
                os.pwrite(out_fd, data, at)
                at += len(data)
    finally:
        os.close(in_fd)
        os.close(out_fd)
