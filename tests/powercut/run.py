#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: the power is cut, as root. Writes TAP: one case for each file system and each
step of steps.py, and what was seen that is no fault to stderr.

A machine in an emulator (tests/system/lab.py) delivers and saves on three disks, of which every
write and flush is recorded. Then the disks are made anew as they would be after each entry of the
record (cuts.py), mounted here, and looked at (promises.py): as they are found, and after the next
receiver.

In the environment, SAMPLE=N takes every N-th of the cuts by chance, at least one of each step;
SEED=NUMBER repeats a choice, and what disks lose by chance. Each WORD chooses the cases with that
text in their names. What the machine said is kept below BUILD/powercut/logs.
"""
import collections
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common"), str(HERE.parent / "system")]

import image
import lab
import mounting
import process
import promises
import tap
from cuts import Disk, Record
from expect import Broken
from machine import need
from settings import BIN, BUILD
from steps import STEPS

# Each as small as it can be, in MiB.
KINDS = {"ext4": (64, "mkfs.ext4", "-q"), "xfs": (300, "mkfs.xfs", "-q"),
         "btrfs": (128, "mkfs.btrfs", "-q")}
MARKS = 64 << 10  # bytes behind the file system, for what workload.py notes
AT_LEAST = 2000
SAMPLE = max(int(os.environ.get("SAMPLE") or 1), 1)
SEED = os.environ.get("SEED") or str(random.SystemRandom().randrange(1, 10**6))


def make_disks(scratch):
    """Empty file systems, kept as they were before the record, and the disks for the machine."""
    disks = []
    for kind, (megabytes, *make) in KINDS.items():
        need(make[0])
        path, size = f"{scratch}/{kind}", megabytes << 20
        with open(path, "wb") as file:
            file.truncate(size)
        image.do(*make, path)
        os.truncate(path, size + MARKS)
        image.do("cp", "--sparse=always", path, f"{path}.base")
        open(f"{path}.log", "wb").close()
        disks += lab.recorded(kind, path, f"{path}.log")
    return disks


def make_job(scratch):
    job = f"{scratch}/job"
    shutil.copytree(BIN, f"{job}/bin")
    shutil.copy(HERE / "steps.py", job)
    shutil.copy(HERE / "workload.py", f"{job}/run")
    os.chmod(f"{job}/run", 0o755)
    with open(f"{job}/disks", "w", encoding="ascii") as file:
        file.writelines(f"/dev/vd{letter} {kind}\n" for letter, kind in zip("abc", KINDS))
    return job


def record(scratch):
    """Let the machine do all steps. Returns a Record for each file system."""
    system = image.System(f"{BUILD}/system/cache")
    machine = lab.Lab(system, f"{BUILD}/powercut/logs")
    said = list(machine.run(make_job(scratch), make_disks(scratch)))
    if machine.status != 0:
        raise Broken("\n".join([*said[-3:], machine.last_words()]))
    return {kind: Record(f"{scratch}/{kind}.log", AT_LEAST) for kind in KINDS}


def chosen_cuts(kind, number, cuts):
    chance = random.Random(f"{SEED} {kind} {number}")
    some = sorted(chance.sample(range(len(cuts)), -(-len(cuts) // SAMPLE)))
    return [cuts[index] for index in some]


@contextlib.contextmanager
def alone(scratch, kind):
    """Disks of one file system have one number: they are not mounted at the same time."""
    with open(f"{scratch}/{kind}.lock", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_cuts(scratch, kind, of_kind, cuts):
    """Each of them, on a disk in memory. What is no fault is noted in the file "told"."""
    told = collections.Counter()
    mounting.own_mounts()
    with tempfile.TemporaryDirectory(dir=scratch) as top, alone(scratch, kind):
        at = f"{top}/mounted"
        os.mkdir(at)
        os.chmod(top, 0o711)
        disk = Disk(of_kind, f"{scratch}/{kind}.base", top, SEED)
        disk.cut(cuts[0])
        with mounting.loop_device(disk.at) as device:
            for cut in cuts:
                disk.cut(cut)
                try:
                    with mounting.mounted(device, kind, at):
                        told.update(promises.verify(at, cut))
                except Broken as broken:
                    raise Broken(f"SEED={SEED}, {cut}: {broken}") from None
    with open(f"{scratch}/told", "a", encoding="utf-8") as file:
        file.writelines(f"{kind}: {what}\n" * count for what, count in told.items())


def cases_of(scratch, records):
    """Those of one step beside each other, so that two at a time are of different disks."""
    cases, notes = [], []
    taken, whole = collections.Counter(), collections.Counter()
    for number in range(-1, len(STEPS)):
        name = STEPS[number].name if number >= 0 else "before anything"
        for kind, of_kind in records.items():
            cuts = [cut for cut in of_kind.cuts if cut.step == number]
            some = chosen_cuts(kind, number, cuts)
            taken[kind] += len(some)
            whole[kind] += len(cuts)
            cases.append(tap.Case(f"{kind}, {name}: {len(some)} cuts",
                                  lambda kind=kind, of_kind=of_kind, some=some:
                                  try_cuts(scratch, kind, of_kind, some)))
    for kind, of_kind in records.items():
        notes.append(f"{kind}: {len(of_kind.entries)} writes and flushes, {taken[kind]} of "
                     f"{whole[kind]} cuts, SAMPLE={SAMPLE} SEED={SEED}")
    return cases, notes


def show_told(scratch):
    if os.path.exists(f"{scratch}/told"):
        with open(f"{scratch}/told", encoding="utf-8") as file:
            for what, count in sorted(collections.Counter(file.read().splitlines()).items()):
                print(f"{what}: at {count} cuts", file=sys.stderr)


def main():
    process.exit_when_told()
    scratch = tempfile.mkdtemp(prefix="qfile-powercut.", dir=os.environ.get("TMPDIR"))
    os.chmod(scratch, 0o711)
    report = tap.Report()
    try:
        cases, notes = cases_of(scratch, record(scratch))
        status = tap.run(tap.chosen(cases, sys.argv[1:]), len(os.sched_getaffinity(0)), notes)
        show_told(scratch)
        return status
    except tap.Skip as reason:
        report.add("the power is cut", str(reason), [])
    except Broken as broken:
        report.add("the machine does all steps", None, str(broken).splitlines())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
