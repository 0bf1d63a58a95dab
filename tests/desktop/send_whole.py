# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send between two accounts, with the services as they are installed."""
import os

import machine
import suite
import tree
from expect import equal
from sending import Sending, plain
from settings import BIN, TOP

test = suite.cases(Sending, once=True)


def install(t, room, service):
    """A service as it is installed, with the programs of this build."""
    body = (TOP / room / f"{service}.in").read_text()
    tree.script(f"{t.services}/{service}", body.replace("@BINDIR@", str(BIN)))


@test("from the question to the inbox of another account, as a plain user")
def _(t):
    machine.need_root()
    t.accounts("work", "home")
    t.open_desktop("home")
    t.show_notices()
    install(t, "qfile-unpacker", "PedOS.Filecopy")
    t.served_as = None
    t.start_daemon(domains=("work",), through=t.in_accounts())
    send = t.send("report.txt")
    t.sees("work", "table cell", by=[send])
    t.window("Copy to another VM")
    t.press("Return")
    send.wait().exits(0)
    inbox = f"{t.top}/homes/work/PedOSIncoming/home"
    equal(tree.read(f"{inbox}/report.txt"), "content\n")
    equal(os.stat(f"{inbox}/report.txt").st_uid, os.stat(f"{t.top}/homes/work").st_uid)
    equal([plain(each["summary"]) for each in t.notices()], ["“report.txt” was copied to work"])
    equal(tree.read(f"{t.top}/homes/home/.local/state/qfile-send/last-vm"), "work\n")
