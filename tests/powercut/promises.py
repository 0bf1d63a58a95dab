# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is promised of a disk whose power was cut, checked on it, before and after the next receiver
has come."""
import os
import stat
import subprocess

import process
import stream
from expect import Broken, check
from settings import UNPACKER
from steps import EARLIER, OWNER, STEPS, Target, states

STAGING = "in/.qfile-incoming-"
# The new name of a save for the moment of the exchange, and then the old content's.
EXCHANGED = "docs/.qopen-"
AFTER = "after the power cut"
STATES = states()


def look(top):
    """All that is below it, as a state; of staging directories only their names."""
    seen = {}
    for place, directories, files in os.walk(top):
        below = os.path.relpath(place, top)
        for name in list(directories) + files:
            path = os.path.normpath(f"{below}/{name}")
            seen[path] = content_of(f"{place}/{name}")
        directories[:] = [name for name in directories
                          if not f"{below}/{name}".startswith(STAGING)]
    return {path: what for path, what in seen.items()
            if path.split("/")[0] in ("in", "out", "docs")}


def content_of(path):
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode):
        return None
    if stat.S_ISLNK(status.st_mode):
        return Target(os.readlink(path))
    with open(path, "rb") as file:
        return file.read()


def short(paths):
    paths = sorted(paths)
    return ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")


class Seen:
    """What a disk shows at a cut, and what it has to show."""

    def __init__(self, cut):
        self.cut = cut
        self.step = STEPS[cut.step] if cut.step >= 0 else None
        if self.step is None or cut.over:
            self.state, self.under_way = STATES[cut.step + 1], None
        else:
            self.state, self.under_way = STATES[cut.step], self.step
        self.begun = STEPS[:cut.step + 1]
        # a move has succeeded when what it moved has arrived; that it is gone here may be forgotten
        self.moved = {path: EARLIER[path] for step in self.begun for path in step.removes}
        self.shown = {}

    def changing(self):
        """The paths that the step under way may change."""
        step = self.under_way
        return {*step.adds, *step.removes, *step.replaces} if step else set()

    def untouched(self):
        """Promise 2, and 4 for what was reported: it is there as it was."""
        changing = self.changing()
        wrong = [path for path, what in self.state.items()
                 if path not in changing and (path not in self.shown or self.shown[path] != what)]
        check(not wrong, f"not there, or not as it was: {short(wrong)}")

    def nothing_else(self):
        """Nothing is visible that nobody delivered or saved."""
        may = (STAGING, EXCHANGED, *(self.under_way.may if self.under_way else ()))
        changing = self.changing()
        for path, what in self.shown.items():
            if path in self.state or path in changing or path.startswith(may):
                continue
            if path in self.moved:
                check(what == self.moved[path], f"not what was moved: {path}")
                continue
            beside = [step for step in self.begun if step.beside and
                      path.startswith(step.beside[0])]
            check(bool(beside), f"came from nowhere: {path}")
            check(what == beside[0].beside[1], f"not what was saved: {path}")

    def kept_beside(self):
        for step in self.begun:
            if step.beside and step is not self.under_way:
                check(any(path.startswith(step.beside[0]) for path in self.shown),
                      "what was kept beside the file is missing")

    def delivery(self):
        """Promise 3. Returns whether only a part is visible."""
        adds = self.under_way.adds if self.under_way else {}
        there = [path for path in adds if path in self.shown]
        wrong = [path for path in there if self.shown[path] != adds[path]]
        tops = {path.split("/")[1] for path in adds}
        # an entry at the top appears by one rename, with all that is in it
        for top in tops:
            inside = [path for path in adds if path.split("/")[1] == top]
            missing = [path for path in inside if path not in self.shown]
            check(len(missing) in (0, len(inside)), f"a part is missing: {short(missing)}")
        check(not wrong, f"visible, but not whole: {short(wrong)}")
        part = bool(there) and len(there) < len(adds)
        check(not part or self.under_way.top > 1, "a part of a single entry is visible")
        return part

    def move(self):
        """What was to be moved is there, or was delivered."""
        step = self.under_way
        if not step or step.kind != "move":
            return
        gone = [path for path in step.removes if path not in self.shown]
        wrong = [path for path in step.removes
                 if path in self.shown and self.shown[path] != self.state[path]]
        check(not wrong, f"changed by a move: {short(wrong)}")
        check(not gone or all(path in self.shown for path in step.adds),
              f"neither here nor there: {short(gone)}")

    def saves(self):
        """A file has the content of before, or the new one; or a copy has that of before."""
        if not self.under_way:
            return
        copies = [what for path, what in self.shown.items()
                  if self.under_way.may and path.startswith(self.under_way.may)]
        for path, new in self.under_way.replaces.items():
            what, old = self.shown.get(path), self.state[path]
            check(what is not None, f"not there: {path}")
            check(what in (old, new) or old in copies,
                  f"neither the old nor the new content, and no copy: {path}")

    def leftover(self):
        """The name of an exchange. What it has is whole."""
        left = [path for path in self.shown if path.startswith(EXCHANGED)]
        whole = [what for each in (self.state, self.step.replaces if self.step else {})
                 for what in each.values()] + ([self.step.beside[1]] if self.step.beside else [])
        for path in left:
            check(self.shown[path] in whole, f"not whole: {path}")
        return bool(left)


def receive(top):
    """The next receiver, and what it leaves to be swept."""
    done = subprocess.run([UNPACKER, str(OWNER), f"{top}/in"], check=False,
                          input=stream.delivery(stream.file(AFTER)),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0, f"the next delivery fails: {done.stderr.decode()}")
    while left := process.children(os.getpid()):
        os.waitpid(left[0], 0)


def verify(top, cut):
    """Check all of it. Returns the set of what was seen that is no fault but has to be told."""
    told = set()
    seen = Seen(cut)
    seen.shown = look(top)
    for check_one in (seen.untouched, seen.nothing_else, seen.kept_beside, seen.saves, seen.move):
        check_one()
    if seen.delivery():
        told.add("a part of a delivery of several entries until the next receiver")
    if seen.step and seen.leftover():
        told.add("the name of an exchange beside a saved file")
    receive(top)
    seen.shown = look(top)
    check(seen.shown.pop(f"in/{AFTER}", None) is not None, "the next delivery is not there")
    for check_one in (seen.untouched, seen.nothing_else):
        check_one()
    check(not seen.delivery(), "a part is visible after the next receiver")
    left = [path for path in seen.shown if path.startswith(STAGING)]
    check(not left, f"not swept: {short(left)}")
    return told
