# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send and what is made for one call: a disposable VM, or a sandbox, which is no VM."""
import os
import shlex

import suite
import tree
from expect import check, equal
from sending import Sending
from settings import EDITOR

test = suite.cases(Sending)


def client(t, kind):
    """pedos-rpc of a machine where @dispvm is this; it notes whom it calls, and refuses that."""
    t.environment["PEDOS_RPC_CLIENT"] = tree.script(f"{t.top}/client", f"""#!/bin/sh
case $1 in
--list) printf '%s\\n' @dispvm @dispvm:web work ;;
--kind=@dispvm) echo {kind} ;;
*) echo "$1" >{shlex.quote(t.notes)}/called; exit 126 ;;
esac""")


@test("a sandbox is called one, in the list and in sentences")
def _(t):
    t.open_desktop()
    client(t, "sandbox")
    send = t.send("--view", "report.txt")
    t.sees("New disposable sandbox, on this computer: web", "table cell")
    equal([node.name for node in t.look() if node.role == "table cell"],
          ["New disposable sandbox, on this computer",
           "New disposable sandbox, on this computer: web", "work"])
    t.click("View")
    t.sees("This is not allowed between this VM and a disposable sandbox. Nothing was sent.")
    equal(t.note("called"), "@dispvm")
    t.click("Close")
    send.wait().exits(1)
    for kind, words in ("sandbox", "a disposable sandbox"), ("disposable", "a disposable VM"):
        client(t, kind)
        send = t.send("--open", "--to=@dispvm:web", "report.txt")
        t.sees(f"This is not allowed between this VM and {words}. Nothing was sent.")
        t.click("Close")
        send.wait().exits(1)


@test("nothing is copied or moved to where it would be gone, and that is said in plain words")
def _(t):
    t.open_desktop()
    for option, target, kind, words in (
            ("--copy", "@dispvm", "sandbox", "a disposable sandbox"),
            ("--move", "@dispvm:web", "disposable", "a disposable VM")):
        client(t, kind)
        send = t.send(option, f"--to={target}", "report.txt")
        t.sees(f"Nothing can be copied to {words}: it is thrown away when it is closed, "
               "with everything in it. Nothing was sent.", by=[send])
        t.sees("To work on a file in it, choose “Open in another VM” instead.")
        t.click("Close")
        send.wait().exits(1)
    equal(t.note("called"), None)
    check(os.path.exists("report.txt"), "it has gone")


@test("a disposable VM that takes long: it is waited for, can be given up, and opens in the end")
def _(t):
    t.open_desktop()
    handler = tree.script(f"{t.top}/handler", '#!/bin/sh\necho edited >"$1"\n')
    os.mkfifo(f"{t.notes}/made")
    t.qrexec(f"""read word <{shlex.quote(t.notes)}/made
shift 2
mkfifo "$0.in" "$0.out"
{EDITOR} --handler={shlex.quote(handler)} <"$0.in" >"$0.out" &
exec "$@" >"$0.in" <"$0.out" """)
    send = t.send("--open", "--to=@dispvm", "report.txt")
    t.sees("Waiting for a disposable VM", "label", by=[send])
    t.click("Cancel")
    send.wait().exits(1)
    send = t.send("--open", "--to=@dispvm", "report.txt")
    t.sees("Waiting for a disposable VM", "label", by=[send])
    tree.write(f"{t.notes}/made", "now\n")
    send.wait().exits(0)
    equal(tree.read("report.txt"), "edited\n")
