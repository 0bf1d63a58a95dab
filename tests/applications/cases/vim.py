# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""vim in a terminal window, in each way to write a file: into it, or another in its place."""
import shlex
import shutil

import scenarios
from application import Application, first_line

VIM = "vim" if shutil.which("vim") else "vim.tiny"


class Vim(Application):
    programs = {"vim-tiny": VIM, "xterm": "xterm"}
    save = ("Escape", "colon", "w", "Return")
    quit = ("Escape", "colon", "q", "Return")

    def __init__(self, backupcopy):
        self.backupcopy = backupcopy

    def command(self):
        return shlex.join(["xterm", "-T", "notes.txt", "-e", VIM, "-u", "NONE", "-N",
                           "-c", f"set backupcopy={self.backupcopy}"])

    def edit(self, screen, texts):
        screen.press("Escape", "g", "g", "0", "C")
        screen.type(first_line(texts))
        screen.press("Escape")


APPLICATION = Vim("auto")


def with_backupcopy(value):
    def test(_, session, name):
        scenarios.saves_twice_and_ends(Vim(value), session, name)
    test.__name__ = f"saves with backupcopy {value}"
    return test


TESTS = [*(with_backupcopy(value) for value in ("yes", "no", "auto")), *scenarios.USUAL[1:],
         scenarios.needs_no_session_bus, scenarios.starts_slowly]
