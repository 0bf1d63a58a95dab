# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case expects, said in a function each, and waiting for what has to come."""
import os
import time

# Seconds, for what would never come. It ends what hangs, and promises nothing about speed: no case takes a hundredth of it.
FOREVER = 1800


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


def wait_until(condition, what="what never came"):
    """Wait for what `condition` returns to be true, and return it. `what` completes "waited in vain for"; it may be a function."""
    end = time.monotonic() + FOREVER / 2
    pause = 0.001
    while not (result := condition()):
        if time.monotonic() > end:
            raise Broken(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    return result
