# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Inkscape: a drawing, written into the file."""
import xml.etree.ElementTree

import scenarios
from application import Application

DRAWING = ('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">'
           '<rect x="10" y="10" width="50" height="50"/></svg>\n')
NAMESPACE = "{http://www.w3.org/2000/svg}"


class Inkscape(Application):
    programs = {"inkscape": "inkscape"}
    starred = True
    file = "drawing.svg"
    large = True
    desktop = "org.inkscape.Inkscape"

    def content(self):
        return DRAWING.encode()

    def edit(self, screen, texts):
        """The rectangle becomes a path, which the second time is deleted: done twice, either is
        the same as once."""
        screen.press("Escape", "ctrl+a", "Delete" if len(texts) == 2 else "ctrl+shift+c")

    def holds(self, data, texts):
        try:
            parts = [each.tag for each in xml.etree.ElementTree.fromstring(data).iter()]
        except xml.etree.ElementTree.ParseError:
            return False
        found = [parts.count(f"{NAMESPACE}{name}") for name in ("svg", "rect", "path")]
        return found == [1, 0, 0 if len(texts) == 2 else 1]


APPLICATION = Inkscape()
TESTS = [*scenarios.USUAL, scenarios.hands_over_to_a_running_one, scenarios.is_found_by_xdg_open]
