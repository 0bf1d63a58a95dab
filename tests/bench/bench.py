#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Measure qfile-agent piped to qfile-unpacker against other ways to copy, and opening a file
elsewhere, in one run: `make bench`.

Rounds are interleaved: each goes once through all ways, so that a machine that is slow for a while
is slow for all of them. Medians and the medians of each round's ratios are printed; every copy is
compared with its source in every round.

    python3 tests/bench/bench.py [--rounds N] [--directory DIR] [--disk DIR]
        [--only big,small,tree,rpc,many,open,latency,growth,disk,dirt]
"""
import argparse
import contextlib
import os
import pwd
import random
import resource
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import bench_disk
import bench_growth
import bench_many
import bench_open
from built import AGENT, BARE, RPC, RPCD, UNPACKER, make_sized, remove


def qfile(name, target):
    """The agent as the user calls it, the unpacker as rpc starts it."""
    return f"{AGENT} --quiet --progress=none --via='exec {UNPACKER} {os.getuid()} {target}' {name}"


TABLES = ["big", "small", "tree", "rpc", "many", "open", "latency", "growth", "disk", "dirt"]
WAYS = {
    "qfilecopy": qfile,
    "tar to tar": lambda name, target: f"tar -c {name} | tar -x -C {target}",
    "bsdtar to bsdtar": lambda name, target: f"bsdtar -c -f - {name} | bsdtar -x -f - -C {target}",
    "rsync -a": lambda name, target: f"rsync -a {name} {target}/",
    "cp -a": lambda name, target: f"cp -a {name} {target}/",
    # The limit: what a pair of programs takes that moves the bytes and does nothing else.
    "a bare pair": lambda name, target: f"{BARE} send {name} | {BARE} receive {target}",
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


def same(a, b):
    return subprocess.run(["diff", "-rq", "--no-dereference", a, b],
                          stdout=subprocess.DEVNULL).returncode == 0


@contextlib.contextmanager
def directory_in(scratch):
    """An empty directory there, for one copy."""
    target = os.path.join(scratch, "target")
    os.mkdir(target)
    yield target
    remove(target)


def speed(title, name, rounds, scratch, ways=None, before=lambda: None, targets=None,
          place=directory_in):
    """Times of each way, and how the first of them compares with the others. `before` is called
    before each copy, and not measured. `targets`: the ratio that is not to be exceeded, by way; a
    row that does says so. `place`: where each copy goes."""
    ways = ways or {way: make for way, make in WAYS.items()
                    if way in ("qfilecopy", "a bare pair") or shutil.which(way.split()[0])}
    first = next(iter(ways))
    times = {way: [] for way in ways}
    for number in range(rounds + 1):  # the first warms up and is not counted
        # no way always comes behind the same other
        for way, make in random.sample(list(ways.items()), len(ways)):
            with place(scratch) as target:
                before()
                seconds = run(make(name, target), scratch)
                if number:
                    times[way].append(seconds)
                if not same(os.path.join(scratch, name), os.path.join(target, name)):
                    sys.exit(f"{title}: the copy made by {way} differs")
    print(f"\n{title} ({rounds} rounds, every copy compared)\n")
    print(f"| {'':16} | {'median':>8} | {'min':>8} | {'max':>8} | {f'{first} / this':>16} |")
    print(f"|{'-' * 18}|{'-' * 9}:|{'-' * 9}:|{'-' * 9}:|{'-' * 17}:|")
    for way, seconds in times.items():
        ratio = statistics.median(own / other for own, other in zip(times[first], seconds))
        target = (targets or {}).get(way)
        missed = f" misses {target}" if target and ratio > target else ""
        print(f"| {way:16} | {statistics.median(seconds):6.2f} s | {min(seconds):6.2f} s | "
              f"{max(seconds):6.2f} s | {f'{ratio:.2f}{missed}':>16} |")
    sys.stdout.flush()


@contextlib.contextmanager
def rpc_service(scratch, domains=("work",), target=None, accounts=False):
    """A pedos-rpcd that serves PedOS.Filecopy for these domains, delivering to `target`, words of a
    shell, or that name in the scratch directory. Services run as the caller, or with `accounts` as
    the account that the domain is called. Its pid and the directory of its sockets are the
    value."""
    paths = {name: f"{scratch}/rpc/{name}" for name in ("sockets", "policy", "services")}
    for path in paths.values():
        os.makedirs(path)
    with open(f"{paths['policy']}/50.policy", "w") as policy:
        policy.write("PedOS.Filecopy * @anyvm @anyvm allow\n")
    with open(f"{paths['services']}/PedOS.Filecopy", "w") as service:
        service.write(f'#!/bin/sh\nexec {UNPACKER} "$(id -u)" "{target or f"{scratch}/target"}"\n')
    os.chmod(f"{paths['services']}/PedOS.Filecopy", 0o755)
    options = [f"--{name}={path}" for name, path in paths.items()]
    if not accounts:
        options.append(f"--user={pwd.getpwuid(os.getuid()).pw_name}")
    with open(f"{scratch}/rpc/log", "wb") as log:
        daemon = subprocess.Popen([RPCD, "--foreground", "--transport=unix", *options, *domains],
                                  stdin=subprocess.DEVNULL, stderr=log)
    try:
        while not all(os.path.exists(f"{paths['sockets']}/{each}") for each in domains):
            if daemon.poll() is not None:
                sys.exit(f"pedos-rpcd: {open(f'{scratch}/rpc/log').read()}")
            time.sleep(0.01)
        yield daemon.pid, paths["sockets"]
    finally:
        daemon.terminate()
        daemon.wait()
        remove(f"{scratch}/rpc")


def rpc(rounds, scratch):
    """The same agent and unpacker through pedos-rpc, and with nothing between them but pipes."""
    with rpc_service(scratch) as (_, sockets):
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


def many(rounds, scratch):
    """The agent, called many times at once."""
    def agent(name):
        return [AGENT, "--quiet", "--progress=none", name]

    def files():
        for number in range(bench_many.CALLS):
            make_sized(f"{scratch}/file{number}", 128 << 20)

    def trees():
        for number in range(bench_many.CALLS):
            make_small(f"{scratch}/tree{number}", 3000, 20)
    bench_many.measure(rounds, scratch, lambda *which: rpc_service(scratch, *which), RPC, (
        ("128 MiB", lambda number: agent(f"file{number}"), files),
        ("3,000 small files", lambda number: agent(f"tree{number}"), trees)))
    for number in range(bench_many.CALLS):
        os.unlink(f"{scratch}/file{number}")
        remove(f"{scratch}/tree{number}")


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
            AGENT, "--quiet", "--progress=none",
            f"--via=exec {UNPACKER} {os.getuid()} {target}", "file"],
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
            bench_disk.copies(rounds, scratch, speed, directory_in, qfile, (
                ("one file of 2 GiB", "big", make_big),
                ("50,000 files of 0 to 8 KiB in 200 directories", "small", make_small),
                ("a source tree", "source", make_tree)))
        if "dirt" in only:
            bench_disk.beside_dirt(rounds, scratch, qfile, make_sized)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join(TABLES), help="which tables: %(default)s")
    parser.add_argument("--directory", default="/dev/shm",
                        help="where to work: a tmpfs with 6 GiB free")
    parser.add_argument("--disk", default="/var/tmp",
                        help="where to work on a disk: 12 GiB free")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # What was made and mounted goes, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = arguments.only.split(",")
    if unknown := set(only) - set(TABLES):
        sys.exit(f"bench: there is no table {' or '.join(sorted(unknown))}; "
                 f"there are {', '.join(TABLES)}")
    os.environ.pop("TMPDIR", None)
    with scratch_in(arguments.directory) as scratch:
        if "big" in only:
            make_big(f"{scratch}/big")
            speed("One file of 2 GiB", "big", arguments.rounds, scratch,
                  targets={"a bare pair": 1.15})
            os.unlink(f"{scratch}/big")
        if "small" in only:
            make_small(f"{scratch}/small")
            speed("50,000 files of 0 to 8 KiB in 200 directories", "small", arguments.rounds,
                  scratch, targets={"tar to tar": 0.75, "a bare pair": 1.15})
            remove(f"{scratch}/small")
        if "tree" in only:
            make_tree(f"{scratch}/source")
            # The bare pair copies no links.
            speed("A source tree", "source", arguments.rounds, scratch,
                  {way: make for way, make in WAYS.items()
                   if way == "qfilecopy" or shutil.which(way.split()[0])},
                  targets={"tar to tar": 0.7})
            remove(f"{scratch}/source")
        if "rpc" in only:
            rpc(arguments.rounds, scratch)
        if "many" in only:
            many(arguments.rounds, scratch)
        if "open" in only:
            bench_open.measure(arguments.rounds, scratch, qfile, make_sized)
        if "latency" in only:
            latency(arguments.rounds, scratch)
        if "growth" in only:
            bench_growth.measure(arguments.rounds, scratch)
    on_disk(only, arguments.rounds, arguments.disk)


if __name__ == "__main__":
    main()
