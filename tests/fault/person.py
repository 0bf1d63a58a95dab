# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
person.py RENAME LOG FILE: somebody who edits FILE: in bursts of saves, with pauses in which the
last one can be sent. RENAME: 1 where every save goes to a new file that is renamed over the old
one, 0 where they are made in all the ways that there are. LOG gets a line for each save that is
complete: its number, and when on the monotonic clock.
"""
import ctypes
import mmap
import os
import sys
import time

from versions import LAST, content

# In a burst; seconds after it, more than what is sent needs, so that a kill long afterwards finds
# that it was sent.
SAVES, PAUSE = LAST // 3, 1.5
HERE, EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE

always_rename, log, path = sys.argv[1] == "1", sys.argv[2], sys.argv[3]
new = f"{path}.tmp"
libc = ctypes.CDLL(None)


def write(target, data):
    with open(target, "wb") as file:
        file.write(data)


def rename(data):
    write(new, data)
    os.rename(new, path)


def exchange(data):
    write(new, data)
    if libc.renameat2(HERE, new.encode(), HERE, path.encode(), EXCHANGE) != 0:
        sys.exit("the exchange failed")
    os.unlink(new)


def link(data):
    write(new, data)
    os.unlink(path)
    os.link(new, path)
    os.unlink(new)


def copy_over(data):
    write(new, data)
    with open(path, "r+b") as file, open(new, "rb") as source:
        file.truncate(0)
        os.copy_file_range(source.fileno(), file.fileno(), len(data))
    os.unlink(new)


def in_place(data):
    """In two parts, with another descriptor that is opened and closed in between."""
    with open(path, "wb", buffering=0) as file:
        file.write(data[:len(data) // 2])
        os.close(os.open(path, os.O_RDWR))
        file.write(data[len(data) // 2:])


def mapped(data):
    with open(path, "r+b") as file:
        file.truncate(len(data))
        with mmap.mmap(file.fileno(), 0) as area:
            area[:] = data


def held(data):
    """With a descriptor that stays open for a while after that."""
    with open(path, "r+b", buffering=0) as file:
        file.write(data)
        file.truncate()
        time.sleep(0.1)


WAYS = [rename] if always_rename else [in_place, mapped, held, link, copy_over, exchange, rename]

with open(log, "a", buffering=1, encoding="ascii") as lines:
    for version in range(1, LAST + 1):
        WAYS[version % len(WAYS)](content(version))
        print(version, time.monotonic(), file=lines)
        if version % SAVES == 0:
            time.sleep(PAUSE)
