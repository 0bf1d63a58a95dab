# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a case expects, said in a function each, and waiting for what has to come."""
import os
import threading
import time

# Seconds, for a case that never ends; what is waited for in it has half of them. They end what
# hangs, and promise nothing about speed: no case takes a hundredth of it.
FOREVER = 1800
# Seconds after which what a process of ours has not done is not done any more, when all have ended.
# They are for the threads that play parts.
QUIET = 10

stopping = threading.Event()  # this process was told to end


class Broken(Exception):
    """What should have happened did not."""


def check(condition, complaint):
    if not condition:
        raise Broken(complaint)


def equal(got, expected):
    if got != expected:
        raise Broken(f"got:      {got!r}\nexpected: {expected!r}")


def has(text, part):
    if part not in text:
        raise Broken(f"got:            {text!r}\nexpected in it: {part!r}")


def lacks(text, part):
    if part in text:
        raise Broken(f"got:                {text!r}\nnot expected in it: {part!r}")


def exists(path):
    check(os.path.lexists(path), f"not there: {path!r}")


def missing(path):
    check(not os.path.lexists(path), f"still there: {path!r}")


def give_up(thread):
    """Nothing comes any more that a thread could wait for."""
    thread.given_up = True


def given_up():
    return stopping.is_set() or getattr(threading.current_thread(), "given_up", False)


def something_runs():
    """Does anything that this process started? process.adopt_orphans() puts in its stead what
    knows."""
    return True


class Prospect:
    """Whether what is waited for can still come. Not when one of the programs `by` has ended, or
    when, for a while, `acts` has said that nothing acts. That costs some looking, and is asked once
    a second."""

    def __init__(self, by, acts):
        self.by, self.acts = by, acts
        self.asked = self.acted = time.monotonic()
        self.end = self.asked + FOREVER / 2

    def why_not(self):
        """In words; None if it can."""
        now = time.monotonic()
        if given_up() or now > self.end:
            return "given up"
        if ended := [program.name for program in self.by if not program.runs()]:
            return f"{ended[0]} has ended"
        if now - self.asked >= 1:
            self.asked = now
            self.acted = now if self.acts() else self.acted
        return "all that was started has ended" if now - self.acted > QUIET else None


def wait_until(condition, what="what never came", by=(), acts=None):
    """
    Wait for what `condition` returns to be true, and return it. `what` completes "waited in vain
    for"; it may be a function. In vain it is, at once, when one of the programs `by` has ended and
    left it false; and soon, when nothing runs any more that this process started, or whatever
    `acts` stands for.
    """
    prospect, pause = Prospect(by, acts or something_runs), 0.001
    why_not = None
    while not (result := condition()):
        if why_not:
            raise Broken(f"waited in vain for {what() if callable(what) else what} ({why_not})")
        # What came last is looked at once more.
        if not (why_not := prospect.why_not()):
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)
    return result
