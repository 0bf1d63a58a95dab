# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""KeePassXC: a file that is encrypted, saved beside and renamed, and not kept open. The second one
hands its file over to the first."""
import os
import re
import subprocess
import tempfile

import scenarios
from application import Application

PASSWORD = "pass"


def cli(*arguments):
    """keepassxc-cli, in a directory that is gone afterwards."""
    return subprocess.run(["keepassxc-cli", *arguments], input=f"{PASSWORD}\n{PASSWORD}\n",
                          capture_output=True, text=True, check=False)


class KeePassXC(Application):
    programs = {"keepassxc": "keepassxc"}
    file = "secrets.kdbx"
    desktop = "org.keepassxc.KeePassXC"
    made = None

    def content(self):
        if not self.made:
            with tempfile.TemporaryDirectory() as directory:
                path = os.path.join(directory, self.file)
                cli("db-create", "-q", "-t", "100", "-p", path)
                with open(path, "rb") as file:
                    KeePassXC.made = file.read()
        return self.made

    def title(self, name):
        return rf"{re.escape(name)}.* KeePassXC$"

    def ready(self, screen, name):
        """Unlocked."""
        number = super().ready(screen, name)
        locked = f"{re.escape(name)}.*Locked"

        def unlock():
            screen.press("ctrl+a")
            screen.type(PASSWORD)
            screen.press("Return")
        screen.repeat_until(unlock, lambda: not screen.find(locked), "the file to be unlocked")
        screen.rests()
        return number

    def edit(self, screen, texts):
        """A new entry."""
        screen.press("ctrl+n")
        screen.rests()
        screen.press("ctrl+a")
        screen.type(texts[-1])
        screen.press("ctrl+Return")

    def holds(self, data, texts):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            listed = cli("ls", "-q", file.name)
        # One that was typed again is there twice.
        return not listed.returncode and {text.strip() for text in texts} <= set(
            listed.stdout.split())


APPLICATION = KeePassXC()
# It saves each change at once: no text is unsaved when a connection is lost.
TESTS = [*(test for test in scenarios.USUAL
           if test != scenarios.goes_on_when_the_connection_is_lost),
         scenarios.needs_no_session_bus, scenarios.hands_over_to_a_running_one,
         scenarios.is_found_by_xdg_open_of_gnome]
