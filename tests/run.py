#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Run suites of tests, as the caller and, started by root, as a plain user too. Ends with "N
passed, N failed, N skipped", and where root and a plain user run the suites, with how many cases do
not depend on the user and ran as root only.

Each suite is a program that writes TAP. What it said is below BUILD/tests/results:
SUITE-as-USER.tap, and .err for its stderr.
"""
import argparse
import contextlib
import os
import pathlib
import pwd
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(1, str(TOP / "tests/common"))

import machine
import plain_names
import process
import sample
import scratch
import settings
import tap

PLAIN_USER = 65534

SUITES = {
    "unit": lambda build: [f"{build}/tests/unit-tests"],
    **{name: lambda build, name=name: [settings.PYTHON, "-B", f"tests/{name}/run.py"]
       for name in ("hostile", "escape", "sandbox", "dom0", "editors", "integration", "fault",
                    "filesystems", "applications", "desktop", "packages", "powercut", "system",
                    "xen")},
    "lab-filesystems": lambda build: [settings.PYTHON, "-B", "tests/filesystems/in_lab.py"],
    "xen-system": lambda build: [settings.PYTHON, "-B", "tests/xen/on_debian.py"],
}
# What they test runs there.
IN_EMULATOR = {"xen", "xen-system", "system", "powercut", "lab-filesystems"}
MEASURE = ["xen", "powercut"]  # suites that say what they measured, on stderr
# These run so many at a time: each waits as much as it works. The others need the machine.
AT_ONCE = 2
LONGEST = "integration"
# In this order: the first of them take one processor each or wait, and the last take all that there
# are, so that none is idle at the end.
USUAL = ["unit", "editors", "dom0", "sandbox", "escape", "hostile", "integration"]


# Where a unit test failed.
LOCATED = re.compile(r"[^:]+:\d+:[FE]:")


class Tally:
    """What one run of a suite came to."""

    def __init__(self):
        self.passed = self.failed = 0
        self.skipped = {}  # reason: names
        self.broken = []   # lines of the cases that failed
        self.notes = []    # what the suite says about what it runs
        self.left_out = 0  # cases that do not depend on the user, and that another one runs
        self.costs = []    # of each case: seconds of the processor and of the clock, its name
        self.name = ""     # of the case that was reported last
        self.planned = None
        self.processor = self.wall = 0

    def count(self, line):
        """A line of TAP."""
        if line.startswith("# ") and self.told(line):
            return
        if match := re.match(r"(?:not )?ok \d+ (?:- )?(.*)", line):
            self.name = match[1]
        if match := re.match(r"ok \d+ (?:- )?(.*?) # skip (.*?)(?::skipped: Passed)?$", line):
            self.skipped.setdefault(match[2], []).append(match[1])
        elif line.startswith("ok "):
            self.passed += 1
        elif line.startswith("not ok "):
            self.failed += 1
            self.broken.append(line)
            return
        elif match := re.match(r"1\.\.(\d+)", line):
            # a suite may write several documents
            self.planned = (self.planned or 0) + int(match[1])
        elif self.broken and (line.startswith("#") or LOCATED.match(line)):
            self.broken.append(line)
            return
        if self.broken and self.broken[-1]:
            self.broken.append("")

    def told(self, line):
        """Is this a line of common/tap.py that does not belong to a failure?"""
        if match := re.match(r"# cost ([\d.]+) ([\d.]+)$", line):
            self.costs.append((float(match[1]), float(match[2]), self.name))
        elif match := re.match(r"# note: (.*)", line):
            self.notes.append(match[1])
        elif match := re.match(r"# left out: (\d+)$", line):
            self.left_out += int(match[1])
        return bool(match)

    def explained(self):
        """What went wrong. Unit tests say it twice: the second time with the line."""
        lines = [line for line in self.broken if LOCATED.match(line)]
        return lines if len(lines) == self.failed else self.broken

    def end(self, status):
        """One that dies before its end counts as one failure more."""
        seen = self.passed + self.failed + len(self)
        if (self.planned != seen or not seen + self.left_out
            or (status and not self.failed)):
            self.failed += 1
            how = (f"ended by {signal.Signals(-status).name}" if status and status < 0
                   else f"exit status {status}")
            self.broken.append(f"it ended early: {how}, {seen} of {self.planned or 'some'} cases")

    def __len__(self):
        """How many were skipped."""
        return sum(len(names) for names in self.skipped.values())

    def __str__(self):
        left_out = f", {self.left_out} as root only" if self.left_out else ""
        return f"{self.passed} passed, {self.failed} failed, {len(self)} skipped{left_out}"


def started_processes():
    """Processes and threads that this machine has started since it booted: of everybody, so that it
    says something on a quiet machine only."""
    with open("/proc/stat", encoding="ascii") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("processes")), 0)


class User:
    """Whom suites run as: in the tree at `tree`, with `prefix` before their command, and scratch
    directories of their own."""

    def __init__(self, name, tree, prefix=(), uid=None):
        self.name, self.tree, self.prefix = name, tree, list(prefix)
        self.also_run_by = None  # another user who runs the same suites
        self.scratch = scratch.Scratch(uid)

    def environment(self):
        # What check's library reads in it could leave tests out, and so could that of another run.
        ours = {name: value for name, value in os.environ.items()
                if not name.startswith("CK_") and name != "QFILE_ALSO_RUN_BY"}
        beside = {"QFILE_ALSO_RUN_BY": self.also_run_by} if self.also_run_by else {}
        return {**ours, **beside, "LC_ALL": "C.UTF-8", "TMPDIR": self.scratch.directory,
                "QFILE_DISK": self.scratch.disk, "SEED": sample.SEED,
                # What the unit tests are told by the library that runs them.
                "CK_TAP_LOG_FILE_NAME": "-", "CK_VERBOSITY": "normal"}


class Results:
    """What a suite says: `report`, its TAP, and `told`, its stderr. Those of an earlier run stay
    until it says something, so that all can be followed."""

    def __init__(self, base):
        self.names = f"{base}.tap", f"{base}.err"
        self.report, self.told = (open(f"{name}.new", "w+b", buffering=0) for name in self.names)
        self.kept = False

    def keep(self):
        if not self.kept:
            for name in self.names:
                os.replace(f"{name}.new", name)
        self.kept = True

    def stderr(self):
        self.told.seek(0)
        return self.told.read().decode(errors="replace")

    def close(self):
        for file in self.report, self.told:
            file.close()
        if not self.kept:
            for name in self.names:
                os.unlink(f"{name}.new")


class Running:
    """A suite that runs: `said` is what it has said since the last whole line."""

    def __init__(self, name, user, command, base):
        self.name, self.title, self.tally = name, f"{name} as {user.name}", Tally()
        self.results, self.said, self.begun = Results(base), b"", time.monotonic()
        self.process = subprocess.Popen(command, cwd=user.tree, env=user.environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.results.told, start_new_session=True)
        process.kept.add(self.process.pid)

    def hear(self, data):
        """Count what it says, as it says it."""
        *lines, self.said = (self.said + data).split(b"\n")
        for line in lines:
            self.results.keep()
            self.results.report.write(line + b"\n")
            self.tally.count(line.decode(errors="replace"))

    def wait(self):
        """For its end. Returns the exit status."""
        _, status, used = os.wait4(self.process.pid, 0)
        process.kept.discard(self.process.pid)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.tally.processor = used.ru_utime + used.ru_stime
        self.tally.wall = time.monotonic() - self.begun
        return self.process.returncode

    def stop(self):
        """It does so by itself, and tidies up."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.wait()

    def close(self):
        self.process.stdout.close()
        self.results.close()


class Runner:
    def __init__(self, options):
        self.options, self.tallies = options, []
        self.refused = ""  # what the last suite said that has nothing called so
        self.results = settings.BUILD / "tests/results"
        self.results.mkdir(parents=True, exist_ok=True)
        self.live = sys.stdout.isatty()
        self.started, self.wall = started_processes(), time.monotonic()

    def start(self, name, user):
        command = [*user.prefix, *SUITES[name](os.path.basename(settings.BUILD)), *self.words(name)]
        return Running(name, user, command, self.results / f"{name}-as-{user.name}")

    def show(self, running):
        if self.live:
            print("\r" + "; ".join(f"{suite.title} ... {suite.tally}" for suite in running),
                  end="\033[K", flush=True)

    def run(self, jobs, at_once):
        """Run suites, names and users, in this order, so many at a time. Whatever happens, nothing
        of them is left."""
        waiting, running = list(jobs)[::-1], {}
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    suite = self.start(*waiting.pop())
                    running[suite.process.stdout] = suite
                self.show(running.values())
                for stream in select.select(list(running), [], [])[0]:
                    if data := os.read(stream.fileno(), 65536):
                        running[stream].hear(data)
                    else:
                        self.end(running[stream])
                        del running[stream]
        finally:
            for suite in running.values():
                suite.stop()
            # Of one that still ran, too, something may be among these.
            process.end_all()
            for suite in running.values():
                print("\r\033[K" * self.live + f"{suite.title} ... stopped; so far {suite.tally}",
                      *suite.tally.explained(), sep="\n", flush=True)
                suite.close()

    def end(self, suite):
        status = suite.wait()
        print("\r\033[K" * self.live, end="")
        if status == tap.NONE_CALLED_SO and self.options.test:
            self.refused = suite.results.stderr()
        else:
            suite.results.keep()
            suite.tally.end(status)
            self.tallies.append((suite.title, suite.tally))
            print(f"{suite.title} ... ", end="")
            self.tell(suite.tally, suite.results, suite.name in MEASURE)
        suite.close()

    def words(self, name):
        if name == "editors" and not self.options.test and not self.options.suites:
            return ["vim", "nano"]  # the others need a screen, and a target of their own
        return self.options.test

    @staticmethod
    def tell(tally, results, measures):
        print(tally)
        for reason, names in tally.skipped.items():
            print(f"    skipped {len(names)}: "
                  f"{reason} ({names[0]}{', ...' if len(names) > 1 else ''})")
        for note in tally.notes:
            print(f"    {note}")
        print(*tally.explained(), sep="\n", end="\n" * bool(tally.broken))
        lines = results.stderr().splitlines() if tally.failed or measures else []
        if lines:
            print("What it said on stderr, "
                  f"{results.names[1]}{', the last 40 lines' if len(lines) > 40 else ''}:",
                  *lines[-40:], sep="\n")
        sys.stdout.flush()

    def table(self):
        print(f"\nWhat it cost. {AT_ONCE} suites run at the same time.\n")
        print(f"{'suite':32} {'cases':>7} {'processor':>10} {'wall':>8}")
        total = self.sum()
        total.wall = time.monotonic() - self.wall
        for title, tally in [*sorted(self.tallies), ("all", total)]:
            cases = tally.passed + tally.failed + len(tally)
            print(f"{title:32} {cases:7} {tally.processor:8.1f} s {tally.wall:6.1f} s")
        print(f"\nThe whole machine has started {started_processes() - self.started} processes "
              "meanwhile.\n")

    def slowest(self, count):
        """The cases that cost most, by the processor and by the clock. The unit tests do not say
        what each of them costs."""
        cases = [(*cost[:2], f"{title}: {cost[2]}")
                 for title, tally in self.tallies for cost in tally.costs]
        for by, what in enumerate(("processor", "wall")):
            print(f"The {min(count, len(cases))} cases that cost most, by {what}:\n\n"
                  f"{'processor':>11} {'wall':>11}")
            for each in sorted(cases, key=lambda case, by=by: -case[by])[:count]:
                print(f"{each[0]:9.2f} s {each[1]:9.2f} s  {each[2]}")
            print()

    def sum(self):
        total = Tally()
        for _, tally in self.tallies:
            for name in ("passed", "failed", "left_out", "processor"):
                setattr(total, name, getattr(total, name) + getattr(tally, name))
            for reason, names in tally.skipped.items():
                total.skipped.setdefault(reason, []).extend(names)
        return total


def caller():
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def others_can_use_it():
    """Can everybody run what is built here?"""
    built = [path for path in settings.BIN.iterdir() if path.stat().st_mode & 0o100]
    programs = [settings.BIN, *built, settings.BUILD / "tests"]
    return (all(path.stat().st_mode & 0o005 == 0o005 for path in programs)
            and all(path.stat().st_mode & 0o001 for path in settings.BIN.resolve().parents))


def copy_tree(user):
    """A copy for a user to work in, which all can enter."""
    user.tree = f"{user.scratch.directory}/tree"
    build = os.path.basename(settings.BUILD)
    os.mkdir(user.tree)
    leave_out = [f"--exclude={name}" for name in ("./.git", "./build*", "__pycache__")]
    of_build = [f"--exclude={build}/{name}"
                for name in ("demo", "fuzz", *IN_EMULATOR, "tests/results", "tests/unit",
                             "tests/escape/*.o", "tests/sandbox/*.o", "tests/fuzz", "applications")]
    copy = (f"{{ tar -c {shlex.join(leave_out)} . && tar -c {shlex.join(of_build)} "
            f"{shlex.quote(build)}; }} | tar -x -i -C {shlex.quote(user.tree)}")
    subprocess.run(["sh", "-c", copy], cwd=TOP, check=True)
    subprocess.run(["chmod", "-R", "go+rX", user.tree], check=True)
    for counters in pathlib.Path(user.tree).glob("build-coverage/**/*.counters"):
        counters.unlink()
        counters.symlink_to(TOP / counters.relative_to(user.tree))


def plain_user(stack):
    """In a copy of the tree of its own: this one may be where that user cannot go."""
    user = User("plain-user", None, uid=PLAIN_USER)
    stack.callback(user.scratch.remove)
    copy_tree(user)
    subprocess.run(["chown", "-R", f"{PLAIN_USER}:{PLAIN_USER}", user.tree], check=True)
    user.prefix = ["setpriv", f"--reuid={PLAIN_USER}", f"--regid={PLAIN_USER}", "--clear-groups",
                   "env", f"HOME={user.tree}"]
    return user


def keep_pictures(user):
    """What was seen on the screens of a suite, from the tree that it ran in."""
    pictures = pathlib.Path(user.tree) / settings.BUILD.name / "applications"
    if user.tree != TOP and pictures.is_dir():
        shutil.copytree(pictures, settings.BUILD / "applications", dirs_exist_ok=True)


def ordered(suites, users):
    """Suites and users. The longest suite of each runs beside the shorter ones of the other."""
    first, *others = users
    long = [name for name in suites if name == LONGEST]
    short = [name for name in suites if name != LONGEST]
    return [*((name, first) for name in long),
            *((name, user) for user in others for name in short + long),
            *((name, first) for name in short)]


def run(runner, options):
    suites = options.suites or USUAL
    with contextlib.ExitStack() as stack:
        myself = User(caller(), TOP)
        stack.callback(myself.scratch.remove)
        if machine.am_root() and not set(suites) <= IN_EMULATOR and not others_can_use_it():
            copy_tree(myself)
            print(f"Other users cannot run what is in {TOP}: root tests a copy of it.", flush=True)
        users = [myself]
        if machine.am_root() and not options.once:
            users.append(plain_user(stack))
            if sample.every > 1:  # not where all is to be tried
                users[1].also_run_by = myself.name
        if options.plain:
            users = users[-1:]
            stack.callback(keep_pictures, users[0])
        runner.run(ordered(suites, users), AT_ONCE if set(suites) <= set(USUAL) else 1)


def main():
    process.exit_when_told()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-1", dest="once", action="store_true", help="as the caller only")
    parser.add_argument("--plain", action="store_true",
                        help="not as root: started by root, as the plain user only")
    parser.add_argument("-s", dest="suites", type=str.split, metavar="SUITES",
                        help=f"words of {' '.join(SUITES)}; if not said, {' '.join(USUAL)}")
    parser.add_argument("-t", "--test", dest="test", action="append", default=[], metavar="NAME",
                        help="only the cases of the file that is called so, "
                        "or that have this text in their names; may be said several times")
    parser.add_argument("--slowest", type=int, default=0, metavar="N",
                        help="show the N cases that cost most")
    options = parser.parse_args()
    if unknown := set(options.suites or ()) - set(SUITES):
        sys.exit(f"There is no suite {' '.join(sorted(unknown))}. There are: {' '.join(SUITES)}.")
    plain_names.hide()
    process.adopt_orphans()
    runner = Runner(options)
    try:
        run(runner, options)
    except BrokenPipeError:  # nobody reads what becomes of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    if not runner.tallies and len(options.suites or USUAL) == 1:
        sys.exit(runner.refused.rstrip())
    if not runner.tallies:
        sys.exit(f"No test has {' or '.join(map(repr, options.test))} in its name, "
                 "and no file of tests is called so.")
    runner.table()
    if options.slowest:
        runner.slowest(options.slowest)
    print(runner.sum())
    return 1 if runner.sum().failed else 0


if __name__ == "__main__":
    sys.exit(main())
