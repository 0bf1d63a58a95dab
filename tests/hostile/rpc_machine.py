# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The real pedos-rpcd with hostile callers, or the real pedos-rpc with a hostile daemon. Each is
kept for the next case when nothing was wrong."""
import contextlib
import os
import pwd
import select
import signal
import socket
import tempfile

import process
import program
import rpc_wire as wire
import tree
from expect import check, wait_until
from settings import RPC, RPCD

# What can be called. Each notes its number where served() finds it.
SERVICES = {
    "test.Cat": "exec cat",
    "test.Stay": "sleep 1000 & wait",
    "test.Talk": "echo out; echo err >&2; exit 3",
    "test.Flood": "exec yes",
}
POLICY = "test.Denied * @anyvm @anyvm deny\n* * @anyvm @anyvm allow\n"


def at_socket(act, directory, name):
    """Bind or connect through the directory's descriptor: a socket's path may be longer than an
    address."""
    fd = os.open(directory, os.O_PATH)
    try:
        act(f"/proc/self/fd/{fd}/{name}")
    finally:
        os.close(fd)


def connect(directory, name):
    client = socket.socket(socket.AF_UNIX)
    at_socket(client.connect, directory, name)
    return client


def own_name():
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return None


class Daemon:
    """The real daemon, which serves "work", in a directory with sockets, services and a policy."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="rpc-")
        self.sockets, self.services, self.policy = (
            f"{self.top}/{name}" for name in ("sockets", "services", "policy"))
        for path in (self.sockets, self.services, self.policy):
            os.mkdir(path)
            os.chmod(path, 0o755)
        tree.write(f"{self.policy}/50.policy", POLICY)
        for name, body in SERVICES.items():
            tree.script(f"{self.services}/{name}",
                        f"#!/bin/sh\necho $$ >>{self.top}/served\n{body}\n")
        self.log = os.open(f"{self.top}/log", os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.told = 0  # bytes of the log, up to the case that runs
        user = [f"--user={name}"] if (name := own_name()) else []
        self.pid = program.spawn(
            [RPCD, "--foreground", "--transport=unix", f"--sockets={self.sockets}",
             f"--policy={self.policy}", f"--services={self.services}", *user, "work"],
            program.null(), self.log, self.log, os.environ)
        process.kept.add(self.pid)
        wait_until(lambda: b": ready for calls to " in self.said() or process.ended(self.pid),
                   "the daemon")
        self.descriptors = self.count_descriptors()

    def begin(self):
        """A case."""
        self.told += len(self.said())
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.top}/served")
        return self

    def end(self):
        process.kept.discard(self.pid)
        process.kill(self.pid)
        os.waitpid(self.pid, 0)
        os.close(self.log)
        tree.remove(self.top)

    def said(self):
        """In this case."""
        return os.pread(self.log, os.fstat(self.log).st_size, self.told)

    def served(self):
        """The processes of all services that were started in this case."""
        with contextlib.suppress(FileNotFoundError):
            return [int(line) for line in tree.read(f"{self.top}/served").splitlines()]
        return []

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def await_quiet(self):
        """
        Until the daemon has let go of those who have gone, and the processes of calls have ended,
        and what they killed with their services.
        """
        wait_until(lambda: process.ended(self.pid) or self.count_descriptors()
                   <= self.descriptors, "the end of the connections")
        wait_until(lambda: process.ended(self.pid) or not process.children(self.pid),
                   "the end of the call's process")
        wait_until(
            lambda: all(
                process.ended(pid) for pid in process.children(os.getpid()) if pid != self.pid),
            "the end of what a service started")

    def complaints(self):
        """After a case: nothing of it may be left, and the next call is served."""
        self.await_quiet()
        if process.ended(self.pid):
            return ["the daemon has ended"]
        found = []
        if left := [pid for pid in self.served() if not process.ended(pid)]:
            found.append(f"processes of services are left: {left}")
        if self.count_descriptors() != self.descriptors:
            found.append(
                f"the daemon has {self.count_descriptors()} descriptors, not {self.descriptors}")
        if (end := self.talk()) != (b"out\n", b"err\n", wire.number(3)):
            found.append(f"the next call ended so: {end}")
        self.await_quiet()
        if any(byte < 0x20 and byte != 0x0a or byte > 0x7e for byte in self.said()):
            found.append(f"in the log: {self.said()!r}")
        return found

    def talk(self):
        """A good call, up to its end: what it writes to stdout and stderr, and its status."""
        output, received = {wire.STDOUT: b"", wire.STDERR: b"", wire.EXIT: b""}, b""
        with connect(self.sockets, "work") as client:
            client.sendall(wire.GREETING + wire.call("test.Talk") + wire.frame(wire.STDIN))
            while not output[wire.EXIT] and (more := client.recv(65536)):
                frames, received = wire.split(received + more)
                for kind, payload in frames:
                    output[kind] = output.get(kind, b"") + payload
        return output[wire.STDOUT], output[wire.STDERR], output[wire.EXIT]


@contextlib.contextmanager
def stopped(pid):
    """A child that does nothing meanwhile. It may have ended, too."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class FakeDaemon:
    """A socket at which somebody hostile answers the real caller."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="rpc-")
        self.listener = socket.socket(socket.AF_UNIX)
        at_socket(self.listener.bind, self.top, "work")
        self.listener.listen()

    def begin(self):
        return self

    def end(self):
        self.listener.close()
        tree.remove(self.top)

    def await_call(self, caller):
        """The caller may as well have ended without one."""
        ended = os.pidfd_open(caller)
        try:
            ready = select.select([self.listener, ended], [], [])[0]
        finally:
            os.close(ended)
        check(self.listener in ready, "the caller has ended without a call")
        return self.listener.accept()[0]

    def answer(self, caller, connection, data, step, hold):
        """
        Read the beginning of a call, answer with these bytes, and wait for the caller to hang up.
        Without `hold` it finds all of the answer and the end at the same time: what it makes of
        half a frame depends on what it has seen by then.
        """
        received = b""
        while len(wire.split(received)[0]) < 2:
            more = connection.recv(65536)
            check(more, f"the caller has hung up after {received!r}")
            received += more
        held = contextlib.nullcontext() if hold else stopped(caller)
        with contextlib.suppress(ConnectionError), held:
            for i in range(0, len(data), step or len(data) or 1):
                connection.sendall(data[i:i + (step or len(data))])
            while hold and connection.recv(65536):
                pass
            connection.close()

    def call(self, data, step, hold, *arguments):
        """Have the real caller make a call, and answer it so. Returns the caller's status, stdout
        and stderr."""
        (out, to_out), (err, to_err) = os.pipe(), os.pipe()
        try:
            caller = program.spawn([RPC, f"--sockets={self.top}", *arguments], program.null(),
                                   to_out, to_err, os.environ)
        finally:
            os.close(to_out)
            os.close(to_err)
        try:
            with self.await_call(caller) as connection:
                self.answer(caller, connection, data, step, hold)
            said = program.read_all(out), program.read_all(err)
        finally:
            os.close(out)
            os.close(err)
        return os.waitstatus_to_exitcode(os.waitpid(caller, 0)[1]), *said

    def complaints(self):
        self.listener.setblocking(False)
        try:
            self.listener.accept()[0].close()
            return ["the caller has called twice"]
        except BlockingIOError:
            return []
        finally:
            self.listener.setblocking(True)


free = {}  # those with which nothing was wrong, by their class


def complaints_with(kind, test):
    """What a function of one of them has to complain of, and what there is to complain of
    afterwards."""
    it, complaints = (free.pop(kind, None) or kind()).begin(), None
    try:
        complaints = [*test(it), *it.complaints()]
    finally:
        if complaints == []:
            free[kind] = it
        else:
            it.end()
    return complaints
