# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The entries in the menus of file managers, chosen there."""
import os
import subprocess

import suite
from expect import equal, has, missing
from known import sampled
from managers import ENTRIES, GERMAN, HERE, NAMES, Managed
from settings import PYTHON

test = suite.cases(Managed)


for manager in sampled():
    @test(f"{manager.program} hands nine hostile names over, for each of its entries")
    def _(t, manager=manager):
        t.open_manager(manager)
        for action in ENTRIES:
            (option, dashes, *paths), = t.choose(action)
            equal((option, dashes), (f"--{action}", "--"))
            equal(sorted(paths), sorted(f"{t.files}/{name}" for name in NAMES))
        missing(f"{t.files}/bad")
        equal(os.listdir(t.top).count("bad"), 0)

    if manager.modules and manager.told:
        @test(f"{manager.program} has the entries in German")
        def _(t, manager=manager):
            t.environment["LANGUAGE"] = "de"
            t.open_manager(manager)
            has_all = set(GERMAN.values()).issubset
            t.until(lambda: has_all(t.entries()), "the entries in German", by=[t.manager])

    if manager.program == "caja":  # all modules have the same source
        @test(f"{manager.program} tells that more files were chosen than a program can be given")
        def _(t, manager=manager):
            # Of a stack of 1 MiB the words of a program can have a quarter.
            t.open_manager(manager, [f"{number:04}" + "x" * 200 for number in range(1200)],
                           ["prlimit", f"--stack={2**20}"])
            bystander = t.start(PYTHON, "-B", HERE / "bystander.py", stdin=subprocess.PIPE)
            t.until(bystander.told, "who shows notices", by=[bystander])
            t.click_entry("copy")
            t.until(lambda: "qfile-send could not be started" in bystander.told(), "the notice",
                    by=[bystander, t.manager])
            has(bystander.told(), "Too many files are selected. Take the folder that they are in.")
            equal(t.calls(), [])

    @test(f"{manager.program} offers no directory to be opened elsewhere")
    def _(t, manager=manager):
        t.open_manager(manager, ["directory/", "file"])
        if manager.told and not manager.submenu:
            equal(t.entries() & set(ENTRIES.values()), {ENTRIES["copy"], ENTRIES["move"]})
        got = [path for call in t.choose("move") for path in call[2:]]
        if manager.submenu:  # directories by themselves
            t.until(lambda: len(t.calls()) > 1, "the other call", by=[t.manager])
            got = [path for call in t.calls() for path in call[2:]]
        equal(sorted(got), [f"{t.files}/directory", f"{t.files}/file"])
