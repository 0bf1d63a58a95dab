# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""File managers, as people use them: what is selected, and what is chosen in the menu for it."""
import json
import os
import pathlib
import shutil
import time

import tree
from desktop import Desktop
from expect import check, wait_until
from settings import BUILD, PYTHON, TOP
from tap import Skip

HERE = pathlib.Path(__file__).resolve().parent
LOOKS = 6     # at what is to be at rest
PAUSE = 0.07  # seconds between them
ALIKE = 2000  # bytes of a picture: what differs by less is a cursor that blinks
SOON = 3      # seconds, for which a key that was pressed may take
LONGEST = 40  # entries of a menu
STARTS = 3    # of a file manager
# There are no cursors: one that turns while a program starts would be a screen that is not at rest.
STILL = "/nowhere"

# So each of them is a word that a shell, a launcher or a toolkit could take for something else.
NAMES = ["a b", "it's \"so\"", "$(touch bad)", "`touch bad`", "new\nline", "back\\slash", "100%U",
         "-dash", "<b>&amp;"]
ENTRIES = {"copy": "Copy to another VM...", "move": "Move to another VM...",
           "open": "Open in another VM...", "view": "View in a disposable VM"}
GERMAN = {"copy": "In eine andere VM kopieren …", "move": "In eine andere VM verschieben …",
          "open": "In einer anderen VM öffnen …", "view": "In einer Wegwerf-VM ansehen"}

# It stays, as its window would: no file manager is to wait for it.
PLAYED = """#!/bin/sh
{ for word; do printf '%s\\0' "$word"; done; } >"$NOTES/call-$$.new"
mv "$NOTES/call-$$.new" "$NOTES/call-$$"
exec sleep 99999
"""


class Managed(Desktop):
    """An account whose file manager shows the directory `files`. qfile-send is played: what it is
    called with is in calls()."""

    def open_manager(self, manager, names=NAMES, through=(), others=()):
        """through: the words of a command that starts it in its own place. others: accounts beside
        that of the file manager; with them, qfile-send is not played."""
        if not shutil.which(manager.program):
            raise Skip(f"needs {manager.program}")
        self.accounts("user", *others)
        self.shown = manager
        if not others:
            self.play_send()
        self.environment |= {
            "XDG_DATA_DIRS": f"{self.top}/data:/usr/share", "QT_ACCESSIBILITY": "1",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "XCURSOR_PATH": STILL, **manager.environment}
        self.install(manager)
        self.files = f"{self.top}/homes/user/files"
        os.mkdir(self.files)
        for name in names:
            if name.endswith("/"):
                os.mkdir(f"{self.files}/{name}")
            else:
                tree.write(f"{self.files}/{name}", "x")
        for path in [self.files, *map(str, pathlib.Path(self.files).iterdir())]:
            os.chown(path, 12345, 12345)
        self.open_desktop("user")
        self.listener = self.start_idle(PYTHON, "-B", HERE / "focus.py")
        wait_until(lambda: "listener" in self.listener.told(), "the listener", by=[self.listener])
        self.start_manager([*through, *manager.command, self.files])

    def start_manager(self, command):
        """Some end when a service of the desktop does not answer in time: these begin again."""
        left = STARTS

        def shows():
            nonlocal left
            if not self.manager.runs():
                check(left > 0, f"{command} has ended {STARTS} times: {self.manager.said()}")
                left -= 1
                self.manager = self.start(*command)
            return self.at_rest()
        self.manager = self.start(*command)
        self.until(shows, f"{self.shown.program} to show the files")

    def play_send(self):
        played = f"{self.top}/played"
        os.mkdir(played)
        tree.script(f"{played}/qfile-send", PLAYED)
        os.symlink(BUILD / "share", f"{self.top}/share")  # translations are beside the programs
        self.environment |= {"PATH": f"{played}:{self.environment['PATH']}", "NOTES": self.notes}

    def install(self, manager):
        """Where it looks, for this case only."""
        if manager.folder:
            self.run("sh", TOP / "desktop/menus/entries.sh", manager.kind,
                     f"{self.top}/data/{manager.folder}").exits(0)
            return
        module = BUILD / f"menus/lib{manager.program}-qfile-send.so"
        if not module.exists():
            raise Skip(f"{module.name} is not built: it needs the headers of {manager.program}")
        modules = f"{self.top}/modules/{manager.modules}"
        if manager.program == "caja":
            self.environment["CAJA_EXTENSION_DIRS"] = modules
        else:
            place, = pathlib.Path("/usr/lib").glob(f"*/{manager.program}")
            shutil.copytree(place, f"{self.top}/modules")
            self.run(*self.in_accounts(), "mount", "--bind", f"{self.top}/modules",
                     place).exits(0)
        os.makedirs(modules, exist_ok=True)
        shutil.copy(module, modules)

    def calls(self):
        """Of qfile-send: a list of words each."""
        calls = [path for path in pathlib.Path(self.notes).glob("call-*") if path.suffix != ".new"]
        return [tree.read(str(path)).split("\0")[:-1]
                for path in sorted(calls, key=lambda path: path.stat().st_mtime_ns)]

    # ---- The menu ----

    def at_rest(self):
        """Is its window there, and moves nothing any more?"""
        if not self.xdotool("search", "--onlyvisible", "--name", "files").split():
            return False
        screen = pathlib.Path(self.screen, "Xvfb_screen0")
        before = screen.read_bytes()
        for _ in range(LOOKS):
            time.sleep(PAUSE)
            now = screen.read_bytes()
            if now != before and sum(map(int.__ne__, before, now)) > ALIKE:
                return False
        return True

    def open_menu(self):
        """That of all files."""
        window = self.window("files")
        self.press("Escape", "Escape")
        if not self.shown.told:
            # The files have no keys before that.
            self.xdotool("mousemove", "--window", window, 640, 500, "click", 1)
        self.until(self.at_rest, "the menu to be closed")
        self.press("ctrl+a")
        self.until(self.at_rest, "all to be selected")
        self.press("Menu")
        self.until(self.at_rest, "the menu")

    def heard(self):
        """Of the entries of menus that were reached, the names."""
        told = [json.loads(line) for line in self.listener.told().split("\n") if line]
        return [each["name"] for each in told if each["role"] in ("menu item", "menu")]

    def move(self, key):
        """Press this key in a menu. Returns the names of what is reached by it: an entry, or that
        of a menu and the menu; nothing if nothing is for some time."""
        before = len(self.heard())
        self.press(key)
        end = time.monotonic() + SOON
        while len(self.heard()) == before and time.monotonic() < end:
            time.sleep(PAUSE / 7)
        return set(self.heard()[before:])

    def reach(self, name):
        """Move to the entry of this name. Returns whether it was found."""
        for _ in range(LONGEST):
            if name in self.move("Up"):
                # What was told late was another one: then it is told now.
                time.sleep(3 * PAUSE)
                if next((each for each in reversed(self.heard()) if each), None) == name:
                    return True
        return False

    def choose(self, action):
        """Choose what is in the menu of all files for this action, and wait for what it starts.
        Returns the calls."""
        count = len(self.calls())
        self.click_entry(action)
        self.until(lambda: len(self.calls()) > count, "qfile-send", by=[self.manager])
        return self.calls()[count:]

    def click_entry(self, action):
        """Keys that came too early may be lost: then it begins anew."""
        def chosen():
            self.open_menu()
            if not self.shown.told:
                clicked = self.start(PYTHON, "-B", HERE / "click.py", ENTRIES[action]).wait()
                return clicked.status == 0
            if self.shown.submenu:
                if not self.reach(self.shown.submenu):
                    return False
                self.move("Right")
            if not self.reach(ENTRIES[action]):
                return False
            self.press("Return")
            return True
        self.until(chosen, f"{ENTRIES[action]!r} to be chosen", by=[self.manager])

    def entries(self):
        """The names of all that is in the menu of all files."""
        self.open_menu()
        found = []
        while (names := self.move("Up")) not in found:
            found.append(names)
        self.press("Escape")
        return set().union(*found)
