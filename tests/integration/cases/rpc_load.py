# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Many calls at once, and callers that do not get on."""
import contextlib
import errno
import os
import re
import signal
import socket
import time

import process
import rpc_wire as wire
import suite
import tree
from calling import Calling, WithAccounts
from expect import check, equal, has, wait_until
from settings import PYTHON, RPC

test = suite.cases(Calling, once=True)
test_with_accounts = suite.cases(WithAccounts)

NAMELESS = b"your account has no name that a domain can have"
TOO_MANY = "you have too many calls at once; try again when one has ended"
CLOCK_REALTIME_COARSE = 5


# ---- Callers by hand ----


def connect(t, said=b"", domain="work"):
    """A connection to the daemon on which this was said."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(f"{t.sockets}/{domain}")
    connection.sendall(said)
    return connection


@contextlib.contextmanager
def connections(several):
    """Closes them in the end."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(each) for each in several]


@contextlib.contextmanager
def held(t, count):
    """So many calls that are being served, by a service that waits."""
    t.service("test.Hold", "echo >\"$NOTES/held-$$\"\nexec sleep 1000")
    with connections(connect(t, wire.GREETING + wire.call("test.Hold")) for _ in range(count)):
        wait_until(lambda: sum(name.startswith("held-")
                   for name in os.listdir(t.notes)) == count, "the services")
        yield


def is_over(connection):
    """Has the daemon hung up? What it said before is not looked at."""
    try:
        return not connection.recv(1 << 16, socket.MSG_DONTWAIT) or is_over(connection)
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def while_silent(t, count, do, domain="work"):
    """Do something while so many connections say nothing, and none is given up. Returns them."""
    while True:
        silent = [connect(t, domain=domain) for _ in range(count)]
        do()
        if not any(is_over(connection) for connection in silent):
            return silent
        for connection in silent:  # this machine is slow today: once more
            connection.close()


class ByHand:
    """A call whose caller is in no hurry."""

    def __init__(self, t, line):
        self.frames, self.rest = [], b""
        self.connection = connect(t, wire.GREETING + wire.call("test.Wait")
                                  + wire.frame(wire.STDIN, line) + wire.frame(wire.STDIN))

    def wait(self, *kinds):
        """For a frame of one of these. Returns it: kind and payload."""
        while not (found := [frame for frame in self.frames if frame[0] in kinds]):
            more = self.connection.recv(65536)
            check(more, f"no {kinds} in {self.frames} {self.rest}")
            frames, self.rest = wire.split(self.rest + more)
            self.frames += frames
        return found[0]

    def told(self):
        """All of stdout."""
        return b"".join(payload for kind, payload in self.frames if kind == wire.STDOUT)


# ---- Many calls ----


def begin_calls(t, count):
    """
    A caller waits ten seconds for its first answer. A few at a time have that, however slow the
    machine is; once their services run, they stay.
    """
    calls = []
    while len(calls) < count:
        several = range(len(calls), min(len(calls) + 8, count))
        calls += [t.start_rpc("work", "test.Wait", stdin=f"call {number}\n".encode())
                  for number in several]
        wait_until(lambda: running(t) == len(calls), "these calls", by=calls)
    return calls


def running(t):
    return sum(name.startswith("running-") for name in os.listdir(t.notes))


@test("100 calls at once: as many as --max-calls are served, the others are told to try again")
def _(t):
    os.mkfifo(f"{t.notes}/go")
    t.service("test.Wait", 'echo >"$NOTES/running-$$"\n: <"$NOTES/go"\nread -r line\necho "$line"')
    t.start_daemon("--max-calls=75")
    calls = begin_calls(t, 30)
    # These the daemon finds waiting, all at the same moment.
    t.daemon.kill(signal.SIGSTOP)
    others = [ByHand(t, f"call {number}\n".encode()) for number in range(30, 90)]
    t.daemon.kill(signal.SIGCONT)
    refused = [other for other in others
               if other.wait(wire.ACCEPTED, wire.REFUSED)[0] == wire.REFUSED]
    equal({other.wait(wire.REFUSED)[1] for other in refused},
          {wire.number(errno.EBUSY) + TOO_MANY.encode()})
    equal(len(refused), 15)
    wait_until(lambda: running(t) == 75, "all services", by=calls)
    for number in range(90, 100):
        end = t.rpc("work", "test.Wait", stdin=f"call {number}\n".encode()).exits(126)
        equal((end.told, end.said), ("", f"pedos-rpc: work refuses test.Wait: {TOO_MANY}"))
    check(all(call.runs() for call in calls), "a call has ended")
    with open(f"{t.notes}/go", "wb"):
        for number, call in enumerate(calls):
            equal(call.wait().exits(0).says_nothing().out, f"call {number}\n".encode())
        for number, other in enumerate(others, 30):
            if other not in refused:
                equal(other.wait(wire.EXIT)[1], wire.number(0))
                equal(other.told(), f"call {number}\n".encode())
            other.connection.close()
    wait_until(t.no_calls)
    equal(running(t), 75)
    t.serves_on()


@test("who connects and says nothing, or half a frame, keeps nobody from being served")
def _(t):
    t.start_daemon("--max-calls=30")
    call = wire.header(wire.CALL, 5)
    for said in (b"", wire.GREETING[:1], wire.GREETING[:5], wire.GREETING, wire.GREETING + call):
        with connections(connect(t, said) for _ in range(10)):
            t.serves_on()
        wait_until(t.no_calls)


@test("a caller who uses up their calls by saying nothing is refused until these are given "
      "up, and then served", waits=True)
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon("--max-calls=3")

    def is_refused():
        t.rpc("work", "test.Hi").exits(126).says("too many calls at once")
    with connections(while_silent(t, 3, is_refused)) as silent:
        wait_until(lambda: all(is_over(connection)
                   for connection in silent), "the end of the silent calls")
        equal(t.rpc("work", "test.Hi").exits(0).told, "hi")
    t.daemon.logged("-> work: refused: you have too many calls at once")
    t.daemon.logged("did not say in time what it wants")


@test("the verdict has one deadline: a caller who says something now and then is given up "
      "as early as one who says nothing", waits=True)
def _(t):
    t.start_daemon()
    whole = wire.GREETING + wire.call("test.Hi")
    with connections(connect(t) for _ in range(3)) as (later, slow, silent):
        # Each of these was connected before the last one, which says nothing.
        for number in range(len(whole)):
            with contextlib.suppress(BrokenPipeError):
                slow.sendall(whole[number:number + 1])
                if number == 12:  # after six seconds: a deadline for each frame would begin anew
                    later.sendall(wire.GREETING)
            if is_over(silent):
                break
            time.sleep(0.5)
        check(is_over(later), "who greeted late is still there")
        check(is_over(slow), "who says a byte now and then is still there")


@test("a pending call is judged by the policy that is in force when it says what it wants")
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon()
    call = wire.call("test.Hi")
    for said, rest in ((b"", wire.GREETING + call), (wire.GREETING, call),
                       (wire.GREETING + call[:-1], call[-1:])):
        t.rule("*", "*", "@anyvm", "@anyvm", "allow")
        t.reload()
        with connections([connect(t, said)]) as (pending,):
            t.rule("*", "*", "@anyvm", "@anyvm", "deny")
            t.reload()
            pending.sendall(rest)
            equal(frames_to_the_end(pending)[-1], (wire.REFUSED,
                  wire.number(errno.EACCES) + b"the policy denies it"))
        with connections([connect(t, said)]) as (pending,):
            t.rule("*", "*", "@anyvm", "@anyvm", "allow")
            t.reload()
            pending.sendall(rest)
            check((wire.STDOUT, b"hi\n") in frames_to_the_end(pending), "it was not served")


@test("a caller who is refused and does not hang up holds nothing")
def _(t):
    t.service("test.Hi", "echo hi")
    tree.write(f"{t.policy}/40-deny.policy", "test.Denied * @anyvm @anyvm deny\n")
    t.start_daemon("--max-calls=2")
    before = len(os.listdir(f"/proc/{t.daemon.pid}/fd"))
    denied = wire.GREETING + wire.call("test.Denied")
    with connections(connect(t, denied) for _ in range(20)) as refused:
        wait_until(lambda: len(os.listdir(f"/proc/{t.daemon.pid}/fd")) == before,
                   "the end of the refused calls")
        equal(t.rpc("work", "test.Hi").exits(0).told, "hi")
        for connection in refused:  # and each has been told
            check(wire.REFUSED in [kind for kind, _ in frames_to_the_end(connection)],
                  "it was not told")


@test("a caller who is let in, but cannot be served, and does not hang up is gone after a "
      "moment", waits=True)
def _(t):
    t.start_daemon("--max-calls=2")
    with connections(connect(t, wire.GREETING + wire.call("test.None")) for _ in range(2)):
        wait_until(lambda: len(process.children(t.daemon.pid)) == 2, "the calls")
        wait_until(t.no_calls, "the end of the calls")
        t.serves_on()


def frames_to_the_end(connection):
    """All that still comes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while more := connection.recv(1 << 16):
            received += more
            if wire.split(received)[
                          0][-1:] and wire.split(received)[0][-1][0] in (wire.EXIT, wire.REFUSED):
                break
    return wire.split(received)[0]


@test_with_accounts(
    "one account's silent connections do not keep another's calls from being served")
def _(t):
    t.accounts("alice", "bob")
    t.service("test.Hi", "echo hi")
    t.served_as = None
    t.start_daemon("--max-calls=3", domains=("bob",), through=t.in_accounts())
    call = [RPC, f"--sockets={t.sockets}", "bob", "test.Hi"]

    def try_both():
        t.run(*t.in_accounts(), *call).exits(126).says("too many calls at once")
        equal(t.run(*t.as_user("alice"), *call).exits(0).told, "hi")
    with connections(while_silent(t, 3, try_both, "bob")):
        pass


@test_with_accounts("a caller without an account is refused before it has said anything, "
                    "and no process is started for it")
def _(t):
    t.accounts("alice", "bob")
    t.service("test.Hi", "echo hi")
    t.served_as = None
    t.start_daemon("--max-calls=3", domains=("bob",), through=t.in_accounts())
    read = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n" \
           "while data := s.recv(999): sys.stdout.buffer.write(data)"
    for stranger in (100000, 165535, 4242):
        end = t.run("setpriv", f"--reuid={stranger}", "--clear-groups", PYTHON, "-c", read,
                    f"{t.sockets}/bob").exits(0)
        equal(wire.split(end.out)[0], [(wire.HELLO, wire.number(1)),
                                       (wire.REFUSED, wire.number(errno.EACCES) + NAMELESS)])
    check(t.no_calls(), "there is a process")
    equal(
        t.run(*t.as_user("alice"), RPC, f"--sockets={t.sockets}", "bob", "test.Hi").exits(0).told,
        "hi")


def second():
    """As time(2) tells it, which may be behind what time.time() does."""
    return int(time.clock_gettime(CLOCK_REALTIME_COARSE))


@test("a log is not filled by calls that are refused: a line a second for each caller, "
      "which counts them")
def _(t):
    tree.write(f"{t.policy}/40-deny.policy", "test.Denied * @anyvm @anyvm deny\n")
    t.start_daemon("--max-calls=1")
    refused = {"the policy denies it": wire.GREETING + wire.call("test.Denied"),
               "no such service": wire.GREETING + wire.call("test.None"),
               "hung up": b"", "no call": b"x" * 100}
    for what, said in refused.items():
        begun, before = second(), t.daemon.said()
        for _ in range(100):
            with connections([connect(t, said)]) as (connection,):
                if said:
                    check(wire.REFUSED in [kind for kind, _ in frames_to_the_end(connection)],
                          "it was not refused")
            wait_until(t.no_calls)

        def counted(before=before, what=what):
            lines = [line for line in t.daemon.said()[len(before):].split("\n") if what in line]
            return lines, sum(
                int((re.findall("the last of ([0-9]+) such", line) or ["1"])[0]) for line in lines)
        wait_until(lambda: counted()[1] == 100, lambda: f"all in the log: {counted()}",
                   by=[t.daemon])
        passed = second() - begun
        check(len(counted()[0]) <= passed + 2, f"{len(counted()[0])} lines in {passed} seconds")


@test("what was refused is in the log at the daemon's end, too")
def _(t):
    t.start_daemon()
    for _ in range(3):
        t.rpc("work", "test.None").exits(127)
    t.daemon.stop().exits(0)
    has(t.daemon.said(), "test.None: refused: there is no such service")
