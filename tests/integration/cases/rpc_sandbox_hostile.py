# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""pedos-rpc-sandbox with hostile frames at its socket, and with services that ignore everything."""
import contextlib
import os
import re
import select
import signal
import socket
import subprocess

import process
import rpc_wire as wire
import suite
import tree
from expect import check, equal, wait_until
from sandboxing import Sandboxing
from settings import BIN

test = suite.cases(Sandboxing, once=True)

MIB = 1 << 20
CALL = wire.GREETING + wire.call("test.Cat", "", "")
END = wire.frame(wire.STDIN)
FAILED = 1

# Who hangs up behind these has not called.
HALVES = {
    "nothing": b"",
    "half a greeting": wire.GREETING[:10],
    "half a call": CALL[:-3],
}
# What no service is begun for.
EARLY = {
    "another version": wire.frame(wire.HELLO, wire.number(2)) + wire.call("test.Cat", "", ""),
    "a call without a greeting": wire.call("test.Cat", "", ""),
    "a question": wire.GREETING + wire.question("test.Cat", "", ""),
    "a call of nothing": wire.GREETING + wire.frame(wire.CALL, bytes(3)),
    "a call that is too long": wire.GREETING + wire.header(wire.CALL, wire.FRAME_MAX) + bytes(100),
    "a length of 4 GiB": wire.GREETING + wire.header(wire.CALL, 2**32 - 1) + bytes(100),
    "a stream before the call": wire.GREETING + wire.frame(wire.STDIN, b"x") + CALL,
    "zeros": bytes(100_000),
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
}
# What ends a call that goes on.
LATER = {
    "a second call": wire.call("test.Cat", "", ""),
    "a second greeting": wire.GREETING,
    "a stream of the service": wire.frame(wire.STDOUT, b"x"),
    "a status": wire.frame(wire.EXIT, wire.number(0)),
    "more after the end": END + wire.frame(wire.STDIN, b"x"),
    "a frame that is too long": wire.header(wire.STDIN, wire.FRAME_MAX + 1) + bytes(100),
    "no stream is unwanted": wire.frame(wire.UNWANTED, wire.number(wire.STDIN)),
    "an unknown type": wire.frame(255, b"x"),
}


class Hostile:
    """The program, with us at its socket."""

    def __init__(self, t, data):
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.program = t.start(*t.account, str(BIN / "pedos-rpc-sandbox"),
                                   f"--services={t.services}", "default", stdin=theirs.fileno())
        self.send(data)

    def send(self, data):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def frames(self, enough=lambda frames: False):
        """What comes, until it hangs up or that is enough."""
        frames, rest = [], b""
        with contextlib.suppress(ConnectionResetError):
            while not enough(frames) and (more := self.socket.recv(65536)):
                new, rest = wire.split(rest + more)
                frames += new
        return frames

    def ends(self):
        self.program.wait().exits(FAILED)
        self.socket.close()

    def ends_when_we_go(self):
        self.socket.close()
        self.program.wait().exits(FAILED)


def kinds(frames):
    return [kind for kind, _ in frames]


@test("what makes no sense before a call gets a greeting and no service")
def _(t):
    t.service("test.Cat", "exec cat")
    callers = {name: Hostile(t, data) for name, data in {**HALVES, **EARLY}.items()}
    for name, caller in callers.items():
        if name in HALVES:
            caller.socket.shutdown(socket.SHUT_WR)
        said = kinds(caller.frames(lambda frames: len(frames) > 1))
        check(said == [wire.HELLO], f"{name}: it says {said}")
        caller.ends()
    t.nothing_left()


@test("what makes no sense in a call ends it and its sandbox, without a status")
def _(t):
    t.service("test.Cat", "echo begun; exec cat")
    callers = {name: Hostile(t, CALL) for name in LATER}
    for name, caller in callers.items():
        caller.frames(lambda frames: wire.STDOUT in kinds(frames))
        caller.send(LATER[name])
        check(wire.EXIT not in kinds(caller.frames()), f"{name}: there is a status")
        caller.ends()
    t.nothing_left()


@test("who says nothing is not waited for without end", waits=True)
def _(t):
    caller = Hostile(t, wire.GREETING[:5])
    equal(kinds(caller.frames()), [wire.HELLO])
    caller.ends()


def peak(program):
    """Bytes of memory that the process of the call has had at most."""
    [worker] = process.children(program.pid)
    status = tree.read(f"/proc/{worker}/status")
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1]) << 10


def is_full(caller, data, most):
    """Send until nobody takes more for a second. Is that before so many bytes?"""
    sent = 0
    caller.socket.setblocking(False)
    while sent < most and select.select([], [caller.socket], [], 1)[1]:
        with contextlib.suppress(BlockingIOError):
            sent += caller.socket.send(data[sent % len(data):])
    return sent < most


@test("a service that never reads is sent no more than fits; it ends with its caller", waits=True)
def _(t):
    t.service("test.Cat", "trap '' TERM INT HUP PIPE; echo begun; while :; do sleep 1000; done")
    caller = Hostile(t, CALL)
    caller.frames(lambda frames: wire.STDOUT in kinds(frames))
    before = peak(caller.program)
    check(is_full(caller, wire.frame(wire.STDIN, b"x" * 4088), 64 * MIB), "all of it is taken")
    check(peak(caller.program) < before + 4 * MIB, "memory grows")
    caller.ends_when_we_go()
    t.nothing_left()


@test("a flood of both outputs is carried in little memory, and stops when nobody takes it")
def _(t):
    t.service("test.Cat", "trap '' TERM INT HUP PIPE; yes >&2 & exec yes")
    caller = Hostile(t, CALL)
    caller.frames(lambda frames: {wire.STDOUT, wire.STDERR} <= set(kinds(frames)))
    before, received = peak(caller.program), 0
    while received < 64 * MIB:
        received += len(caller.socket.recv(MIB))
    check(peak(caller.program) < before + 4 * MIB, "memory grows")
    caller.ends_when_we_go()
    t.nothing_left()


@test("a service that closes its outputs early still reads all, and has its own status")
def _(t):
    t.shell("""exec >&- 2>&-; test "$(wc -c)" = 1048576 && exit 3""", stdin=bytes(MIB)).exits(3)
    t.nothing_left()


@test("a caller whose own stderr is full, flooded by a service that ignores signals, can be ended")
def _(t):
    t.service("test.Flood", "trap '' TERM INT HUP PIPE; exec >&-; echo begun >&2; exec yes >&2")
    caller = t.start_rpc("@dispvm", "test.Flood", stderr=subprocess.PIPE)
    equal(os.read(caller.stderr.fileno(), 14), b"@dispvm: begun")
    caller.kill(signal.SIGTERM)
    wait_until(lambda: process.ended(caller.pid), "the end of the caller")
    caller.wait().exits(128 + signal.SIGTERM)
    t.nothing_left()
