# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The screen of a sandbox. The X server is played; real ones are in tests/applications."""
import os
import signal
import subprocess

import process
import suite
import tree
from expect import check, equal, has, wait_until
from sandboxing import ASK, SERVER, Sandboxing, need_python

test = suite.cases(Sandboxing, once=True)

FAILED = 125  # pedos-rpc's status, where that is not the service's


@test("it is an X server of its own, in a sandbox, with the template's size and name")
def _(t):
    need_python()
    t.played_screen()
    target = t.template("x", "geometry=640x480\n")
    display, *words = t.shell(ASK.format(word="say"), target=target).exits(3).told.split("\n")
    words = [*display.split()[1:], *words]
    equal(display.split()[0], ":0")
    equal(words[words.index("-screen") + 1], "640x480")
    equal(words[words.index("-title") + 1], "Disposable sandbox: x")
    for pair in (["-nolisten", "tcp"], ["-nolisten", "local"]):
        check(any(words[i:i + 2] == pair for i in range(len(words))), f"{pair} in {words}")
    check("-noreset" in words and "-no-host-grab" in words, f"words: {words}")
    # Of the environment, it knows where the user's screen is.
    equal(sorted(set(words) & {"HOME", "DISPLAY", "PWD", "XDG_RUNTIME_DIR", "WORD"}),
          sorted({"DISPLAY"} | (set(words) & {"PWD"})))
    t.nothing_left()


@test("it has this machine's name, by which the cookie of a screen is found; the service has not")
def _(t):
    need_python()
    t.played_screen()
    name = os.uname().nodename
    words = t.shell("uname -n; " + ASK.format(word="say")).exits(3).told.split("\n")
    equal((words[0], words[-1]), ("sandbox", name))
    t.nothing_left()


@test("none with display=none, or where the user has none")
def _(t):
    t.played_screen("#!/bin/sh\nexit 1\n")
    target = t.template("x", "display=none\n")
    equal(t.shell('echo "<$DISPLAY>"; ls /tmp/.X11-unix 2>/dev/null', target=target).told, "<>")
    del t.environment["DISPLAY"]
    equal(t.shell('echo "<$DISPLAY>"').told, "<>")


@test("without Xephyr, or on another machine's screen, the call is refused, and says what to do")
def _(t):
    t.with_programs("bwrap")
    t.has_screen()
    t.shell("echo ran").exits(FAILED).says("Xephyr is not installed", "display=none")
    for display in ("localhost:10.0", "other:0", ":99999999999", ":4294967296", ":-1", ":x", ":5x",
                    "/tmp/x"):
        t.environment["DISPLAY"] = display
        t.shell("echo ran").exits(FAILED).says("DISPLAY is no X server of this machine")
    t.environment["WAYLAND_DISPLAY"] = "wayland-0"
    t.shell("echo ran").exits(FAILED).says("DISPLAY is no X server of this machine")
    del t.environment["DISPLAY"]
    t.shell("echo ran").exits(FAILED).says("the socket of WAYLAND_DISPLAY is not there")
    tree.write(f"{t.runtime}/wayland-0", "")
    t.shell("echo ran").exits(FAILED).says("Xwayland is not installed")
    t.nothing_left()


@test("where the compositor's socket is not there, as behind su, the X server is used")
def _(t):
    need_python()
    t.played_screen()
    t.with_programs(Xwayland="#!/bin/sh\nexit 1\n")
    t.environment["WAYLAND_DISPLAY"] = "wayland-0"
    has(t.shell(ASK.format(word="say")).exits(3).told, "-screen")
    t.nothing_left()


@test("why an X server does not start is said, in its last line, and nothing is left")
def _(t):
    t.played_screen("#!/bin/sh\nprintf 'first\\n(EE) no \\033[31mscreens found\\n(EE) \\n' >&2\n")
    end = t.shell("echo ran").exits(FAILED).says("the X server of the sandbox has not started",
                                            "screens found")
    check("\33" not in end.said and "first" not in end.said, end.said)
    t.nothing_left()


@test("one that says without end why it does not start fills nothing")
def _(t):
    t.played_screen("#!/bin/sh\nwhile printf '%1000d\\n' 1 >&2; do :; done\nexit 1\n")
    t.shell("echo ran").exits(FAILED).says("the X server of the sandbox has not started")
    t.nothing_left()


@test("when it dies, as when its window is closed, the service still says how it ended")
def _(t):
    need_python()
    t.played_screen()
    t.shell(ASK.format(word="die")).exits(3)
    t.nothing_left()


@test("a service that goes on without a screen is ended, which is no success", waits=True)
def _(t):
    need_python()
    t.played_screen()
    body = ASK.format(word="die").replace("exec ", "", 1)
    t.shell(f"({body}); trap '' TERM; while :; do sleep 1000; done").exits(128 + signal.SIGKILL)
    t.nothing_left()


@test("killed before the service runs, it leaves no directory and no server")
def _(t):
    t.played_screen("#!/bin/sh\nexec sleep 1000\n")
    t.service("test.None", "true")
    for which in range(4):
        caller = t.start_rpc("@dispvm", "test.None", stdin=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        wait_until(lambda: any(name.startswith("pedos-rpc") for name in os.listdir(t.runtime)),
                   "the directory", by=[caller])
        [guard] = process.children(caller.pid)
        [worker] = process.children(guard)
        process.kill([caller.pid, guard, worker, caller.pid][which],
                     signal.SIGTERM if which == 3 else signal.SIGKILL)
        caller.wait()
        caller.close()
        t.nothing_left()


@test("nobody else finds its socket once the service runs")
def _(t):
    need_python()
    t.played_screen()
    t.service("test.Ready", "echo ready; cat")
    caller = t.start_rpc("@dispvm", "test.Ready", stdin=subprocess.PIPE)
    wait_until(lambda: caller.told() == "ready", "the service", by=[caller])
    wait_until(lambda: os.listdir(t.runtime) == [], "the directory to be gone", by=[caller])
    caller.close().wait().exits(0)
    t.nothing_left()


@test("where nothing can be made in XDG_RUNTIME_DIR, as where it is full, its directory is in /tmp")
def _(t):
    need_python()
    t.played_screen()
    place = t.runtime
    while len(place) < 4080 - 60:
        place += "/" + 50 * "x"
    place += "/" + (4085 - len(place) - 1) * "x"
    os.makedirs(place)
    t.own()
    t.environment["XDG_RUNTIME_DIR"] = place  # with the name behind it, longer than a path can be
    t.shell('echo "$DISPLAY"').exits(0)
    t.nothing_left()


@test("DISPLAY may name this machine by its word for it")
def _(t):
    need_python()
    t.played_screen()
    t.environment["DISPLAY"] = "unix" + t.environment["DISPLAY"]
    equal(t.shell('echo "$DISPLAY"').exits(0).told, ":0")
    t.nothing_left()


@test("a screen whose directory cannot be made is refused")
def _(t):
    t.played_screen(SERVER)
    t.environment["XDG_RUNTIME_DIR"] = "/" + "x" * 4000
    has(t.shell("echo ran").said + "X server", "X server")
    t.nothing_left()
