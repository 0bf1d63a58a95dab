# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of many jobs each, done by a few processes, reported as TAP."""
import concurrent.futures
import multiprocessing
import traceback

import delivery

WORKERS = 2


class Skip(Exception):
    """A test cannot be run here, for this reason."""


class Test:
    """A name, and jobs: (label, function, arguments). A job raises Broken, or tells whether its fault struck at all."""

    def __init__(self, name, jobs, least=1):
        self.name, self.jobs, self.least = name, jobs, least


def judge(job, future):
    """Did the fault strike, and what was broken?"""
    try:
        return future.result(), None
    except delivery.Broken as broken:
        return True, f"{job[0]}: {broken}"
    except Skip:
        raise
    except Exception:
        return False, f"{job[0]}: {traceback.format_exc()}"


class Run:
    """All tests of one run."""

    def __init__(self):
        context = multiprocessing.get_context("fork")
        self.pool = concurrent.futures.ProcessPoolExecutor(WORKERS, context, initializer=delivery.settle_here)
        self.number = self.failed = 0

    def call(self, function, *arguments):
        """What a function returns, in one of the processes."""
        return self.pool.submit(function, *arguments).result()

    def report(self, verdict, name, details=()):
        self.number += 1
        print(f"{verdict} {self.number} - {name}", flush=True)
        for detail in details:
            print("\n".join(f"# {line}" for line in detail.splitlines()), flush=True)

    def do(self, test):
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
        more = [f"and {len(broken) - 10} more"] if len(broken) > 10 else []
        self.report("not ok" if broken else "ok", f"{test.name} ({struck} of {len(results)})", broken[:10] + more)

    def skip(self, name, reason):
        self.report("ok", f"{name} # skip {reason}")

    def fail(self, name, broken):
        self.failed += 1
        self.report("not ok", name, [str(broken)])

    def end(self):
        self.pool.shutdown()
        print(f"1..{self.number}")
        return 1 if self.failed or not self.number else 0
