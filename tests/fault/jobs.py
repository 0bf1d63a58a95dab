# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
Tests of many jobs each, done by a few processes, reported as TAP.

In the environment, SAMPLE=N chooses one of N jobs of each test that has many, and SEED=NUMBER
repeats what an earlier run left to chance, as far as moments can be repeated.
"""
import concurrent.futures
import multiprocessing
import os
import random
import traceback

import delivery
import tap
from tap import Skip

WORKERS = 2
FEW = 4  # jobs that a sample takes all of
SAMPLE = max(int(os.environ.get("SAMPLE") or 1), 1)
SEED = os.environ.get("SEED") or str(random.SystemRandom().randrange(10**9))


class Test:
    """A name, and jobs: (label, function, arguments). A job raises Broken, or tells whether its
    fault struck at all."""

    def __init__(self, name, jobs, least=1):
        self.name, self.jobs, self.least = name, jobs, least

    def sample(self):
        """A part of it, where a sample is asked for. So many faults may miss there as in the
        whole."""
        count = min(len(self.jobs), max(len(self.jobs) // SAMPLE, FEW))
        chosen = sorted(random.Random(f"{SEED} {self.name}").sample(range(len(self.jobs)), count))
        misses = len(self.jobs) - self.least
        return Test(self.name, [self.jobs[number] for number in chosen], max(count - misses, 0))


def judge(job, future):
    """Did the fault strike, and what was broken?"""
    try:
        return future.result(), None
    except delivery.Broken as broken:
        return True, f"{job[0]}: " + "\n".join(tap.told(broken))
    except Skip:
        raise
    except Exception:
        return False, f"{job[0]}: {traceback.format_exc()}"


class Run:
    """All tests of one run."""

    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.pool = concurrent.futures.ProcessPoolExecutor(
            WORKERS, context, initializer=delivery.settle_here)
        self.number = self.failed = 0
        print(f"# SEED={SEED} SAMPLE={SAMPLE}", flush=True)

    def call(self, function, *arguments, **named):
        """What a function returns, in one of the processes."""
        return self.pool.submit(function, *arguments, **named).result()

    def report(self, verdict, name, details=()):
        self.number += 1
        print(f"{verdict} {self.number} - {name}", flush=True)
        for detail in details:
            print("\n".join(f"# {line}" for line in detail.splitlines()), flush=True)

    def do(self, whole):
        test = whole.sample()
        futures = [self.pool.submit(job[1], *job[2:]) for job in test.jobs]
        try:
            results = [judge(job, future) for job, future in zip(test.jobs, futures)]
        except Skip as reason:
            self.report("ok", f"{test.name} # skip {reason}")
            return
        broken = [text for _, text in results if text]
        struck = sum(bool(hit) for hit, _ in results)
        if struck < test.least:
            broken.append(f"only {struck} of {len(results)} faults struck")
        self.failed += bool(broken)
        of_all = "" if len(results) == len(whole.jobs) else f", sampled from {len(whole.jobs)}"
        more = [f"and {len(broken) - 10} more"] if len(broken) > 10 else []
        self.report("not ok" if broken else "ok",
                    f"{test.name} ({struck} of {len(results)}{of_all})", broken[:10] + more)

    def skip(self, name, reason):
        self.report("ok", f"{name} # skip {reason}")

    def fail(self, name, broken):
        self.failed += 1
        self.report("not ok", name, [str(broken)])

    def end(self):
        self.pool.shutdown()
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0
