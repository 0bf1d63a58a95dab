#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""on_debian.py: calls between two Xen guests that are a whole Debian each (debian.py), by the
packages of make deb and the commands of doc/xen.md. Writes TAP.

The cases are those of cases/debian_guests.py, in their order, in one boot of the lab: run.py says
what a case is. What the machines said is in BUILD/xen-system/logs. Needs root, which makes the
guests' disk.
"""
import os
import sys

import run  # first: it says where modules are
import debian
import packages
import process
from lab import Broken

CASE = "debian_guests"


def main():
    process.exit_when_told()
    build = os.path.abspath(os.environ.get("QFILE_BUILD", "build"))
    report = run.Report()
    try:
        if not os.path.exists(f"{build}/xen/installed/usr/sbin/pedos-rpc-dom0"):
            raise packages.Skip("this build has no pedos-rpc-dom0: it was made with XEN=0")
        made = debian.system(build)
        found = packages.Packages(f"{build}/xen/packages", made["kernel"])
        run.run_cases(report, debian.DebianLab(found, build, made), [CASE])
    except packages.Skip as reason:
        report.line("ok", f"{CASE} # skip {reason}")
    except Broken as broken:
        report.line("not ok", "the guests' disk is made", str(broken))
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
