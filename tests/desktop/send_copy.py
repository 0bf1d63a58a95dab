# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: copying and moving, from the question to the notice."""
import os
import re
import signal

import process
import suite
import tree
from expect import check, equal, exists, missing
from sending import Sending, plain

test = suite.cases(Sending)


def summaries(t):
    return [plain(each["summary"]) for each in t.notices()]


@test("chosen with the keyboard: a file arrives, and a notice says so")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve("work", "personal")
    send = t.send("report.txt")
    t.sees("work", "table cell")
    t.window("Copy to another VM")
    t.sees("To which VM should “report.txt” be copied?", "label")
    t.type("work")
    t.until(lambda: not t.find("personal", "table cell"), "only one VM to be left")
    t.press("Return")
    send.wait().exits(0)
    equal(tree.read(f"{t.incoming}/report.txt"), "content\n")
    equal(summaries(t), ["“report.txt” was copied to work"])


@test("the VM that was chosen last comes first, nobody is offered themselves, and three clicks are "
      "enough")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve("banking", "home", "personal", "work")
    for name, expected in ("one", "banking"), ("two", "work"):
        tree.write(name, name)
        send = t.send(name)
        t.sees("work", "table cell")
        equal(t.find(re.compile("."), "table cell").name, expected)
        equal(t.find("home", "table cell"), None)
        t.window("Copy to another VM")
        if name == "one":
            t.press("Down", "Down")  # arrows move in the list
        t.press("Return")
        send.wait().exits(0)
    equal(summaries(t), ["“one” was copied to work", "“two” was copied to work"])


@test("Escape and Cancel: nothing is sent, and that is no success")
def _(t):
    t.open_desktop()
    t.serve()
    send = t.send("report.txt")
    t.sees("work", "table cell")
    t.click("Cancel")
    send.wait().exits(1)
    send = t.send("report.txt")
    t.window("Copy to another VM")
    t.type("x")
    t.sees("No VM has that in its name.")
    t.press("Escape")  # out of the search
    t.sees("work", "table cell")
    t.press("Escape")
    send.wait().exits(1)
    equal(os.listdir(t.incoming), [])


@test("move: what has arrived is removed here")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve()
    t.send("--move", "--to=work", "report.txt").wait().exits(0)
    exists(f"{t.incoming}/report.txt")
    missing("report.txt")
    equal(summaries(t), ["“report.txt” was moved to work"])


@test("two calls that follow one another at once are one selection")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve()
    os.mkdir("photos")

    def joined():
        """On a busy machine they may have come one after the other."""
        sends = [t.send("photos"), t.send("report.txt")]
        t.sees(re.compile("To which VM"))
        t.until(lambda: len(t.windows("Copy to another VM")) == 2
                or t.find(re.compile("2 items")), "both calls")
        if t.find(re.compile("2 items")):
            return sends
        for send in sends:
            t.click("Cancel")
        for send in sends:
            send.wait().exits(1)
        return None
    sends = t.until(joined, "two calls in one window")
    t.sees("work", "table cell")
    t.click("Copy")
    for send in sends:
        send.wait().exits(0)
    equal(sorted(os.listdir(t.incoming)), ["photos", "report.txt"])
    equal(summaries(t), ["2 items were copied to work"])


@test("a name that is taken: both are kept if the user wants it, and nothing is ever replaced")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve()
    tree.write(f"{t.incoming}/report.txt", "earlier\n")
    send = t.send("--to=work", "report.txt")
    t.sees("There is a “report.txt” in work already. Nothing was replaced.")
    equal([node.name for node in t.look() if node.role == "push button"], ["Cancel", "Keep both"])
    t.click("Cancel")
    send.wait().exits(1)
    equal(os.listdir(t.incoming), ["report.txt"])
    send = t.send("--to=work", "report.txt")
    t.click("Keep both")
    send.wait().exits(0)
    equal(tree.read(f"{t.incoming}/report.txt"), "earlier\n")
    equal(tree.read(f"{t.incoming}/report (2).txt"), "content\n")


@test("what was left out is said, and the exit status is 3")
def _(t):
    t.open_desktop()
    t.serve()
    os.mkdir("dir")
    os.mkfifo("dir/pipe")
    tree.write("dir/file", "x")
    send = t.send("--to=work", "dir")
    t.sees(re.compile("but not everything went well. Left out: 1"))
    t.click("Details", "toggle button")
    t.sees(re.compile("dir/pipe: "), "text")
    t.click("Close")
    send.wait().exits(3)
    exists(f"{t.incoming}/dir/file")


@test("a link that leads out: what it points to is sent if the user wants it")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve()
    os.mkdir("dir")
    os.symlink("../report.txt", "dir/link")
    send = t.send("--to=work", "dir")
    t.sees(re.compile("“link” is a link to something that is not sent with it"))
    t.click("Send what links point to")
    send.wait().exits(0)
    equal(tree.read(f"{t.incoming}/dir/link"), "content\n")


@test("where nobody shows notices, a window says that it is done")
def _(t):
    t.open_desktop()
    t.serve()
    send = t.send("--to=work", "report.txt")
    t.sees("“report.txt” was copied to work")
    t.window("Copy to another VM")
    t.press("Return")
    send.wait().exits(0)


@test("one process has all windows; each caller learns how its own ended")
def _(t):
    t.open_desktop()
    t.serve()
    tree.write(f"{t.incoming}/report.txt", "earlier\n")
    first = t.send("--to=work", "report.txt")
    t.sees(re.compile("There is a “report.txt”"))
    second = t.send("--move", "report.txt")
    t.sees(re.compile("To which VM should “report.txt” be moved"))
    equal(len([node for node in t.look() if node.role == "application"]), 1)
    t.window("Move to another VM")
    t.press("Escape")
    second.wait().exits(1)
    check(first.runs(), "the first has ended with the second")
    t.click("Keep both")
    t.sees("“report.txt” was copied to work")
    t.click("Close")
    first.wait().exits(0)


@test("one that ends just when it is called does not take the call along")
def _(t):
    t.open_desktop()
    t.serve()
    first = t.send("report.txt")
    t.sees("work", "table cell", by=[first])
    first.kill(signal.SIGSTOP)
    second = t.send("--move", "report.txt")
    process.await_rest(second.pid)
    first.kill()
    t.sees("To which VM should “report.txt” be moved?", by=[second])
    t.click("Cancel")
    second.wait().exits(1)


@test("the session's bus dies in the middle: the window stays, and says how it ended")
def _(t):
    t.open_desktop()
    came, go = f"{t.notes}/came", f"{t.notes}/go"
    os.mkfifo(go)
    t.serve(wrap=f"sh -c 'touch {came}; read word <{go}; exec \"$@\"' sh {{}}")
    send = t.send("--to=work", "report.txt")
    t.until(lambda: os.path.exists(came), "the call", by=[send])
    while_sending = t.window("Copy to another VM")
    t.bus.kill()
    t.bus.wait()
    tree.write(go, "word\n")

    def said():
        """Screen readers are not told any more, either."""
        others = set(t.windows("Copy to another VM")) - {while_sending}
        for number in others:
            t.xdotool("windowactivate", number)
        return t.xdotool("getactivewindow").strip() in others
    t.until(said, "another window", by=[send])
    t.press("Return")
    send.wait().exits(0)
    exists(f"{t.incoming}/report.txt")
