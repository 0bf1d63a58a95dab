# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""How a case of the integration tests is written.

    test = suite.cases(Copying)

    @test("an empty delivery is a success")
    def _(t):
        t.deliver(wire.END).arrives()
        t.nothing_arrived()
"""
import os

import expect
import plain_names
import tap

# They wait more than they work.
WORKERS = 3 * (os.cpu_count() or 1)

CASES = []


class Case(tap.Case):
    """A function that gets what it works with, made for it and removed behind it."""

    def __init__(self, name, function, world, waits, once):
        super().__init__(name, self.run)
        self.test, self.world, self.waits, self.once = function, world, waits, once
        self.file = function.__module__

    def run(self):
        try:
            plain_names.need()
            with self.world() as world:
                self.test(world)
        except tap.Skip as reason:
            expect.check(not (self.once and str(reason).startswith("root ")),
                         f"nobody would run it: {reason}; so it cannot have once=True")
            raise


def cases(world, once=False):
    """A decorator for functions that work with one `world`, such as Copying. Their names are
    sentences. once: of all of them."""
    every = once

    def test(name, waits=False, once=False):
        """waits: the case takes some seconds, in which it mostly waits. Such cases begin first.
        once: it shows nothing that depends on the user who runs it, so that one of root and a plain
        user is enough."""
        def register(function):
            CASES.append(Case(name, function, world, waits, every or once))
            return function
        return register
    return test
