# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""gedit: one process has all documents, and keeps none of them open. It writes a file beside, and
renames that."""
import scenarios
from application import Application


class Gedit(Application):
    programs = {"gedit": "gedit"}
    starred = True
    desktop = "org.gnome.gedit"
    other = "other.txt"

    def save_as(self, screen, path):
        screen.save_as(["ctrl+shift+s"], "Save As", path)

    def holds_beside(self, data):
        return data == b"one " + self.content()


APPLICATION = Gedit()
TESTS = [*scenarios.TEXT_EDITOR, *scenarios.ONE_FOR_ALL, scenarios.starts_slowly,
         scenarios.saves_beside, scenarios.is_found_by_xdg_open,
         scenarios.is_found_running_by_xdg_open, scenarios.is_found_by_xdg_open_of_gnome]
