# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a case expects, said in a function each, and waiting for what has to come."""
import os
import threading
import time

# Seconds, for a case that never ends; what is waited for in it has half of them. They end what
# hangs, and promise nothing about speed: no case takes a hundredth of it.
FOREVER = 1800

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


def wait_until(condition, what="what never came"):
    """Wait for what `condition` returns to be true, and return it. `what` completes "waited in vain
    for"; it may be a function."""
    end = time.monotonic() + FOREVER / 2
    pause = 0.001
    while not (result := condition()):
        if time.monotonic() > end or given_up():
            raise Broken(f"waited in vain for {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    return result
