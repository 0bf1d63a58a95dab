# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Inkscape: a drawing, written into the file."""
import xml.etree.ElementTree

import scenarios
from application import Application

DRAWING = ('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">'
           '<rect x="10" y="10" width="50" height="50"/></svg>\n')
RECTANGLE = "{http://www.w3.org/2000/svg}rect"


class Inkscape(Application):
    programs = {"inkscape": "inkscape"}
    file = "drawing.svg"
    large = True
    desktop = "org.inkscape.Inkscape"

    def content(self):
        return DRAWING.encode()

    def edit(self, screen, text):
        """Everything once more."""
        self.ready(screen, self.file)
        screen.press("Escape", "Tab", "ctrl+d")
        screen.rests()

    def holds(self, data, texts):
        try:
            found = xml.etree.ElementTree.fromstring(data).iter(RECTANGLE)
        except xml.etree.ElementTree.ParseError:
            return False
        return len(list(found)) == 1 + len(texts)


APPLICATION = Inkscape()
TESTS = [*scenarios.USUAL, scenarios.hands_over_to_a_running_one, scenarios.is_found_by_xdg_open]
