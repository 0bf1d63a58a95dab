# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The desktop of the other cases, before anything is started on it."""
import suite
from desktop import Desktop
from expect import equal

test = suite.cases(Desktop)


@test("a screen, its window manager and what a screen reader knows come up")
def _(t):
    t.open_desktop()
    equal([node.role for node in t.look()], ["desktop frame"])
    equal(t.xdotool("search", "--onlyvisible", "--name", "[a-z]").split(), [])
