# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: the list of VMs, however long it is and whenever it comes. `pedos-rpc` is played."""
import os
import re

import suite
import tree
from expect import check, equal
from sending import Sending

test = suite.cases(Sending)


def listing(t, body):
    """A client that lists what this shell command writes."""
    t.environment["PEDOS_RPC_CLIENT"] = tree.script(f"{t.top}/client", f"#!/bin/sh\n{body}\n")


@test("2,000 names: one is found by typing a part of it")
def _(t):
    t.open_desktop()
    tree.write(f"{t.top}/names", "".join(f"vm-{number:04}\n" for number in range(2000)))
    listing(t, f"""case $1 in
--list) cat {t.top}/names ;;
*) echo "$1" >{t.notes}/called; exit 126 ;;
esac""")
    send = t.send("report.txt")
    t.sees("vm-0000", "table cell")
    t.window("Copy to another VM")
    t.type("1987")
    t.until(lambda: not t.find("vm-0000", "table cell"), "the others to be gone")
    t.press("Return")
    t.sees(re.compile("not allowed between this VM and vm-1987"))
    equal(t.note("called"), "vm-1987")
    t.click("Close")
    send.wait().exits(1)


@test("the window is there before the list, and can be cancelled then")
def _(t):
    t.open_desktop()
    os.mkfifo(f"{t.top}/names")
    listing(t, f"cat {t.top}/names")
    send = t.send("report.txt")
    t.sees("Looking for VMs")
    check("sensitive" not in t.find("Copy", "push button").states, "there is nothing to copy to")
    tree.write(f"{t.top}/names", "work\n")
    t.sees("work", "table cell")
    t.gone("Looking for VMs")
    t.window("Copy to another VM")
    t.press("Escape")
    send.wait().exits(1)
    send = t.send("report.txt")
    t.sees("Looking for VMs")
    t.click("Cancel")
    send.wait().exits(1)


@test("what is no name is not shown, and neither is a name twice")
def _(t):
    t.open_desktop()
    tree.write(f"{t.top}/names", b"<b>x</b>\nwork\n\x1b[31mred\nwo\xe2\x80\xaerk\n@default\nwork\n"
               + b"x" * 16384 + b"\n\xff\nlast\n")
    listing(t, f"cat {t.top}/names")
    send = t.send("report.txt")
    t.sees("last", "table cell")
    equal([node.name for node in t.look() if node.role == "table cell"], ["work", "last"])
    t.click("Cancel")
    send.wait().exits(1)


@test("disposable VMs have words, and come first for those who only look at a file")
def _(t):
    t.open_desktop()
    listing(t, f"""case $1 in
--list) printf '%s\\n' personal @dispvm @dispvm:web work ;;
*) echo "$1" >{t.notes}/called; exit 126 ;;
esac""")
    for option, first, called in (("--open", "personal", "work"),
                                  ("--view", "New disposable VM", "@dispvm")):
        send = t.send(option, "report.txt")
        t.sees("New disposable VM, made from web", "table cell")
        equal([node.name for node in t.look() if node.role == "table cell"][0], first)
        t.window("in another VM")
        if option == "--open":
            t.type("work")
            t.gone(first, "table cell")
        t.press("Return")
        t.sees(re.compile("This is not allowed"))
        equal(t.note("called"), called)
        t.click("Close")
        send.wait().exits(1)


@test("a list that fails is said, with details; one that is empty, too")
def _(t):
    t.open_desktop()
    listing(t, "echo 'dom0 has <not> said it' >&2; exit 125")
    send = t.send("report.txt")
    t.sees("Which VMs there are could not be found out.", "label")
    t.click("Details", "toggle button")
    t.sees("dom0 has <not> said it", "text")
    t.click("Close")
    t.click("Cancel")
    send.wait().exits(1)
    listing(t, "exit 0")
    send = t.send("report.txt")
    t.sees(re.compile("There is no VM to which this is allowed"))
    t.click("Cancel")
    send.wait().exits(1)


@test("where nothing connects VMs, that is said")
def _(t):
    t.open_desktop()
    t.environment.pop("PEDOS_RPC_CLIENT", None)
    t.environment["PATH"] = "/nonexistent"
    send = t.send("report.txt")
    t.sees("Nothing here connects this VM with others.")
    t.click("Close")
    send.wait().exits(1)
