# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The machine boots again while a delivery is under way."""
import json

from daemon import staging, under_way
from guest import JOB, REBOOT, arrived, check, copy, equal, incoming, started, unit, wait_until

VISIBLE = JOB / "visible"


def visible():
    return [name for name in incoming("work", "personal") if not name.startswith(".")]


def test_reboot():
    """the machine is told to boot again with a delivery under way"""
    VISIBLE.write_text(json.dumps(visible()), "utf-8")
    under_way()
    started.clear()  # systemd ends it
    return REBOOT


def test_after():
    """after that, nothing of the delivery is visible"""
    equal(visible(), json.loads(VISIBLE.read_text("utf-8")))


def test_enabled():
    """the sockets listen again, and a call is served"""
    for name in ("work", "personal"):
        equal(unit(f"pedos-rpcd@{name}.socket", "ActiveState"), "active")
    copy("personal", "work", "after the reboot").exits(0)
    arrived("personal", "work", "after the reboot")


def test_swept():
    """the receiver after it removes what was left"""
    wait_until(lambda: not staging(), "the staging directory to be removed")
    check(visible(), "what had arrived is gone")
