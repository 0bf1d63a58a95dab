# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""nano, which writes into the file that is there."""
import os
import shutil

import machine
from expect import equal
from terminal import Terminal


def why_not():
    return ("needs tmux and nano" if not shutil.which("nano") or not shutil.which("tmux")
            else machine.why_no_terminal())


class Nano(Terminal):
    def __init__(self, opening, *options):
        super().__init__(opening, "nano", "--ignorercfiles", *options)

    def add_line(self, text):
        """Before the line that the cursor is on, which is the first one at the start."""
        self.type(text)
        self.press("Enter")

    def save(self):
        self.press("C-o")
        self.shows("File Name to Write")
        self.press("Enter")


def saves_twice(opening, *options):
    """Returns the names in nano's directory after the first save."""
    nano = Nano(opening, *options)
    nano.open()
    copy = opening.copy()
    inode = copy.stat().st_ino
    nano.add_line("new line")
    nano.save()
    opening.comes_back("new line\nfirst line\nlast line\n")
    equal(copy.stat().st_ino, inode)
    names = sorted(os.listdir(copy.parent))
    opening.stays_open()
    nano.add_line("newer line")
    nano.save()
    opening.comes_back("new line\nnewer line\nfirst line\nlast line\n")
    nano.press("C-x")
    opening.ends_with("new line\nnewer line\nfirst line\nlast line\n", saves=2)
    return names


def saves_into_the_file(opening):
    equal(saves_twice(opening), ["notes.txt"])


def keeps_a_backup(opening):
    equal(saves_twice(opening, "--backup"), ["notes.txt", "notes.txt~"])


def saves_as_it_quits(opening):
    nano = Nano(opening)
    nano.open()
    nano.add_line("new line")
    nano.press("C-x")
    nano.shows("Save modified buffer?")
    nano.press("y")
    nano.shows("File Name to Write")
    nano.press("Enter")
    opening.ends_with("new line\nfirst line\nlast line\n")


def quits_without_saving(opening):
    nano = Nano(opening)
    nano.open()
    nano.add_line("new line")
    nano.press("C-x")
    nano.shows("Save modified buffer?")
    nano.press("n")
    opening.ends_unchanged()


def goes_on_when_the_editor_is_told_to_end(opening):
    """It goes on, and its user may still save there."""
    nano = Nano(opening)
    nano.open()
    nano.add_line("new line")
    nano.shows("new line")
    opening.stop_editor()
    opening.ends_unchanged(status=1, stays=True)
    nano.press("C-x")
    nano.shows("Save modified buffer?")
    nano.press("n")
    opening.leaves_nothing()


TESTS = [saves_into_the_file, keeps_a_backup, saves_as_it_quits, quits_without_saving,
         goes_on_when_the_editor_is_told_to_end]
