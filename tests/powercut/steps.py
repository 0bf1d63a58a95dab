# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is done on a disk before its power is cut, step by step, and what each step may change.

Both the machine that does it (workload.py) and the one that looks at the disks (promises.py) read
this. A state is a dictionary: paths below the disk's top, each with the content of a file, a
Target, or None for a directory.

    in      the receiver's directory      out     sources of a move
    docs    files that are opened
"""
import random

OWNER = 65534


class Target(str):
    """What a symbolic link points to."""


def content(name, size):
    return random.Random(name).randbytes(size)


def small(name):
    return content(name, 100 + len(name) * 37)


class Step:
    """
    A delivery or a save. `sends`: the entries that are delivered; `adds`: what is there afterwards,
    `removes`: what no longer is; `replaces`: the new content of files. `top`: how many entries at
    the top are delivered. `beside`: a path's beginning and the content of a file that is kept
    there under a name with the time in it. `may`: beginnings of paths that may be there in
    between.
    """

    def __init__(self, name, kind, sends=None, options=(), adds=None, removes=(), replaces=None,
                 beside=None, may=()):
        self.name, self.kind, self.options = name, kind, tuple(options)
        self.sends = sends or {}
        self.adds = {f"in/{path}": what for path, what in (self.sends if adds is None
                                                           else adds).items()}
        self.removes, self.replaces = tuple(removes), replaces or {}
        self.beside, self.may = beside, tuple(may)
        self.top = len({path.split("/")[0] for path in self.sends})

    def after(self, state):
        """The state when it is over."""
        left = {path: what for path, what in state.items() if path not in self.removes}
        return {**left, **self.adds, **self.replaces}


def tree(top, count):
    """Directories in each other, files and links."""
    made = {top: None, f"{top}/link": Target("d0/f0")}
    for number in range(count):
        place = f"{top}/d{number % 5}"
        made[place] = None
        made[f"{place}/f{number}"] = small(f"{place}/f{number}")
    return made


def renamed(made, name, other):
    """The same entries with another name at the top."""
    return {other + path[len(name):]: what for path, what in made.items()}


MOVED = tree("moved", 6)
EARLIER = {
    "in": None, "out": None, "docs": None,
    "in/earlier": small("earlier"),
    **{f"in/{path}": what for path, what in tree("kept", 5).items()},
    **{f"out/{path}": what for path, what in MOVED.items()},
    "docs/report": small("report"), "docs/long": content("long", 300_000),
    "docs/linked": small("linked"), "docs/linked too": small("linked"),
    "docs/contested": small("contested"),
}
KEPT, AGAIN = tree("kept", 4), {"one": small("one, again")}

STEPS = [
    Step("one small file", "delivery", {"one": small("one")}),
    Step("one directory with a file", "delivery", {"d": None, "d/f": small("d/f")}),
    Step("three entries", "delivery", {"a": small("a"), "b": small("b"), "c": None,
                                       "c/f": small("c/f")}),
    Step("a name that is taken", "refused", {"one": small("refused")}, adds={}),
    Step("a name that is taken, both kept", "delivery", AGAIN, options=["--rename"],
         adds=renamed(AGAIN, "one", "one (2)")),
    Step("a tree", "delivery", tree("t", 60)),
    Step("a tree whose name is taken, both kept", "delivery", KEPT, options=["--rename"],
         adds=renamed(KEPT, "kept", "kept (2)")),
    Step("many small files", "delivery", {f"m{number}": small(f"m{number}")
                                          for number in range(40)}),
    Step("a move", "move", MOVED, options=["--move"],
         removes=[f"out/{path}" for path in MOVED]),
    Step("a save", "save", replaces={"docs/report": small("report, saved")}),
    Step("a longer save", "save", replaces={"docs/long": content("long, saved", 400_000)}),
    Step("another save", "save", replaces={"docs/report": small("report, saved again")}),
    Step("a save into the file itself", "save", options=["--in-place"],
         replaces={"docs/linked": small("linked, saved"),
                   "docs/linked too": small("linked, saved")},
         may=["docs/linked (before an unfinished save"]),
    Step("a save of a file that was changed", "contested",
         replaces={"docs/contested": small("contested, changed here")},
         beside=("docs/contested (edited in work", small("contested, saved"))),
    Step("a big file", "delivery", {"big": content("big", 20 << 20)}),
]


def states():
    """The state before each step, and the last one."""
    made = [EARLIER]
    for step in STEPS:
        made.append(step.after(made[-1]))
    return made
