# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Xournal++: a page with handwriting, compressed. It writes into the file, and keeps a copy of what
was there before beside it while it does."""
import gzip
import re
import zlib

import scenarios
from application import Application

PAGE = ('<?xml version="1.0" standalone="no"?>\n<xournal creator="nobody" fileversion="4">\n'
        '<title>page</title>\n<page width="400" height="400">\n'
        '<background type="solid" color="#ffffffff" style="plain"/>\n<layer>\n</layer>\n</page>\n'
        '</xournal>\n')
APART = 20  # points, between strokes at different heights


class Xournal(Application):
    programs = {"xournalpp": "xournalpp"}
    starred = True
    file = "page.xopp"
    desktop = "com.github.xournalpp.xournalpp"

    def content(self):
        return gzip.compress(PAGE.encode(), mtime=0)

    def edit(self, screen, texts):
        """A stroke of the pen, the second one further down."""
        number = self.ready(screen, self.file)
        y = 300 + 100 * len(texts)
        screen.xdotool("mousemove", "--window", number, "400", str(y), "mousedown", "1")
        for x in range(410, 560, 10):
            screen.xdotool("mousemove", "--window", number, str(x), str(y + x % 20))
        screen.xdotool("mouseup", "1")

    def holds(self, data, texts):
        """Whole, with strokes at as many heights. One that was drawn again is there twice."""
        try:
            page = gzip.decompress(data).decode()
        except (OSError, EOFError, zlib.error):
            return False
        heights = sorted(float(stroke.split()[1])
                         for stroke in re.findall("<stroke [^>]*>([^<]*)</stroke>", page))
        steps = sum(after - before > APART for before, after in zip(heights, heights[1:]))
        return (len(heights) > 0 and 1 + steps == len(texts)
                and page.rstrip().endswith("</xournal>"))


APPLICATION = Xournal()
TESTS = [*scenarios.USUAL, scenarios.is_found_by_xdg_open_of_gnome]
