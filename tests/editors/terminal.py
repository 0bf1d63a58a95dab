# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Editors of the terminal, in a tmux of their own. It is the handler that starts it: what it leaves
running in the background is what edits."""
import shlex
import subprocess


class Terminal:
    """An editor that shows the file of an opening."""

    def __init__(self, opening, *editor):
        self.opening = opening
        self.tmux = ["tmux", "-u", "-f", "/dev/null", "-S", str(opening.directory / "tmux")]
        size = ["-x", "100", "-y", "24"]
        self.handler = opening.script(
            f'exec {shlex.join([*self.tmux, "new-session", "-d", *size, *editor])} "$1"')

    def open(self, *options, shows="last line"):
        self.opening.start(self.handler, *options)
        self.shows(shows)

    def command(self, *arguments):
        """What a command of tmux says; nothing when there is no tmux, as before the editor runs and
        after it ended."""
        return subprocess.run([*self.tmux, *arguments], env=self.opening.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False).stdout

    def screen(self):
        return self.command("capture-pane", "-p")

    def shows(self, text):
        self.opening.wait(lambda: text in self.screen(), f"{text!r} on the screen",
                          lambda: f"there is:\n{self.screen()}")

    def press(self, *keys):
        """Press keys, in tmux' names."""
        self.command("send-keys", *keys)

    def type(self, text):
        self.command("send-keys", "-l", text)

    def editor(self):
        """The editor's process."""
        return int(self.command("display-message", "-p", "#{pane_pid}"))
