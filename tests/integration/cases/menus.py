# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is installed for the menus of file managers. tests/desktop chooses from them."""
import configparser
import os
import re

import machine
import suite
import tree
from copying import Copying
from expect import check, equal, lacks
from settings import TOP

test = suite.cases(Copying, once=True)

FOLDERS = {"dolphin": 2, "libfm": 4, "thunar": 4, "contractor": 4}  # and how many files they have
ACTIONS = "copy", "move", "open", "view"


def written(t, manager):
    """The files that entries.sh writes for this file manager: their names, and what is in them."""
    directory = f"{t.top}/{manager}"
    t.run("sh", TOP / "desktop/menus/entries.sh", manager, directory).exits(0).says_nothing()
    for name in sorted(os.listdir(directory)):
        equal(tree.mode_of(f"{directory}/{name}"), 0o644)
        parsed = configparser.RawConfigParser(strict=True)
        parsed.optionxform = str
        parsed.read_string(tree.read(f"{directory}/{name}"))
        yield name, parsed


def labels():
    """Of menu.c, by the options of qfile-send."""
    return dict(re.findall(r'\{"--(\w+)",\s+N_\("([^"]*)"\)', tree.read(
        TOP / "desktop/menus/menu.c")))


@test("every file manager has the same four entries, in English and German, which start qfile-send "
      "without a shell")
def _(t):
    expected = labels()
    equal(tuple(expected), ACTIONS)
    for manager, count in FOLDERS.items():
        found, files = {}, list(written(t, manager))
        equal((manager, len(files)), (manager, count))
        for _name, parsed in files:
            sections = [parsed[each] for each in parsed.sections()]
            names = [each for each in sections if "Name" in each and each.get("Type") != "Service"]
            commands = [each["Exec"] for each in sections if "Exec" in each]
            equal(len(names), len(commands))
            for name, command in zip(names, commands):
                program, option, dashes, files_code = command.split(" ")
                equal((program, dashes, files_code), ("qfile-send", "--", "%F"))
                found[option.removeprefix("--")] = name["Name"]
                check(name["Name[de]"] != name["Name"] and "VM" in name["Name[de]"], name.name)
        equal((manager, found), (manager, expected))


@test("the translations of notices and menus are complete, and those of the sources")
def _(t):
    machine.need("msgfmt")
    machine.need("xgettext")
    places = TOP / "desktop/qfile-notify/po"
    sources = [*TOP.glob("desktop/qfile-notify/*.c"), TOP / "desktop/menus/menu.c"]
    t.run("xgettext", "--from-code=UTF-8", "--keyword=_", "--keyword=N_", "--keyword=ngettext:1,2",
          "-o", f"{t.top}/now.pot", *sources).exits(0)
    for page in places.glob("*.po"):
        t.run("msgcmp", page, f"{t.top}/now.pot").exits(0)
        said = t.run("msgfmt", "--check-format", "--statistics", "-o", "/dev/null", page).said
        check(re.fullmatch(r"\d+ translated messages\.", said), f"{page.name}: {said}")


@test("no entry becomes a program with which types are opened")
def _(t):
    for manager in FOLDERS:
        for _name, parsed in written(t, manager):
            if parsed.has_section("Desktop Entry") and (
                    parsed["Desktop Entry"]["Type"] == "Application"):
                lacks(dict(parsed["Desktop Entry"]), "MimeType")
    for action in "open", "view":
        parsed = configparser.RawConfigParser(strict=True)
        parsed.optionxform = str
        parsed.read_string(tree.read(TOP / f"desktop/qfile-send/qfile-send-{action}.desktop"))
        entry = parsed["Desktop Entry"]
        lacks(dict(entry), "MimeType")
        equal((entry["Exec"], entry["NoDisplay"]), (f"qfile-send --{action} -- %F", "true"))


@test("another file manager is refused, and DESKTOP=0 leaves all of them out")
def _(t):
    t.run("sh", TOP / "desktop/menus/entries.sh", "other", t.top).exits(2).says(
        "unknown file manager other")
    machine.need("make")
    for part in ("menus/entries.sh", "qfile-notify.desktop", "qfile-send.so"):
        lacks(t.run("make", "-n", "-C", TOP, "install", "DESKTOP=0", f"DESTDIR={t.top}/to",
                    f"B={t.top}/none").told, part)
