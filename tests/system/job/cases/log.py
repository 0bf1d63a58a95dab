# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The journal has what SECURITY.md says, and the sender learns no more than that says."""
import re

from guest import (check, copy, has, home, journal, now, run, start, systemctl, wait_until)

SERVICE = "pedos-rpcd@work.service"


def test_served():
    """one line for each call that was served"""
    since = now()
    copy("personal", "work", "logged").exits(0)
    line = re.compile(r"personal -> work PedOS\.Filecopy as work: allowed; ended with 0; "
                      r"\d+ bytes in, \d+ out, .* s")
    wait_until(lambda: any(line.fullmatch(each) for each in journal("-u", SERVICE, since=since)),
               "the line")


def test_refused():
    """at most one line a second for what is refused"""
    since = now()
    for _ in range(10):
        check(run("pedos-rpc", "work", "No.Service", user="personal").status != 0, "not refused")
    lines = wait_until(lambda: [line for line in journal("-u", SERVICE, since=since)
                                if "No.Service: refused" in line], "a line")
    check(len(lines) <= now() - since + 1, f"{len(lines)} lines")


def test_alarm():
    """what concerns only this side is in the journal as authpriv, and not at the sender"""
    since, place = now(), home("work", "PedOSIncoming")
    place.rename(place.with_name("aside"))
    place.symlink_to("/etc")
    try:
        end = copy("personal", "work", "alarm").exits(1)
    finally:
        place.unlink()
        place.with_name("aside").rename(place)
    check("/etc" not in end.said and "PedOSIncoming" not in end.said, end.said)
    lines = wait_until(lambda: journal("SYSLOG_FACILITY=10", "SYSLOG_IDENTIFIER=qfile-unpacker",
                                       since=since), "the line")
    has(lines[-1], "from personal, for uid ")
    has(lines[-1], "PedOSIncoming")
    copy("personal", "work", "no alarm").exits(0)


def test_priority():
    """a daemon that cannot start says why, as an error"""
    since = now()
    systemctl("start", "pedos-rpcd@missing.socket")
    caller = start("pedos-rpc", "missing", "PedOS.Filecopy", user="personal")
    try:
        wait_until(lambda: journal("-p", "err", "-u", "pedos-rpcd@missing.service", since=since),
                   "an error in the journal")
    finally:
        caller.kill()
        systemctl("stop", "pedos-rpcd@missing.socket", "pedos-rpcd@missing.service")
