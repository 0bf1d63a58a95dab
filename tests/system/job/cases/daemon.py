# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A daemon ends while it serves a call."""
import os
import signal
import time

from guest import (arrived, check, copy, equal, finish, incoming, is_active, run, start, systemctl,
                   unit, wait_until)

SERVICE, SOCKET = "pedos-rpcd@work.service", "pedos-rpcd@work.socket"
STAGING = ".qfile-incoming-"


def staging():
    return [name for name in incoming("work", "personal") if name.startswith(STAGING)]


def under_way():
    """A delivery of which nothing comes any more: a sender that is silent."""
    before = staging()
    caller = start("pedos-rpc", "work", "PedOS.Filecopy", user="personal")

    def has_begun():
        check(caller.poll() is None, "the call has ended")
        return [name for name in staging() if name not in before]
    wait_until(has_begun, "a staging directory")
    return caller


def test_killed():
    """killed in a delivery: the caller learns of it, systemd starts it again, nothing is left"""
    caller, visible = under_way(), [name for name in incoming("work", "personal")
                                    if not name.startswith(STAGING)]
    pid = int(unit(SERVICE, "MainPID"))
    os.kill(pid, signal.SIGKILL)
    check(finish(caller).status != 0, "the caller was told of a success")
    wait_until(lambda: is_active(SERVICE) and int(unit(SERVICE, "MainPID")) not in (0, pid),
               "another daemon")
    copy("personal", "work", "after the kill").exits(0)
    wait_until(lambda: not staging(), "the staging directory to be removed")
    equal(incoming("work", "personal"), sorted([*visible, "after the kill"]))


def test_stopped():
    """stopped in a delivery: it ends soon, and the next call starts it"""
    caller, begun = under_way(), time.monotonic()
    systemctl("stop", SERVICE)
    check(time.monotonic() - begun < 60, "systemd had to kill it")
    equal(unit(SERVICE, "Result"), "success")
    check(finish(caller).status != 0, "the caller was told of a success")
    copy("personal", "work", "after the stop").exits(0)
    arrived("personal", "work", "after the stop")


def test_socket_restarted():
    """the socket restarted: calls are served"""
    systemctl("restart", SOCKET)
    copy("personal", "work", "after the restart").exits(0)
    arrived("personal", "work", "after the restart")


def test_crashes():
    """killed ten times in a row, it is still started by a call"""
    for number in range(10):
        copy("personal", "work", f"crash {number}").exits(0)
        run("systemctl", "kill", "--signal=KILL", SERVICE).exits(0)
        wait_until(lambda: not is_active(SERVICE) or unit(SERVICE, "SubState") == "running",
                   "its end")
    wait_until(lambda: copy("personal", "work", "after all").status == 0, "a delivery")
