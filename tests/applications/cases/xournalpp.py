# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Xournal++: a page with handwriting, compressed. It writes into the file, and keeps a copy of what
was there before beside it while it does."""
import gzip
import zlib

import scenarios
from application import Application

PAGE = ('<?xml version="1.0" standalone="no"?>\n<xournal creator="nobody" fileversion="4">\n'
        '<title>page</title>\n<page width="400" height="400">\n'
        '<background type="solid" color="#ffffffff" style="plain"/>\n<layer>\n</layer>\n</page>\n'
        '</xournal>\n')


class Xournal(Application):
    programs = {"xournalpp": "xournalpp"}
    file = "page.xopp"
    desktop = "com.github.xournalpp.xournalpp"

    def content(self):
        return gzip.compress(PAGE.encode(), mtime=0)

    def edit(self, screen, text):
        """A stroke of the pen, each at another height."""
        number = self.ready(screen, self.file)
        y = 300 + 30 * len(text) + 20 * (text == "two ")
        screen.xdotool("mousemove", "--window", number, "400", str(y), "mousedown", "1")
        for x in range(410, 560, 10):
            screen.xdotool("mousemove", "--window", number, str(x), str(y + x % 20))
        screen.xdotool("mouseup", "1")
        screen.rests()

    def holds(self, data, texts):
        try:
            page = gzip.decompress(data).decode()
        except (OSError, EOFError, zlib.error):
            return False
        return page.count("<stroke ") == len(texts) and page.rstrip().endswith("</xournal>")


APPLICATION = Xournal()
TESTS = [*scenarios.USUAL, scenarios.is_found_by_xdg_open_of_gnome]
