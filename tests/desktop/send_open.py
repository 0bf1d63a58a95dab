# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: files that are open in another VM, with the real qopen-in-vm and vm-file-editor."""
import os
import re
import shlex

import machine
import suite
import tree
from expect import check, equal, has
from sending import Sending, plain

test = suite.cases(Sending)

# What the application there does: it has the file open until it is told to close it.
EDITS = """exec 9<"$1"
while read -r word <"$NOTES/do"; do
    case $word in
    save) echo edited >"$1" ;;
    beside) echo chart >"${1%/*}/chart.png" ;;
    close) exit ;;
    esac
done"""


def opened(t, *options):
    """A file that is open in "work". Returns qfile-send, and a function that tells the application
    there what to do."""
    os.mkfifo(f"{t.notes}/do")
    os.chmod(f"{t.notes}/do", 0o666)
    t.open_desktop()
    t.serve_editor(EDITS.replace("$NOTES", t.notes))
    send = t.send("--to=work", *(options or ["--open"]), "report.txt")
    t.sees("“report.txt” is open in work", by=[send])
    held = os.open(f"{t.notes}/do", os.O_RDWR)

    def tell(word):
        os.write(held, f"{word}\n".encode())
    return send, tell


@test("open: saves are told as they come, and the window goes when it is over there")
def _(t):
    send, tell = opened(t)
    t.sees("Nothing was saved there yet.")
    tell("save")
    t.sees(re.compile("1 save is here, it came at "))
    equal(tree.read("report.txt"), "edited\n")
    tell("close")
    send.wait().exits(0)
    check(t.nothing_is_shown(), "a window is left")


@test("open: in a real editor there, whose saves come back")
def _(t):
    machine.need("mousepad")
    t.open_desktop()
    t.served_as = "root" if machine.am_root() else t.served_as  # whose screen it is
    shown = "\n".join(f"export {name}={shlex.quote(t.environment[name])}"
                      for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "HOME"))
    t.serve_editor(f'{shown}\nexec mousepad "$1"')
    send = t.send("--open", "--to=work", "report.txt")
    t.sees("“report.txt” is open in work", by=[send])

    def is_back():
        """Keys that came too early are lost. So all of it is typed again."""
        t.window("Mousepad")
        t.press("ctrl+a")
        t.type("edited there")
        t.press("ctrl+s")
        t.sees(re.compile("save is here|saves are here"), by=[send])
        return tree.read("report.txt").strip() == "edited there"
    t.until(is_back, "what was typed to be here", by=[send])

    def is_closed():
        for window in t.windows("Mousepad"):
            t.xdotool("windowactivate", window)
            t.press("ctrl+q")
        return not send.runs()
    t.until(is_closed, "the window to go with the editor")
    send.wait().exits(0)
    equal(tree.read("report.txt").strip(), "edited there")


@test("open: Done ends it, and what was saved is here")
def _(t):
    send, tell = opened(t)
    tell("save")
    t.sees(re.compile("1 save is here"))
    t.click("Done")
    send.wait().exits(0)
    equal(tree.read("report.txt"), "edited\n")


@test("open: what was saved beside the file is told, and where it is")
def _(t):
    send, tell = opened(t)
    tell("beside")
    t.sees(re.compile("Saved beside it in work, and here now: .*/chart.png"), "text")
    tell("close")
    t.sees("“report.txt” is not open in work any more")
    t.click("Details", "toggle button")
    has(plain(t.sees("Details", "text").text), "chart.png")
    t.click("Close")
    send.wait().exits(0)


@test("open: a save that may not replace the file is kept, and the window says where")
def _(t):
    send, tell = opened(t)
    tree.write("report.txt", "changed here\n")
    tell("save")
    text = plain(t.sees(re.compile("A save of work is kept in "), "text").text)
    kept = re.search(r"is kept in (\S.*\.txt), because", text)[1]
    equal(tree.read(kept), "edited\n")
    equal(tree.read("report.txt"), "changed here\n")
    tell("close")
    t.sees("The last save in work is not in “report.txt”, or may be damaged.")
    t.click("Close")
    send.wait().exits(1)


@test("view: nothing comes back")
def _(t):
    send, tell = opened(t, "--view")
    t.sees("Only to view it: nothing comes back.")
    tell("save")
    tell("close")
    send.wait().exits(0)
    equal(tree.read("report.txt"), "content\n")


@test("a VM that has nothing that opens files is no VM in which nothing was saved")
def _(t):
    t.open_desktop()
    t.service("PedOS.OpenInVM", "exit 127")
    t.start_daemon()
    t.environment["PEDOS_RPC_CLIENT"] = t.client()
    send = t.send("--open", "--to=work", "report.txt")
    t.sees(re.compile("This cannot be done in work. Nothing was sent."
                      "|The connection to work was lost."), by=[send])
    t.click("Close")
    send.wait().exits(1)


@test("a folder, and too many files, are refused before anything is opened")
def _(t):
    t.open_desktop()
    t.serve_editor("exit 0")
    os.mkdir("photos")
    send = t.send("--open", "--to=work", "photos")
    t.sees("“photos” is a folder. Only files can be opened in work.")
    t.click("Close")
    send.wait().exits(1)
    send = t.send("--open", "--to=work", *["report.txt"] * 11)
    t.sees("These are too many files to be opened at once.")
    t.click("Close")
    send.wait().exits(1)


@test("a connection that is lost while a file is open")
def _(t):
    send, tell = opened(t)
    tell("save")
    t.sees(re.compile("1 save is here"))
    t.daemon.kill()
    t.sees("The connection to work was lost. Every save that has come is here.")
    t.click("Close")
    send.wait().exits(1)
    equal(tree.read("report.txt"), "edited\n")
