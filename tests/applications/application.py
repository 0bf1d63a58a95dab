# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""An application of a desktop, as a table: its package, its keys, and what its files look like."""
import re

FIRST = "first line"


def first_line(texts):
    """What the first line is with these texts before it, the last one at the beginning."""
    return "".join(reversed(texts)) + FIRST


class Application:
    """A subclass says what differs."""

    programs = {}        # the packages it needs, and a program of each; its own is the first
    large = False        # more than 100 MB to install
    file = "notes.txt"   # what is opened
    save = ("ctrl+s",)
    close = ("ctrl+w",)  # the document
    quit = ("ctrl+q",)
    keeps_open = False   # for writing, also when it has saved
    desktop = None       # its .desktop file, where that is not called as its program
    starred = False      # an asterisk begins the title of a window with something unsaved

    @property
    def program(self):
        return next(iter(self.programs.values()))

    def content(self):
        """Of the file, before it is opened."""
        return f"{FIRST}\nlast line\n".encode()

    def prepare(self, session):
        """Its settings, where it would take long without them."""

    def command(self):
        """What opens the file that is named behind it."""
        return self.program

    def title(self, name):
        """A regular expression for the window that shows a file."""
        return re.escape(name)

    def unsaved(self, name):
        """The same while something in it is not saved; None where titles do not show that."""
        return rf"^\*.*{self.title(name)}" if self.starred else None

    def ready(self, screen, name):
        """Wait until it shows the file and takes keys. Returns the number of its window."""
        return screen.shows(self.title(name))

    def edit(self, screen, texts):
        """Add the last of the texts at the beginning, unsaved. It may be done twice, also after
        only some of the keys have arrived: so the line is typed anew."""
        screen.press("ctrl+Home", "shift+End")
        screen.type(first_line(texts))

    def save_it(self, screen, path):
        """As what it is called. It may be done twice."""
        screen.press(*self.save)

    def holds(self, data, texts):
        """Is this the file, whole, with these texts in it, the last of which was typed at the
        beginning?"""
        return data == "".join(reversed(texts)).encode() + self.content()

    def close_document(self, screen):
        screen.press(*self.close)

    def leave(self, screen):
        screen.press(*self.quit)
