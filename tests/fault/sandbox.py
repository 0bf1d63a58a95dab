# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A call of @dispvm: pedos-rpc, both processes of pedos-rpc-sandbox and what becomes bubblewrap die
at each of their system calls, or one of these fails. The caller has the whole right result, or a
sentence and another status than 0; nothing is left."""
import errno
import os
import platform
import signal
import subprocess

import calls
import machine
import rpc
import trees
from delivery import HANGS, INJECT, Broken, Delivery, clean_environment, wait_for_all
from jobs import Test
from tap import Skip

# In the order of their creation. The last one is the worker's until it runs bubblewrap.
ROLES = ("the caller", "the guard", "the worker", "bubblewrap's process")
CALLER, STARTS = 0, 3

ERRORS = {
    **rpc.ERRORS, "readlink": ("EACCES",), "access": ("EACCES",), "socketpair": ("EMFILE",),
    "prlimit64": ("EPERM",), "seccomp": ("EINVAL",), "memfd_create": ("EMFILE",),
    "execve": ("EACCES", "ENOMEM"), "fcntl": ("EMFILE",), "dup2": ("EBUSY",),
    "setsid": (), "clock_nanosleep": (), "arch_prctl": (), "set_tid_address": (),
    "set_robust_list": (), "rseq": (), "getrandom": (), "exit": (),
}
STDIN = b"a line that comes back\n" * 3000
# What the template says is seen in the answer.
PROCESSES = 77
SERVICE = """#!/bin/sh
cat
ulimit -p 2>/dev/null || ulimit -u
echo said >&2
"""
ANSWER = STDIN + b"%d\n" % PROCESSES


class Sandboxed(Delivery):
    """One call, by a plain account where root runs this."""

    def __init__(self):
        super().__init__(None)

    def prepare(self):
        os.chmod(self.top, 0o755)
        self.home, self.log = f"{self.top}/home", f"{self.top}/home/log"
        self.runtime = f"{self.home}/runtime"
        templates = f"{self.home}/.config/pedos-rpc/disposables"
        for path in (self.runtime, templates, f"{self.top}/services"):
            os.makedirs(path)
        trees.write_file(f"{templates}/default.conf", b"processes=%d\n" % PROCESSES)
        trees.write_file(f"{self.top}/services/test.Service", SERVICE.encode(), 0o755)
        trees.write_file(f"{self.top}/stdin", STDIN)
        if machine.am_root():
            trees.give_to(machine.PLAIN_USER, machine.PLAIN_USER, self.home)

    def run(self, *inject):
        signal.alarm(HANGS)
        with (open(f"{self.top}/stdin", "rb") as stdin,
              open(f"{self.top}/stdout", "wb") as stdout,
              open(f"{self.top}/stderr", "wb") as stderr):
            self.status = subprocess.run(
                [*machine.as_plain_user(), INJECT, f"--log={self.log}", *inject, rpc.RPC,
                 f"--services={self.top}/services", "@dispvm", "test.Service"],
                stdin=stdin, stdout=stdout, stderr=stderr, cwd="/", check=False,
                env={**clean_environment(), "HOME": self.home,
                     "XDG_RUNTIME_DIR": self.runtime}).returncode
        wait_for_all()
        signal.alarm(0)

    def answer(self):
        with open(f"{self.top}/stdout", "rb") as file:
            return file.read()

    def need(self, promise, text):
        if not promise:
            raise Broken(
                f"{text} (status {self.status}, {len(self.answer())} of {len(ANSWER)} bytes, "
                f"said: {self.said()!r})")

    def is_silent(self):
        """Could the caller not say anything? What it writes first is a matter of chance: the log
        says what was struck."""
        if self.status == 128 + signal.SIGKILL:
            return True
        lines = self.log_lines()
        struck = [words[1:] for words in lines if words[0] == "#"]
        return any(call.role == CALLER and call.path.endswith("/stderr")
                   for call in map(calls.Call, (words for words in lines if words[:3] in struck)))

    def check(self):
        silent = self.is_silent()
        if self.status == 0:
            self.need(self.answer() == ANSWER, "a success with a wrong result")
            self.need(silent or self.said() == "@dispvm: said", "what it said is not shown")
        else:
            self.need(silent or self.said(), "a failure without a word")
        self.need(not os.listdir(self.runtime), f"left: {os.listdir(self.runtime)}")


def is_ours(call, those):
    """What bubblewrap does itself is not ours, nor what runs inside."""
    return call.role < STARTS or (call.role == STARTS and those.index(call) < next(
        i for i, other in enumerate(those) if other.role == STARTS and other.name == "execve"))


def learn():
    with Sandboxed() as it:
        it.run()
        it.need(it.status == 0, "without any fault it failed")
        it.check()
        those = [calls.Call(words) for words in it.log_lines() if words[0] != "#"]
    return [call for call in those if is_ours(call, those)]


def strike(call, what):
    with Sandboxed() as it:
        it.run(calls.fault(call, what))
        it.check()
        return it.struck() > 0


def tests(run):
    calls.need_tracing()
    machine.need_sandboxes()
    if not machine.works(*machine.as_plain_user(), "test", "-x", rpc.RPC):
        raise Skip("other accounts cannot reach this build")
    those = [call for call in run.call(learn) if call.name != "rt_sigaction"]
    for role, who in enumerate(ROLES):
        mine = [call for call in those if call.role == role]
        jobs = [(str(call), strike, call, "kill") for call in mine]
        # How often they poll and move bytes is a matter of chance.
        yield Test(f"sandbox: {who} killed at each call", jobs, len(jobs) // 2)
        if platform.machine() != "x86_64":
            run.skip(f"sandbox: failing calls of {who}", calls.ONLY_X86)
            continue
        for error in sorted({error for call in mine for error in ERRORS.get(call.name, ("EIO",))}):
            jobs = [(str(call), strike, call, getattr(errno, error)) for call in mine
                    if error in ERRORS.get(call.name, ("EIO",))]
            yield Test(f"sandbox: {who} gets {error} from each call", jobs, len(jobs) // 2)
