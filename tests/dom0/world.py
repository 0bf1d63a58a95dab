# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A machine with Xen, played: its domains, its xenstore, its xl, the policy, and the real
pedos-rpc-dom0."""
import json
import os
import pathlib
import shlex
import socket
import subprocess
import sys
import threading
import time

import xenstore
from expect import FOREVER
from settings import BUILD

PROGRAM = BUILD / "bin/pedos-rpc-dom0"
HYPERVISOR = BUILD / "tests/dom0/hypervisor.so"

DYING, SHUTDOWN, RUNNING = 1, 4, 32  # XEN_DOMINF_*
POWEROFF, SUSPEND, CRASH = 0 << 16, 2 << 16, 3 << 16
POLICY = "Copy * work vault allow user=keeper\nCopy +x @anyvm open ask\n"


class World:
    """A machine with Xen: its domains, its xenstore, and the policy."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.store = xenstore.Store(str(self.directory / "xenstored"))
        self.flags = {0: RUNNING}
        self.uuids = {}
        self.listing = threading.Lock()  # domains come and go in threads
        self.store.put("/local/domain/0/name", "Domain-0")
        self.policy(POLICY)
        self.log = self.directory / "log"
        self.log.touch()
        self.daemon = None
        self.xl = Xl(self)
        self.unit = None
        for domid, name in ((1, "work"), (2, "vault"), (3, "open")):
            self.start_domain(domid, name)

    # ---- What the toolstack does ----

    def list_domains(self):
        new = self.directory / "domains.new"
        with self.listing:
            new.write_text("".join(f"{domid} {flags} {self.uuids.get(domid, '0' * 32)}\n"
                                   for domid, flags in sorted(self.flags.items())))
            new.rename(self.directory / "domains")

    def start_domain(self, domid, name, flags=RUNNING, uuid=None):
        """As libxl does it: the domain, then its tree, then it is introduced."""
        self.flags[domid] = flags
        if uuid:
            self.uuids[domid] = uuid
        self.list_domains()
        self.store.put(f"/local/domain/{domid}", permissions=("n0", f"r{domid}"))
        self.store.put(f"/local/domain/{domid}/name", name)
        self.store.put(f"/local/domain/{domid}/data", permissions=(f"n{domid}",))
        self.store.fire("@introduceDomain")

    def set_flags(self, domid, flags):
        self.flags[domid] = flags
        self.list_domains()
        self.store.fire("@releaseDomain")

    def end_domain(self, domid):
        del self.flags[domid]
        self.uuids.pop(domid, None)
        self.list_domains()
        self.store.remove(f"/local/domain/{domid}")
        self.store.fire("@releaseDomain")

    def policy(self, text, name="10.policy"):
        directory = self.directory / "policy.d"
        directory.mkdir(mode=0o755, exist_ok=True)
        (directory / name).write_text(text)
        (directory / name).chmod(0o644)

    def template(self, name="default", conf=None):
        directory = self.directory / "disposables"
        directory.mkdir(mode=0o755, exist_ok=True)
        for suffix, text in ((".cfg", "type='pv'\n"), (".conf", conf)):
            if text is not None:
                (directory / (name + suffix)).write_text(text)
                (directory / (name + suffix)).chmod(0o644)
        return directory

    # ---- The program ----

    def command(self, *options):
        return [PROGRAM, f"--policy={self.directory}/policy.d",
                f"--disposables={self.directory}/disposables", *options]

    def environment(self):
        return {**os.environ, "XENSTORED_PATH": str(self.directory / "xenstored"),
                "HYPERVISOR": str(self.directory / "domains"), "LD_PRELOAD": str(HYPERVISOR),
                "PATH": f"{self.directory}/bin:{os.environ['PATH']}"}

    def run(self, *options):
        """Returns the exit status and what was said."""
        done = subprocess.run(self.command(*options), env=self.environment(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=FOREVER, check=False)
        return done.returncode, done.stderr

    def once(self):
        status, said = self.run("--once")
        assert status == 0, said
        return said

    def start(self, *options):
        with self.log.open("w") as log:
            self.daemon = subprocess.Popen(self.command("--foreground", *options),
                                           env=self.environment(), stdin=subprocess.DEVNULL,
                                           stderr=log)

    def start_unit(self):
        """Play systemd: what asks for xl is served by a process of its own. Returns the option."""
        self.unit = Unit(self)
        return f"--xl-socket={self.unit.path}"

    def kill(self):
        """Returns when xenstore knows of it, too."""
        self.daemon.kill()
        self.daemon.wait()
        self.wait_gone()

    def wait_gone(self):
        self.daemon = None
        self.wait(lambda: not self.store.watches)

    def said(self):
        return self.log.read_text()

    def wait(self, condition):
        end = time.monotonic() + FOREVER
        while not condition():
            lives = not self.daemon or self.daemon.poll() is None
            assert time.monotonic() < end and lives, f"it never came; said: {self.said()}"
            time.sleep(0.01)

    def close(self):
        if self.daemon:
            self.daemon.kill()
            self.daemon.wait()
        if self.unit:
            self.unit.close()
        self.xl.close()
        self.store.close()

    # ---- What the guests see ----

    def targets(self, domid):
        """Whom it may call. What is below their nodes is not in it: see rules()."""
        below = self.store.below(f"/local/domain/{domid}/pedos-rpc")
        return {path: value for path, value in below.items() if "/" not in path}

    def rules(self):
        """What the sources are told of what they may call."""
        return {path: value for path, value in self.store.below("/local/domain").items()
                if "/pedos-rpc/" in path and path.endswith("/rules")}

    def sources(self, domid):
        return self.store.below(f"/local/domain/{domid}/pedos-rpc-in")

    def tables(self):
        """All of them, with the trees that are there."""
        return {path: value for path, value in self.store.below("/local/domain").items()
                if "pedos-rpc" in path and path.count("/") == 2}

    # ---- What the guests do ----

    def request(self, domid, name, text):
        self.store.put(f"/local/domain/{domid}/data/pedos-rpc/dom0/{name}", text)

    def withdraw(self, domid, name):
        self.store.remove(f"/local/domain/{domid}/data/pedos-rpc/dom0/{name}")

    def get_ready(self, domid):
        self.store.put(f"/local/domain/{domid}/data/pedos-rpc/ready", "1")

    def answers(self, domid):
        return self.store.below(f"/local/domain/{domid}/pedos-rpc-answers")

    def wait_answer(self, domid, name, start):
        """Returns the answer, which begins with `start`."""
        self.wait(lambda: self.answers(domid).get(name, "").startswith(start))
        return self.answers(domid)[name]

    def disposables(self):
        return sorted(self.uuids)


class Unit:
    """pedos-rpc-xl.socket and its services."""

    def __init__(self, world):
        self.world, self.path, self.served = world, str(world.directory / "xl-unit"), []
        self.log = world.directory / "unit.log"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.serve(connection)

    def serve(self, connection):
        with connection, self.log.open("a") as log:
            self.served.append(subprocess.Popen(
                [PROGRAM, "--serve-xl", f"--disposables={self.world.directory}/disposables"],
                env=self.world.environment(), stdin=connection, stderr=log))

    def ask(self, request):
        """Returns the status of the process, and what came back."""
        ours, theirs = socket.socketpair()
        with ours:
            self.serve(theirs)
            ours.sendall(request)
            ours.shutdown(socket.SHUT_WR)
            status = self.served[-1].wait(timeout=FOREVER)
            try:
                return status, ours.recv(16)
            except ConnectionResetError:  # it has not read all
                return status, b""

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for process in self.served:
            if process.poll() is None:
                process.kill()
            process.wait()


class Xl:
    """What the daemon finds as xl. Each call is told to a thread here, which plays it, and ends
    when the thread says so: `on_create` and `on_destroy` return the status, and may take their
    time."""

    FIRST = 100  # the domid of the first one that is created

    def __init__(self, world):
        self.world = world
        self.calls = []  # the arguments of each
        self.created = 0
        self.on_create = self.create
        self.on_destroy = self.destroy
        self.lock = threading.Lock()
        self.closed = False  # the world is gone, and nothing changes any more
        bin_directory = world.directory / "bin"
        bin_directory.mkdir()
        path = str(world.directory / "xl.socket")
        program = bin_directory / "xl"
        program.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -S -E -c "
                           f"{shlex.quote(CLIENT)} {shlex.quote(path)} \"$@\"\n")
        program.chmod(0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.play, args=(connection,), daemon=True).start()

    def play(self, connection):
        arguments = json.loads(connection.makefile().readline())
        with self.lock:
            self.calls.append(arguments)
        status = (self.on_create if arguments[0] == "create" else self.on_destroy)(arguments)
        try:
            connection.sendall(bytes([status]))
        except OSError:
            pass  # it was killed
        connection.close()

    def create(self, arguments, name=None):
        settings = dict(setting.split("=", 1) for setting in arguments[4:])
        with self.lock:
            if self.closed:
                return 1
            domid = self.FIRST + self.created
            self.created += 1
            self.world.start_domain(domid, name or settings["name"].strip("'"),
                                    uuid=settings["uuid"].strip("'").replace("-", ""))
        return 0

    def destroy(self, arguments):
        with self.lock:
            if self.closed or int(arguments[1]) not in self.world.flags:
                return 1
            self.world.end_domain(int(arguments[1]))
        return 0

    def named(self, verb):
        with self.lock:
            return [call for call in self.calls if call[0] == verb]

    def close(self):
        with self.lock:
            self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()


CLIENT = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(json.dumps(sys.argv[2:]).encode() + b"\\n")
status = s.recv(1)
sys.exit(status[0] if status else 99)
"""
