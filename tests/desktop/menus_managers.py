# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The entries in the menus of file managers, chosen there."""
import os

import suite
from expect import equal, missing
from known import sampled
from managers import ENTRIES, GERMAN, NAMES, Managed

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
