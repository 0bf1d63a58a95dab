# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What `make bench` measures on a real disk, all of it ending with the data on the disk: copies
with a cold and a warm cache, and small ones beside much that somebody else has just written.

Root copies to a fresh file system each time, in a file on the disk, since one from which much was
just removed is slow for whoever is next: ext4 does not give out an inode again for minutes, and
looks at each of them whenever it needs one."""
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import time

import bench_open

DIRT = 1536  # MiB that somebody else has written
FILES = 5  # of a small delivery of several

TARGETS = {"tar to tar, sync": 0.8, "rsync -a --fsync": 1, "cp -a, sync": 1}

DROP = "/proc/sys/vm/drop_caches"
IMAGE = 4 << 30
# All that is made at once is made before the measurement.
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
          "xfs": ["mkfs.xfs", "-q"], "btrfs": ["mkfs.btrfs", "-q"]}


def ways(filecopy):
    """Ways to copy that end when the copy is on the disk. `filecopy(name, target)` is ours."""
    every = {
        "qfilecopy": filecopy,
        "tar to tar, sync": lambda name, target:
            f"tar -c {name} | tar -x -C {target} && sync -f {target}",
        "rsync -a --fsync": lambda name, target: f"rsync -a --fsync {name} {target}/",
        "cp -a, sync": lambda name, target: f"cp -a {name} {target}/ && sync -f {target}",
    }
    return {way: make for way, make in every.items()
            if way == "qfilecopy" or shutil.which(way.split()[0])}


def settle():
    """What was written before is on the disk, and costs nobody anything."""
    os.sync()


def cool():
    settle()
    with open(DROP, "w") as drop:
        drop.write("3")


@contextlib.contextmanager
def fresh(kind, scratch):
    """An empty file system of this kind, mounted."""
    image, target = f"{scratch}/image", f"{scratch}/target"
    os.mkdir(target)
    try:
        with open(image, "wb") as file:
            file.truncate(IMAGE)
        for command in [*MAKERS[kind], image], ["mount", "-o", "loop", image, target]:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        try:
            yield target
        finally:
            subprocess.run(["umount", target], check=True)
    finally:
        os.rmdir(target)
        os.unlink(image)


def kinds(scratch):
    """The file systems that this machine has, and may mount."""
    found = []
    for kind in MAKERS:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            with fresh(kind, scratch):
                found.append(kind)
    return found


def copies(rounds, scratch, speed, directory_in, filecopy, trees):
    """`speed` and `directory_in` as in bench.py; `trees` are (title, name, make)."""
    places = {f"{kind}, fresh": lambda scratch, kind=kind: fresh(kind, scratch)
              for kind in kinds(scratch)} or {"a disk": directory_in}
    for title, name, make in trees:
        make(f"{scratch}/{name}")
        for number, (where, place) in enumerate(places.items()):
            speed(f"On {where}: {title}, warm", name, rounds, scratch, ways(filecopy), settle,
                  TARGETS, place)
            if number == 0 and os.access(DROP, os.W_OK):
                speed(f"On {where}: {title}, cold", name, rounds, scratch, ways(filecopy), cool,
                      TARGETS, place)
        subprocess.run(["rm", "-rf", f"{scratch}/{name}"], check=True)


def make_dirt(path):
    block = os.urandom(1 << 20)
    with open(path, "wb") as file:
        for _ in range(DIRT):
            file.write(block)


def delivery(scratch, filecopy, name):
    target = f"{scratch}/target"
    os.mkdir(target)
    begin = time.monotonic()
    subprocess.run(["sh", "-c", filecopy(name, target)], cwd=scratch, check=True,
                   stdin=subprocess.DEVNULL)
    seconds = time.monotonic() - begin
    subprocess.run(["rm", "-rf", target], check=True)
    return seconds


def save(scratch):
    return bench_open.session(f"{scratch}/original", f"{scratch}/saved", f"{scratch}/work")[1]


def beside_dirt(rounds, scratch, filecopy, make_sized):
    """Each on a quiet disk, and with so much waiting to be written that somebody else has
    written."""
    make_sized(f"{scratch}/file", 1 << 10)
    os.mkdir(f"{scratch}/files")
    for number in range(FILES):
        make_sized(f"{scratch}/files/{number}", 1 << 10)
    rows = {"one file of 1 KiB": lambda: delivery(scratch, filecopy, "file"),
            f"{FILES} files of 1 KiB": lambda: delivery(scratch, filecopy, "files"),
            "a save of 1 KiB": lambda: save(scratch)}
    times = {row: ([], []) for row in rows}
    for _ in range(rounds):
        for row, measure in rows.items():
            for dirty in (False, True):
                for name in ("original", "saved"):
                    make_sized(f"{scratch}/{name}", 1 << 10)
                with open(f"{scratch}/saved", "r+b") as saved:
                    saved.write(b"another content")
                settle()
                time.sleep(bench_open.RESTED if row.startswith("a save") else 0)
                if dirty:
                    make_dirt(f"{scratch}/dirt")
                times[row][dirty].append(measure() * 1000)
                if dirty:
                    os.unlink(f"{scratch}/dirt")
    print(f"\nOn a disk, beside {DIRT} MiB that somebody else has just written ({rounds} rounds)\n")
    print(f"| {'':18} | {'quiet':>10} | {'beside it':>10} | beside it / quiet |")
    print(f"|{'-' * 20}|{'-' * 11}:|{'-' * 11}:|{'-' * 18}:|")
    for row, (quiet, dirty) in times.items():
        ratio = statistics.median(b / a for a, b in zip(quiet, dirty))
        print(f"| {row:18} | {statistics.median(quiet):7.1f} ms | "
              f"{statistics.median(dirty):7.1f} ms | {ratio:17.2f} |")
    sys.stdout.flush()
