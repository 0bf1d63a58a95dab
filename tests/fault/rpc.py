# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""PedOS rpc: the caller and the call's process in the daemon die at each of their system calls, or
one of these fails. A copy that goes through them is whole or not there at all, nothing is left
behind, and the next call is served."""
import errno
import os
import platform
import pwd
import shlex
import signal
import socket
import subprocess
import time

import calls
import delivery
import trees
from delivery import BUILD, HANGS, INJECT, Delivery, children, clean_environment, descendants
from jobs import Test

RPC, RPCD = f"{BUILD}/bin/pedos-rpc", f"{BUILD}/bin/pedos-rpcd"
CALL = 1  # the daemon's first child, as `inject` numbers them

# What these calls can fail with, where it differs from those of a receiver. For the others EIO
# stands for anything. An interrupted close() has closed on Linux, which `inject` cannot do in its
# place.
ERRORS = {
    **calls.ERRORS, "splice": ("EINTR", "ENOMEM"), "sendto": ("EINTR", "ENOBUFS"),
    "recvfrom": ("EINTR", "ENOMEM"), "read": ("EINTR", "EIO"), "socket": ("EMFILE", "EACCES"),
    "connect": ("EACCES", "ECONNREFUSED"), "pidfd_open": ("EMFILE", "ENOMEM"),
    "signalfd4": ("EMFILE", "ENOMEM"), "dup": ("EMFILE",), "fork": ("EAGAIN",),
    "vfork": ("EAGAIN",), "clone3": ("EAGAIN", "ENOSYS"), "openat": ("EMFILE", "EACCES"),
    "setgroups": ("EPERM", "ENOMEM"), "setresgid": ("EPERM",), "clock_gettime": (),
    "rt_sigprocmask": (), "rt_sigaction": (), "getpid": (), "getppid": (),
    "close_range": ("ENOSYS",), "ioctl": ("ENOTTY",), "fcntl": (), "lseek": ("ESPIPE",),
    "close": (),
}


class Call(Delivery):
    """A delivery through pedos-rpc and a pedos-rpcd of its own."""

    def prepare(self):
        super().prepare()
        self.sockets, self.policy, self.services = (
            f"{self.top}/{name}" for name in ("sockets", "policy", "services"))
        for path in (self.policy, self.services):
            os.mkdir(path, 0o755)
        trees.write_file(f"{self.policy}/50.policy", b"* * @anyvm @anyvm allow\n")
        # The answer is noted first, and passed on then: who ends the call with it must not keep it
        # from being noted.
        self.write_script(
            f"{self.services}/PedOS.Filecopy",
            f"{shlex.join(self.receiver())} | tee /dev/fd/3 3>&1 >{shlex.quote(self.answer_file)}")
        self.daemon = None

    def write_script(self, path, line):
        trees.write_file(path, f"#!/bin/sh\n{line}\n".encode(), 0o755)

    def start_daemon(self, *inject):
        wrap = [INJECT, f"--log={self.log}", *inject] if inject else []
        with open(f"{self.top}/daemon", "wb") as log:
            self.daemon = subprocess.Popen(
                [*wrap, RPCD, "--foreground", "--transport=unix", f"--sockets={self.sockets}",
                 f"--policy={self.policy}", f"--services={self.services}", *own_user(), "work"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment())
        signal.alarm(HANGS)
        while b": ready for calls to " not in self.daemon_said():
            time.sleep(0.01)
        self.rpcd = children(self.daemon.pid)[0] if wrap else self.daemon.pid
        self.descriptors = self.count_descriptors()

    def end_daemon(self):
        """Under `inject`, too: what that notes is in its log when it has ended."""
        os.kill(self.rpcd, signal.SIGTERM)
        self.need(self.daemon.wait(HANGS) == 0, "the daemon did not end well")

    def daemon_said(self):
        with open(f"{self.top}/daemon", "rb") as file:
            return file.read()

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.rpcd}/fd"))

    def copy(self, names, move, *inject):
        """Run the agent, as the user would. Its status."""
        client = f"{self.top}/client"
        wrap = [INJECT, "--alone", f"--log={self.log}", *inject] if inject else []
        self.write_script(
            client,
            f"exec {shlex.join([*wrap, RPC, f'--sockets={self.sockets}', '--as=home'])} \"$@\"")
        with open(f"{self.top}/stderr", "ab") as stderr:
            self.agent = subprocess.Popen(
                [delivery.AGENT, *(["--move"] if move else []), "--vm=work", *names],
                cwd=self.source, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr,
                env={**clean_environment(), "TMPDIR": self.top, "PEDOS_RPC_CLIENT": client})
        signal.alarm(HANGS)
        status = self.agent.wait()
        self.wait_for_earlier_calls()
        self.wait_for_nobody()
        signal.alarm(0)
        return status

    def wait_for_earlier_calls(self):
        """The call of a caller that was killed may still wait for the daemon, which takes calls in
        their order: until one of ours has ended."""
        with socket.socket(socket.AF_UNIX) as call:
            call.connect(f"{self.sockets}/work")
            call.shutdown(socket.SHUT_WR)
            while call.recv(4096):
                pass

    def wait_for_nobody(self):
        """Until only the daemon is left."""
        while set(descendants(os.getpid())) - {self.daemon.pid, self.rpcd}:
            self.reap_adopted()
            time.sleep(0.005)

    def reap_adopted(self):
        for pid in children(os.getpid()):
            if pid != self.daemon.pid:
                os.waitpid(pid, os.WNOHANG)

    def check_next(self):
        self.need(self.daemon.poll() is None, "the daemon has ended")
        self.need(self.count_descriptors() == self.descriptors, "the daemon has kept a descriptor")
        before = self.state()
        trees.write_file(f"{self.source}/next", b"the next one\n")
        self.need(self.copy(["next"], False) == 0, "the next call failed")
        self.need(trees.look(f"{self.incoming}/next")[0] == trees.look(f"{self.source}/next")[0],
                  "the next delivery did not arrive")
        self.need(not self.leftovers(), "something is left behind the next delivery")
        self.need(self.state() == before,
                  "what was delivered or not changed with the next delivery")
        self.check_earlier("next")


def own_user():
    """Root's daemon runs the service as root, as the installed one is."""
    try:
        return [f"--user={pwd.getpwuid(os.getuid()).pw_name}"]
    except KeyError:
        return []


def run(it, in_daemon, faults):
    """One delivery, the faults being those of the daemon's processes or of the caller."""
    it.start_daemon(*(faults if in_daemon else []))
    it.status = it.copy(it.names, it.move, *([] if in_daemon else faults))


def learn(in_daemon):
    """The calls of the caller, or of the call's process."""
    with Call(trees.plant_one) as it:
        run(it, in_daemon, ["--"])
        it.need(it.status == 0 and it.state() == "whole", "without any fault it failed")
        it.end_daemon()
        those = [calls.Call(words) for words in it.log_lines() if words[0] != "#"]
    return [call for call in those if call.role == (CALL if in_daemon else 0)]


def strike(in_daemon, move, faults):
    with Call(trees.plant_one, move) as it:
        run(it, in_daemon, faults)
        it.check()
        it.check_next()
        it.end_daemon()
        it.need(not os.path.exists(f"{it.sockets}/work"), "its socket is left")
        return it.struck() > 0


def jobs_for(those, in_daemon, move, what):
    """Each call, with what becomes of it; the log's line is the label."""
    return [(str(call), strike, in_daemon, move, [calls.fault(call, what)]) for call in those]


def tests(run_):
    calls.need_tracing()
    for who, in_daemon in (("the caller", False), ("the call's process", True)):
        those = run_.call(learn, in_daemon)
        # How often it polls and moves bytes is a matter of chance: not all that it did once it does
        # again.
        for move in (False, True):
            jobs = jobs_for(those, in_daemon, move, "kill")
            yield Test(f"rpc: {who} killed at each call{', moving' if move else ''}", jobs,
                       len(jobs) // 2)
        if platform.machine() != "x86_64":
            run_.skip(f"rpc: failing calls of {who}", calls.ONLY_X86)
            continue
        for error in sorted({error for call in those for error in ERRORS.get(call.name, ("EIO",))}):
            mine = [call for call in those if error in ERRORS.get(call.name, ("EIO",))]
            jobs = jobs_for(mine, in_daemon, True, getattr(errno, error))
            yield Test(f"rpc: {who} gets {error} from each call", jobs, (len(jobs) + 1) // 2)
