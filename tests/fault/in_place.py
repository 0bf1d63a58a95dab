# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A save is written into the file itself. Whenever the opener is killed, or one of its calls fails:
the file has a whole content, or what it had before is beside it, whole, and is told of."""
import contextlib
import errno
import os
import shutil
import subprocess
import tempfile

import edit_wire as wire
from calls import ERRORS, Call, fault, need_tracing
from delivery import BUILD, INJECT, Broken, clean_environment
from jobs import Test

OPENER = f"{BUILD}/bin/qopen-in-vm"
# Longer than what was there, and shorter: several pieces each.
OLD, LONG, SHORT = b"old " * 100000, b"longer " * 100000, b"short " * 50000
UNFINISHED = "(before an unfinished save "


class Opened:
    """A file with two names. Use it with `with`."""

    def __init__(self, new):
        self.new = new

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="qfile-fault.")
        self.here, self.home = f"{self.top}/here", f"{self.top}/home"
        self.file = f"{self.here}/file.txt"
        for path in (self.here, self.home):
            os.mkdir(path)
        with open(self.file, "wb") as file:
            file.write(OLD)
        os.link(self.file, f"{self.top}/other")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.top)

    def run(self, *faults):
        """The opener's status and what it said."""
        with open(f"{self.top}/said", "wb") as said, \
                subprocess.Popen(
                    [INJECT, f"--log={self.top}/log", *faults, OPENER, "-v", "--in-place",
                     self.file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
                    env={**clean_environment(), "HOME": self.home}) as opener:
            opener.stdout.read()  # it must have sent all before anything comes back
            with contextlib.suppress(BrokenPipeError):
                opener.stdin.write(wire.save(self.new) + wire.done())
            with contextlib.suppress(BrokenPipeError):
                opener.stdin.close()
        with open(f"{self.top}/said", encoding="utf-8", errors="replace") as said:
            return opener.returncode, said.read()

    def calls(self):
        with open(f"{self.top}/log", encoding="utf-8", errors="replace") as log:
            return [line.split() for line in log]

    def contents(self):
        """Of the file, and of the copies of what it had before."""
        with open(self.file, "rb") as file:
            content = file.read()
        copies = [os.path.join(where, name) for where, _, names in os.walk(self.top)
                  for name in names if UNFINISHED in name]
        return content, copies

    def check(self, said):
        content, copies = self.contents()

        def need(promise, text):
            if not promise:
                raise Broken(f"{text}; {len(content)} bytes, copies: {copies}, said: {said!r}")
        need(os.stat(self.file).st_nlink == 2, "it has not its other name any more")
        for copy in copies:
            with open(copy, "rb") as file:
                need(file.read() == OLD, "a copy is not whole")
        need(content in (OLD, self.new) or copies, "it is no whole content, and there is no copy")
        return copies


def learn(new):
    with Opened(new) as it:
        status, said = it.run()
        if status != 0 or it.contents() != (new, []) or "into the file itself" not in said:
            raise Broken(f"without any fault it failed: {status}, {said!r}")
        calls = [Call(words) for words in it.calls() if words[0] != "#"]
    return [call for call in calls if call.role == 0]


def strike(new, what):
    with Opened(new) as it:
        _, said = it.run(what)
        struck = any(words[0] == "#" for words in it.calls())
        copies = it.check(said)
        # Whoever opens it next is told of the copy; and saves.
        status, said = it.run()
        if copies and "was interrupted: the content before it is in" not in said:
            raise Broken(f"nobody is told of {copies}: {said!r}")
        if it.contents()[0] != new and not (status == 1 and "is not in" in said):
            raise Broken(f"the next save is not there: {status}, {said!r}")
    return struck


def tests(run):
    need_tracing()
    for name, new in (("longer", LONG), ("shorter", SHORT)):
        calls = run.call(learn, new)
        jobs = [(str(call), strike, new, fault(call, "kill")) for call in calls]
        yield Test(f"in place: a {name} save, killed at each call", jobs, len(jobs) * 3 // 4)
        for error in ("EIO", "ENOSPC"):
            jobs = [(str(call), strike, new, fault(call, getattr(errno, error))) for call in calls
                    if error in ERRORS.get(call.name, ("EIO",))]
            yield Test(f"in place: a {name} save, {error} from each call", jobs, len(jobs) // 2)
