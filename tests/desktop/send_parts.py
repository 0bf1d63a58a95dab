# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The functions of qfile-send that need no window, and its command line."""
import os

import suite
from expect import has
from sending import SEND, Sending
from settings import BUILD

test = suite.cases(Sending)


@test("what qfile-send decides and says: its unit tests")
def _(t):
    has(t.run(BUILD / "tests/desktop-tests").exits(0).told, "100%: Checks: ")


@test("the command line is that of the other programs")
def _(t):
    has(t.run(SEND, "--help").exits(0).told, "Usage: qfile-send ")
    has(t.run(SEND, "--version").exits(0).told, "qfile-send (qfilecopy) ")
    t.run(SEND).exits(2).says("nothing to send")
    t.run(SEND, "--copy", "--move", "x").exits(2).says("at a time")


@test("in a directory that is gone, files need absolute paths")
def _(t):
    os.mkdir(f"{t.top}/gone")
    end = t.run("sh", "-c", 'cd "$0" && rmdir "$0" && exec "$1" report.txt', f"{t.top}/gone", SEND,
                env={"DISPLAY": ":0"})
    has(end.exits(1).said, "the path of the working directory cannot be found out")


@test("without a screen it says what to use, and a question is denied")
def _(t):
    t.run(SEND, "report.txt").exits(1).says("there is no screen here: use qfile-agent")
    t.run(SEND, "--prompt", "home", "work", "PedOS.Filecopy").exits(1).says("denied")
