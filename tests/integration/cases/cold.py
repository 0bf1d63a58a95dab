# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Files that are not in memory yet."""
import ctypes
import mmap
import os

import suite
from copying import Copying
from expect import equal, wait_until
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)

# More than the sender reads ahead at a time, each of more than a pipe holds for somebody who does
# not read.
FILES, SIZE = 100, 2**20
NEAR, FAR = 20, 90  # of those, in the order in which they are listed


LIBC = ctypes.CDLL(None, use_errno=True)


def in_memory(path):
    """Is its beginning? Reading a byte to see it would bring it there."""
    resident = ctypes.create_string_buffer(1)
    with open(path, "r+b", buffering=0) as file, mmap.mmap(file.fileno(), mmap.PAGESIZE) as mapped:
        page = ctypes.c_char.from_buffer(mapped)
        failed = LIBC.mincore(ctypes.byref(page), ctypes.c_size_t(mmap.PAGESIZE), resident)
        del page
    if failed:
        raise Skip("nobody can tell here what is in memory")
    return bool(resident.raw[0] & 1)


def make_cold(path):
    with open(path, "wb") as file:
        file.write(bytes(SIZE))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@test("who waits for a file has the disk bring the next ones of its directory, and no more than "
      "a few")
def _(t):
    os.mkdir("many")
    for number in range(FILES):
        make_cold(f"many/{number}")
    make_cold("last")
    paths = [f"many/{name}" for name in os.listdir("many")]
    if any(in_memory(path) for path in paths):
        raise Skip("files stay in memory here")

    def play(role):
        # The sender has some of its first file; it stays at one of the next.
        role.read(SIZE // 2)
        wait_until(lambda: in_memory(paths[NEAR]), f"file {NEAR}")
        # What the disk was told to bring before that is there by then.
        with open("last", "rb") as last:
            last.read()
        equal([path for path in paths[FAR:] if in_memory(path)], [])
        return 1
    t.run(AGENT, f"--via={t.peer(play)}", "many").exits(1)
