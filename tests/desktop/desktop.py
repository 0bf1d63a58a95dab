# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A desktop that nobody sees: a screen, a light window manager, a message bus, and what a screen
reader knows of it. Cases see and click by that, or press keys."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import machine
import process
import tree
from bus import message_bus
from calling import WithAccounts
from expect import Broken, check, wait_until
from settings import BIN, BUILD, PYTHON
from tap import Skip
from xwd import png

NEEDED = {"Xvfb": "xvfb", "xdotool": "xdotool", "openbox": "openbox", "dbus-daemon": "dbus-daemon"}
HERE = pathlib.Path(__file__).resolve().parent
PICTURES = BUILD / "desktop"
# Nothing that blinks or slides.
GTK_SETTINGS = "[Settings]\ngtk-cursor-blink=0\ngtk-enable-animations=0\n"
SIZE = "1024x768"
TITLE = 20  # pixels, above a window of openbox
# What a message bus starts for screen readers, as process.name_of() says it.
STARTED = "at-spi-bus-laun", "at-spi2-registr"
ACCESSIBILITY = "/usr/share/dbus-1/services/org.a11y.Bus.service"


def need_desktop():
    for program, package in NEEDED.items():
        if not shutil.which(program):
            raise Skip(f"needs {program}, of the package {package}")
    if not machine.works(PYTHON, "-c", "import gi"):
        raise Skip("needs the package python3-gi")
    if not os.path.exists(ACCESSIBILITY):
        raise Skip("needs the package at-spi2-core")


class Node:
    """Something that is shown, as eyes.py says it."""

    def __init__(self, told):
        for name in ("path", "role", "name", "states", "description", "text", "actions", "box"):
            setattr(self, name, told[name])

    @property
    def words(self):
        """All that a person reads of it."""
        return "\n".join(filter(None, (self.name, self.text)))

    def __repr__(self):
        return f"{self.role} {self.name!r}" + (f" {self.text!r}" if self.text != self.name else "")


def flat(told):
    """A node and all below it, from the outside to the inside."""
    yield Node(told)
    for child in told["children"]:
        yield from flat(child)


class Desktop(WithAccounts):
    """
    A world for suite.cases(). open_desktop() makes the screen and all else; what start() starts
    from then on is on it. Everything that it starts ends with the case.
    """

    def __init__(self):
        need_desktop()
        super().__init__()
        self.prefix, self.screen, self.bus, self.eyes, self.notifier = [], None, None, None, None
        self.idle = []  # programs of the desktop
        self.home, self.runtime = f"{self.top}/home", f"{self.top}/run"
        for path in self.home, self.runtime:
            os.mkdir(path, 0o700)
        self.environment["PATH"] = f"{BIN}:{self.environment['PATH']}"
        self.environment |= {"HOME": self.home, "XDG_RUNTIME_DIR": self.runtime,
                             "GSETTINGS_BACKEND": "memory", "GIO_USE_VFS": "local",
                             "PEDOS_RPC_SOCKETS": self.sockets}
        for name in ("NO_AT_BRIDGE", "GTK_A11Y", "LANGUAGE", "LC_MESSAGES", "XDG_CONFIG_HOME",
                     "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CURRENT_DESKTOP", "SESSION_MANAGER",
                     "DBUS_SESSION_BUS_ADDRESS", "WAYLAND_DISPLAY", "DISPLAY"):
            self.environment.pop(name, None)

    def __exit__(self, *failed):
        if failed[0] and self.screen:
            with contextlib.suppress(OSError):
                self.picture("failed")
        super().__exit__(*failed)

    # ---- The desktop ----

    def open_desktop(self, user=None):
        """user: one of accounts(), whose desktop it is; else that of who runs the tests."""
        if user:
            # The directory as it is there: another one cannot say its own path.
            self.prefix = [*self.as_user(user), "env", "-C", self.sent]
            self.home = f"{self.top}/homes/{user}"
            self.environment |= {"HOME": self.home, "USER": user, "LOGNAME": user}
            owner = os.stat(self.home)
            os.chown(self.runtime, owner.st_uid, owner.st_gid)
        self.write_settings()
        if user:
            for path in [self.home, *map(str, pathlib.Path(self.home).rglob("*"))]:
                os.chown(path, owner.st_uid, owner.st_gid)
        self.environment["DISPLAY"] = f":{self.start_server()}"
        self.start_bus()
        manager = self.start_idle("openbox", "--sm-disable")
        wait_until(self.is_managed, "the window manager", by=[manager])
        self.start_eyes()

    def open_wayland(self):
        """Without X. It has no keys, and there are no pictures of it: only eyes and clicks."""
        machine.need("weston")
        self.write_settings()
        self.environment["WAYLAND_DISPLAY"] = "wayland-0"
        compositor = self.start_idle("weston", "--backend=headless-backend.so", "--use-pixman",
                                     "--socket=wayland-0")
        wait_until(lambda: os.path.exists(f"{self.runtime}/wayland-0"), "the compositor",
                   by=[compositor])
        self.start_bus()
        self.start_eyes()

    def write_settings(self):
        for version in "3.0", "4.0":
            settings = f"{self.home}/.config/gtk-{version}"
            os.makedirs(settings)
            tree.write(f"{settings}/settings.ini", GTK_SETTINGS)

    def start_bus(self):
        address = f"unix:path={self.runtime}/bus"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = address
        started = f"{self.top}/started-by-bus"
        os.mkdir(started)
        self.bus = self.start_idle(*message_bus(started, address, ACCESSIBILITY))
        wait_until(lambda: os.path.exists(f"{self.runtime}/bus"), "the message bus", by=[self.bus])

    def start_eyes(self):
        self.eyes = self.start_idle(PYTHON, "-B", HERE / "eyes.py", stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)

    def start(self, *command, env=(), **how):
        """As in Copying, by whose desktop it is."""
        prefix = self.prefix if command[0] not in ("unshare", "nsenter") else []
        return super().start(*prefix, *command, env=env, **how)

    def start_idle(self, *command, **how):
        """A program of the desktop, which does nothing by itself."""
        self.idle.append(self.start(*command, **how))
        return self.idle[-1]

    def start_server(self):
        """Returns the number of the display."""
        reading, writing = os.pipe()
        self.screen = f"{self.runtime}/screen"
        os.mkdir(self.screen)
        os.chmod(self.screen, 0o777)
        # -nolisten unix: its socket has no name in the file system, so that none is left there.
        # -r: a key that is released late, on a busy machine, does not repeat.
        self.start_idle("Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-nolisten",
                        "unix", "-noreset", "-r", "-fbdir", self.screen, "-screen", "0",
                        f"{SIZE}x24", pass_fds=[writing])
        os.close(writing)
        with os.fdopen(reading) as said:
            number = said.readline().strip()
        check(number, "Xvfb does not start")
        return number

    def xdotool(self, *arguments):
        """Returns what it says; nothing where a window is not there, or has gone meanwhile."""
        return subprocess.run([*self.prefix, "xdotool", *map(str, arguments)],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False).stdout

    def is_managed(self):
        """Does the window manager do what it is asked for? A window that comes while it still
        starts may never be shown."""
        self.xdotool("set_num_desktops", "2")
        return self.xdotool("get_num_desktops").strip() == "2"

    # ---- What is seen ----

    def ask(self, **request):
        self.eyes.write(json.dumps(request).encode() + b"\n")
        line = self.eyes.stdout.readline()
        check(line, f"nobody looks any more: {self.eyes.said()}")
        return json.loads(line)

    def look(self):
        """All nodes that are shown, from the outside to the inside."""
        told = self.ask(do="look")
        return list(flat(told)) if told and "role" in told else []

    def find(self, name, role=None):
        """The first one that is called so, or None. name: the whole of it, or of its text, or a
        compiled regular expression that is somewhere in these; role: as in a Node."""
        def matches(node):
            return ((role is None or node.role == role)
                    and (name.search(node.words) if isinstance(name, re.Pattern)
                         else name in (node.name, node.text)))
        return next(filter(matches, self.look()), None)

    def sees(self, name, role=None, by=()):
        """Wait for it, and return the node."""
        return self.until(lambda: self.find(name, role), f"{role or 'something'} {name!r}", by)

    def gone(self, name, role=None):
        self.until(lambda: not self.find(name, role), f"{name!r} to be gone")

    def acts(self):
        """Does anything run that could change what is seen? The desktop itself does not."""
        idle = [*self.idle, *([self.daemon] if self.daemon else [])]
        pids = {program.pid for program in idle}
        return any(process.children(pid) if pid in pids
                   else not process.ended(pid) and process.name_of(pid) not in STARTED
                   for pid in process.children(os.getpid()))

    def until(self, condition, what, by=()):
        try:
            return wait_until(condition, what, by=by, acts=self.acts)
        except Broken as broken:
            raise Broken(f"{broken}\non the screen: {self.look()}") from None

    def picture(self, name, box=None):
        """Keep what is seen, of the whole screen or of `box` (left, top, width, height)."""
        self.xdotool("mousemove", 9999, 9999)
        PICTURES.mkdir(parents=True, exist_ok=True)
        pixels = pathlib.Path(self.screen, "Xvfb_screen0").read_bytes()
        (PICTURES / f"{name}.png").write_bytes(png(pixels, box))

    def box(self, window):
        """Of the window with this number, with its frame: left, top, width, height."""
        told = self.xdotool("getwindowgeometry", "--shell", window)
        left, top, width, height = (int(re.search(rf"^{name}=(-?\d+)", told, re.MULTILINE)[1])
                                    for name in ("X", "Y", "WIDTH", "HEIGHT"))
        # xdotool counts the title twice.
        return left - 1, top - 2 * TITLE, width + 2, height + TITLE + 5

    # ---- Notices ----

    def show_notices(self, *capabilities):
        """From now on somebody shows them, and notices() knows them."""
        self.notifier = self.start_idle(PYTHON, "-B", HERE / "notices.py", *capabilities,
                                        stdin=subprocess.PIPE)
        self.until(self.notifier.told, "who shows notices", by=[self.notifier])

    def notices(self):
        """All that came until now, as notices.py says them."""
        return [json.loads(line) for line in self.notifier.told().split("\n")[1:]]

    # ---- What is done ----

    def click(self, name, role="push button"):
        """Wait for it to be there and sensitive, and do what a click does."""
        def done():
            node = self.find(name, role)
            return (node and "sensitive" in node.states and node.actions
                    and self.ask(do="act", path=node.path, action=node.actions[0]) is True)
        self.until(done, f"{role} {name!r} to be clicked")

    def windows(self, title):
        """The numbers of those that have this regular expression in their titles."""
        return self.xdotool("search", "--onlyvisible", "--name", title).split()

    def window(self, title):
        """Wait for a window whose title has this regular expression in it to have the keys. Returns
        its number."""
        def active():
            numbers = self.windows(title)
            if not numbers:
                return None
            self.xdotool("windowactivate", numbers[0])
            return numbers[0] if self.xdotool("getactivewindow").strip() == numbers[0] else None
        return self.until(active, f"a window {title!r} that has the keys")

    def press(self, *keys):
        self.xdotool("key", "--delay", "20", *keys)

    def type(self, text):
        self.xdotool("type", "--delay", "12", text)

    def sleep(self, seconds):
        """Only where a case shows that nothing happens."""
        time.sleep(seconds)
