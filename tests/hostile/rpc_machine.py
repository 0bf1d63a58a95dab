# SPDX-License-Identifier: GPL-2.0-or-later
"""The real pedos-rpcd for a case, with hostile callers, or the real pedos-rpc with a hostile daemon."""
import contextlib
import os
import pwd
import signal
import socket
import subprocess
import tempfile
import threading
import time

import rpc_wire as wire

BIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", os.environ.get("QFILE_BUILD", "build"), "bin")
PATIENCE = 120  # seconds, for a program that hangs. No case takes a tenth of it

# What can be called. Each notes its number where served() finds it.
SERVICES = {
    "test.Cat": "exec cat",
    "test.Stay": "sleep 1000 & wait",
    "test.Talk": "echo out; echo err >&2; exit 3",
    "test.Flood": "exec yes",
}
POLICY = "test.Denied * @anyvm @anyvm deny\n* * @anyvm @anyvm allow\n"

running = set()  # daemons and callers, to be ended with us


def end_all():
    for pid in list(running):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def wait_until(true, what):
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.01)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def lives(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def connect(directory, name):
    """Through the directory's descriptor: a socket's path may be longer than an address."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    fd = os.open(directory, os.O_PATH)
    try:
        client.connect(f"/proc/self/fd/{fd}/{name}")
    finally:
        os.close(fd)
    return client


class Machine:
    """A directory with sockets, services and a policy. Use it with `with`."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="qfile-rpc.")
        self.top = self.directory.name
        self.sockets, self.services, self.policy = (f"{self.top}/{name}" for name in ("sockets", "services", "policy"))
        for path in (self.sockets, self.services, self.policy):
            os.mkdir(path, 0o755)
        with open(f"{self.policy}/50.policy", "w", encoding="ascii") as file:
            file.write(POLICY)
        for name, body in SERVICES.items():
            with open(f"{self.services}/{name}", "w", encoding="ascii") as file:
                file.write(f"#!/bin/sh\necho $$ >>{self.top}/served\n{body}\n")
            os.chmod(f"{self.services}/{name}", 0o755)
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def served(self):
        """The processes of all services that were started so far."""
        try:
            with open(f"{self.top}/served", encoding="ascii") as file:
                return [int(line) for line in file]
        except FileNotFoundError:
            return []

    def call(self, *arguments):
        """The real caller: its status, stdout and stderr."""
        command = [f"{BIN}/pedos-rpc", f"--sockets={self.sockets}", *arguments]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            with guarded(process):
                out, err = process.communicate()
        return process.returncode, out, err


@contextlib.contextmanager
def guarded(process):
    """Killed when it hangs, or when we are."""
    running.add(process.pid)
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        yield process
    finally:
        guard.cancel()
        running.discard(process.pid)


class Daemon(Machine):
    """The real daemon, which serves "work"."""

    def __enter__(self):
        super().__enter__()
        self.log = open(f"{self.top}/log", "w+b")
        user = [f"--user={name}"] if (name := own_name()) else []
        self.process = subprocess.Popen(
            [f"{BIN}/pedos-rpcd", "--foreground", "--transport=unix", f"--sockets={self.sockets}", f"--policy={self.policy}",
             f"--services={self.services}", *user, "work"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        running.add(self.process.pid)
        wait_until(lambda: b"ready\n" in self.said() or self.process.poll() is not None, "the daemon")
        self.descriptors = self.count_descriptors()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        running.discard(self.process.pid)
        self.log.close()
        super().__exit__()

    def said(self):
        with open(f"{self.top}/log", "rb") as file:
            return file.read()

    def count_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def complaints(self):
        """After a case: nothing of it may be left, and the next call is served."""
        if self.process.poll() is not None:
            return ["the daemon has ended"]
        wait_until(lambda: not children(self.process.pid), "the end of the call's process")
        left = [pid for pid in self.served() if lives(pid)]
        found = [f"processes of services are left: {left}"] if left else []
        if self.count_descriptors() != self.descriptors:
            found.append(f"the daemon has {self.count_descriptors()} descriptors, not {self.descriptors}")
        end = self.call("--as=home", "work", "test.Talk")
        if end != (3, b"out\n", b"err\n"):
            found.append(f"the next call ended so: {end}")
        if any(byte < 0x20 and byte != 0x0a or byte > 0x7e for byte in self.said()):
            found.append(f"in the log: {self.said()!r}")
        return found


def own_name():
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return None


class FakeDaemon(Machine):
    """A socket at which somebody hostile answers the real caller."""

    def __enter__(self):
        super().__enter__()
        self.listener = socket.socket(socket.AF_UNIX)
        fd = os.open(self.sockets, os.O_PATH)
        self.listener.bind(f"/proc/self/fd/{fd}/work")
        os.close(fd)
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        return self

    def __exit__(self, *_):
        self.listener.close()
        super().__exit__()

    def answer(self, data, step, hold):
        """Take one call, read its beginning, answer with these bytes, and hang up; or, where told so, wait for the caller to do it."""
        connection, _ = self.listener.accept()
        connection.settimeout(PATIENCE)
        with connection, contextlib.suppress(OSError):
            received = b""
            while len(wire.split(received)[0]) < 2:
                received += connection.recv(65536)
            for i in range(0, len(data), step or len(data)):
                connection.sendall(data[i:i + (step or len(data))])
            while hold and connection.recv(65536):
                pass
