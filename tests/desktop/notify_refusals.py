# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-notify: what was refused is told, and why; and what floods it."""
import os
import re
import shlex
import socket
import struct

import machine
import stream as wire
import suite
import tree
from expect import check, equal, wait_until
from notified import Notified
from settings import SANITIZED

test = suite.cases(Notified)

REFUSED = "A delivery from {} was refused"
SOURCE, NAME = 64, 256  # bytes of struct refusal


def deliver(t, source, data, *options):
    """This stream, as what this VM sends: how the receiver ended."""
    return t.run(*shlex.split(t.receiver_of(source, *options)), stdin=data)


def report(t, source, code=17, flags=0, name=b"", tag=b"Refused1", as_other=False):
    """Say what a receiver says, as the account or as the one who runs the tests."""
    data = tag + struct.pack(f"=II{SOURCE}s{NAME}s", code, flags, source, name)
    send = ("import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto("
            "bytes.fromhex(sys.argv[1]), sys.argv[2])")
    start = t.start if as_other else t.start_there
    start("/usr/bin/python3", "-c", send, data.hex(), f"{t.runtime}/qfile-notify").wait().exits(0)


@test("a name that is taken, a limit, a name that is not accepted and a damaged stream are told, "
      "in words for everybody")
def _(t):
    t.open_session()
    tree.write("report.pdf", "x" * 100)
    t.send_as("work", "report.pdf").exits(0)
    t.notice(1, "1 file from work", "report.pdf")
    t.send_as("work", "report.pdf").exits(1)
    t.notice(2, REFUSED.format("work"), "“report.pdf” is there already. Nothing was replaced.")
    t.send_as("vault", "report.pdf", options=["--max-bytes=10"]).exits(1)
    t.notice(3, REFUSED.format("vault"), "It is more than may be received at a time.")
    deliver(t, "play", wire.file("\u202e<b>x", b"x") + wire.END).exits(1)
    t.notice(4, REFUSED.format("play"),
             "The name “?&lt;b&gt;x” has characters that are not accepted.")
    deliver(t, "broken", b"\xff" * 1000).exits(1)
    t.notice(5, REFUSED.format("broken"), "What was sent is damaged.")
    equal([values[5] for values in t.called("Notify")][1:], [[]] * 4)


@test("what could not be done here is told without saying more than that; what the sender left off "
      "is no refusal")
def _(t):
    t.open_session()
    deliver(t, "work", wire.file("file", b"x" * 100)[:50]).exits(1)
    for path in f"{t.home}/PedOSIncoming/here", f"{t.home}/PedOSIncoming/work2":
        tree.write(path, "no directory")
    tree.write("file", "x")
    t.send_as("work2", "file").exits(1)
    (summary, body), = t.wait_notices(1)
    equal(summary, REFUSED.format("work2"))
    check(re.fullmatch(r"This computer could not receive it\.( The system's log says more\.)?",
                       body), body)


@test("many refusals are one notice, which says how many and the last reason")
def _(t):
    t.open_session()
    for number in range(5):
        report(t, b"work", name=b"%d" % number)
    t.wait_notices(1)

    def all_told():
        return t.notices()[-1] == ("5 deliveries from work were refused",
                                   "“4” is there already. Nothing was replaced.")
    wait_until(all_told, lambda: f"the last notice; there are {t.notices()}", by=[t.notify])
    check(len(t.notices()) <= 2, t.notices())


@test("what is no report is dropped: of another account, too short, of another version, of no VM")
def _(t):
    t.open_session()
    if machine.am_root():
        report(t, b"root", as_other=True)
    report(t, b"../../etc")
    report(t, b"<b>")
    report(t, b"work", tag=b"Refused2")
    report(t, b"1" * SOURCE, name=b"y" * NAME)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as short:
        short.sendto(b"Refused1", f"{t.runtime}/qfile-notify")
    report(t, b"last", code=0xffffffff, flags=0xffffffff, name=b"\xff\n<")
    (summary, body), = t.wait_notices(1)
    equal(summary, REFUSED.format("last"))
    equal(body, "It broke the rules in a way that may be an attack. "
          "The system&apos;s log says more.")


def high_water(program):
    """The most memory that a program has had, in KiB."""
    status = tree.read(f"/proc/{program.pid}/status")
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)[1])


@test("a hundred thousand files in one delivery are one notice, and no more memory", waits=True)
def _(t):
    t.open_session()
    tree.write("first", "x")
    t.send_as("work", "first").exits(0)
    t.notice(1, "1 file from work", "first")
    t.do("close")
    before = high_water(t.notify)
    deliver(t, "work", b"".join(wire.file(f"{number:06}", b"") for number in range(100000))
            + wire.END).exits(0)

    def all_told():
        return re.fullmatch("Many files from work|100000 files from work", t.notices()[-1][0])
    wait_until(all_told, lambda: f"the last notice; there are {t.notices()}", by=[t.notify])
    check(len(t.notices()) <= 4, t.notices())
    grown = high_water(t.notify) - before
    check(grown < 4096 or SANITIZED, f"{grown} KiB more")  # sanitizers keep what is freed
    equal(os.path.exists(f"{t.incoming_of('work')}/099999"), True)


@test("deliveries without a pause are told all the same, every few seconds", waits=True)
def _(t):
    t.open_session()
    count = 0
    while len(t.notices()) < 2:
        count += 1
        tree.write(f"{count}", "x")
        t.send_as("work", f"{count}").exits(0)
    shown = [int(summary.split(" ")[0]) for summary, _ in t.notices()]
    check(0 < shown[0] < shown[1] <= count, f"{shown} of {count}")
