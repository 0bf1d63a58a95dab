# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
A sample of cases that are much alike, where all of them take minutes: every fourth of each kind, by
chance, and at least one of each.

In the environment, SAMPLE=N chooses every N-th, SAMPLE=1 all; SEED=NUMBER repeats a choice.
"""
import os
import random

every = max(int(os.environ.get("SAMPLE") or 4), 1)
SEED = os.environ.get("SEED") or str(random.SystemRandom().randrange(1, 10**6))


def take_all():
    """Whoever names cases wants all of them."""
    global every
    every = 1


def of(cases, kind):
    """Some of each kind, in their order. `kind`: what a case has in common with those that are like
    it."""
    kinds = {}
    for case in cases:
        kinds.setdefault(kind(case), []).append(case)
    chosen = set()
    for name, those in kinds.items():
        some = random.Random(f"{SEED} {name}").sample(range(len(those)), -(-len(those) // every))
        chosen.update(id(those[number]) for number in some)
    return [case for case in cases if id(case) in chosen]


def of_lengths(lengths):
    """Of as many lengths as one is taken of, one after the other, one."""
    lengths = list(lengths)
    chosen = random.Random(f"{SEED} lengths")
    return [chosen.choice(lengths[begin:begin + every]) for begin in range(0, len(lengths), every)]


def note(what):
    """For a report, where it is a sample."""
    return ([] if every == 1 else
            [f"{what} are a sample: SEED={SEED} repeats it, make check-whole tries all"])
