#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Measure qfile-agent piped to qfile-unpacker against other ways to copy, and opening a file
elsewhere, in one run: `make bench`.

Rounds are interleaved: each goes once through all ways, so that a machine that is slow for a while
is slow for all of them. Medians and the medians of each round's ratios are printed; every copy is
compared with its source in every round.

    python3 tests/bench.py [--rounds N] [--directory DIR] [--disk DIR]
        [--only big,small,tree,rpc,open,latency,memory,growth,disk,dirt]
"""
import argparse
import contextlib
import os
import pwd
import random
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import bench_disk
import bench_open

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
AGENT = os.path.join(TOP, "build/bin/qfile-agent")
UNPACKER = os.path.join(TOP, "build/bin/qfile-unpacker")
RPC = os.path.join(TOP, "build/bin/pedos-rpc")
RPCD = os.path.join(TOP, "build/bin/pedos-rpcd")
LIMIT_MIB = 8


def qfile(name, target):
    """The agent as the user calls it, the unpacker as rpc starts it."""
    return f"{AGENT} --quiet --progress=none --via='exec {UNPACKER} {os.getuid()} {target}' {name}"


WAYS = {
    "qfilecopy": qfile,
    "tar to tar": lambda name, target: f"tar -c {name} | tar -x -C {target}",
    "bsdtar to bsdtar": lambda name, target: f"bsdtar -c -f - {name} | bsdtar -x -f - -C {target}",
    "rsync -a": lambda name, target: f"rsync -a {name} {target}/",
    "cp -a": lambda name, target: f"cp -a {name} {target}/",
}


def run(command, cwd):
    begin = time.monotonic()
    subprocess.run(["sh", "-c", command], cwd=cwd, check=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - begin


def make_big(path):
    with open(path, "wb") as file:
        block = random.Random(1).randbytes(1 << 24)
        for number in range(128):
            file.write(number.to_bytes(8, "little") + block[8:])


def make_small(path, files=50_000, directories=200):
    numbers = random.Random(2)
    content = numbers.randbytes(8192)
    for directory in range(directories):
        os.makedirs(f"{path}/{directory:03}")
        for file in range(files // directories):
            with open(f"{path}/{directory:03}/{file:05}.dat", "wb") as out:
                out.write(content[: numbers.randrange(8193)])


def make_tree(path):
    """A real source tree: this machine's headers and Python's library, without links that lead out
    of it."""
    os.makedirs(path)
    for source in ("/usr/include", os.path.dirname(os.__file__)):
        if os.path.isdir(source):
            subprocess.run(["cp", "-a", source, path], check=True)
    for directory, directories, files in os.walk(path):
        for name in directories + files:
            entry = os.path.join(directory, name)
            if (os.path.islink(entry)
                and (os.readlink(entry).startswith("/") or ".." in os.readlink(entry))):
                os.unlink(entry)


def remove(path):
    subprocess.run(["rm", "-rf", path], check=True)  # Python's own gives up on deep trees


def same(a, b):
    return subprocess.run(["diff", "-rq", "--no-dereference", a, b],
                          stdout=subprocess.DEVNULL).returncode == 0


def speed(title, name, rounds, scratch, ways=None, before=lambda: None):
    """Times of each way, and how the first of them compares with the others. `before` is called
    before each copy, and not measured."""
    ways = ways or {way: make for way, make in WAYS.items()
                    if shutil.which(way.split()[0]) or way == "qfilecopy"}
    first = next(iter(ways))
    times = {way: [] for way in ways}
    for number in range(rounds + 1):  # the first warms up and is not counted
        # no way always comes behind the same other
        for way, make in random.sample(list(ways.items()), len(ways)):
            target = os.path.join(scratch, "target")
            os.mkdir(target)
            before()
            seconds = run(make(name, target), scratch)
            if number:
                times[way].append(seconds)
            if not same(os.path.join(scratch, name), os.path.join(target, name)):
                sys.exit(f"{title}: the copy made by {way} differs")
            remove(target)
    print(f"\n{title} ({rounds} rounds, every copy compared)\n")
    print(f"| {'':16} | {'median':>8} | {'min':>8} | {'max':>8} | {f'{first} / this':>16} |")
    print(f"|{'-' * 18}|{'-' * 9}:|{'-' * 9}:|{'-' * 9}:|{'-' * 17}:|")
    for way, seconds in times.items():
        ratio = statistics.median(own / other for own, other in zip(times[first], seconds))
        print(f"| {way:16} | {statistics.median(seconds):6.2f} s | {min(seconds):6.2f} s | "
              f"{max(seconds):6.2f} s | {ratio:16.2f} |")
    sys.stdout.flush()


@contextlib.contextmanager
def rpc_service(scratch):
    """A pedos-rpcd that serves PedOS.Filecopy, delivering to `target` in the scratch directory; the
    socket's directory is the value."""
    paths = {name: f"{scratch}/rpc/{name}" for name in ("sockets", "policy", "services")}
    for path in paths.values():
        os.makedirs(path)
    with open(f"{paths['policy']}/50.policy", "w") as policy:
        policy.write("PedOS.Filecopy * @anyvm @anyvm allow\n")
    with open(f"{paths['services']}/PedOS.Filecopy", "w") as service:
        service.write(f"#!/bin/sh\nexec {UNPACKER} {os.getuid()} {scratch}/target\n")
    os.chmod(f"{paths['services']}/PedOS.Filecopy", 0o755)
    options = [f"--{name}={path}" for name, path in paths.items()]
    with open(f"{scratch}/rpc/log", "wb") as log:
        daemon = subprocess.Popen([RPCD, "--foreground", "--transport=unix", *options,
                                   f"--user={pwd.getpwuid(os.getuid()).pw_name}", "work"],
                                  stdin=subprocess.DEVNULL, stderr=log)
    try:
        while not os.path.exists(f"{paths['sockets']}/work") and daemon.poll() is None:
            time.sleep(0.01)
        yield paths["sockets"]
    finally:
        daemon.terminate()
        daemon.wait()
        remove(f"{scratch}/rpc")


def rpc(rounds, scratch):
    """The same agent and unpacker through pedos-rpc, and with nothing between them but pipes."""
    with rpc_service(scratch) as sockets:
        call = f"{RPC} --sockets={sockets} --as=home work PedOS.Filecopy"
        ways = {
            "pedos-rpc": lambda name, target: f"{call} {AGENT} --progress=none {name}",
            "pipe": qfile,
        }
        make_big(f"{scratch}/big")
        speed("Through pedos-rpc: one file of 2 GiB", "big", rounds, scratch, ways)
        os.unlink(f"{scratch}/big")
        make_small(f"{scratch}/small")
        speed("Through pedos-rpc: 50,000 files of 0 to 8 KiB in 200 directories", "small", rounds,
              scratch, ways)
        remove(f"{scratch}/small")


def latency(rounds, scratch):
    """One file of 1 KiB: what a delivery costs besides its bytes, most of it the confinement."""
    os.mkdir(f"{scratch}/latency")
    make_sized(f"{scratch}/latency/file", 1 << 10)
    # for the receiver alone; qfile(5) describes it
    with open(f"{scratch}/latency/stream", "wb") as stream:
        header = struct.Struct("<IIQIIII")
        stream.write(header.pack(5, 0o100644, 1 << 10, 0, 0, 0, 0) + b"file\0" + bytes(1 << 10)
                     + header.pack(0, 0, 0, 0, 0, 0, 0))
    ways = {
        "agent to unpacker": lambda target: [
            AGENT, "--progress=none", f"--via=exec {UNPACKER} {os.getuid()} {target}", "file"],
        "the unpacker alone": lambda target: [UNPACKER, str(os.getuid()), target],
        "its start alone": lambda target: [UNPACKER, "--version"],
    }
    times = {way: [] for way in ways}
    for _ in range(40 * rounds):
        for way, command in random.sample(list(ways.items()), len(ways)):
            target = os.path.join(scratch, "target")
            os.mkdir(target)
            with open(f"{scratch}/latency/stream", "rb") as stream:
                begin = time.monotonic()
                subprocess.run(command(target), cwd=f"{scratch}/latency", check=True, stdin=stream,
                               stdout=subprocess.DEVNULL)
                times[way].append((time.monotonic() - begin) * 1000)
            remove(target)
    print(f"\nOne file of 1 KiB ({40 * rounds} rounds)\n")
    print(f"| {'':20} | {'median':>8} | {'min':>8} |")
    print(f"|{'-' * 22}|{'-' * 9}:|{'-' * 9}:|")
    for way, milliseconds in times.items():
        print(f"| {way:20} | {statistics.median(milliseconds):5.2f} ms | "
              f"{min(milliseconds):5.2f} ms |")
    work = statistics.median(
        own - start for own, start in zip(times["the unpacker alone"], times["its start alone"]))
    print(f"\nConfining, unpacking, verifying, syncing and committing it: {work:.2f} ms (median).")
    remove(f"{scratch}/latency")


def peaks(name, scratch):
    """Copy once, both programs under time(1). Returns seconds and the peak memory of each in MiB.

    time(1), because a child of ours would be charged with the memory of this interpreter, which it
    shares until it starts the program.
    """
    target = os.path.join(scratch, "target")
    os.mkdir(target)
    to_receiver, to_sender = os.pipe(), os.pipe()
    sheets = [os.path.join(scratch, sheet) for sheet in ("agent-peak", "unpacker-peak")]
    timed = [["/usr/bin/time", "-f", "%M", "-o", sheet] for sheet in sheets]
    begin = time.monotonic()
    programs = (
        subprocess.Popen(timed[0] + [AGENT, name], cwd=scratch, stdin=to_sender[0],
                         stdout=to_receiver[1]),
        subprocess.Popen(timed[1] + [UNPACKER, str(os.getuid()), target], stdin=to_receiver[0],
                         stdout=to_sender[1]),
    )
    for descriptor in to_receiver + to_sender:
        os.close(descriptor)
    if any(program.wait() for program in programs):
        sys.exit(f"copying {name} failed")
    seconds = time.monotonic() - begin
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


def make_sized(path, size):
    with open(path, "wb") as file:
        block = random.Random(3).randbytes(1 << 20)
        for _ in range(max(1, size >> 20)):
            file.write(block[:size])


def memory(scratch):
    cases = (
        ("10 files", lambda path: make_files(path, 10)),
        ("1,000,000 files in one directory", lambda path: make_files(path, 1_000_000)),
        ("one file of 1 KiB", lambda path: make_sized(path, 1 << 10)),
        ("one file of 2 GiB", lambda path: make_sized(path, 2 << 30)),
        ("depth 1", lambda path: make_deep(path, 1)),
        ("depth 4,000", lambda path: make_deep(path, 4000)),
    )
    print("\nPeak memory (resident, shared libraries included)\n")
    print(f"| {'':32} | {'qfile-agent':>12} | {'qfile-unpacker':>14} |")
    print(f"|{'-' * 34}|{'-' * 13}:|{'-' * 15}:|")
    for title, make in cases:
        make(os.path.join(scratch, "tree"))
        _, agent, unpacker = peaks("tree", scratch)
        mark = "" if max(agent, unpacker) < LIMIT_MIB else " too much"
        print(f"| {title:32} | {agent:8.1f} MiB | {unpacker:10.1f} MiB |{mark}")
        sys.stdout.flush()
        remove(os.path.join(scratch, "tree"))


def growth(rounds, scratch):
    """Time per file in one directory, against the number of files in it."""
    counts = (10_000, 100_000, 1_000_000)
    for count in counts:
        make_files(os.path.join(scratch, f"n{count}"), count)
    per_file = {count: [] for count in counts}
    for _ in range(rounds):
        for count in counts:
            # As much work in each: the small ones are copied more often.
            begin_count = max(1, 200_000 // count)
            seconds = sum(peaks(f"n{count}", scratch)[0] for _ in range(begin_count)) / begin_count
            per_file[count].append(seconds / count * 1e6)
    print(f"\nTime per (empty) file in one directory ({rounds} rounds)\n")
    print(f"| {'files':>9} | {'median':>9} | {'against 10,000':>14} |")
    print(f"|{'-' * 10}:|{'-' * 10}:|{'-' * 15}:|")
    for count in counts:
        ratio = statistics.median(own / first
                                  for own, first in zip(per_file[count], per_file[counts[0]]))
        print(f"| {count:9,} | {statistics.median(per_file[count]):6.2f} us | {ratio:14.2f} |")
    for count in counts:
        remove(os.path.join(scratch, f"n{count}"))


@contextlib.contextmanager
def scratch_in(directory):
    path = tempfile.mkdtemp(dir=directory, prefix="qfile-bench-")
    try:
        yield path
    finally:
        remove(path)


def on_disk(only, rounds, directory):
    with scratch_in(directory) as scratch:
        if "disk" in only:
            bench_disk.copies(rounds, scratch, speed, qfile, (
                ("one file of 2 GiB", "big", make_big),
                ("50,000 files of 0 to 8 KiB in 200 directories", "small", make_small),
                ("a source tree", "source", make_tree)))
        if "dirt" in only:
            bench_disk.beside_dirt(rounds, scratch, qfile, make_sized)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="big,small,tree,rpc,open,latency,memory,growth,disk,dirt")
    parser.add_argument("--directory", default="/dev/shm",
                        help="where to work: a tmpfs with 6 GiB free")
    parser.add_argument("--disk", default="/var/tmp",
                        help="where to work on a disk: 12 GiB free")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    only = arguments.only.split(",")
    os.environ.pop("TMPDIR", None)
    with scratch_in(arguments.directory) as scratch:
        if "big" in only:
            make_big(f"{scratch}/big")
            speed("One file of 2 GiB", "big", arguments.rounds, scratch)
            os.unlink(f"{scratch}/big")
        if "small" in only:
            make_small(f"{scratch}/small")
            speed("50,000 files of 0 to 8 KiB in 200 directories", "small", arguments.rounds,
                  scratch)
            remove(f"{scratch}/small")
        if "tree" in only:
            make_tree(f"{scratch}/source")
            speed("A source tree", "source", arguments.rounds, scratch)
            remove(f"{scratch}/source")
        if "rpc" in only:
            rpc(arguments.rounds, scratch)
        if "open" in only:
            bench_open.measure(arguments.rounds, scratch, qfile, make_sized)
        if "latency" in only:
            latency(arguments.rounds, scratch)
        if "memory" in only:
            memory(scratch)
        if "growth" in only:
            growth(arguments.rounds, scratch)
    on_disk(only, arguments.rounds, arguments.disk)


if __name__ == "__main__":
    main()
