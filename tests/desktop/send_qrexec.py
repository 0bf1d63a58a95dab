# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send under qrexec, whose client is a script here."""
import shlex

import suite
import tree
from expect import equal
from sending import Sending

test = suite.cases(Sending)


def client(t):
    """It notes the VM and the service, and connects the program with a receiver."""
    t.qrexec(f"""echo "$1 $2" >{shlex.quote(t.notes)}/called
shift 2
mkfifo "$0.in" "$0.out"
{t.via()} <"$0.in" >"$0.out" &
exec "$@" >"$0.in" <"$0.out" """)


@test("qrexec asks which VM is meant: there is no question of ours")
def _(t):
    t.open_desktop()
    t.show_notices()
    client(t)
    t.send("report.txt").wait().exits(0)
    equal(t.note("called"), "@default PedOS.Filecopy")
    equal(tree.read(f"{t.incoming}/report.txt"), "content\n")
    equal([each["summary"] for each in t.notices()],
          ["“\u2068report.txt\u2069” was copied to the other VM"])


@test("opening asks for @default, and viewing for a disposable VM")
def _(t):
    t.open_desktop()
    t.qrexec(f'echo "$1 $2" >{shlex.quote(t.notes)}/called; exit 126')
    for option, called, words in (("--open", "@default", "the other VM"),
                                  ("--view", "@dispvm", "a disposable VM")):
        send = t.send(option, "report.txt")
        t.sees(f"This is not allowed between this VM and {words}. Nothing was sent.")
        equal(t.note("called"), f"{called} PedOS.OpenInVM")
        t.click("Close")
        send.wait().exits(1)
