# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A screen that nobody sees, with a light window manager, and a message bus or none."""
import os
import pathlib
import re
import subprocess
import time

import process
from expect import Broken, check, wait_until
from opening import PROGRAMS as OURS
from settings import BUILD
from xwd import png

PROGRAMS = {"xvfb": "Xvfb", "xdotool": "xdotool", "openbox": "openbox",
            "dbus-daemon": "dbus-daemon", "dbus-x11": "dbus-launch", "xdg-utils": "xdg-open",
            "file": "file"}
PICTURES = BUILD / "applications"
# Nothing that blinks, no tips, and settings that nobody keeps.
GTK_SETTINGS = "[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n"
LOOKS = 10   # at what is to be at rest
PAUSE = 0.07  # seconds between them
BUSY = 2     # of them may find something at work: a timer that goes off
ALIKE = 2000  # bytes of a picture: what differs by less is at rest
SOON = 2     # seconds, for which a key that was pressed may take
SEEN = 300   # bytes: what differs by more is not only a cursor that blinks
WORKS = "RD"  # states of a thread: it runs, or could on a machine with less to do; waits for a disk
# What watches the applications works now and then, and takes no keys.
WATCHERS = {program.name[:15] for program in OURS}


class Screen:
    """Adds itself to the environment of a session, which must not have started yet."""

    def __init__(self, session, name, bus=True, has_socket=False):
        """name: of the case, for its pictures. bus: False is what a service knows that was told
        DISPLAY only. has_socket: in the file system, too, where the server has to be ended for it
        to be removed."""
        self.session, self.name, self.number = session, name, 0
        self.has_socket = has_socket
        self.started = []
        self.environment = session.environment
        self.log = (session.directory / "screen").open("a", encoding="utf-8")
        for version in "3.0", "4.0":
            settings = session.home / f".config/gtk-{version}"
            settings.mkdir(parents=True)
            (settings / "settings.ini").write_text(GTK_SETTINGS)
        # Before the bus: what that starts is to know the screen.
        self.environment["DISPLAY"] = f":{self.start_server()}"
        if bus:
            address = f"unix:path={session.directory}/bus"
            self.environment.update(DBUS_SESSION_BUS_ADDRESS=address, GSETTINGS_BACKEND="memory",
                                    NO_AT_BRIDGE="1", GTK_A11Y="none", GIO_USE_VFS="local")
            self.start("dbus-daemon", "--session", "--nofork", f"--address={address}")
            wait_until((session.directory / "bus").exists, "the message bus")
        else:
            del self.environment["XDG_RUNTIME_DIR"]
        self.start("openbox", "--sm-disable")
        wait_until(self.is_managed, "the window manager")

    def start(self, *command, **options):
        self.started.append(subprocess.Popen(
            command, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, start_new_session=True, cwd=self.session.directory, **options))
        return self.started[-1]

    def start_server(self):
        """Returns the number of the display."""
        reading, writing = os.pipe()
        # -nolisten unix: its socket has no name in the file system, so that none is left there.
        listens = [] if self.has_socket else ["-nolisten", "unix"]
        # -r: a key that is released late, on a busy machine, does not repeat.
        self.start("Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", *listens,
                   "-noreset", "-r", "-fbdir", self.session.directory, "-screen", "0",
                   "1024x768x24", pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        check(number, "Xvfb does not start")
        return number

    def xdotool(self, *arguments):
        """Returns what it says; nothing where a window is not there, or has gone meanwhile."""
        return subprocess.run(["xdotool", *arguments], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False).stdout

    def is_managed(self):
        """Does the window manager do what it is asked for? A window that comes while it still
        starts may never be shown."""
        self.xdotool("set_num_desktops", "2")
        return self.xdotool("get_num_desktops").strip() == "2"

    # ---- What is seen ----

    def titles(self):
        """Of the windows that can be seen, with their numbers."""
        numbers = self.xdotool("search", "--onlyvisible", "--name", ".").split()
        return {number: self.xdotool("getwindowname", number).strip() for number in numbers}

    def find(self, title):
        """The number of a window whose title has this regular expression in it, or None."""
        return next((number for number, shown in self.titles().items() if re.search(title, shown)),
                    None)

    def shows(self, title):
        """Wait for such a window to be there, to be at rest and to have the keys. Returns its
        number."""
        def ready():
            """A window that came meanwhile may have taken the keys."""
            number = self.find(title)
            if not number:
                return None
            self.activate(number)
            return number if self.at_rest() and self.has_keys(number) else None
        return self.until(ready, f"a window {title!r} that is at rest and has the keys")

    def gone(self, title):
        self.until(lambda: self.find(title) is None, f"the window {title!r} to be gone")

    def pixels(self):
        return (self.session.directory / "Xvfb_screen0").read_bytes()

    @staticmethod
    def works():
        """Is a process of the case at work? On a busy machine one that waits for its turn is, too:
        a screen on which nothing moves says nothing there."""
        below = process.children(os.getpid())
        while below:
            pid = below.pop()
            below += process.children(pid)
            for thread in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
                try:
                    name, state = re.search(r"\((.*)\) (.)", thread.read_text()).groups()
                except OSError:  # it has ended
                    continue
                if state in WORKS and name not in WATCHERS:
                    return True
        return False

    def at_rest(self, unless=lambda: False):
        """Does nothing move, and is nobody at work? Keys that come now are not too early, and those
        that came before have had their effect, or never will. unless: what ends the looking."""
        before, busy = self.pixels(), 0
        for _ in range(LOOKS):
            time.sleep(PAUSE)
            busy += self.works()
            if busy > BUSY or unless():
                return False
        return self.changed(before) < ALIKE

    def changed(self, before):
        """How many bytes of the picture are not as they were."""
        after = self.pixels()
        return 0 if before == after else sum(map(int.__ne__, before, after))

    def rests(self):
        """Wait until nothing moves any more, as after the start of an application."""
        self.until(self.at_rest, "the screen to be at rest")

    def picture(self, moment):
        """Keep what is seen."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.number += 1
        (PICTURES / f"{self.name}-{self.number}-{moment}.png").write_bytes(png(self.pixels()))

    def until(self, condition, what):
        def unless_failed():
            """Who has failed brings nothing any more."""
            for each in self.started:
                check((each.poll() or 0) <= 0, f"{each.args[0]} ended with status "
                      f"{each.returncode} before {what}; it said: {self.words()}")
            return condition()
        try:
            return wait_until(unless_failed, what)
        except Broken as broken:
            raise Broken(f"{broken}\n{self.state()}") from None

    def words(self):
        """Of what was started here: the last ones."""
        return (self.session.directory / "screen").read_text(errors="replace")[-1000:]

    def state(self):
        self.picture("failed")
        return (f"windows: {sorted(self.titles().values())}\n{self.session.left()}\n"
                f"{self.session.said()}")

    # ---- The keyboard ----

    def activate(self, number):
        self.xdotool("windowactivate", number)

    def has_keys(self, number):
        return self.xdotool("getactivewindow").strip() == number

    def focus(self, number):
        def focused():
            self.activate(number)
            return self.has_keys(number)
        self.until(focused, f"window {number} to get the keys")

    def type(self, text):
        self.xdotool("type", "--delay", "12", text)

    def click(self, number, x, y):
        """At this place of a window."""
        self.xdotool("mousemove", "--window", number, str(x), str(y), "click", "1")
        self.rests()

    def press(self, *keys):
        """What opens a window takes no further keys: that is waited for."""
        self.xdotool("key", "--delay", "20", *keys)

    def save_as(self, keys, title, path):
        """Give this name in the dialog that these keys open, and accept what is asked then."""
        self.repeat_until(lambda: self.press(*keys), lambda: self.find(title), f"{title!r} to open")
        dialog, given, asked = self.shows(title), 0, 0

        def accept():
            nonlocal given, asked
            asks = self.xdotool("getactivewindow", "getwindowname")
            if not self.has_keys(dialog) and not re.search(title, asks):
                # Replace what is there; or it is a complaint about a name that did not arrive.
                self.press("Return" if asked % 2 else "alt+r")
                asked += 1
                return
            # Every second time, since what completes names may take the first Return.
            if self.has_keys(dialog) and given % 2 == 0:
                self.press("ctrl+a")
                self.type(str(path))
                self.rests()
            self.press("Return")
            given += 1
        self.repeat_until(accept, lambda: path.exists() and not self.find(title),
                          f"{path} to be written")

    def quit(self, application):
        """Until no window is left, or its session is over."""
        self.repeat_until(lambda: application.leave(self),
                          lambda: not self.titles() or not self.session.running(),
                          f"{application.program} to be quit")

    def close(self, application):
        """Until no window is left, though the session was over before."""
        self.repeat_until(lambda: application.leave(self), lambda: not self.titles(),
                          f"{application.program} to be closed")

    def repeat_until(self, act, condition, what):
        """Do what may be done twice, such as pressing keys, until that has its effect. Again only
        when nobody is at work on it any more: it came too early, or something else took it."""
        acted = None

        def done():
            nonlocal acted
            if condition():
                return True
            if not acted or (time.monotonic() > acted + SOON and self.at_rest(condition)):
                act()
                acted = time.monotonic()
            return condition()
        self.until(done, what)
