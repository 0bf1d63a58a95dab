# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Cases, run side by side by a few processes, and reported as TAP.

Each worker is a fork of this process: it has everything that was set up here before, and may change
its directory, its umask and its limits.
"""
import multiprocessing.connection
import os
import resource
import signal
import sys
import time
import traceback

import expect
import process


class Skip(Exception):
    """A case cannot be run here, for this reason."""


class Case:
    """A name, and a function that raises what is wrong, or Skip."""

    def __init__(self, name, function):
        self.name, self.function = name, function


# The exit status of a suite where nothing is called as its arguments say.
NONE_CALLED_SO = 3


def also_run_by():
    """The user who runs the same suites besides this one, and all of their cases; None if nobody
    does."""
    return os.environ.get("QFILE_ALSO_RUN_BY")


def chosen(cases, words):
    """Those with one of these texts in their names, or all; ends the process where there are
    none."""
    found = [case for case in cases if not words or any(word in case.name for word in words)]
    if not found:
        print(f"no case is called {' or '.join(words)}", file=sys.stderr)
        sys.exit(NONE_CALLED_SO)
    return found


def complaints_of(case):
    """Run a case. Returns why it was skipped, or None; and the lines that say what is wrong."""
    process.said.clear()
    signal.alarm(expect.FOREVER)
    try:
        case.function()
    except Skip as reason:
        return str(reason), []
    except expect.Broken as broken:
        process.end_all()
        return None, told(broken) + process.said[:20]
    except Exception:
        return None, traceback.format_exc().splitlines()
    finally:
        signal.alarm(0)
        process.end_all()
    return None, []


# How a case is run and expectations are checked explains no failure.
UNTOLD = "tap.py", "suite.py", "process.py", "expect.py", "thread.py", "run.py"


def told(broken):
    """Where an expectation was not met, and how; first the one before it, where it was met while
    that one was dealt with."""
    before = told(broken.__context__) if isinstance(broken.__context__, expect.Broken) else []
    frames = [frame for frame in traceback.extract_tb(broken.__traceback__)
              if os.path.basename(frame.filename) not in UNTOLD]
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno}: {frame.line}"
              for frame in frames]
    return before + places + str(broken).splitlines()


class Cost:
    """What a case takes from here on: seconds of the processor, its own and those of all that it
    started and that has ended; and seconds of the clock."""

    def __init__(self):
        self.before = self.now()

    @staticmethod
    def now():
        used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF,
                                                        resource.RUSAGE_CHILDREN)]
        return sum(each.ru_utime + each.ru_stime for each in used), time.monotonic()

    def so_far(self):
        return tuple(after - before for before, after in zip(self.before, self.now()))


TIDYING = 60  # seconds, for what a case that hung does at its end, which may hang as well


def hung(*_):
    signal.alarm(TIDYING)
    raise expect.Broken(f"hung for {expect.FOREVER} seconds")


def work(cases, channel):
    """A worker: cases by their numbers, until there are no more. Answers each with why it was
    skipped, complaints, and what it cost."""
    signal.signal(signal.SIGALRM, hung)
    process.adopt_orphans()
    try:
        while True:
            try:
                number = channel.recv()
            except EOFError:
                return
            cost = Cost()
            channel.send((*complaints_of(cases[number]), cost.so_far()))
    finally:
        process.kept.clear()
        process.end_all()
        channel.close()


def start_worker(cases, others):
    """Returns its channel, and its PID."""
    ours, theirs = multiprocessing.connection.Pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        theirs.close()
        return ours, pid
    for each in [ours, *others]:
        each.close()
    status = 1
    try:
        work(cases, theirs)
        status = 0
    except SystemExit:  # told to stop
        pass
    finally:
        sys.stdout.flush()
        os._exit(status)


class Report:
    """TAP on stdout."""

    def __init__(self, notes=(), left_out=0):
        self.number = self.failed = 0
        self.left_out = left_out
        for note in notes:
            print(f"# note: {note}", flush=True)
        if left_out:
            print(f"# left out: {left_out}", flush=True)

    def add(self, name, skipped, complaints, cost=None):
        """cost: seconds of the processor and of the clock, where they are known."""
        self.number += 1
        self.failed += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {self.number} - "
              f"{name}{f' # skip {skipped}' if skipped is not None else ''}",
              *(f"# {printable(line)}" for line in complaints[:60]),
              *([f"# cost {cost[0]:.3f} {cost[1]:.3f}"] if cost else []), sep="\n", flush=True)

    def end(self):
        """Returns the exit status."""
        print(f"1..{self.number}", flush=True)
        return 1 if self.failed or not self.number + self.left_out else 0


def printable(line):
    """A line of text that may hold anything that a program said."""
    return "".join(letter if letter.isprintable() else "?"
                   for letter in line[:1000].encode(errors="replace").decode())


class Pool:
    """Workers, and the case that each of them has. One that dies takes its case along, and another
    one takes its place."""

    def __init__(self, cases, report):
        self.cases, self.report = cases, report
        self.waiting = list(range(len(cases)))[::-1]
        self.busy = {}  # channel: PID, number of the case

    def hire(self):
        channel, pid = start_worker(self.cases, self.busy)
        self.give(channel, pid)

    def give(self, channel, pid):
        """A worker the next case."""
        self.busy[channel] = pid, self.waiting.pop()
        channel.send(self.busy[channel][1])

    def take(self, channel):
        """What became of its case. Then it gets another one, or is done."""
        pid, number = self.busy.pop(channel)
        try:
            skipped, complaints, cost = channel.recv()
        except EOFError:
            skipped, complaints, cost = None, ["the process that ran this case died"], None
            lives = False
        else:
            lives = True
        self.report.add(self.cases[number].name, skipped, complaints, cost)
        if lives and self.waiting:
            self.give(channel, pid)
        else:
            channel.close()
            os.waitpid(pid, 0)

    def run(self, workers):
        while self.waiting or self.busy:
            while self.waiting and len(self.busy) < workers:
                self.hire()
            for channel in multiprocessing.connection.wait(list(self.busy)):
                self.take(channel)

    def end(self):
        """Whatever they are doing."""
        for pid, _ in self.busy.values():
            os.kill(pid, signal.SIGTERM)
        for channel, (pid, _) in self.busy.items():
            channel.close()
            os.waitpid(pid, 0)
        process.end_all()  # what workers that died left behind


def run(cases, workers, notes=(), left_out=0):
    """Run cases, so many at a time. `notes`: sentences about what is run, for the report;
    `left_out`: how many do not depend on the user, and are run by another one. Returns the exit
    status."""
    process.exit_when_told()
    process.adopt_orphans()
    report = Report(notes, left_out)
    pool = Pool(cases, report)
    try:
        pool.run(workers)
    finally:
        pool.end()
    return report.end()
