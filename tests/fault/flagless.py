# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Kills and errors at every call where renames take no flags, as on NFS, 9p and most file systems
in user space. Every call but those of the child is one of the way without flags, or around it."""
import os
import platform

import trees
from calls import ONLY_X86, error_tests, kill_tests, learn, need_tracing, sudden_death
from delivery import Delivery
from jobs import Test
from tap import Skip

OPTIONS = ("--flagless",)
CHILD = 1  # the role that moves nothing


def plant_kinds(at):
    """One of each kind at the top."""
    os.makedirs(f"{at}/folder/sub")
    trees.write_file(f"{at}/folder/file", b"content")
    trees.write_file(f"{at}/note", b"a note\n", 0o444)
    os.mkdir(f"{at}/empty")
    return ["folder", "note", "empty"]


def plant_file(at):
    return trees.plant_two(at)[1:]


DELIVERIES = {"one directory": trees.plant_one, "a sealed one and a file": trees.plant_two,
              "three kinds": plant_kinds, "one file": plant_file}


def conflict(kind):
    """What is there already is not replaced: not even an empty directory."""
    with Delivery(plant_kinds) as it:
        taken = f"{it.incoming}/{kind}"
        os.mkdir(taken)
        inode = os.lstat(taken).st_ino
        it.run(*OPTIONS)
        it.need(it.code() == 17 and it.status != 0, "a taken name was no reason to refuse")
        it.need(os.lstat(taken).st_ino == inode and not os.listdir(taken), "it was replaced")
        it.need([name for name in it.names if os.path.lexists(f"{it.incoming}/{name}")] == [kind],
                "something is visible")
    return True


def tests(run):
    need_tracing()
    if platform.machine() != "x86_64":
        raise Skip(ONLY_X86)
    yield Test("flagless: a name that is taken",
               [(kind, conflict, kind) for kind in ("folder", "note", "empty")], 3)
    for name, plant in DELIVERIES.items():
        name = f"flagless: {name}"
        calls = [call for call in run.call(learn, plant, False, False, options=OPTIONS)
                 if call.role != CHILD]
        yield from kill_tests(name, calls, plant, options=OPTIONS)
        yield from error_tests(name, calls, plant, options=OPTIONS)
        yield sudden_death(name, calls, plant, OPTIONS)
