# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""pedos-rpc and pedos-rpcd on one machine: how a service is called, and what comes back."""
import os
import pty
import re
import signal
import subprocess
import threading

import machine
import process
import sample
import suite
from calling import Calling
from expect import check, equal, wait_until
from settings import RPC

test = suite.cases(Calling, once=True)


def write_on(role):
    """Write until nobody reads any more, as one that would die of it."""
    try:
        while True:
            role.write(bytes(65536))
    except BrokenPipeError:
        pass


def wait_for(event):
    wait_until(event.is_set, "the other side")


@test("our own stdin and stdout are the service's, byte by byte")
def _(t):
    t.service("test.Cat", "exec cat")
    t.start_daemon()
    sent = os.urandom(3000000)
    end = t.rpc("work", "test.Cat", stdin=sent).exits(0).says_nothing()
    check(end.out == sent, f"{len(end.out)} other bytes came back")
    equal(t.rpc("work", "test.Cat").exits(0).says_nothing().out, b"")


@test("a PROGRAM's stdin and stdout are joined to the service's, and its arguments are its own")
def _(t):
    seen = {}

    def ask(role):
        role.write(b"question\n")
        seen["answer"] = role.stdin.readline()

    def answer(role):
        seen["arguments"], seen["question"] = role.arguments, role.stdin.readline()
        role.write(b"-- an answer\n")
    t.served_here("test.Ask", ask)
    t.start_daemon()
    equal(t.rpc("work", "test.Ask", *t.stand_in(answer).words, "an argument",
                "-- another").exits(0).out, b"")
    equal(seen, {"question": b"question\n", "answer": b"-- an answer\n",
                 "arguments": ["an argument", "-- another"]})


@test("the sockets' directory comes from the environment, too")
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon()
    equal(t.run(RPC, "--as=home", "work", "test.Hi",
                env={"PEDOS_RPC_SOCKETS": t.sockets}).exits(0).told, "hi")
    elsewhere = f"{t.top}/elsewhere"
    t.run(RPC, "work", "test.Hi", env={"PEDOS_RPC_SOCKETS": elsewhere}).exits(125).says(
        "nobody serves work on this machine", f"{elsewhere}/work")


@test("every exit status of a service comes back")
def _(t):
    t.service("test.Exit", 'exit "$1"')
    t.start_daemon()
    tried = sorted({0, 255, *sample.of_lengths(range(256))})
    for first in range(0, len(tried), 8):
        calls = [(status, t.start_rpc("work", f"test.Exit+{status}"))
                 for status in tried[first:first + 8]]
        for status, call in calls:
            call.wait().exits(status).says_nothing()


@test("with a PROGRAM its exit status counts, and the service's where that is 0")
def _(t):
    t.service("test.Exit", 'exit "$1"')
    t.start_daemon()
    for status in 1, 42, 125, 255:
        for service in "test.Exit+7", "test.Exit+0":
            t.rpc("work", service, "sh", "-c", f"exit {status}").exits(status)
    t.rpc("work", "test.Exit+7", "true").exits(7)
    t.rpc("work", "test.Exit+0", "true").exits(0)
    t.rpc("work", "test.Exit+7", "sh", "-c", "kill -KILL $$").exits(137)


@test("a service that dies of writing more than the PROGRAM wanted does not count")
def _(t):
    t.service("test.Endless", "exec yes")
    t.start_daemon()
    wanted = []
    # What it writes would go to a service that may be dead by then.
    t.rpc("work", "test.Endless",
          *t.stand_in(lambda role: wanted.append(role.read(10))).words).exits(0)
    equal(wanted, [b"y\n" * 5])


@test("a service that a signal ends is 128 and the signal's number")
def _(t):
    t.service("test.Die", 'kill -"$1" $$; exit 99')
    t.start_daemon()
    for name in "HUP", "INT", "TERM", "KILL", "SEGV", "USR1":
        t.rpc("work", f"test.Die+{name}").exits(128 + getattr(signal, f"SIG{name}"))


@test(
    "no such service, a refused call and a failed one have statuses of their own, and one sentence")
def _(t):
    t.start_daemon()
    t.rpc("work", "test.None").exits(127).says("work refuses test.None: there is no such service")
    t.rule("test.None", "*", "@anyvm", "@anyvm", "deny")
    t.reload()
    t.rpc("work", "test.None").exits(126).says("work refuses test.None: the policy denies it")
    t.rpc("nobody-there", "test.None").exits(125).says("nobody serves nobody-there on this machine")


@test("a PROGRAM that cannot be run is said, and the service ends")
def _(t):
    t.make_staying_service()
    t.start_daemon()
    program = f"{t.top}/no-such-program"
    t.rpc("work", "test.Stay",
          program).exits(125).says(f"cannot run {program}: No such file or directory")
    wait_until(t.no_calls, "the end of the call")


@test("the service sees the end of PROGRAM's output, and its own can still be read")
def _(t):
    counts = []

    def play(role):
        role.write(b"12345")
        role.stdout.close()
        counts.append(role.read_all())
    t.served_here("test.Count", lambda role: role.write(b"%d" % len(role.read_all())))
    t.start_daemon()
    t.rpc("work", "test.Count", *t.stand_in(play).words).exits(0)
    equal(counts, [b"5"])


@test("PROGRAM sees the end of the service's output, and the service still reads")
def _(t):
    seen = {}

    def serve(role):
        role.write(b"first\n")
        role.stdout.close()
        seen["rest"] = role.read_all()

    def play(role):
        seen["first"] = role.read_all()
        role.write(b"after the end\n")
    t.served_here("test.First", serve)
    t.start_daemon()
    t.rpc("work", "test.First", *t.stand_in(play).words).exits(0)
    equal(seen["first"], b"first\n")
    wait_until(lambda: "rest" in seen, "what the service still reads")
    equal(seen["rest"], b"after the end\n")


@test("a service that closes its stdin stops who writes to it, and goes on")
def _(t):
    stopped, said = threading.Event(), []

    def serve(role):
        role.stdin.close()
        wait_for(stopped)
        role.write(b"alive\n")

    def play(role):
        write_on(role)
        stopped.set()
        said.append(role.read_all())
    t.served_here("test.Deaf", serve)
    t.start_daemon()
    t.rpc("work", "test.Deaf", *t.stand_in(play).words).exits(0)
    equal(said, [b"alive\n"])


@test("a PROGRAM that closes its stdin stops the service's output, and goes on")
def _(t):
    stopped, rest = threading.Event(), []

    def serve(role):
        write_on(role)
        stopped.set()
        rest.append(role.read_all())

    def play(role):
        role.stdin.close()
        wait_for(stopped)
        role.write(b"alive\n")
    t.served_here("test.Loud", serve)
    t.start_daemon()
    t.rpc("work", "test.Loud", *t.stand_in(play).words).exits(0)
    wait_until(lambda: rest, "what the service still reads")
    equal(rest, [b"alive\n"])


@test("where nobody reads our stdout the service is told, and its status comes back")
def _(t):
    t.service("test.Loud", "yes; exit $?")
    t.start_daemon()
    call = t.start_rpc("work", "test.Loud", stdout=subprocess.PIPE)
    read = 0
    while read < 100000 and (more := call.stdout.read(100000 - read)):
        read += len(more)
    check(read == 100000, f"{read} bytes came")
    call.stdout.close()
    call.wait().exits(141)


@test("a stdout that cannot be written is said, and the call has failed")
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon()
    with open("/dev/full", "wb") as full:
        t.rpc("work", "test.Hi",
              stdout=full).exits(125).says("writing to stdout: No space left on device")


@test("the service's stderr is ours, without what a terminal would obey")
def _(t):
    def complain(role):
        role.stderr.write(b"plain\ttext \303\251\n\033[31mred\007\302\233m\n\303")
        role.write(b"out\n")
    t.served_here("test.Complain", complain)
    t.start_daemon()
    end = t.rpc("work", "test.Complain").exits(0)
    equal(end.out, b"out\n")
    # What becomes of bytes that are no character of the screen's is left
    # open, but not what they may become.
    check(
        re.fullmatch(rb"work: plain\ttext \303\251\nwork: \?\[31mred\?[\t -~]*m\nwork: [\t -~]*\n",
                     end.err), f"stderr: {end.err!r}")


@test("the service's stderr is carried beside a PROGRAM, too")
def _(t):
    t.service("test.Complain", "echo complaint >&2")
    t.start_daemon()
    equal(t.rpc("work", "test.Complain", "cat").exits(0).said, "work: complaint")


@test("what the other VM says is on lines of its own that begin with its name, and nothing "
      "that it says is on any other")
def _(t):
    forged = b"pedos-rpc: type your password:"

    def forge(role):
        role.stderr.write(b"harmless\r" + forged + b"\n" + forged + b"\r\n")
        role.stderr.write(b"half a line, " + forged)
        mine.wait()
        role.stderr.write(b"\r" + forged + b"\x1b[1A\x1b[2K" + forged + b"\n\n" + 3000 * b"x" +
                          forged)
        role.write(b"out\n")

    def play(role):
        role.stderr.write(b"PROGRAM's own line\n")
        mine.set()
        role.read_all()
    mine = threading.Event()
    t.served_here("test.Forge", forge)
    t.start_daemon()
    end = t.rpc("work", "test.Forge", *t.stand_in(play).words).exits(0)
    check(end.err.endswith(b"\n"), f"the last line has no end: {end.err[-100:]}")
    lines = end.err[:-1].split(b"\n")
    equal([line for line in lines if not line.startswith(b"work: ")], [b"PROGRAM's own line"])
    equal(sum(line.count(forged) for line in lines), 6)
    equal([byte for byte in end.err if byte < 32 and byte != 10], [])


@test("on a terminal, what the other VM says takes the place of the progress that PROGRAM draws")
def _(t):
    def say(role):
        drawn.wait()
        role.stderr.write(b"one\ntwo\n")

    def draw(role):
        role.stderr.write(b"\r 35%")
        drawn.set()
        role.read_all()
    drawn = threading.Event()
    t.served_here("test.Say", say)
    t.start_daemon()
    status, shown = t.run_on_terminal(*t.caller("work", "test.Say", *t.stand_in(draw).words))
    equal((status, shown), (0, "\r 35%\r\033[Kwork: one\n\r\033[Kwork: two"))
    # Without PROGRAM, nobody draws there, and what the service has written stays.
    drawn.set()
    status, shown = t.run_on_terminal(*t.caller("work", "test.Say"))
    equal((status, shown), (0, "work: one\nwork: two"))


@test("when the call is lost in the middle of a line, the message about that has its own")
def _(t):
    t.service("test.Half", "printf 'half a line' >&2; echo >$NOTES/said; exec sleep 1000")
    t.start_daemon()
    call = t.start_rpc("work", "test.Half")
    wait_until(lambda: os.path.exists(f"{t.notes}/said"), "the service", by=[call])
    process.kill(t.process_of_call())
    call.wait().exits(125).says("pedos-rpc: the connection to work was lost")


def read_terminal(master):
    """What is written to it, to the end."""
    shown = b""
    try:
        while more := os.read(master, 65536):
            shown += more
    except OSError:  # that is how the end shows
        pass
    return shown


@test("on a terminal the service's output is shown without what the terminal would obey, "
      "and in a file it is as it was")
def _(t):
    t.service("test.Escape", r"printf 'a\033]0;title\007b\n'")
    t.start_daemon()
    machine.need_terminal()
    master, slave = pty.openpty()
    call = t.start_rpc("work", "test.Escape", stdin=slave, stdout=slave, stderr=slave,
                       start_new_session=True)
    os.close(slave)
    equal(read_terminal(master), b"a?]0;title?b\r\n")
    os.close(master)
    call.wait().exits(0)
    equal(t.rpc("work", "test.Escape").exits(0).out, b"a\033]0;title\007b\n")
