#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Writes doc/desktop/NAME.png, a picture of each window of qfile-send: make pictures."""
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("integration", "common")]

import desktop
import process
import tap
import tree
from sending import Sending
from settings import TOP

desktop.PICTURES = TOP / "doc/desktop"
# The editor of the other VM, which has the file open until the picture is made.
EDITS = 'exec 9<"$1"; echo edited >"$1"; echo chart >"${1%/*}/chart.png"; exec sleep 99999'


def take(t, name, sign, role=None):
    """The window that has this in it, when it is at rest."""
    t.sees(sign, role)
    window = t.window("another VM")
    before = None

    def rests():
        nonlocal before
        t.picture(name, window)
        last, before = before, (desktop.PICTURES / f"{name}.png").read_bytes()
        t.sleep(0.2)
        return last == before
    t.until(rests, f"{name} to be at rest")


def close(t, send, key="Escape"):
    t.press(key)
    send.wait()


def copies(t):
    """The question, a conflict, a refusal, and the question of a policy."""
    t.serve("personal", "untrusted", "vault", "work")
    os.mkdir("photos")
    send = t.send("report.txt", "photos")
    take(t, "chooser", "work", "table cell")
    close(t, send)
    tree.write(f"{t.incoming}/report.txt", "earlier\n")
    send = t.send("--to=work", "report.txt")
    take(t, "conflict", re.compile("There is a"))
    close(t, send)
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    t.reload()
    send = t.send("--to=vault", "report.txt")
    take(t, "failure", re.compile("This is not allowed"))
    close(t, send)
    send = t.send("--prompt", "untrusted", "work", "PedOS.Filecopy")
    t.until(lambda: "sensitive" in (t.sees("Deny", "push button")).states, "it to take an answer")
    take(t, "prompt", re.compile("wants to send files"))
    t.until(lambda: "sensitive" in (t.sees("Deny", "push button")).states, "it to take an answer")
    close(t, send, "Return")


def progress(t):
    t.serve(wrap="sh -c 'dd bs=4096 count=30000 of=/dev/null; exec sleep 99999' {}")
    with open("film.mkv", "wb") as file:
        file.truncate(200 << 20)
    send = t.send("--to=work", "film.mkv")
    take(t, "progress", re.compile("[1-9][0-9]+[.][0-9].MB of"))
    close(t, send)


def opening(t):
    t.serve_editor(EDITS)
    send = t.send("--open", "--to=work", "report.txt")
    t.sees(re.compile("1 save is here"), by=[send])
    take(t, "open", re.compile("Saved beside it"))
    t.click("Done")


def main():
    process.exit_when_told()
    process.adopt_orphans()
    for draw in copies, progress, opening:
        try:
            with Sending() as t:
                t.open_desktop()
                draw(t)
        except tap.Skip as reason:
            sys.exit(f"No pictures: {reason}.")
    print(f"The pictures are in {desktop.PICTURES}.")


if __name__ == "__main__":
    main()
