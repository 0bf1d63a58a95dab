# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""KeePassXC: a file that is encrypted, saved beside and renamed, and not kept open. The second one
hands its file over to the first."""
import os
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
        return "KeePassXC$"

    def ready(self, screen, name):
        """Unlocked."""
        number = super().ready(screen, name)
        screen.type(PASSWORD)
        screen.repeat_until(lambda: screen.press("Return"), lambda: not screen.find("Locked"),
                            "the file to be unlocked")
        screen.rests()
        return number

    def edit(self, screen, text):
        """A new entry."""
        screen.press("ctrl+n")
        screen.rests()
        screen.type(text)
        screen.press("ctrl+Return")
        screen.rests()

    def holds(self, data, texts):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            listed = cli("ls", "-q", file.name)
        return not listed.returncode and sorted(listed.stdout.split()) == sorted(
            text.strip() for text in texts)


APPLICATION = KeePassXC()
TESTS = [*scenarios.USUAL, scenarios.needs_no_session_bus]
