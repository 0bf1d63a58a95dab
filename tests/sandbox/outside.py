# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What lies outside of a sandbox, for a service in it to reach: a home with a file in it, sockets
of a desktop, a process, a key, shared memory, a terminal. And what it may leave there."""
import contextlib
import ctypes
import fcntl
import os
import pty
import random
import shutil
import socket
import subprocess
import tempfile
import termios

import machine
import settings
import tree
from machine import PLAIN_USER, as_plain_user

ATTACK = str(settings.BUILD / "tests/sandbox/attack")
# Numbers of processes are small in a sandbox, and ours must not be among them.
SMALL = 300
LEFT_IN = "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev", "/var", "/opt", "/usr/local", "/"
SMALL_TEMPLATE = "processes=16\nmemory=64M\nspace=2M\n"
IPC_CREAT, IPC_EXCL, IPC_RMID = 0o1000, 0o2000, 0
libc = ctypes.CDLL(None, use_errno=True)


class Outside:
    def __init__(self):
        self.top = os.path.realpath(tempfile.mkdtemp(prefix="qfile-sandbox-"))
        os.chmod(self.top, 0o755)
        number = random.getrandbits(40)
        self.word, self.mark = f"WORD-{number:010x}", f"qf-{number:010x}"
        self.key = random.randrange(1 << 20, 1 << 30)
        self.sockets, self.programs = [], []
        self.home, self.services = f"{self.top}/home", f"{self.top}/services"
        self.templates = f"{self.home}/.config/pedos-rpc/disposables"
        for path in (self.services, f"{self.home}/runtime/pulse", self.templates):
            os.makedirs(path)
        tree.write(f"{self.home}/secret", f"a {self.word}\n")
        tree.write(f"{self.templates}/small.conf", SMALL_TEMPLATE)
        shutil.copy(ATTACK, f"{self.services}/test.Attack")
        self.facts = {"home": self.home, "secret": f"{self.home}/secret", "word": self.word,
                      "host": socket.gethostname(), "mark": self.mark, "key": self.key,
                      "screen": f"/tmp/.X11-unix/X{number % 100000}",
                      **{name: f"{self.home}/{path}"
                         for name, path in (("socket", "socket"), ("bus", "runtime/bus"),
                                            ("wayland", "runtime/wayland-9"),
                                            ("pulse", "runtime/pulse/native"))}}
        self.own()
        self.listen()
        self.terminal = pty.openpty()
        self.shm = libc.shmget(self.key, 4096, IPC_CREAT | IPC_EXCL | 0o666)
        self.environment = {**os.environ, "HOME": self.home, "LC_ALL": "C.UTF-8",
                            "XDG_RUNTIME_DIR": f"{self.home}/runtime", "WORD": self.word}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CONFIG_HOME"):
            self.environment.pop(name, None)
        numbers = self.run(ATTACK, "plant", self.word).stdout.split()
        self.facts["ring"], self.facts["ring_key"] = numbers or (0, 0)
        self.facts["victim"] = self.start_victim()

    def own(self):
        """Give all of it to the account."""
        for top, _, files in os.walk(self.home if machine.am_root() else "/nowhere"):
            for name in [".", *files]:
                os.chown(os.path.join(top, name), PLAIN_USER, PLAIN_USER)

    def listen(self):
        for name in ("socket", "bus", "wayland", "pulse"):
            self.add_socket(socket.AF_UNIX, self.facts[name])
            os.chmod(self.facts[name], 0o666)
        self.add_socket(socket.AF_UNIX, f"\0{self.facts['screen']}")
        self.add_socket(socket.AF_INET, ("127.0.0.1", 0))
        self.facts["port"] = self.sockets[-1].getsockname()[1]

    def add_socket(self, family, address):
        self.sockets.append(socket.socket(family))
        self.sockets[-1].bind(address)
        self.sockets[-1].listen(100)

    def start_victim(self):
        """A process of the account. Returns its number."""
        while not self.programs or self.programs[-1].pid < SMALL:
            self.programs.append(subprocess.Popen([*as_plain_user(), "sleep", "99999"],
                                                  env=self.environment))
        return self.programs[-1].pid

    def run(self, *command):
        """As the account, with the terminal, a descriptor of the secret, and the facts as stdin,
        which it can only read. Returns how it ended."""
        told = f"{self.home}/facts"
        tree.write(told, "".join(f"{name}={value}\n" for name, value in self.facts.items()))
        if machine.am_root():
            os.chown(told, PLAIN_USER, PLAIN_USER)
        secret = os.open(f"{self.home}/secret", os.O_RDONLY)

        def take_terminal():
            fcntl.ioctl(self.terminal[1], termios.TIOCSCTTY, 0)
        with open(told, "rb") as stdin:
            ended = subprocess.run([*as_plain_user(), *command], env=self.environment,
                                   cwd=self.home, stdin=stdin, capture_output=True, text=True,
                                   pass_fds=[secret], start_new_session=True,
                                   preexec_fn=take_terminal, check=False)
        os.close(secret)
        return ended

    def left(self):
        """What is called like the mark, by the names of the attempts that leave it. Nothing of it
        is left afterwards."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if tree.read(f"/proc/{pid}/comm").strip() == self.mark:
                    found.add("leave-process")
                    os.kill(int(pid), 9)
        for path in (f"{place}/{self.mark}" for place in LEFT_IN):
            if os.path.lexists(path):
                found.add("leave-files")
                os.unlink(path)
        if (left := libc.shmget(self.key + 1, 0, 0)) >= 0:
            found.add("leave-memory")
            libc.shmctl(left, IPC_RMID, None)
        return found

    def close(self):
        self.run(ATTACK, "uproot")
        self.left()
        for program in self.programs:
            program.kill()
            program.wait()
        for each in self.sockets:
            each.close()
        for fd in self.terminal:
            os.close(fd)
        libc.shmctl(self.shm, IPC_RMID, None)
        tree.remove(self.top)
