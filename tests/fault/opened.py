# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file is open in another VM, where it is saved again and again. Whoever is killed, at random
moments: what is under its name is one whole version. When it is changed here: that stays."""
import glob
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

import process
from delivery import BUILD, HANGS, Broken, Delivery, children, clean_environment, kill
from jobs import SEED, Test
from named import editor_named
from versions import LAST, content, version_of

HERE = os.path.dirname(os.path.abspath(__file__))
OPENER, EDITOR = f"{BUILD}/bin/qopen-in-vm", f"{BUILD}/bin/vm-file-editor"
PYTHON = [sys.executable, "-S", "-E"]
FLOCK = 10  # sessions side by side: these wait more than they work

# Who is killed: the opener, with an editor that is quick, or that quick one; or with the real one
# at the other end either of them, or the application.
KILLS = {("opener", "quick"): 80, ("editor", "quick"): 40, ("opener", "real"): 100,
         ("editor", "real"): 260, ("application", "real"): 20}
# Seconds after which a save that was complete is at the opener's, though the editor is killed; and
# how long a session takes where that holds. A machine that is busier needs longer for both.
ARRIVES, UNDISTURBED = 2, 6

LOCAL = 99999  # the version that somebody writes here
CHANGES = 60


class Flock(Delivery):
    """A directory for sessions, in memory where that can be, or on a disk. Use it with `with`."""

    def __init__(self, on_disk=False):
        super().__init__(None)
        self.on_disk = on_disk

    def prepare(self):
        signal.alarm(HANGS)
        if self.on_disk:
            os.rmdir(self.top)
            self.top = tempfile.mkdtemp(prefix="qfile-fault.",
                                        dir=os.environ.get("TMPDIR", "/var/tmp"))


class Session:
    """One file that is open elsewhere."""

    def __init__(self, top, kind, always_rename=False):
        self.top, self.here, self.there = top, f"{top}/here", f"{top}/there"
        self.file, self.stderr = f"{self.here}/file.txt", f"{top}/stderr"
        for path in (top, self.here, self.there, f"{top}/home"):
            os.mkdir(path)
        with open(self.file, "wb") as file:
            file.write(content(0))
        self.log, self.struck = f"{top}/log", None
        person = shlex.join([*PYTHON, f"{HERE}/person.py", str(int(always_rename)), self.log])
        self.via = {"quick": [*PYTHON, f"{HERE}/quick_editor.py", str(LAST)],
                    "real": ["env", f"TMPDIR={self.there}", EDITOR, f"--handler={person}"]}[kind]
        self.program = None
        # The opener's own child, which makes safe to show what the editor says.
        self.helper = os.path.basename(OPENER)

    def start(self):
        with open(self.stderr, "ab") as stderr:
            self.program = subprocess.Popen(
                [OPENER, "--verbose", f"--via={editor_named('exec ' + shlex.join(self.via))}",
                 self.file],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                env={**clean_environment(), "HOME": f"{self.top}/home"})

    def find(self, target):
        """The process of one role, or None: not there yet, or no more."""
        line = [self.program.pid] if self.program.poll() is None else []
        while line and (below := [child for child in children(line[-1])
                                  if process.name_of(child) != self.helper]):
            line.append(below[0])
        # Between the editor and the application there is a shell.
        place = {"opener": 0, "editor": 1, "application": 3}[target]
        return line[place] if place < len(line) else None

    def strike(self, target):
        """Kill it as soon as it is there. Was it?"""
        while self.program.poll() is None:
            if pid := self.find(target):
                self.before, self.struck = version_of(self.file), time.monotonic()
                return kill(pid)
            time.sleep(0.0005)
        return False

    def need(self, promise, text):
        if not promise:
            raise Broken(f"{text} (status {self.program.returncode}, there: "
                         f"{sorted(os.listdir(self.here))}, said: {self.said()!r})")

    def said(self):
        with open(self.stderr, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check(self, target, kind, longest):
        """What is true once the opener has ended."""
        said = self.said()
        version = version_of(self.file)
        told = [int(number) for number in re.findall(r"save (\d+) is in", said)]
        self.need(version is not None and self.before is not None,
                  "no whole version is under the file's name")
        self.need(version >= self.before, f"version {version} followed version {self.before}")
        in_order = list(range(1, len(told) + 1))
        self.need(told == in_order, "saves are told in another order, or left out")
        if kind == "quick":
            self.need(version >= len(told),
                      f"version {version} is there after save {len(told)} was told of")
            self.need(version <= len(told) + 1,
                      f"version {version} is there, but only save {len(told)} was told of")
        if target != "opener":
            self.need(self.program.returncode == 1 or version == LAST, "the loss is no failure")
            self.need(os.listdir(self.here) == ["file.txt"], "something is left beside the file")
        if target == "editor":
            self.check_loss(said, version, told)
            self.need(kind != "quick" or version == len(told),
                      f"version {version} is there, which is not the last one")
            if kind == "real":
                self.check_arrived(version, longest)
        self.check_beside()

    def check_arrived(self, version, longest):
        """What was complete long before the kill is here, or what followed it."""
        arrives = ARRIVES * max(1, longest / UNDISTURBED)
        if not os.path.exists(self.log):
            return
        with open(self.log, encoding="ascii") as file:
            lines = [line.split() for line in file if line.endswith("\n")]
        complete = [int(number) for number, when in lines
                    if float(when) <= self.struck - arrives]
        self.need(not complete or version >= complete[-1],
                  f"version {version} is there, but {complete[-1:]} was complete "
                  f"{arrives:.1f} s before the kill")

    def check_loss(self, said, version, told):
        """The editor was killed: that is said, and which save was the last."""
        if "was lost" in said:
            last = f"number {len(told)}" if told else "no save had arrived"
            self.need(last in said, f"it does not say that the last save is {last}")
        else:
            # Before its answer's first byte, which is how version 1 says that nothing was changed;
            # or after its last.
            self.need(version in (0, LAST),
                      f"version {version} is there, and the loss is not told of")
            self.need(version == LAST or "killed by signal 9" in said,
                      "it does not say that the other side was killed")

    def check_beside(self):
        """A killed opener may leave one version under a hidden name: the new one, or that which it
        has replaced."""
        others = [name for name in os.listdir(self.here) if name != "file.txt"]
        self.need(len(others) <= 1
                  and all(re.fullmatch(r"\.qopen-[0-9a-f]{16}", name) for name in others),
                  "something is beside the file")
        self.need(all(version_of(f"{self.here}/{name}") is not None for name in others),
                  "what is left beside the file is not whole")

    def change(self):
        """Put another file in its place here, once the opener has sent what was there before."""
        while self.program.poll() is None and "save 1 is in" not in self.said():
            time.sleep(0.0005)
        with open(f"{self.top}/new", "wb") as file:
            file.write(content(LOCAL))
        os.rename(f"{self.top}/new", self.file)

    def check_change(self):
        """What was written here is there still, and the last edit beside it. Was there a save after
        the change?"""
        others = [name for name in os.listdir(self.here) if name != "file.txt"]
        self.need(version_of(self.file) == LOCAL, "the local version was overwritten")
        self.need(self.program.returncode == (1 if others else 0),
                  "it does not fail though an edit is elsewhere, or the other way round")
        self.need([version_of(f"{self.here}/{name}") for name in others] in ([], [LAST]),
                  "the last edit is not beside it")
        return bool(others)

    def check_next(self):
        """It can be opened again at once, and what is saved then is in its place."""
        self.via = [*PYTHON, f"{HERE}/quick_editor.py", "1"]
        self.start()
        self.need(self.program.wait(HANGS) == 0 and version_of(self.file) == 1,
                  "the next session failed")

    def wait_until_left(self):
        """The real editor notices that its opener has gone, and leaves nothing there but what may
        not have arrived."""
        ends = time.monotonic() + HANGS
        while os.listdir(self.there) and not self.is_kept():
            self.need(time.monotonic() < ends, "the editor has left something")
            time.sleep(0.005)

    def is_kept(self):
        """Is the file left there with a notice that nobody uses it? Then it is whole, and what is
        here is not newer."""
        for notice in glob.glob(f"{self.there}/*/NOT SENT BACK*"):
            with open(notice, encoding="utf-8") as file:
                if "No application uses it any more" in file.read():
                    there = version_of(f"{os.path.dirname(notice)}/file.txt")
                    self.need(there is not None and there >= version_of(self.file),
                              "what the editor has left is not the newest version")
                    return True
        return False


def duration(kind, on_disk=False):
    """Seconds that undisturbed sessions take, so many at a time."""
    with Flock(on_disk) as flock:
        sessions = [Session(f"{flock.top}/{number}", kind) for number in range(FLOCK)]
        begun = time.monotonic()
        for session in sessions:
            session.start()
        for session in sessions:
            session.need(session.program.wait() == 0, "without any kill it failed")
            session.need(version_of(session.file) == LAST, "without any kill something is missing")
        return time.monotonic() - begun


def at_moments(chance, longest, sessions):
    """Start these sessions, then yield each at a random moment."""
    begun = time.monotonic()
    for session in sessions:
        session.start()
    for moment, number in sorted((chance.uniform(0, longest), number)
                                 for number in range(len(sessions))):
        time.sleep(max(0, begun + moment - time.monotonic()))
        yield sessions[number]


def kill_some(seed, target, kind, longest):
    """Sessions side by side, a kill in each. Did enough of them strike?"""
    with Flock() as flock:
        sessions = [Session(f"{flock.top}/{number}", kind, target == "application")
                    for number in range(FLOCK)]
        struck = [session for session in at_moments(random.Random(seed), longest, sessions)
                  if session.strike(target)]
        for session in struck:
            session.program.wait()
            session.check(target, kind, longest)
            if kind == "real" and target != "editor":
                session.wait_until_left()
        for session in struck[:2]:
            session.check_next()
    return len(struck) >= FLOCK // 4


def change_some(seed, longest):
    """Sessions side by side; in each, somebody changes the file here. Were enough of them in the
    middle? A disk takes its time between the opener's look at the file and the exchange, in which
    much can happen."""
    with Flock(on_disk=True) as flock:
        sessions = [Session(f"{flock.top}/{number}", "quick") for number in range(FLOCK)]
        for session in at_moments(random.Random(seed), longest, sessions):
            session.change()
        for session in sessions:
            session.program.wait()
        return sum(session.check_change() for session in sessions) >= FLOCK // 4


def tests(run):
    longest = {kind: run.call(duration, kind) for kind in ("quick", "real")}
    print(f"# sessions take {longest['quick']:.3f} s, with the real editor {longest['real']:.3f} s",
          flush=True)
    for (target, kind), kills in KILLS.items():
        jobs = [(f"number {number}", kill_some, f"{SEED} {target} {kind} {number}", target, kind,
                 longest[kind]) for number in range(kills // FLOCK)]
        yield Test(f"open: {target} killed at {kills} random moments, {kind} editor", jobs,
                   len(jobs))
    on_disk = run.call(duration, "quick", True)
    jobs = [(f"number {number}", change_some, f"{SEED} change {number}", on_disk)
            for number in range(CHANGES // FLOCK)]
    yield Test(f"open: the file is changed here at {CHANGES} random moments", jobs,
               (len(jobs) + 1) // 2)
