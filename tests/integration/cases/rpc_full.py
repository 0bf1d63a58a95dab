# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Calls whose streams are full, since nobody reads them."""
import contextlib
import os
import re
import signal
import subprocess
import threading

import suite
import tree
from calling import Calling
from expect import check, equal, wait_until

test = suite.cases(Calling, once=True)

MEGABYTE = os.urandom(1 << 20)


def rest_of(pid):
    """Its state, and how often it has ceased to run: the same S twice, and it has slept
    meanwhile."""
    found = re.findall(r"^(?:State|voluntary_ctxt_switches|nonvoluntary_ctxt_switches):\s*(\S+)",
                       tree.read(f"/proc/{pid}/status"), re.M)
    equal(len(found), 3)
    return found


def fill(pipes, *pids):
    """
    Write into these pipes until none takes anything any more, and the processes that carry it all
    sleep: then nothing goes on until somebody reads. Returns what each has taken.
    """
    taken = [bytearray() for _ in pipes]
    for pipe in pipes:
        os.set_blocking(pipe.fileno(), False)

    def is_full():
        before, full = [rest_of(pid) for pid in pids], True
        for pipe, data in zip(pipes, taken):
            while written := pipe.write(MEGABYTE):
                data += MEGABYTE[:written]
                full = False
        return (full and all(rest[0] == "S" for rest in before)
                and [rest_of(pid) for pid in pids] == before)
    wait_until(is_full, "full pipes")
    return taken


def begin(t):
    """A call whose service, and PROGRAM, are played. Returns it, PROGRAM, the service, and the
    processes that carry the streams."""
    service, program = t.stand_in(), t.stand_in()
    t.service("test.Played", service.command)
    t.start_daemon()
    call = t.start_rpc("work", "test.Played", *program.words)
    return call, program.take(), service.take(), (call.pid, t.process_of_call())


@contextlib.contextmanager
def meanwhile(do):
    """Something that is done beside what is done here, and to be waited for."""
    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    yield
    thread.join()


def write_and_close(file, *data):
    with file, contextlib.suppress(BrokenPipeError):
        for each in data:
            view = memoryview(each)
            while view:
                view = view[file.write(view):]


def reads_megabytes(count, role):
    """These, and then the end."""
    for number in range(count):
        check(role.read(len(MEGABYTE)) == MEGABYTE, f"other bytes in megabyte {number}")
    equal(role.read(1), b"")


@test("both directions full, and nobody reads: nothing is lost when they are read")
def _(t):
    call, program, service, carriers = begin(t)
    forth, back = fill([program.stdout, service.stdout], *carriers)
    check(len(forth) > 65536 and len(back) > 65536, f"taken: {len(forth)}, {len(back)} bytes")
    program.stdout.close()
    service.stdout.close()
    check(service.read_all() == forth, "what the service reads is not what PROGRAM wrote")
    check(program.read_all() == back, "what PROGRAM reads is not what the service wrote")
    program.end()
    service.end()
    call.wait().exits(0)
    wait_until(t.no_calls)


@test("a service that writes and does not read gets its bytes through a full stdin")
def _(t):
    call, program, service, carriers = begin(t)
    fill([program.stdout], *carriers)
    with meanwhile(lambda: write_and_close(service.stdout, *[MEGABYTE] * 50)):
        reads_megabytes(50, program)
    service.end()
    program.end()
    call.wait().exits(0)
    wait_until(t.no_calls)


@test("a PROGRAM that writes and does not read gets its bytes through a full stdout")
def _(t):
    call, program, service, carriers = begin(t)
    fill([service.stdout], *carriers)
    with meanwhile(lambda: write_and_close(program.stdout, *[MEGABYTE] * 50)):
        reads_megabytes(50, service)
    program.end()
    service.end()
    call.wait().exits(0)
    wait_until(t.no_calls)


@test("a stdout that nobody reads holds back neither what stderr said before, nor stdin")
def _(t):
    played = t.stand_in()
    t.service("test.Mixed", played.command)
    t.start_daemon()
    call = t.start_rpc("work", "test.Mixed", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    service = played.take()
    service.stderr.write(b"complaint\n")
    # Not later: in which order the daemon takes what two pipes hold is its own affair.
    wait_until(lambda: "complaint" in call.said(), "stderr", by=[call])
    fill([service.stdout], call.pid, t.process_of_call())
    with meanwhile(lambda: write_and_close(call.stdin, *[MEGABYTE] * 20)):
        reads_megabytes(20, service)
    call.kill(signal.SIGTERM)
    call.wait().exits(143)
    wait_until(t.no_calls)


@test("much in both directions at once arrives byte by byte")
def _(t):
    played, data = t.stand_in(), os.urandom(40000000)
    t.service("test.Cat", "exec cat")
    t.start_daemon()
    call = t.start_rpc("work", "test.Cat", *played.words)
    program = played.take()
    with meanwhile(lambda: write_and_close(program.stdout, data)):
        check(program.read_all() == data, "other bytes came back")
    program.end()
    call.wait().exits(0)
