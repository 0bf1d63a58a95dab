#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""in_lab.py [WORD...]: run.py in the lab (tests/system/lab.py), with a kernel of Debian's, as root.
Writes TAP: what run.py writes there.

It has file systems that the kernel of this machine may lack, and servers that no other machine
should start. Each WORD chooses the cases with that text in their names. In the environment,
SAMPLE=N takes every N-th of the file systems by chance, and SEED=NUMBER repeats a choice. What the
machine said is kept below BUILD/filesystems/logs.
"""
import os
import pathlib
import shlex
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common"), str(HERE.parent / "system")]

import image
import lab
import process
import sample
import tap
from expect import Broken
from settings import BIN, BUILD

PROGRAMS = ("qfile-agent", "qfile-unpacker", "qopen-in-vm", "vm-file-editor")


def make_job(scratch):
    job = f"{scratch}/job"
    os.makedirs(f"{job}/build/bin")
    for name in PROGRAMS:
        shutil.copy(BIN / name, f"{job}/build/bin")
    for name in ("common", "filesystems"):
        shutil.copytree(HERE.parent / name, f"{job}/tests/{name}",
                        ignore=shutil.ignore_patterns("__pycache__"))
    settings = {"QFILE_LAB": "1", "SAMPLE": str(sample.every), "SEED": sample.SEED}
    command = ["env", *(f"{name}={value}" for name, value in settings.items()),
               "/usr/bin/python3", "-B", "tests/filesystems/run.py", *sys.argv[1:]]
    pathlib.Path(f"{job}/run").write_text(
        f"#!/bin/sh\nchmod 755 /var/lib/lab . && exec {shlex.join(command)}\n", "utf-8")
    os.chmod(f"{job}/run", 0o755)
    return job


def share(scratch):
    """A directory of this machine's, which the other one mounts by 9p."""
    os.mkdir(f"{scratch}/shared")
    return ["-fsdev", f"local,id=share,path={scratch}/shared,security_model=passthrough",
            "-device", "virtio-9p-pci,fsdev=share,mount_tag=share"]


def run(scratch):
    machine = lab.Lab(image.System(f"{BUILD}/system/cache", image.FULL),
                      f"{BUILD}/filesystems/logs")
    ended = False
    for line in machine.run(make_job(scratch), share(scratch)):
        print(line, flush=True)
        ended = ended or line.startswith("1..")
    if not ended or machine.status is None:
        raise Broken(f"it ended with status {machine.status}\n{machine.last_words()}")
    return machine.status


def main():
    process.exit_when_told()
    scratch = tempfile.mkdtemp(prefix="qfile-filesystems.", dir=os.environ.get("TMPDIR"))
    report = tap.Report()
    try:
        return run(scratch)
    except tap.Skip as reason:
        report.add("deliveries in the lab", str(reason), [])
    except Broken as broken:
        report.add("the machine runs all cases", None, str(broken).splitlines())
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
