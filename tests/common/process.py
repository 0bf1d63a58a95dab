# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Programs under test: started, talked to, waited for, and ended with the case that started
them."""
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import expect

PR_SET_CHILD_SUBREAPER = 36

# What qopen-in-vm says at the end of a session in which everything that was saved is here.
SUMMARY = re.compile(r'"[^"]*": (nothing was saved in .*|1 save, at .* is here|\d+ saves, .* here)')


class End:
    """How a program ended. `status`: as a shell has it; `out`, `err`: what it wrote to stdout and
    stderr, bytes."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = (128 - status if status < 0 else status), out, err

    @property
    def told(self):
        """stdout as text, without the last newline."""
        return text(self.out)

    @property
    def said(self):
        """stderr as text, without the last newline."""
        return text(self.err)

    def exits(self, status):
        expect.check(self.status == status,
                     f"exit status: {self.status}, expected: {status}\nstderr: {self.said}")
        return self

    def says(self, *parts):
        """One sentence, and these are in it. A hint to --help may follow, or a SUMMARY."""
        for part in parts:
            expect.has(self.said, part)
        lines = [line for line in self.said.split("\n")
                 if not line.startswith("Try '") and not SUMMARY.fullmatch(line)]
        expect.check(len(lines) == 1, f"said {len(lines)} lines, expected one:\n{self.said}")
        return self

    def says_nothing(self):
        """But for a SUMMARY."""
        expect.equal([line for line in self.said.split("\n")
                      if line and not SUMMARY.fullmatch(line)], [])
        return self


def text(data):
    """Bytes that are no UTF-8 are kept as surrogates."""
    return data.decode(errors="surrogateescape").rstrip("\n")


class Program:
    """A program that runs. What it writes goes to files, and can be looked at meanwhile: told(),
    said()."""

    def __init__(self, command, stdin=b"", stdout=None, stderr=None, **how):
        """
        stdin: bytes, a descriptor or file, or subprocess.PIPE, then `self.stdin` is to be written
        to. stdout, stderr: a descriptor or file; or subprocess.PIPE, then `self.stdout` or
        `self.stderr` is to be read.
        """
        self.out, self.err = (None if where else tempfile.TemporaryFile(buffering=0)
                              for where in (stdout, stderr))
        given = None
        if isinstance(stdin, bytes):
            stdin = given = given_bytes(stdin)
        try:
            self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout or self.out,
                                            stderr=stderr or self.err, bufsize=0, **how)
        finally:
            if given:
                given.close()
        self.pid, self.name = self.process.pid, os.path.basename(command[0])
        self.stdin, self.stdout, self.stderr = (self.process.stdin, self.process.stdout,
                                                self.process.stderr)
        started.append(self)

    def told(self):
        return text(written(self.out))

    def said(self):
        return text(written(self.err))

    def write(self, *data):
        """To its stdin, all of it. That nobody reads any more is no fault."""
        with contextlib.suppress(BrokenPipeError):
            for each in data:
                view = memoryview(each)
                while view:
                    view = view[self.stdin.write(view):]

    def close(self):
        """Its stdin. Returns self, for close().wait()."""
        self.stdin.close()
        return self

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)

    def runs(self):
        return self.process.poll() is None

    def wait(self):
        """Wait for its end. Its stdin stays as it is: where it reads on until the end of that,
        close() comes first."""
        self.process.wait()
        return End(self.process.returncode, *(written(file) for file in (self.out, self.err)))

    def run_out(self):
        """The same, for one of which nothing more is asked: a case may run thousands."""
        end = self.wait()
        said[:0] = self.last_words()
        self.close_files()
        started.remove(self)
        return end

    def end(self):
        """After a case: whatever it is doing."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        said.extend(self.last_words())
        self.close_files()

    def last_words(self):
        last = self.said() if self.err else ""
        return [f"stderr of {self.name}: {line}" for line in last.split("\n")[-5:] if last]

    def close_files(self):
        for file in (self.out, self.err, self.stdin, self.stdout, self.stderr):
            if file:
                with contextlib.suppress(OSError):
                    file.close()


started = []  # by the case that runs now
said = []  # the last lines on the stderr of those that ended, to explain a failure


def given_bytes(data):
    """A file that holds them, to be read from its beginning."""
    if not data:
        return open("/dev/null", "rb")
    file = tempfile.TemporaryFile(buffering=0)
    view = memoryview(data)
    while view:
        view = view[file.write(view):]
    file.seek(0)
    return file


def written(file):
    """All that a program has written to a file up to now. It shares the file's offset, which is
    left where it is."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) if file else b""


def run(command, **how):
    """Run it to its end."""
    return Program(command, **how).run_out()


def stat_of(pid):
    """The fields of /proc/PID/stat behind the name, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def ended(pid):
    """One that nobody has waited for has ended, too."""
    fields = stat_of(pid)
    return not fields or fields[0] in "ZX"


def await_rest(pid):
    """Until it sleeps whenever it is looked at: so it has seen what had happened before, also on a
    machine where it gets a processor late."""
    slept = 0
    while slept < 20 and not ended(pid):
        time.sleep(0.005)
        slept = slept + 1 if (stat_of(pid) or "?")[0] == "S" else 0


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def children(pid):
    """Of all its threads, those that live and those that nobody has waited for."""
    found = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                found += [int(word) for word in file.read().split()]
    return found


def something_runs(but=()):
    """Does anything that this process started, or left to it by those? Of the programs `but` only
    what they have started."""
    ours = set(children(os.getpid())) - {program.pid for program in but}
    return (not all(ended(pid) for pid in ours)
            or any(children(program.pid) for program in but))


def kill(pid, number=signal.SIGKILL):
    """One that has gone already is as well."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def adopt_orphans():
    """What the processes below this one leave behind becomes its own child, and not that of process
    1. So it knows, too, when none is left that could do what is waited for."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    expect.something_runs = something_runs


def exit_when_told():
    """SIGINT, SIGTERM and SIGHUP end this process by SystemExit, so that it tidies up behind
    itself. A second one does not stop it from that."""
    ends = signal.SIGINT, signal.SIGTERM, signal.SIGHUP

    def end(number, _):
        for each in ends:
            signal.signal(each, signal.SIG_IGN)
        expect.stopping.set()
        sys.exit(128 + number)
    for each in ends:
        signal.signal(each, end)


kept = set()  # the PIDs of children that go on when a case has ended, for others of the same worker


def end_all():
    """After a case: whatever it started has ended, but what is kept. What it left behind has become
    this process's child by then, level by level."""
    while started:
        started.pop().end()
    while left := set(children(os.getpid())) - kept:
        for pid in left:
            kill(pid)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
