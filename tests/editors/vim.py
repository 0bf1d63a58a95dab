# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""vim, in its ways to write a file."""
import os
import shutil
import signal

import machine
from expect import check, equal
from opening import wait
from terminal import Terminal

VIM = shutil.which("vim") or shutil.which("vim.tiny")


def why_not():
    return ("needs tmux and vim" if not VIM or not shutil.which("tmux")
            else machine.why_no_terminal())


# In a temporary directory, vim makes no backups unless it is told to.
BACKUP = "backup backupskip="


class Vim(Terminal):
    """vim as it is without anybody's settings; swap files included."""

    def __init__(self, opening, settings=""):
        super().__init__(opening, VIM, "-u", "NONE", "-N",
                         *(["-c", f"set {settings}"] if settings else []))

    def add_line(self, text):
        """Behind the line that the cursor is on, which is the first one at the start."""
        self.type(f"o{text}")
        self.press("Escape")

    def ex(self, command):
        self.type(f":{command}")
        self.press("Enter")


def saves_twice(opening, same_file, settings=""):
    """Does vim write into the file that is there, or put another in its place? Returns the names in
    its directory after that."""
    vim = Vim(opening, settings)
    vim.open()
    copy = opening.copy()
    inode = copy.stat().st_ino
    vim.add_line("second line")
    vim.ex("w")
    opening.comes_back("first line\nsecond line\nlast line\n")
    names = os.listdir(copy.parent)
    if same_file is not None:
        equal(copy.stat().st_ino == inode, same_file)
    vim.add_line("third line")
    vim.ex("w")
    opening.comes_back("first line\nsecond line\nthird line\nlast line\n")
    vim.ex("q")
    opening.ends_with("first line\nsecond line\nthird line\nlast line\n", saves=2)
    return names


def saves_as_it_likes(opening):
    saves_twice(opening, None)


def saves_into_the_file(opening):
    check("notes.txt~" not in saves_twice(opening, True, "backupcopy=yes backupskip="),
          "it keeps a backup")


def saves_into_the_file_and_keeps_a_backup(opening):
    check("notes.txt~" in saves_twice(opening, True, f"backupcopy=yes {BACKUP}"),
          "it keeps no backup")


def puts_another_file_in_its_place(opening):
    check("notes.txt~" not in saves_twice(opening, False, "backupcopy=no backupskip="),
          "it keeps a backup")


def puts_another_file_in_its_place_and_keeps_a_backup(opening):
    check("notes.txt~" in saves_twice(opening, False, f"backupcopy=no {BACKUP}"),
          "it keeps no backup")


def saves_and_quits_at_once(opening):
    vim = Vim(opening)
    vim.open()
    vim.add_line("second line")
    vim.ex("wq")
    opening.ends_with("first line\nsecond line\nlast line\n")


def saves_nothing_at_all(opening):
    vim = Vim(opening)
    vim.open()
    vim.ex("%d")
    vim.ex("wq")
    opening.ends_with("")


def quits_without_saving(opening):
    vim = Vim(opening)
    vim.open()
    vim.add_line("second line")
    vim.shows("second line")
    vim.ex("q!")
    opening.ends_unchanged()


def saves_what_was_there_before(opening):
    vim = Vim(opening)
    vim.open()
    vim.ex("w")
    vim.shows("written")
    vim.ex("q")
    opening.ends_unchanged()


def is_killed(opening):
    vim = Vim(opening)
    vim.open()
    vim.add_line("second line")
    vim.ex("w")
    opening.comes_back("first line\nsecond line\nlast line\n")
    vim.add_line("never saved")
    vim.shows("never saved")
    swap_file = opening.copy().with_name(".notes.txt.swp")
    check(swap_file.exists(), "there is no swap file")
    os.kill(vim.editor(), signal.SIGKILL)
    opening.ends_with("first line\nsecond line\nlast line\n")


def goes_on_when_the_session_is_ended_just_after_a_save(opening):
    vim = Vim(opening)
    vim.open()
    vim.add_line("second line")
    vim.ex("w")
    vim.shows("written")
    vim.add_line("never saved")
    vim.shows("never saved")
    opening.stop_editor()
    opening.ends_with("first line\nsecond line\nlast line\n", status=1, stays=True)
    vim.add_line("nor this")
    vim.shows("nor this")
    vim.ex("q!")
    opening.leaves_nothing()


def outlives_the_opener(opening):
    vim = Vim(opening)
    vim.open()
    vim.add_line("never saved")
    vim.shows("never saved")
    opening.kill_opener()
    wait(lambda: list(opening.temporary.glob("*/NOT SENT BACK*")), "the notice")
    vim.add_line("nor this")
    vim.shows("nor this")
    vim.ex("q!")
    opening.leaves_nothing()
    equal(opening.picture(), opening.before)


def saves_what_is_for_viewing_only(opening):
    vim = Vim(opening)
    vim.open("--view-only")
    equal(opening.copy().stat().st_mode & 0o777, 0o400)
    vim.add_line("second line")
    vim.ex("w!")
    vim.shows("written")
    equal(opening.copy().read_text(), "first line\nsecond line\nlast line\n")
    vim.ex("q!")
    opening.ends_unchanged()


TESTS = [saves_as_it_likes, saves_into_the_file, saves_into_the_file_and_keeps_a_backup,
         puts_another_file_in_its_place, puts_another_file_in_its_place_and_keeps_a_backup,
         saves_and_quits_at_once, saves_nothing_at_all, quits_without_saving,
         saves_what_was_there_before, is_killed,
         goes_on_when_the_session_is_ended_just_after_a_save, outlives_the_opener,
         saves_what_is_for_viewing_only]
