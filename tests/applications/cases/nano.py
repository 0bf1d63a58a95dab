# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""nano in a terminal window: it writes into the file."""
import scenarios
from application import Application, first_line


class Nano(Application):
    programs = {"nano": "nano", "xterm": "xterm"}
    save = ("ctrl+o", "Return")
    quit = ("ctrl+x",)

    def command(self):
        return "xterm -xrm '*metaSendsEscape: true' -T notes.txt -e nano --ignorercfiles"

    def edit(self, screen, texts):
        screen.press("ctrl+c", "alt+backslash", "ctrl+k")
        screen.type(first_line(texts))
        screen.press("Return")


APPLICATION = Nano()
TESTS = scenarios.TEXT_EDITOR
