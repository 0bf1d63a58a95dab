# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: its language, its direction, and what a screen reader says."""
import os
import re
import shutil

import suite
import tree
from desktop import SIZE
from expect import check, equal
from sending import SEND, Sending
from settings import TOP
from tap import Skip

test = suite.cases(Sending)

PO = TOP / "desktop/qfile-send/po"
MESSAGE = re.compile(r'^msgid ((?:"[^\n]*"\n)+)', re.MULTILINE)


def messages(text):
    """The texts of a template."""
    return {"".join(re.findall('"(.*)"', found)) for found in MESSAGE.findall(text)}


def has_names(t):
    """What can have the keys says what it is."""
    nodes = [node for node in t.look() if "focusable" in node.states]
    check(nodes, "nothing can have the keys")
    equal([node for node in nodes if not node.name and node.role != "table cell"], [])


def is_on_screen(t, scale):
    """The only window there is, with all that it says. Places are told without the scale."""
    width, height = (int(each) / scale for each in SIZE.split("x"))
    for node in t.look():
        if node.role in ("dialog", "label", "push button"):
            left, top, wide, high = node.box
            check(left >= 0 and top >= 0 and left + wide <= width and top + high <= height,
                  f"{node} at {node.box}")


@test("German: in the windows, and complete")
def _(t):
    t.open_desktop()
    t.serve()
    send = t.send("report.txt", env={"LANGUAGE": "de"})
    t.sees("In welche VM soll „report.txt“ kopiert werden?")
    t.click("Abbrechen")
    send.wait().exits(1)
    send = t.send("report.txt", "again.txt", env={"LANGUAGE": "de"})
    t.sees("In welche VM sollen 2 Objekte kopiert werden?")
    t.click("Abbrechen")
    send.wait().exits(1)
    if not shutil.which("msgfmt"):
        raise Skip("needs gettext")
    end = t.run("msgfmt", "--check-format", "--statistics", "-o", "/dev/null", PO / "de.po",
                env={"LC_ALL": "C"}).exits(0)
    check(re.fullmatch(r"\d+ translated messages\.", end.said), end.said)


@test("the template has all texts of the windows, and the translations have no others")
def _(t):
    if not shutil.which("xgettext"):
        raise Skip("needs gettext")
    sources = sorted((TOP / "desktop/qfile-send").rglob("*.c"))
    told = t.run("xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
                 "--keyword=ngettext:1,2", "-o", "-", *sources).exits(0).told
    expected = messages(told)
    check(len(expected) > 100, f"so few texts: {expected}")
    for path in [PO / "qfile-send.pot", *PO.glob("*.po")]:
        equal(messages(path.read_text(encoding="utf-8")) ^ expected, set())


@test("from right to left: the buttons change sides")
def _(t):
    if not os.path.exists("/usr/share/locale/he/LC_MESSAGES/gtk30.mo"):
        raise Skip("needs GTK's own Hebrew")
    if not shutil.which("msgfmt"):
        raise Skip("needs gettext")
    t.open_desktop()
    t.serve()
    # An installation with a translation that says nothing: otherwise GTK speaks English, too.
    messages_of = f"{t.top}/installed/share/locale/he/LC_MESSAGES"
    os.makedirs(messages_of)
    os.mkdir(f"{t.top}/installed/bin")
    shutil.copy(SEND, f"{t.top}/installed/bin")
    tree.write("he.po", 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n')
    t.run("msgfmt", "-o", f"{messages_of}/qfile-send.mo", "he.po").exits(0)
    for language, mirrored in ("en", False), ("he", True):
        send = t.start(f"{t.top}/installed/bin/qfile-send", "report.txt",
                       env={"LANGUAGE": language})
        t.sees("work", "table cell", by=[send])
        t.window("Copy to another VM")
        left = {node.name: node.box[0] for node in t.look() if node.role == "push button"}
        equal(left["Cancel"] > left["Copy"], mirrored)
        t.press("Escape")
        send.wait().exits(1)


@test("at 200 %, and in high contrast, every window is whole on a small screen")
def _(t):
    t.open_desktop()
    t.serve()
    for scale, settings in (2, {"GDK_SCALE": "2"}), (1, {"GTK_THEME": "HighContrast"}):
        for words, sign, close in (
                (["report.txt"], "To which VM should “report.txt” be copied?", "Cancel"),
                (["--to=nobody", "report.txt"],
                 "There is no connection to nobody. Nothing was sent.", "Close"),
                (["--prompt", "home", "work", "my.Shell"], re.compile("wants to use"), "Deny")):
            send = t.send(*words, env=settings)
            t.sees(sign, by=[send])
            is_on_screen(t, scale)
            t.answer_prompt(close)
            send.wait().exits(1)


@test("a screen reader has a name for everything that can have the keys, in every window")
def _(t):
    t.open_desktop()
    t.serve()
    send = t.send("report.txt")
    t.sees("work", "table cell")
    has_names(t)
    t.click("Copy")
    t.sees("“report.txt” was copied to work")
    has_names(t)
    t.click("Close")
    send.wait().exits(0)
    send = t.send("--to=work", "report.txt")
    t.click("Details", "toggle button")
    t.sees("Copy the details", "push button")
    has_names(t)
    t.click("Cancel")
    send.wait().exits(1)
    prompt = t.send("--prompt", "home", "work", "my.Shell")
    t.sees(re.compile("wants to use"))
    has_names(t)
    t.answer_prompt("Deny")
    prompt.wait().exits(1)


@test("with Tab alone: every button of a conflict is reached, and Space presses it")
def _(t):
    t.open_desktop()
    t.serve()
    t.send("--to=work", "report.txt")
    t.sees("“report.txt” was copied to work")
    t.click("Close")
    send = t.send("--to=work", "report.txt")
    t.sees(re.compile("There is a"), by=[send])
    t.window("Copy to another VM")
    reached = set()

    def next_one():
        found = [node.name for node in t.look() if "focused" in node.states]
        reached.update(found)
        if {"Keep both", "Cancel", "Details"} <= reached and found == ["Cancel"]:
            return True
        t.press("Tab")
        return False
    t.until(next_one, f"every button: {reached}")
    t.press("space")
    send.wait().exits(1)
