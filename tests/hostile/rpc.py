# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Hostile frames: what a caller could send to pedos-rpcd, and a daemon to pedos-rpc, and what
exactly has to come of it."""
import errno
import socket

import rpc_machine as machine
import case
from rpc_wire import (ACCEPTED, BEGUN, CALL, EXIT, FRAME_MAX, GREETING, HELLO, REASON_MAX, REFUSED,
                      STDERR, STDIN, STDOUT, UNWANTED, call, frame, header, number, refused, split)

CASES = {}  # by name: a function that returns complaints


def register(name, function):
    assert name not in CASES, name
    CASES[name] = function
    function.where = case.written_at()


# ---- At the daemon ----


class Refusal:
    """The daemon says this code before it hangs up, and runs no service."""

    last = (REFUSED, ACCEPTED)

    def __init__(self, code):
        self.code = code

    def judge(self, frames, service_runs):
        if [kind for kind, _ in frames] != [HELLO, REFUSED]:
            return [f"frames: {frames}"]
        code = int.from_bytes(frames[1][1][:4], "little")
        return (([f"refused with {code}, not {self.code}"] if code != self.code else [])
                + (["a service was run"] if service_runs else []))


class HangUp:
    """It says nothing but its greeting, and runs no service."""

    last = (REFUSED, ACCEPTED)

    def judge(self, frames, service_runs):
        return (([f"frames: {frames}"] if [kind for kind, _ in frames] != [HELLO] else [])
                + (["a service was run"] if service_runs else []))


class Breaks:
    """The call was accepted; what came then ends it, and its service, without a status."""

    last = (REFUSED, EXIT)

    def judge(self, frames, service_runs):
        kinds = [kind for kind, _ in frames]
        return [f"frames: {frames}"] if kinds[:2] != [HELLO, ACCEPTED] or EXIT in kinds else []


class Served:
    """Odd, and yet a call: it ends with this status, after this output."""

    last = (REFUSED, EXIT)

    def __init__(self, status, output=None):
        self.status, self.output = status, output

    def judge(self, frames, service_runs):
        output = b"".join(payload for kind, payload in frames if kind == STDOUT)
        if (frames[-1:] != [(EXIT, number(self.status))]
            or [kind for kind, _ in frames[:2]] != [HELLO, ACCEPTED]):
            return [f"frames: {[(kind, len(payload)) for kind, payload in frames]}"]
        return [f"output: {output!r}"] if self.output is not None and output != self.output else []


def converse(it, data, step, half_close, last):
    """
    Send these bytes, and receive until the daemon hangs up, or says one of these frames, after
    which it is the caller's turn to hang up. Returns the frames, and half a one that came at the
    end.
    """
    frames, received = [], b""
    with machine.connect(it.sockets, "work") as client:
        try:
            for i in range(0, len(data), step or len(data) or 1):
                client.sendall(data[i:i + (step or len(data))])
            if half_close:
                client.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            while more := client.recv(65536):
                new, received = split(received + more)
                frames += new
                if any(kind in last for kind, _ in new):
                    break
        except ConnectionResetError:
            pass
    it.await_quiet()
    return frames, received


def at_daemon(name, data, expect, step=None, half_close=False):
    def test(it):
        frames, rest = converse(it, data, step, half_close, expect.last)
        return expect.judge(frames,
                            bool(it.served())) + ([f"half a frame came: {rest!r}"] if rest else [])
    register(f"rpc.daemon-{name}", lambda: machine.complaints_with(machine.Daemon, test))


REFUSES = Refusal(errno.EPROTO)
DENIES = Refusal(errno.EACCES)
END = frame(STDIN)
CAT = GREETING + call()

# The greeting.
at_daemon("version-0", frame(HELLO, number(0)) + call(), REFUSES)
at_daemon("version-2", frame(HELLO, number(2)) + call(), REFUSES)
at_daemon("version-max", frame(HELLO, number(2**32 - 1)) + call(), REFUSES)
at_daemon("hello-of-3", frame(HELLO, b"\1\0\0") + call(), REFUSES)
at_daemon("hello-of-5", frame(HELLO, b"\1\0\0\0\0") + call(), REFUSES)
at_daemon("hello-empty", frame(HELLO) + call(), REFUSES)
at_daemon("hello-twice", GREETING + GREETING + call(), REFUSES)
at_daemon("call-first", call() + GREETING, REFUSES)
at_daemon("http", b"GET / HTTP/1.1\r\nHost: work\r\n\r\n", REFUSES)
at_daemon("zeros", bytes(100_000), REFUSES)
at_daemon("ones", b"\xff" * 100_000, REFUSES)

# Types and lengths.
for first_kind in (0, 10, 255, 2**31, 2**32 - 1):
    at_daemon(f"type-{first_kind}-first", frame(first_kind, number(1)) + call(), REFUSES)
    at_daemon(f"type-{first_kind}-second", GREETING + frame(first_kind, b"x") + call(), REFUSES)
    at_daemon(f"type-{first_kind}-later", CAT + frame(first_kind, b"x") + END, Breaks())
for length in (FRAME_MAX + 1, 2**31, 2**32 - 1):
    at_daemon(f"hello-length-{length}", header(HELLO, length) + call(), REFUSES)
    at_daemon(f"call-length-{length}", GREETING + header(CALL, length) + b"x" * 1000, REFUSES)
    at_daemon(f"stdin-length-{length}", CAT + header(STDIN, length) + b"x" * 1000, Breaks())
at_daemon("call-too-long", GREETING + frame(CALL, b"a" * 161 + b"\0\0\0"), REFUSES)
at_daemon("call-of-the-longest", GREETING + call("t" * 63, "u" * 32, "s" * 63), DENIES)
at_daemon("stdin-of-the-longest", CAT + frame(STDIN, b"x" * FRAME_MAX) + END,
          Served(0, b"x" * FRAME_MAX))

# Frames that are not the caller's, or not now.
for kind, payload in ((ACCEPTED, b""), (REFUSED, number(1)), (STDOUT, b"x"), (STDERR, b"x"),
                      (EXIT, number(0)), (STDIN, b"x"), (UNWANTED, number(6))):
    at_daemon(f"type-{kind}-in-place-of-hello", frame(kind, payload) + call(), REFUSES)
    at_daemon(f"type-{kind}-in-place-of-call", GREETING + frame(kind, payload) + call(), REFUSES)
for kind, payload in ((HELLO, number(1)), (ACCEPTED, b""), (REFUSED, number(1)), (STDOUT, b"x"),
                      (STDERR, b"x"), (STDOUT, b""), (EXIT, number(0))):
    at_daemon(f"type-{kind}-{len(payload)}-while-served", CAT + frame(kind, payload) + END,
              Breaks())
at_daemon("call-while-served", CAT + call() + END, Breaks())
at_daemon("call-of-2", GREETING + frame(CALL, b"test.Cat\0home\0"), REFUSES)
at_daemon("call-of-4", GREETING + frame(CALL, b"test.Cat\0\0home\0\0"), REFUSES)
at_daemon("call-not-ended", GREETING + frame(CALL, b"test.Cat\0\0home"), REFUSES)
at_daemon("call-of-nothing", GREETING + frame(CALL, b"\0\0\0\0"), REFUSES)
at_daemon("call-of-3-bytes", GREETING + frame(CALL, b"\0\0\0"), REFUSES)

# Streams.
at_daemon("stdin-after-its-end", CAT + END + frame(STDIN, b"x"), Breaks())
at_daemon("stdin-ends-twice", CAT + END + END, Breaks())
at_daemon("unwanted-twice", CAT + frame(UNWANTED, number(STDOUT)) * 2 + END, Breaks())
for stream in (0, HELLO, CALL, STDIN, EXIT, UNWANTED, 32, 38, 2**32 - 1, 2**32 - 26):
    at_daemon(f"unwanted-{stream}", CAT + frame(UNWANTED, number(stream)) + END, Breaks())
at_daemon("unwanted-both", GREETING + call("test.Flood") + frame(UNWANTED, number(STDERR))
          + frame(UNWANTED, number(STDOUT)), Served(141))
at_daemon("unwanted-flood", GREETING + call("test.Flood") + frame(UNWANTED, number(STDOUT)),
          Served(141))
at_daemon("unwanted-of-3", CAT + frame(UNWANTED, b"\6\0\0") + END, Breaks())
at_daemon("many-small", CAT + frame(STDIN, b"x") * 20000 + END, Served(0, b"x" * 20000))

# Cut anywhere, slow, and silence.
for cut in range(len(CAT)):
    at_daemon(f"cut-{cut:02}", CAT[:cut], HangUp(), half_close=True)
at_daemon("cut-in-stdin", CAT + header(STDIN, 100) + b"x" * 50, Breaks(), half_close=True)
at_daemon("hang-up-while-served", GREETING + call("test.Stay"), Breaks(), half_close=True)
at_daemon("byte-by-byte", CAT + frame(STDIN, b"slow") + END, Served(0, b"slow"), step=1)
at_daemon("in-pieces-of-7", CAT + frame(STDIN, b"slow") * 100 + END, Served(0, b"slow" * 100),
          step=7)

# Names.
for position, label in enumerate(("service", "user", "source")):
    for byte in [*range(1, 0x30), *range(0x3a, 0x41), *range(0x5b, 0x61), *range(0x7b, 0x80), 0x80,
                 0xc3, 0xff]:
        if chr(byte) in "-._" or (chr(byte) == "+" and label == "service"):
            continue
        names = [b"test.Cat", b"", b"home"]
        names[position] = b"ab" + bytes([byte]) + b"c"
        at_daemon(f"{label}-with-{byte:02x}",
                  GREETING + frame(CALL, b"".join(name + b"\0" for name in names)), REFUSES)
# An argument has one spelling: "Denied+x" is denied, and so are not those that look like it.
for text in ("test.Cat+", "test.Cat++", "test.Cat++x", "test.Cat+x+",
             "test.Cat+x++y", "test.Denied+", "test.Denied+x+", "test.Denied++x"):
    at_daemon(f"spelling-{text}", GREETING + call(text), REFUSES)
for text in ("", "1x", "+x", ".x", "-x", "_x", "a" * 64):
    at_daemon(f"service-{text[:8]}-{len(text)}", GREETING + call(service=text), REFUSES)
for text in ("1x", "+x", ".x", "-x", "_x", "a" * 64):
    at_daemon(f"source-{text[:8]}-{len(text)}", GREETING + call(source=text), REFUSES)
for text in ("1x", "+x", ".x", "-x", "a" * 33):
    at_daemon(f"user-{text[:8]}-{len(text)}", GREETING + call(user=text), REFUSES)
at_daemon("service-none", GREETING + call("test.None"), Refusal(errno.ENOENT))
at_daemon("service-denied", GREETING + call("test.Denied+x"), DENIES)
at_daemon("service-dots", GREETING + call("a..b"), Refusal(errno.ENOENT))
at_daemon("user-of-another", GREETING + call(user="no-such-account"), DENIES)


def never_says_what_it_wants(it):
    """Ten seconds of silence are enough, and somebody who is refused may take their time to go."""
    with machine.connect(it.sockets, "work") as silent, machine.connect(it.sockets, "work") as half:
        half.sendall(CAT[:-3])
        return [f"{what}: {got!r}" for what, connection in (("silent", silent), ("half", half))
                if (got := b"".join(iter(lambda c=connection: c.recv(100), b""))) != GREETING]


def does_not_read(it):
    """Who floods and is flooded without reading, and goes, leaves nothing behind."""
    with machine.connect(it.sockets, "work") as client:
        client.sendall(CAT)
        client.settimeout(2)
        try:
            while True:
                client.sendall(frame(STDIN, b"x" * FRAME_MAX))
        except TimeoutError:
            return []


register("rpc.daemon-silence",
         lambda: machine.complaints_with(machine.Daemon, never_says_what_it_wants))
register("rpc.daemon-does-not-read", lambda: machine.complaints_with(machine.Daemon, does_not_read))


# ---- At the caller ----

LOST, NONSENSE = b"was lost", b"makes no sense"


def at_caller(name, data, status, said=b"", output=b"", step=None, hold=True, program=()):
    def test(it):
        end = it.call(data, step, hold, "--as=home", "work", "test.Cat", *program)
        complaints = [] if end[0] == status else [f"exit status {end[0]}, not {status}"]
        if end[1] != output:
            complaints.append(f"stdout: {end[1]!r}")
        if (said not in end[2] or end[2].count(b"\n") != bool(said)
            or not end[2].decode().replace("\n", "").isprintable()):
            complaints.append(f"stderr: {end[2]!r}")
        return complaints
    register(f"rpc.caller-{name}", lambda: machine.complaints_with(machine.FakeDaemon, test))


OUT_END, ERR_END = frame(STDOUT), frame(STDERR)
ENDED = OUT_END + ERR_END

at_caller("served", BEGUN + frame(STDOUT, b"hello") + ENDED + frame(EXIT, number(7)), 7,
          output=b"hello")
at_caller("byte-by-byte", BEGUN + frame(STDOUT, b"hello") + ENDED + frame(EXIT, number(7)), 7,
          output=b"hello", step=1)
at_caller("version-2", frame(HELLO, number(2)), 125, NONSENSE)
at_caller("refused-first", refused(13), 125, NONSENSE)
at_caller("accepted-first", frame(ACCEPTED), 125, NONSENSE)
at_caller("hello-twice", GREETING + GREETING, 125, NONSENSE)
at_caller("call", GREETING + call(), 125, NONSENSE)
at_caller("stdout-too-early", GREETING + frame(STDOUT, b"x"), 125, NONSENSE)
at_caller("exit-too-early", GREETING + frame(EXIT, number(0)), 125, NONSENSE)
at_caller("accepted-of-1", GREETING + frame(ACCEPTED, b"x"), 125, NONSENSE)
at_caller("accepted-twice", BEGUN + frame(ACCEPTED), 125, NONSENSE)
at_caller("refused-later", BEGUN + refused(13), 125, NONSENSE)
for kind in (0, 10, 2**32 - 1):
    at_caller(f"type-{kind}", GREETING + frame(kind), 125, NONSENSE)
    at_caller(f"type-{kind}-later", BEGUN + frame(kind), 125, NONSENSE)
for length in (FRAME_MAX + 1, 2**31, 2**32 - 1):
    at_caller(f"length-{length}", BEGUN + header(STDOUT, length) + b"x" * 100, 125, NONSENSE)
    at_caller(f"refused-length-{length}", GREETING + header(REFUSED, length) + b"x" * 100, 125,
              NONSENSE)
at_caller("stdin", BEGUN + frame(STDIN, b"x"), 125, NONSENSE)
at_caller("stdout-after-its-end", BEGUN + OUT_END + frame(STDOUT, b"x"), 125, NONSENSE)
at_caller("stderr-ends-twice", BEGUN + ERR_END + ERR_END, 125, NONSENSE)
at_caller("exit-before-any-end", BEGUN + frame(EXIT, number(0)), 125, NONSENSE)
at_caller("exit-before-stdouts-end", BEGUN + ERR_END + frame(EXIT, number(0)), 125, NONSENSE)
at_caller("exit-before-stderrs-end", BEGUN + OUT_END + frame(EXIT, number(0)), 125, NONSENSE)
for exit_status in (256, 2**31, 2**32 - 1):
    at_caller(f"exit-{exit_status}", BEGUN + ENDED + frame(EXIT, number(exit_status)), 125,
              NONSENSE)
at_caller("exit-of-3", BEGUN + ENDED + frame(EXIT, b"\0\0\0"), 125, NONSENSE)
at_caller("exit-255-and-more", BEGUN + ENDED + frame(EXIT, number(255)) + b"more" * 1000, 255)
at_caller("unwanted-stdin-twice", BEGUN + frame(UNWANTED, number(STDIN)) * 2, 125, NONSENSE)
for stream in (0, STDOUT, STDERR, 37, 2**32 - 1):
    at_caller(f"unwanted-{stream}", BEGUN + frame(UNWANTED, number(stream)), 125, NONSENSE)
at_caller("nothing", b"", 125, LOST, hold=False)
at_caller("greeting-only", GREETING, 125, LOST, hold=False)
at_caller("accepted-only", BEGUN, 125, LOST, hold=False)
at_caller("no-exit", BEGUN + frame(STDOUT, b"part") + ENDED, 125, LOST, b"part", hold=False)
at_caller("half-a-frame", BEGUN + header(STDOUT, 10) + b"part", 125, LOST, hold=False)
for code, expected in ((errno.EACCES, 126), (errno.EBUSY, 126), (errno.ENOENT, 127),
                       (errno.EIO, 125), (0, 125), (2**32 - 1, 125)):
    at_caller(f"refused-{code}", GREETING + refused(code), expected,
              b"work refuses test.Cat: because")
at_caller("refused-with-escapes", GREETING + refused(13, b"\033]0;x\007\r\n\x9b31m\xff\0end"), 126,
          b"?]0;x????31m??end")
at_caller("refused-without-reason", GREETING + refused(13, b""), 126, b"it gives no reason")
at_caller("refused-at-length", GREETING + refused(13, b"x" * REASON_MAX), 126, b"x" * REASON_MAX)
at_caller("refused-too-long", GREETING + refused(13, b"x" * (REASON_MAX + 1)), 125, NONSENSE)
at_caller("refused-of-3", GREETING + frame(REFUSED, b"\2\0\0"), 125, NONSENSE)
at_caller("stderr-with-escapes", BEGUN + frame(STDERR, b"a\033[2Jb\x9bc\xe2\x80")
          + frame(STDERR, b"\xaed\n") + ENDED + frame(EXIT, number(0)), 0, b"a?[2Jb?c?")
at_caller("program-ends", BEGUN + header(STDOUT, 10) + b"part", 125, LOST, hold=False,
          program=("sh", "-c", "cat >/dev/null; exit 9"))
