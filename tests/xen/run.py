#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [CASE...]: calls between real Xen guests. Writes TAP, and a table of what was measured to
stderr.

Boots Xen, dom0 and three PV guests called work, personal and vault in an emulator (lab.py), with
the project as it is installed. Then runs the modules in cases/ (those named, or all) in this one
boot. This needs neither root nor virtualisation by the processor, and installs nothing: the
hypervisor, its tools and a kernel are unpacked from Debian's packages below the build
(packages.py). If these are not available, everything is skipped with the reason.

A case is a module. Each function test_... takes the lab, runs shell scripts in dom0 and in the
guests, and raises Broken if something is wrong. Its first line of documentation is the test's name.
Afterwards the output of machines, daemons and QEMU is in build/xen/logs.
"""
import importlib
import os
import sys
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "cases"), os.path.join(HERE, "../common")]

import lab as laboratory  # noqa: E402
import packages  # noqa: E402
import process  # noqa: E402
import tap  # noqa: E402

CASES = ("files", "open", "calls", "speed", "hostile", "policy", "asking", "disposable", "ends")
# Seconds. The whole run takes four to seven minutes, and ten times as long on a machine that is ten
# times slower. A run that takes this long hangs, and has failed.
WATCHDOG = 4800


class Report:
    def __init__(self):
        self.number = self.failed = 0

    def line(self, verdict, name, details=""):
        self.number += 1
        self.failed += verdict == "not ok"
        print(f"{verdict} {self.number} - {name}", flush=True)
        for detail in details.splitlines():
            print(f"#   {detail}", flush=True)

    def end(self):
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0


def tests_of(case):
    """The functions of a module in the order in which they are written."""
    module = importlib.import_module(case)
    return [function for name, function in vars(module).items() if name.startswith("test_")]


def run_test(report, lab, case, function):
    name = f"{case}: {function.__doc__.splitlines()[0].rstrip('.')}"
    try:
        if lab.ended():
            raise laboratory.Broken("the emulator has ended")
        function(lab)
        report.line("ok", name)
    except laboratory.Broken as broken:
        report.line("not ok", name, str(broken))
    except Exception:
        report.line("not ok", name, traceback.format_exc())


def run_cases(report, lab, cases):
    """Boots the lab, and ends it."""
    watchdog = threading.Timer(WATCHDOG, lab.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        lab.boot()
        for case in cases:
            for function in tests_of(case):
                run_test(report, lab, case, function)
    except laboratory.Broken as broken:
        report.line("not ok", "the lab boots", str(broken))
    finally:
        lab.close()


def main():
    cases = sys.argv[1:] or CASES
    unknown = [case for case in cases if case not in CASES]
    if unknown:
        print(f"There is no case {unknown[0]!r}; there are {', '.join(CASES)}.", file=sys.stderr)
        return tap.NONE_CALLED_SO
    process.exit_when_told()
    build = os.path.abspath(os.environ.get("QFILE_BUILD", "build"))
    report = Report()
    try:
        if not os.path.exists(f"{build}/xen/installed/usr/sbin/pedos-rpc-dom0"):
            raise packages.Skip("this build has no pedos-rpc-dom0: it was made with XEN=0")
        lab = laboratory.Lab(packages.Packages(f"{build}/xen/packages"), build)
    except packages.Skip as reason:
        for case in cases:
            report.line("ok", f"{case} # skip {reason}")
        return report.end()
    run_cases(report, lab, cases)
    lab.show_results()
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
