#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py: the packages on a real Debian, with systemd, which is booted in an emulator, as root.
Writes TAP.

The cases are in job/cases, and run in the machine, all in one boot and another one after it:
job/run. What the machine and they said is kept below BUILD/system/logs.
"""
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common")]

import image
import lab
import packages
import process
import tap
from expect import Broken
from settings import BUILD


def put_played_xen(job):
    """What plays Xen for the daemon of dom0."""
    played = pathlib.Path(job, "played")
    played.mkdir()
    for path in "dom0/world.py", "dom0/xenstore.py", "common/expect.py":
        shutil.copy(HERE.parent / path, played)
    library = "tests/dom0/hypervisor.so"
    (played / library).parent.mkdir(parents=True)
    try:
        shutil.copy(BUILD / library, played / library)
    except FileNotFoundError:
        raise tap.Skip(f"{BUILD / library} is not built: make check-system builds it") from None
    (played / "settings.py").write_text("import pathlib\nBUILD = pathlib.Path(__file__).parent\n",
                                        "ascii")


class Results:
    """What the machine says, line by line, into a report."""

    def __init__(self, report):
        self.report, self.planned, self.open = report, None, None

    def take(self, line):
        kind, _, rest = line.partition(" ")
        if kind == "plan":
            self.planned = int(rest)
        elif kind == "ok":
            self.close()
            self.report.add(rest, None, [])
        elif kind == "skip":
            self.close()
            name, _, reason = rest.rpartition(": ")
            self.report.add(name, reason, [])
        elif line.startswith("not ok "):
            self.close()
            self.open = [line[len("not ok "):]]
        elif kind == "#" and self.open:
            self.open.append(rest)

    def close(self):
        """A case that failed is over when the next one is told."""
        if self.open:
            self.report.add(self.open[0], None, self.open[1:] or ["it does not say why"])
        self.open = None

    def end(self, machine):
        self.close()
        if self.report.number != self.planned or machine.status != 0:
            self.report.add("the machine ends as it should", None,
                            [f"{self.report.number} of {self.planned} cases, status "
                             f"{machine.status}", machine.last_words()])


def main():
    process.exit_when_told()
    report = tap.Report()
    try:
        with tempfile.TemporaryDirectory(prefix="qfile-system.") as scratch:
            job = shutil.copytree(HERE / "job", f"{scratch}/job",
                                  ignore=shutil.ignore_patterns("__pycache__"))
            packages.put(BUILD, job, scratch)
            put_played_xen(job)
            machine = lab.Lab(image.System(f"{BUILD}/system/cache"), f"{BUILD}/system/logs")
            results = Results(report)
            for line in machine.run(job):
                results.take(line)
            results.end(machine)
    except tap.Skip as reason:
        report.add("the packages on a real Debian", str(reason), [])
    except Broken as broken:
        report.add("the machine boots", None, str(broken).splitlines())
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
