# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""An account that attacks pedos-rpcd in every way at once:
flooding.py UID BASE SOCKET, until it is ended.

It calls under its own number UID and, from a user namespace, under BASE and the 65,534 numbers
behind it, which are nobody's accounts. It writes a line when it has begun, and, told to end by
SIGTERM, what it has done. It has the lowest priority: what it can do to the daemon counts, and not
that it can keep the processor busy.
"""
import collections
import contextlib
import ctypes
import os
import random
import resource
import select
import signal
import socket
import sys

import rpc_wire as wire

CLONE_NEWUSER = 0x10000000
HELD_MAX = 800  # connections that it has open at a time
DENIED = wire.GREETING + wire.call("test.Denied", source="")


def become_many(uid, base):
    """In a user namespace: 0 is the account, and the other numbers are its subordinates."""
    libc = ctypes.CDLL(None, use_errno=True)
    ready, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        if libc.unshare(CLONE_NEWUSER) != 0:
            os._exit(77)
        os.write(ready[1], b"x")
        os.read(mapped[0], 1)
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        return
    os.close(ready[1])
    if os.read(ready[0], 1):
        for kind in "uid", "gid":
            with open(f"/proc/{child}/{kind}_map", "w", encoding="ascii") as file:
                file.write(f"0 {uid} 1\n1 {base} 65535\n")
        os.write(mapped[1], b"x")
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)


class Attacker:
    def __init__(self, path):
        self.path, self.held, self.done = path, collections.deque(), collections.Counter()

    def connect(self):
        """Under its own number, or under one of its subordinates'."""
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        os.seteuid(random.choice((0, random.randrange(1, 65536))))
        try:
            connection.connect(self.path)
        finally:
            os.seteuid(0)
        return connection

    def hold(self, said):
        """Say this, and stay."""
        connection = self.connect()
        self.held.append(connection)
        while len(self.held) > HELD_MAX:
            self.held.popleft().close()
        connection.send(said)

    def silent(self):
        self.hold(b"")

    def half_a_frame(self):
        self.hold(DENIED[:random.randrange(len(DENIED))])

    def byte_by_byte(self):
        for connection in random.sample(self.held, min(20, len(self.held))):
            with contextlib.suppress(OSError):
                connection.send(DENIED[:1])

    def storm(self):
        for _ in range(20):
            self.connect().close()

    def refused_that_stays(self):
        self.hold(DENIED)

    def denied(self):
        with self.connect() as connection:
            connection.send(DENIED)
            select.select([connection], [], [], 0.002)
            connection.recv(4096)

    def nonsense(self):
        self.hold(os.urandom(300))

    def attack(self):
        ways = [
            self.silent, self.half_a_frame, self.byte_by_byte, self.storm, self.refused_that_stays,
            self.denied, self.nonsense
        ]
        while True:
            way = random.choice(ways)
            try:
                way()
                self.done[way.__name__] += 1
            except OSError as error:
                self.done[type(error).__name__] += 1


def main():
    uid, base, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
    become_many(uid, base)
    attacker = Attacker(path)

    def end(*_):
        print(dict(attacker.done), flush=True)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    print("begun", flush=True)
    attacker.attack()


if __name__ == "__main__":
    main()
