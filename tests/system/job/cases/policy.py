# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The policy changes, or is wrong; an account does not exist. No socket is ever dead."""
import contextlib

from guest import (POLICY, allow, arrived, check, copy, has, journal, now, run, systemctl, unit,
                   wait_until)

SERVICE, SOCKET = "pedos-rpcd@work.service", "pedos-rpcd@work.socket"


@contextlib.contextmanager
def line(name, text):
    """A line of the policy, for a while."""
    allow(name, text)
    try:
        yield
    finally:
        (POLICY / f"{name}.policy").unlink()


def listens():
    check(unit(SOCKET, "ActiveState") == "active", f"{SOCKET} is {unit(SOCKET, 'ActiveState')}")


def test_change():
    """a changed policy is in force after a reload"""
    with line("40-deny", "PedOS.Filecopy * personal work deny"):
        systemctl("reload", SERVICE)
        has(copy("personal", "work", "denied").exits(126).said, "the policy denies it")
    systemctl("reload", SERVICE)
    copy("personal", "work", "allowed again").exits(0)


def test_wrong_reload():
    """a reload with a wrong policy says that it failed, and the old policy stays"""
    since = now()
    with line("60-wrong", "nonsense"):
        check(run("systemctl", "reload", SERVICE).status != 0, "it did not fail")
        check(any("60-wrong.policy" in said for said in journal("-u", SERVICE, since=since)),
              "the journal does not name the file")
        copy("personal", "work", "under the old policy").exits(0)


def test_wrong_restart():
    """a restart with a wrong policy leaves a socket that works as soon as the policy is mended"""
    with line("60-wrong", "nonsense"):
        run("systemctl", "restart", SERVICE)
        for number in range(8):  # systemd gives up a unit that fails five times
            check(copy("personal", "work", f"refused {number}").status != 0, "it was not refused")
            listens()
    run("systemctl", "reload", SERVICE)
    wait_until(lambda: copy("personal", "work", "mended").status == 0, "a delivery")
    arrived("personal", "work", "mended")
    listens()


def test_unknown_account():
    """the socket of an account that does not exist works as soon as it does"""
    socket = "pedos-rpcd@later.socket"
    systemctl("start", socket)
    for number in range(8):
        check(copy("personal", "later", f"nobody {number}").status != 0, "it was not refused")
    check(unit(socket, "ActiveState") == "active", f"it is {unit(socket, 'ActiveState')}")
    run("useradd", "-m", "later").exits(0)
    wait_until(lambda: copy("personal", "later", "somebody").status == 0, "a delivery")
    arrived("personal", "later", "somebody")
    systemctl("stop", socket, "pedos-rpcd@later.service")
