# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Whoever of a call ends, is stopped or is killed: the others notice, say it, and nothing stays
behind."""
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios

import machine
import process
import suite
from calling import Calling
from expect import check, missing, wait_until

test = suite.cases(Calling)

LOST = "the connection to work was lost"


def begin(t, *program, **how):
    """A call that goes on until somebody ends it."""
    for name in os.listdir(t.notes):
        os.unlink(f"{t.notes}/{name}")
    t.make_staying_service()
    call = t.start_rpc("work", "test.Stay", *program, **how)
    t.wait_note("service")
    return call


def begin_call(t):
    """The same with a PROGRAM that goes on, too, and does nothing at all. Returns both: that one as
    a standin.Role."""
    program = t.stand_in()
    return begin(t, *program.words), program.take()


def wait_end(pid, what):
    wait_until(lambda: process.ended(pid), f"the end of {what}")


def all_are_gone(t, program):
    wait_until(t.service_is_gone, "the service's end")
    wait_end(program, "PROGRAM")
    wait_until(t.no_calls, "the call's end")


@test("a stdin that cannot be read is no end of it: the call is broken off")
def _(t):
    t.start_daemon()
    t.service("test.Cat", "exec cat")
    directory = os.open("/", os.O_RDONLY)
    t.rpc("work", "test.Cat", stdin=directory).exits(125).says("reading stdin: Is a directory")
    os.close(directory)
    wait_until(t.no_calls, "the call's end")


@test("a caller that a signal stops dies of it, and with it PROGRAM, "
      "the service and its process group")
def _(t):
    t.start_daemon()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        call, program = begin_call(t)
        call.kill(number)
        call.wait().exits(128 + number).says_nothing()
        all_are_gone(t, program.pid)
    t.serves_on()


@test("Ctrl-C on a terminal ends the caller, PROGRAM and the service")
def _(t):
    t.start_daemon()
    machine.need_terminal()
    keyboard, terminal = pty.openpty()
    with open(keyboard, "wb", buffering=0) as keyboard:
        with open(terminal, "wb", buffering=0) as terminal:
            call = begin(t, "sh", "-c", 'echo $$ >"$0/program"; sleep 1000', t.notes,
                         stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
                         preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        program = int(t.wait_note("program"))
        keyboard.write(b"\x03")
        call.wait().exits(128 + signal.SIGINT)
        all_are_gone(t, program)
    t.serves_on()


@test("a PROGRAM that ignores SIGTERM is ended, too")
def _(t):
    t.start_daemon()
    call = begin(t, "sh", "-c", 'trap "" TERM; echo $$ >"$0/program"; exec sleep 1000', t.notes)
    program = int(t.wait_note("program"))
    call.kill(signal.SIGTERM)
    call.wait().exits(143)
    all_are_gone(t, program)


@test("a service that ignores SIGTERM is ended, too", waits=True)
def _(t):
    t.service("test.Stubborn",
              'trap "" TERM\necho $$ >"$NOTES/child"\necho $$ >"$NOTES/service"\nexec sleep 1000')
    t.start_daemon()
    call = t.start_rpc("work", "test.Stubborn")
    t.wait_note("service")
    call.kill(signal.SIGTERM)
    call.wait().exits(143)
    wait_until(t.service_is_gone, "the service's end")
    wait_until(t.no_calls, "the call's end")
    t.serves_on()


@test("a caller that is killed takes the service and its process group with it")
def _(t):
    t.start_daemon()
    call, program = begin_call(t)
    call.kill()
    call.wait().exits(137)
    wait_until(t.service_is_gone, "the service's end")
    wait_until(t.no_calls, "the call's end")
    t.daemon.logged("the caller has gone")
    # Its pipes have ended, which this one does not look at.
    check(not process.ended(program.pid), "PROGRAM has ended")
    t.serves_on()


@test("a caller that is killed while the service floods it is noticed")
def _(t):
    t.service("test.Flood", 'echo $$ >"$NOTES/child"; echo $$ >"$NOTES/service"; exec yes')
    t.start_daemon()
    call = t.start_rpc("work", "test.Flood", stdout=subprocess.PIPE)
    t.wait_note("service")
    select.select([call.stdout], [], [])  # and nobody reads it
    call.kill()
    call.wait()
    wait_until(t.service_is_gone, "the service's end")
    wait_until(t.no_calls, "the call's end")


@test("a daemon that is killed: its calls end, and their callers say so")
def _(t):
    t.start_daemon()
    call, program = begin_call(t)
    t.daemon.kill()
    call.wait().exits(125).says(LOST)
    wait_until(t.service_is_gone, "the service's end")
    wait_end(program.pid, "PROGRAM")


@test("a call's process that is killed: its service ends, the caller says so, the daemon serves on")
def _(t):
    t.start_daemon()
    call, program = begin_call(t)
    process.kill(t.process_of_call())
    call.wait().exits(125).says(LOST)
    wait_end(int(t.note("service")), "the service")
    wait_end(program.pid, "PROGRAM")
    check(not process.ended(int(t.note("child"))),
          "the service's child has ended: who has done that?")
    wait_until(t.no_calls, "the call's end")
    t.serves_on()


@test("a daemon that is asked to end ends its services first, removes its sockets, "
      "and says nothing is wrong")
def _(t):
    # What a shell has in its background ignores SIGINT; the daemon does not.
    in_background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    for number in (signal.SIGTERM, signal.SIGINT):
        t.start_daemon(through=in_background)
        call, program = begin_call(t)
        t.daemon.kill(number)
        t.daemon.wait().exits(0)
        check(process.ended(int(t.note("service"))), "the daemon has ended before its service")
        # This one was killed before, too, but nobody could wait for it.
        wait_until(t.service_is_gone, "the end of the service's child")
        missing(f"{t.sockets}/work")
        call.wait().exits(125).says(LOST)
        wait_end(program.pid, "PROGRAM")


def waits_for_answer(call):
    """Does it sleep? Once it has what it is stopped with, which it opens when it is connected, it
    sleeps only to wait for the daemon."""
    try:
        opened = [os.readlink(f"/proc/{call.pid}/fd/{fd}")
                  for fd in os.listdir(f"/proc/{call.pid}/fd")]
    except FileNotFoundError:  # one was closed just now
        return False
    return "anon_inode:[signalfd]" in opened and process.stat_of(call.pid)[0] == "S"


@test("a call that is stopped while the daemon is not serving ends at once")
def _(t):
    t.start_daemon()
    t.daemon.kill(signal.SIGSTOP)
    call = t.start_rpc("work", "test.Any")
    wait_until(lambda: waits_for_answer(call), "the caller to wait for the daemon",
               by=[call])
    call.kill(signal.SIGTERM)
    call.wait().exits(143).says_nothing()
    t.daemon.kill(signal.SIGCONT)
    wait_until(t.no_calls, "the call's end")
    t.serves_on()


@test("a daemon that does not answer is given up", waits=True)
def _(t):
    t.start_daemon()
    t.daemon.kill(signal.SIGSTOP)
    end = t.rpc("work", "test.Any")
    t.daemon.kill(signal.SIGCONT)
    end.exits(125).says("work does not answer")
