# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Graphical editors, on a screen and a message bus of their own. There is no window manager: who is
to have the keys is told so."""
import os
import re
import subprocess

from expect import check
from opening import RESULTS, wait
from xwd import png

# Nothing that other programs of a desktop would have to do, and each key is what it says.
ENVIRONMENT = {"NO_AT_BRIDGE": "1", "GTK_A11Y": "none", "GIO_USE_VFS": "local",
               "GSETTINGS_BACKEND": "memory", "GTK_IM_MODULE": "gtk-im-context-simple"}


class Display:
    """Adds itself to the environment of an opening, which must not have started yet."""

    def __init__(self, opening):
        self.opening = opening
        self.environment = opening.environment
        self.environment.update(ENVIRONMENT)
        self.log = (opening.directory / "display").open("a")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={opening.directory}/bus"
        self.start("dbus-daemon", "--session", "--nofork",
                   f"--address={self.environment['DBUS_SESSION_BUS_ADDRESS']}")
        self.environment["DISPLAY"] = f":{self.start_server()}"

    def start(self, *command, **options):
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=self.log, stderr=self.log, **options)

    def start_server(self):
        """Returns the number of the display."""
        reading, writing = os.pipe()
        # -nolisten unix: its socket has no name in the file system, so that none is left there.
        # -noreset: by default it begins anew when its last client leaves it, and turns away who
        # comes at that moment.
        self.start("Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-nolisten", "unix",
                   "-noreset", "-fbdir", self.opening.directory, "-screen", "0", "640x400x24",
                   pass_fds=[writing])
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

    def windows(self, title):
        """Those that can be seen and are called so: a regular expression."""
        return self.xdotool("search", "--onlyvisible", "--name", title).split()

    def shows(self, title):
        """Wait for a window of this title, and return its number."""
        return wait(lambda: self.windows(f"^{re.escape(title)}$"), f"a window {title!r}",
                    self.state)[0]

    def state(self):
        self.screenshot("editors-failed")
        titles = [self.xdotool("getwindowname", window).strip() for window in self.windows(".")]
        return (f"there are {titles}, see editors-failed.png\n{self.opening.said()}\n"
                f"{(self.opening.directory / 'display').read_text()}")

    def focus(self, window):
        self.xdotool("windowfocus", window)
        wait(lambda: self.xdotool("getwindowfocus").strip() == window,
             f"window {window} to get the keys", self.state)

    def type(self, text):
        self.xdotool("type", "--delay", "1", text)

    def press(self, key):
        self.xdotool("key", key)

    def screenshot(self, name):
        """Keep what is seen."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.png").write_bytes(
            png((self.opening.directory / "Xvfb_screen0").read_bytes()))
