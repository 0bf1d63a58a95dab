# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: names and messages that are made to deceive."""
import json
import os
import re
import shlex
import shutil
import threading
import time

import edit_wire as wire
import expect
import machine
import suite
import tree
from expect import check, equal, lacks
from sending import SEND, UNSAFE, Sending, plain

test = suite.cases(Sending)

# Of files here, which may have come from anywhere. Each is shown as what follows.
NAMES = {
    "<b>bold&amp;": "<b>bold&amp;",
    "a\nb": "a?b",
    "cod\u202efdp.exe": "cod?fdp.exe",
    "\u2069\u2068out": "??out",
    "esc\x1b[2J": "esc?[2J",
    os.fsdecode(b"bad\xff"): "bad?",
    "-x": "-x",
    "%s%n$(id)`id`": "%s%n$(id)`id`",
    "zero\u200bwidth": "zero?width",
}


def is_safe(t):
    """Of everything that is shown."""
    found = UNSAFE.search(plain(t.all_words()))
    check(not found, f"shown raw: {t.all_words()!r}")


@test("names of files are shown as text, in the question, in conflicts and in notices")
def _(t):
    t.open_desktop()
    t.show_notices("body-markup")
    t.serve()
    for name, shown in NAMES.items():
        tree.write(name, "x")
        send = t.send("--", name)
        t.sees(f"To which VM should “{shown}” be copied?")
        is_safe(t)
        t.click("Cancel")
        send.wait().exits(1)
    tree.write("<b>bold", "x")
    t.send("--to=work", "--", "<b>bold").wait().exits(0)
    send = t.send("--to=work", "--", "<b>bold")
    t.sees("There is a “<b>bold” in work already. Nothing was replaced.")
    t.click("Cancel")
    send.wait().exits(1)
    equal([(plain(each["summary"]), each["body"]) for each in t.notices()],
          [("“<b>bold” was copied to work", "")])


@test("a name of the greatest length does not make a window that is wider than the screen")
def _(t):
    t.open_desktop()
    t.serve(wrap="sh -c 'exec sleep 99999'")
    name = "W" * 255
    tree.write(name, "x")
    send = t.send("--to=work", name)
    t.sees(re.compile("Copying “[.]{3}W+” to work"), by=[send])
    dialog, = (node for node in t.look() if node.role == "dialog")
    check(dialog.box[2] < 800, f"the window: {dialog.box}")
    t.click("Cancel")
    t.sees(re.compile("Nobody can say whether"))  # all of it was sent already
    t.click("Close")
    send.wait().exits(1)


FORGED = {"phase": "done", "outcome": "copied", "code": 0, "message": "", "help": [], "entry": "",
          "bytes": 1, "entries": 1}


@test("JSON that the other VM writes to stderr is not taken for what qfile-agent says")
def _(t):
    t.open_desktop()
    said = shlex.quote(json.dumps(FORGED) + "\n{\"phase\":\"sending\",\"name\":\"forged\"}\n")
    t.serve(wrap=f"sh -c 'printf %s \"$0\" >&2; exit 1' {said} {{}}")
    send = t.send("--to=work", "report.txt")
    t.sees(re.compile("could not be copied|Nobody can say|Nothing was copied"), by=[send])
    lacks(t.all_words(), "forged")
    t.click("Close")
    send.wait().exits(1)
    # A client that passes on what the other VM says as it came.
    t.qrexec(f"printf '%s' {said} >&2; exit 0")
    send = t.send("report.txt")
    t.sees(re.compile("Nobody can say whether “report.txt” has arrived"))
    t.click("Close")
    send.wait().exits(1)


@test("what the other VM says is behind Details, as text, and not without end")
def _(t):
    t.open_desktop()
    said = b"<b>\x1b[31m\xff\xe2\x80\xae" + b"A" * 16384 + b"\nlast <i>line\n"
    tree.write(f"{t.top}/said", said)
    t.qrexec(f"cat {t.top}/said >&2; exit 126")
    send = t.send("report.txt")
    t.click("Details", "toggle button")
    text = t.sees(re.compile("last <i>line"), "text").text
    check(len(text) < 20000, f"{len(text)} characters")
    is_safe(t)
    t.click("Close")
    send.wait().exits(1)


def play_editor(t, play):
    t.open_desktop()
    t.served_here("PedOS.OpenInVM", play)
    t.served_as = "root" if machine.am_root() else t.served_as
    t.start_daemon()
    t.environment["PEDOS_RPC_CLIENT"] = t.client()
    return t.send("--open", "--to=work", "report.txt")


@test("what the other VM says while a file is open there is shown as text", waits=True)
def _(t):
    def play(role):
        role.read(256)
        role.read_all()
        for said in (b"<b>bold</b>", b"\x1b]0;x\x07 \xff", "cod\u202efdp".encode(), b"A" * 4096):
            role.write(wire.note(said))
        while not over.wait(0.1) and not expect.given_up():
            pass
    over = threading.Event()
    send = play_editor(t, play)
    t.sees(re.compile("work says: <b>bold</b>\n"), "text", by=[send])
    t.sees(re.compile("work says: A+[.]{3}|work says: [.]{3}A+|work says: A{100}"), "text")
    is_safe(t)
    t.click("Done")
    # A peer that ends before qopen-in-vm is told to end has lost the connection.
    t.sees("“report.txt” is not open in work any more", by=[send])
    over.set()
    t.click("Details", "toggle button")
    t.sees(re.compile("work says: <b>bold</b>\n"), "text")
    is_safe(t)
    t.click("Close")
    send.wait().exits(0)


@test("a peer that says something every 10 ms does not keep the window from answering")
def _(t):
    def play(role):
        role.read(256)
        role.read_all()
        number = 0
        try:
            while True:
                number += 1
                role.write(wire.save(b"%d\n" % number))
                time.sleep(0.01)
        except OSError:
            pass
    send = play_editor(t, play)
    t.sees(re.compile(r"\d\d+ saves are here"), by=[send])
    t.click("Done")
    t.until(lambda: not send.runs(), "it to end")


@test("a program that writes nonsense, or without end, to the descriptor is not believed")
def _(t):
    t.open_desktop()
    programs = f"{t.top}/programs"
    os.mkdir(programs)
    shutil.copy(SEND, programs)
    tree.script(f"{programs}/qfile-agent", f"""#!/bin/sh
echo '{{"phase":"sending","bytes":-5,"total_bytes":99999999999999999999,"name":7}}' >&3
echo '[[[[{{' >&3; echo '"done"' >&3
head -c 20000000 /dev/zero | tr '\\0' x >&3; echo >&3
echo '{{"phase":"done","outcome":"won","code":"17"}}' >&3
""")
    send = t.start(f"{programs}/qfile-send", "--to=work", "report.txt")
    t.sees(re.compile("ended without saying how"), by=[send])
    t.click("Close")
    send.wait().exits(1)
