# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send as the user's default application, as GIO and xdg-mime see it. Needs no screen."""
import os
import re

import machine
import suite
import tree
from expect import check, equal, has, missing, wait_until
from sending import SEND, Sending
from settings import TOP

OPEN, VIEW = "qfile-send-open.desktop", "qfile-send-view-@dispvm.desktop"
EDITOR = "editor.desktop"
LIST = f"""# mine
[Default Applications]
text/plain={EDITOR}

[Added Associations]
audio/flac={EDITOR};
"""


class Defaulting(Sending):
    """A user whose text files are opened with an editor. `list` is their mimeapps.list."""

    def __init__(self):
        for program in "gio", "xdg-mime":
            machine.need(program)
        super().__init__()
        self.list, self.entries = f"{self.home}/c/mimeapps.list", f"{self.home}/d/applications"
        self.environment |= {"XDG_CONFIG_HOME": f"{self.home}/c", "XDG_DATA_HOME": f"{self.home}/d",
                             "XDG_DATA_DIRS": "/usr/share", "LC_ALL": "C.UTF-8"}
        os.makedirs(self.entries)
        os.mkdir(f"{self.home}/c")
        tree.write(f"{self.entries}/{EDITOR}",
                   "[Desktop Entry]\nType=Application\nName=Editor\nExec=true %F\n")
        tree.write(self.list, LIST, 0o640)

    def set(self, *words, **how):
        return self.run(SEND, "--set-default", *words, **how)

    def unset(self, *types):
        return self.run(SEND, "--unset-default", *types)

    def default(self, kind):
        """What opens files of this type; both programs have to say the same."""
        told = self.run("gio", "mime", kind).exits(0).told.partition("\n")[0]
        found = re.search(r"([^ ]+\.desktop)$", told)
        told = self.run("xdg-mime", "query", "default", kind).told.strip()
        equal(found[1] if found else "", told)
        return told

    def is_as_before(self):
        equal(tree.read(self.list), LIST)
        equal(tree.mode_of(os.path.realpath(self.list)), 0o640)
        equal(tree.names_in(self.entries), [EDITOR])


test = suite.cases(Defaulting)


@test("types are opened with qfile-send by default, and with what it was before again")
def _(t):
    before = t.default("image/png")
    equal(t.default("text/plain"), EDITOR)
    t.set("text/plain", "image/png").exits(0).says_nothing()
    equal((t.default("text/plain"), t.default("image/png")), (OPEN, OPEN))
    t.unset("image/png").exits(0).says_nothing()
    equal((t.default("text/plain"), t.default("image/png")), (OPEN, before))
    t.unset("text/plain").exits(0).says_nothing()
    equal(t.default("text/plain"), EDITOR)
    t.is_as_before()


@test("where the user has no list, there is none afterwards")
def _(t):
    os.unlink(t.list)
    before = t.default("image/png")
    t.set("image/png").exits(0)
    equal(tree.mode_of(t.list), 0o600)
    t.unset("image/png").exits(0)
    missing(t.list)
    equal(t.default("image/png"), before)


@test("the entry says what is done and in which VM, and the desktop starts it with the file")
def _(t):
    calls = f"{t.top}/calls"
    os.mkdir(f"{t.top}/played")
    tree.script(f"{t.top}/played/qfile-send", f"#!/bin/sh\nprintf '%s\\n' \"$@\" >'{calls}.new'\n"
                f"mv '{calls}.new' '{calls}'\n")
    t.set("--view", "--to=@dispvm", "text/plain", env={"LANGUAGE": "de"}).exits(0)
    equal(t.default("text/plain"), VIEW)
    entry = tree.read(f"{t.entries}/{VIEW}")
    has(entry, "NoDisplay=true\n")
    check("MimeType" not in entry, entry)
    path = f"{t.top}/played:{t.environment['PATH']}"
    opened = t.run("gio", "open", os.path.abspath("report.txt"), env={"PATH": path})
    opened.exits(0)
    wait_until(lambda: os.path.exists(calls), "the call of qfile-send")
    equal(tree.read(calls).split(),
          ["--view", "--to=@dispvm", "--", os.path.abspath("report.txt")])
    # Another choice takes its place, and its entry goes.
    t.set("--to=work", "text/plain").exits(0)
    equal(t.default("text/plain"), "qfile-send-open-work.desktop")
    equal(tree.names_in(t.entries), [EDITOR, "qfile-send-open-work.desktop"])
    has(tree.read(f"{t.entries}/qfile-send-open-work.desktop"), "Name=Open in work\n")
    t.unset("text/plain").exits(0)
    t.is_as_before()


@test("an entry that is installed is used, and stays")
def _(t):
    os.makedirs(f"{t.top}/share/applications")
    tree.write(f"{t.top}/share/applications/{OPEN}",
               "[Desktop Entry]\nType=Application\nName=Open\nExec=qfile-send --open -- %F\n")
    t.environment["XDG_DATA_DIRS"] = f"{t.top}/share:/usr/share"
    t.set("text/plain").exits(0)
    equal(t.default("text/plain"), OPEN)
    equal(tree.names_in(t.entries), [EDITOR])
    t.unset("text/plain").exits(0)
    equal(tree.names_in(f"{t.top}/share/applications"), [OPEN])
    t.is_as_before()


@test("what is no type of files, or is not known, is refused with all others")
def _(t):
    for kind in ("inode/directory", "text/*", "*/*", "x-scheme-handler/https", "", "text",
                 "text/plain;image/png", "image/png\n[Default Applications]\ntext/html=x"):
        end = t.set("--", "text/plain", kind).exits(2)
        end.says("types of files are like application/pdf, not")
        equal(end.said.count("\n"), 1)
    t.set("text/plain", "application/x-nonsense").exits(1).says(
        "application/x-nonsense is not a type that is known here")
    t.unset("text/plain").exits(1).says("qfile-send was not set for text/plain")
    t.is_as_before()


@test("a list behind a link is written where it is, and one that cannot be read is left alone")
def _(t):
    os.rename(t.list, f"{t.home}/real")
    os.symlink("../real", t.list)
    t.set("text/plain").exits(0)
    check(os.path.islink(t.list), "the link was replaced")
    has(tree.read(f"{t.home}/real"), OPEN)
    t.unset("text/plain").exits(0)
    t.is_as_before()
    tree.write(f"{t.home}/real", "[Default Applications]\n\0")
    t.set("text/plain").exits(1).says("is not a text")
    equal(tree.read_bytes(t.list), b"[Default Applications]\n\0")
    os.unlink(f"{t.home}/real")
    t.set("text/plain").exits(1).says("mimeapps.list is a link that leads nowhere")
    equal(os.readlink(t.list), "../real")
    os.unlink(t.list)
    os.mkdir(t.list)
    t.set("text/plain").exits(1).says("mimeapps.list is no file")
    os.rmdir(t.list)
    os.mkfifo(t.list)
    t.set("text/plain").exits(1).says("mimeapps.list is no file")
    equal(tree.names_in(t.entries), [EDITOR])


@test("where another list decides, or the desktop would not find qfile-send, nothing is changed")
def _(t):
    tree.write(f"{t.home}/c/gnome-mimeapps.list", f"[Default Applications]\ntext/plain={EDITOR}\n")
    t.set("text/plain", env={"XDG_CURRENT_DESKTOP": "GNOME"}).exits(1).says(
        "another list of default applications decides about text/plain")
    t.is_as_before()
    os.mkdir(f"{t.top}/empty")
    t.set("text/plain", env={"PATH": f"{t.top}/empty"}).exits(1).says("qfile-send is not in PATH")
    t.is_as_before()


@test("the entries that are installed are good ones")
def _(t):
    machine.need("desktop-file-validate")
    t.set("--to=work", "text/plain").exits(0)
    installed = TOP.glob("desktop/qfile-send/*.desktop")
    for name in f"{t.entries}/qfile-send-open-work.desktop", *installed:
        t.run("desktop-file-validate", name).exits(0).says_nothing()
