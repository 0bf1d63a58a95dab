# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Opening files through pedos-rpc."""
import os
import shlex
import signal

import process
import suite
import tree
from expect import check, equal, has, missing, wait_until
from opening import Application, Opening
from settings import OPENER, TOP

test = suite.cases(Opening)


def serve_editor(t):
    """The service PedOS.OpenInVM as it is installed, with a program beside it that runs the
    handler."""
    os.mkdir(f"{t.top}/bin")
    tree.script(f"{t.top}/bin/vm-file-editor", f'#!/bin/sh\n{t.real_editor()} "$@"\n')
    template = tree.read(f"{TOP}/vm-file-editor/PedOS.OpenInVM.in")
    tree.script(f"{t.services}/PedOS.OpenInVM", template.replace("@BINDIR@", f"{t.top}/bin"))
    # What is shown there belongs to whom the service runs as.
    os.chmod(t.there, 0o777)
    t.start_daemon()
    t.environment["PEDOS_RPC_CLIENT"] = tree.script(
        f"{t.top}/client", f'#!/bin/sh\nexec {shlex.join(t.caller())} "$@"\n')


def open_in(t, *arguments):
    return t.run(OPENER, *arguments)


def start_with_application(t):
    """Open "file" in the background. Returns the opener, and the application, which is played here,
    bit by bit, and stays until it is ended."""
    applications = t.stand_in()
    t.handler(f'{applications.command} "$@"')
    serve_editor(t)
    opener = t.start(OPENER, "work", "file")
    return opener, Application(applications.take())


@test("a file goes there, is shown under its opener's name, and what is saved there comes back")
def _(t):
    tree.write("file", "first")

    def play(application):
        application.role.write(f"{application.read()}\n{application.directory}\n".encode())
        application.write("second")
    t.played_handler(play)
    serve_editor(t)
    end = open_in(t, "work", "file").exits(0)
    has(end.said, "first")
    has(end.said, f"{t.there}/qopen-home-")
    equal(tree.read("file"), "second")
    t.nothing_beside()
    t.nothing_there()
    wait_until(t.no_calls)
    t.daemon.logged("PedOS.OpenInVM")


@test("an edit that cannot be put in its place is named after the VM; "
      "and the service may have another name")
def _(t):
    tree.write("file.txt", "first")

    def play(application):
        tree.write(f"{t.sent}/file.txt", "local")
        application.write("second")
    t.played_handler(play)
    serve_editor(t)
    os.rename(f"{t.services}/PedOS.OpenInVM", f"{t.services}/test.Open")
    open_in(t, "--service=test.Open", "work", "file.txt").exits(1)
    kept = t.beside("file.txt")
    has(kept, "(edited in work, ")
    equal((tree.read("file.txt"), tree.read(kept)), ("local", "second"))


@test("--view-only goes along, so do --verbose and --max-bytes")
def _(t):
    tree.write("file", "first")
    before = tree.identity("file")

    def play(application):
        application.role.write(f"{tree.mode_of(application.file):o}\n".encode())
        os.chmod(application.file, 0o600)
        application.write("second")
    t.played_handler(play)
    serve_editor(t)
    has(open_in(t, "--view-only", "work", "file").exits(0).said, "400")
    equal(tree.identity("file"), before)
    has(open_in(t, "-v", "work", "file").exits(0).said, "save 1")
    equal(tree.read("file"), "second")
    tree.write("file", "first")
    open_in(t, "--max-bytes=3", "work", "file").exits(1)
    equal(tree.read("file"), "first")


@test(
    "a refusal, an unknown service and a VM that nobody serves are said, and the file is as it was")
def _(t):
    tree.write("file", "first")
    before = tree.identity("file")
    t.handler('touch "$NOTES/called"')
    serve_editor(t)
    t.rule("PedOS.OpenInVM", "+", "@anyvm", "@anyvm", "deny")
    t.reload()
    has(open_in(t, "work", "file").exits(126).said,
        "work refuses PedOS.OpenInVM: the policy denies it")
    t.rule("*", "*", "@anyvm", "@anyvm", "allow")
    t.reload()
    has(open_in(t, "--service=test.None", "work", "file").exits(127).said,
        "there is no such service")
    t.daemon.stop()
    has(open_in(t, "work", "file").exits(125).said, "nobody serves work on this machine")
    missing(f"{t.notes}/called")
    equal(tree.identity("file"), before)
    t.nothing_beside()


@test("no argument of the service is accepted")
def _(t):
    tree.write("file", "first")
    t.handler('touch "$NOTES/called"')
    serve_editor(t)
    end = open_in(t, "--service=PedOS.OpenInVM+anything", "work", "file")
    has(end.said, "takes no argument")
    # Whether the file had been sent by then or not.
    check(end.status in (1, 2), f"exit status: {end.status}")
    missing(f"{t.notes}/called")
    equal(tree.read("file"), "first")


@test("an rpc client that is not there")
def _(t):
    tree.write("file", "first")
    end = t.run(OPENER, "work", "file",
                env={"PEDOS_RPC_CLIENT": "/no/such/client"}).says("/no/such/client")
    check(end.status != 0, "exit status: 0")


@test("the connection is lost: that is said, and which save was the last")
def _(t):
    tree.write("file", "first")
    opener, application = start_with_application(t)
    application.write("second")
    wait_until(lambda: tree.read("file") == "second", "the save")
    process.kill(t.process_of_call())
    end = opener.wait()
    check(end.status != 0, "exit status: 0")
    has(end.said, "number 1")
    equal(tree.read("file"), "second")
    # The service was killed with the call.
    process.kill(application.role.pid)


@test("the caller is stopped: the application there goes on, and nothing is left when it has ended",
      waits=True)
def _(t):
    tree.write("file", "first")
    opener, application = start_with_application(t)
    opener.kill(signal.SIGTERM)
    opener.wait()
    notice = f"{application.directory}/NOT SENT BACK - file.txt"
    wait_until(lambda: os.path.exists(notice), "the notice")
    wait_until(t.no_calls)
    check(not process.ended(application.role.pid), "the application was ended")
    equal(application.read(), "first")
    application.end()
    wait_until(lambda: not os.listdir(t.there), "the removal of what was shown")
    t.nothing_beside()


@test("Ctrl-C at the opener, which the client gets as well: what was just saved arrives first",
      waits=True)
def _(t):
    tree.write("file", "first")
    opener, application = start_with_application(t)
    application.write("second")
    # As a terminal does it: all that are in the foreground get it.
    for pid in tree.read(f"/proc/{opener.pid}/task/{opener.pid}/children").split():
        os.kill(int(pid), signal.SIGINT)
    opener.kill(signal.SIGINT)
    end = opener.wait().exits(130)
    has(end.said, "ending: waiting for what was just saved in work")
    equal(tree.read("file"), "second")
    application.role.end()
