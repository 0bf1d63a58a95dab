# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The packages are installed, on a system that has never seen them."""
import re

from guest import JOB, check, equal, run, systemctl, unit
from listing import remember

DAEMONS = ("pedos-rpcd@work.service", "pedos-rpcd.service", "pedos-rpc-dom0.service")


def packages(when):
    return [str(path) for path in sorted((JOB / when).glob("*.deb"))]


def test_install():
    """the packages install without a network, and start nothing"""
    remember("before")
    end = run("apt-get", "install", "-y", "-q", *packages("before")).exits(0)
    check("warning" not in end.said.lower(), end.said)
    equal(systemctl("list-units", "--failed", "--plain", "--no-legend"), "")
    equal(systemctl("list-units", "--all", "--plain", "--no-legend", "pedos-rpcd@*"), "")


def test_units():
    """systemd finds nothing wrong with the units"""
    end = run("systemd-analyze", "verify", "--man=no", "pedos-rpcd@work.socket", *DAEMONS).exits(0)
    ours = [line for line in end.said.splitlines() if "pedos" in line]
    equal(ours, [])


def test_hardening():
    """each daemon's exposure is below 3.0"""
    for name in DAEMONS:
        said = run("systemd-analyze", "security", "--no-pager", name).exits(0).said
        level = re.search(r"exposure level for \S+: ([\d.]+)", said)
        check(level and float(level[1]) < 3.0, f"{name}: {level and level[1]}")


def test_enable():
    """one command lets two accounts be called"""
    systemctl("enable", "--now", "pedos-rpcd@work.socket", "pedos-rpcd@personal.socket")
    for name in ("work", "personal"):
        equal(unit(f"pedos-rpcd@{name}.socket", "SubState"), "listening")
        equal(unit(f"pedos-rpcd@{name}.service", "ActiveState"), "inactive")
