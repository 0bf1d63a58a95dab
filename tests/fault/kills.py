# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Kills at random moments."""
import os
import random
import statistics
import sys
import time

import trees
from delivery import Delivery, children, kill
from jobs import SEED, Test

KILLS = 300
# the committer is too short-lived; the part `calls` has it
TARGETS = ("agent", "client", "monitor", "child")
CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "client.py")


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def first_child(pid, name):
    """The first process of that name among the descendants, nearest first."""
    below = children(pid)
    nearest = (child for child in below if name_of(child) == name)
    return (next(nearest, None)
            or next(filter(None, (first_child(child, name) for child in below)), None))


def find(target):
    """The process of one role, or None: not there yet, or no more."""
    if target in ("agent", "client"):
        return first_child(os.getpid(),
                           "qfile-agent" if target == "agent" else os.path.basename(sys.executable))
    monitor = first_child(os.getpid(), "qfile-unpacker")
    return next(iter(children(monitor)), None) if monitor and target == "child" else monitor


def wait_for(target, it):
    """The process, once it is there. None: the delivery ended before."""
    while it.agent.poll() is None:
        if pid := find(target):
            return pid
        time.sleep(0.0005)
    return None


def begin(it):
    it.start(through=[sys.executable, "-S", "-E", CLIENT])


def duration():
    """Seconds that an undisturbed delivery takes."""
    times = []
    for _ in range(5):
        with Delivery(trees.plant_many) as it:
            begun = time.monotonic()
            begin(it)
            it.end()
            times.append(time.monotonic() - begun)
            it.need(it.status == 0 and it.state() == "whole", "without any kill it failed")
    return statistics.median(times)


def kill_once(seed, target, longest):
    chance = random.Random(seed)
    with Delivery(trees.plant_many, move=chance.random() < 0.5) as it:
        begin(it)
        time.sleep(chance.uniform(0, longest))
        pid = wait_for(target, it)
        struck = bool(pid) and kill(pid)
        it.end()
        it.check()
        it.check_next()
    return struck


def tests(run):
    longest = run.call(duration)
    print(f"# a delivery takes {longest:.3f} s", flush=True)
    for target in TARGETS:
        jobs = [(f"number {number}", kill_once, f"{SEED} {target} {number}", target, longest)
                for number in range(KILLS // len(TARGETS))]
        yield Test(f"kills: {target} killed at random moments", jobs, len(jobs) // 4)
