# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What `make bench` measures of how time and memory grow with what is copied."""
import contextlib
import os
import statistics
import subprocess
import sys
import time

from built import AGENT, LIMIT_MIB, UNPACKER, make_sized, remove

GIB = 1 << 30


def peaks(name, scratch, keep=False):
    """Copy once, both programs under time(1). Returns seconds and the peak memory of each in MiB.
    `keep`: the target is there already, and stays.

    time(1), because a child of ours would be charged with the memory of this interpreter, which it
    shares until it starts the program.
    """
    target = os.path.join(scratch, "target")
    if not keep:
        os.mkdir(target)
    to_receiver, to_sender = os.pipe(), os.pipe()
    sheets = [os.path.join(scratch, sheet) for sheet in ("agent-peak", "unpacker-peak")]
    timed = [["/usr/bin/time", "-f", "%M", "-o", sheet] for sheet in sheets]
    conflict = ["--on-conflict=rename"] if keep else []
    begin = time.monotonic()
    programs = (
        subprocess.Popen(timed[0] + [AGENT, "--quiet", name], cwd=scratch, stdin=to_sender[0],
                         stdout=to_receiver[1]),
        subprocess.Popen(timed[1] + [UNPACKER, *conflict, str(os.getuid()), target],
                         stdin=to_receiver[0], stdout=to_sender[1]),
    )
    for descriptor in to_receiver + to_sender:
        os.close(descriptor)
    if any([program.wait() for program in programs]):
        sys.exit(f"copying {name} failed")
    seconds = time.monotonic() - begin
    if not keep:
        remove(target)
    return (seconds, *(int(open(sheet).read()) / 1024 for sheet in sheets))


def make_files(path, count):
    os.mkdir(path)
    directory = os.open(path, os.O_RDONLY)
    for number in range(count):
        os.close(os.open(f"{number:07}", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=directory))
    os.close(directory)


def make_deep(path, depth):
    os.mkdir(path)
    here = os.open(path, os.O_RDONLY)
    for _ in range(depth - 1):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def make_sparse(path, gib):
    with open(path, "wb") as file:
        file.truncate(gib * GIB)


def make_taken(scratch, count):
    """A file, and a target where its name and the numbered ones are taken."""
    make_sized(f"{scratch}/tree", 1 << 10)
    os.mkdir(f"{scratch}/target")
    for number in range(1, count + 1):
        name = "tree" if number == 1 else f"tree ({number})"
        os.close(os.open(f"{scratch}/target/{name}", os.O_CREAT | os.O_WRONLY, 0o644))


def of_taken(rounds, scratch, count):
    make_taken(scratch, count)
    found = []
    for _ in range(rounds):
        found.append(peaks("tree", scratch, keep=True))
        os.unlink(f"{scratch}/target/{'tree' if count == 0 else f'tree ({count + 1})'}")
    remove(f"{scratch}/tree", f"{scratch}/target")
    return found


def of_tree(rounds, scratch, make, repeats):
    make(f"{scratch}/tree")
    found = []
    for _ in range(rounds):
        several = [peaks("tree", scratch) for _ in range(repeats)]
        found.append((sum(each[0] for each in several) / repeats, *several[0][1:]))
    remove(f"{scratch}/tree")
    return found


def room(directory):
    status = os.statvfs(directory)
    return status.f_bavail * status.f_frsize


@contextlib.contextmanager
def large(scratch):
    """A file system that has room for what is sparse, where the caller may mount one."""
    os.mkdir(f"{scratch}/large")
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300g", "none", f"{scratch}/large"]).returncode == 0
    try:
        yield f"{scratch}/large"
    finally:
        if mounted:
            subprocess.run(["umount", f"{scratch}/large"], check=True)
        remove(f"{scratch}/large")


def table(rounds, scratch, title, unit, counts, measure, needs=lambda count: 0):
    """`needs`: bytes, for a count. `measure(rounds, scratch, count)` gives what peaks() gives, for
    each round. unit: what one is called, and how much of a second its time is given in."""
    called, scale, part = unit
    print(f"\n{title} ({rounds} rounds)\n")
    print(f"| {called:>14} | {'median':>9} | {f'{part} for one':>11} | {'qfile-agent':>12} | "
          f"{'qfile-unpacker':>14} |")
    print(f"|{'-' * 15}:|{'-' * 10}:|{'-' * 12}:|{'-' * 13}:|{'-' * 15}:|")
    for count in counts:
        if needs(count) > room(scratch):
            print(f"| {count:14,} | skipped: that does not fit on this disk |")
            continue
        found = measure(rounds, scratch, count)
        seconds = statistics.median(each[0] for each in found)
        agent, unpacker = (max(each[which] for each in found) for which in (1, 2))
        mark = "" if max(agent, unpacker) < LIMIT_MIB else " too much"
        print(f"| {count:14,} | {seconds:7.3f} s | {seconds / max(count, 1) * scale:11.2f} | "
              f"{agent:8.1f} MiB | {unpacker:10.1f} MiB |{mark}")
        sys.stdout.flush()


def measure(rounds, scratch):
    table(rounds, scratch, "Empty files in one directory", ("files", 1e6, "us"),
          (10_000, 100_000, 1_000_000), lambda rounds, scratch, count: of_tree(
              # As much work in each: few files are copied more often.
              rounds, scratch, lambda path: make_files(path, count), max(1, 200_000 // count)))
    with large(scratch) as place:
        table(rounds, place, "One sparse file", ("GiB", 1, "s"), (1, 10, 100),
              lambda rounds, scratch, count: of_tree(
                  1 if count > 10 else rounds, scratch, lambda path: make_sparse(path, count), 1),
              lambda count: count * GIB)
    table(rounds, scratch, "Directories, each in the one before", ("depth", 1e6, "us"),
          (10, 100, 1000, 4000), lambda rounds, scratch, count: of_tree(
              rounds, scratch, lambda path: make_deep(path, count), 20))
    table(10 * rounds, scratch, "One file of 1 KiB whose name is taken, and the numbered ones",
          ("taken names", 0, ""), (0, 10, 1000, 100_000), of_taken)
