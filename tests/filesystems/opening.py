# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file that is there, opened by qopen-in-vm; and one of elsewhere, opened by vm-file-editor
there.

The handler plays the application, and its user.
"""
import contextlib
import errno
import os
import shlex

from expect import check, equal, has, wait_until
from settings import EDITOR, OPENER

OLD, NEW = b"the old text\n", b"the new text\n"
# How applications save.
SAVES = {"by a rename": "sed -i s/old/new/",
         "in place": shlex.join(["sh", "-c", 'echo the new text >"$1"', "sh"])}


class Letter:
    """A file in a directory of its own."""

    def __init__(self, directory):
        self.directory, self.path = directory, f"{directory}/letter.txt"
        os.mkdir(directory)
        self.write(OLD)

    def write(self, content):
        with open(self.path, "wb") as file:
            file.write(content)

    def contents(self):
        """What is there, by name."""
        found = {}
        for name in os.listdir(self.directory):
            with open(f"{self.directory}/{name}", "rb") as file:
                found[name] = file.read()
        return found

    def is_only(self, content):
        equal(self.contents(), {"letter.txt": content})


def open_there(place, path, handler, **environment):
    editor = f"{EDITOR} --handler={shlex.quote(handler)}"
    return place.run(OPENER, "--from=work", "--via", editor, path,
                     **{"TMPDIR": place.scratch, **environment})


def keeps_modes(letter):
    """Can a file of another mode get the one that the letter has?"""
    path = f"{letter.directory}/probe"
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    mode = os.stat(letter.path).st_mode
    try:
        os.chmod(path, mode & 0o7777)
    except PermissionError:
        pass
    same = os.stat(path).st_mode == mode
    os.unlink(path)
    return same


def saved(place):
    """One save, and nothing is left beside it. The mode stays, or the save is kept beside it."""
    for number, handler in enumerate(SAVES.values()):
        letter = Letter(f"{place.incoming}/open{number}")
        mode = os.stat(letter.path).st_mode
        if not keeps_modes(letter):
            has(open_there(place, letter.path, handler).exits(1).said, "cannot be replaced")
            equal(sorted(letter.contents().values()), [NEW, OLD])
            continue
        open_there(place, letter.path, handler).exits(0)
        letter.is_only(NEW)
        equal(os.stat(letter.path).st_mode, mode)


def damaged(place):
    """What was there before a save that may be damaged is kept, by whichever means."""
    letter = Letter(f"{place.incoming}/damaged")
    if not keeps_modes(letter):
        return
    open_there(place, letter.path,
               shlex.join(["sh", "-c", 'printf half >"$1"; exit 1', "sh"])).exits(1)
    found = letter.contents()
    equal(sorted(found.values()), [b"half", OLD])
    check(all(name.startswith("letter") for name in found), f"{found}")


def changed_here(place):
    """The save is kept beside what somebody has written here meanwhile."""
    letter = Letter(f"{place.incoming}/changed")
    script = f'echo changed here >>{shlex.quote(letter.path)}; echo the new text >"$1"'
    end = open_there(place, letter.path, shlex.join(["sh", "-c", script, "sh"])).exits(1)
    has(end.said, "it was changed here in the meantime")
    equal(sorted(letter.contents().values()), [NEW, OLD + b"changed here\n"])


def can_be_private(place):
    """Does a directory there get the mode that keeps others out?"""
    path = f"{place.home}/probe"
    os.mkdir(path, 0o700)
    status = os.stat(path)
    os.rmdir(path)
    return status.st_uid == os.geteuid() and not status.st_mode & 0o077


def edited_there(place):
    """The other side's private directory is on this disk, or it is said that it would not be
    private, and nothing is opened."""
    letter = Letter(f"{place.scratch}/elsewhere")
    before = sorted(os.listdir(place.home))
    end = open_there(place, letter.path, SAVES["by a rename"], TMPDIR=place.home)
    if can_be_private(place):
        end.exits(0)
        letter.is_only(NEW)
    else:
        has(end.exits(1).said, "work could not do it")
        letter.is_only(OLD)
    equal(sorted(os.listdir(place.home)), before)


class Full(Exception):
    """The disk is."""


@contextlib.contextmanager
def full_or_not(*passed_over):
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Full from None
        if error.errno not in passed_over:
            raise


def fill(path, size):
    """A file that leaves so little room that not that much can be written. Returns its path."""
    block = bytes(range(1, 256)) * 64
    with open(path, "wb", buffering=0) as file, contextlib.suppress(Full):
        while True:
            with full_or_not():
                file.write(block)
            with full_or_not(errno.EINVAL, errno.EOPNOTSUPP):
                os.fsync(file.fileno())
    check(os.path.getsize(path) >= size, "the disk was never full")
    return path


def free(place):
    status = os.statvfs(place.home)
    return status.f_bfree * status.f_frsize


def no_room(place):
    """A save for which there is no room is kept elsewhere, and the file stays as it was."""
    if not place.disk.full:
        return
    letter = Letter(f"{place.incoming}/full")
    filler = fill(f"{place.home}/filler", 1 << 20)
    script = 'head -c 4000000 /dev/urandom >"$1"'
    elsewhere = f"{place.scratch}/kept"
    end = open_there(place, letter.path, shlex.join(["sh", "-c", script, "sh"]),
                     XDG_DATA_HOME=elsewhere).exits(1)
    letter.is_only(OLD)
    os.unlink(filler)
    os.sync()
    wait_until(lambda: free(place) > 1 << 20, "what was removed to be free")
    kept = [f"{top}/{name}" for top, _, names in os.walk(elsewhere) for name in names]
    equal([os.path.getsize(path) for path in kept], [4000000])
    has(end.said, "letter")


CHECKS = (saved, damaged, changed_here, edited_there, no_room)
