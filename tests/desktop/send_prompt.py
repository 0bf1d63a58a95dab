# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send --prompt: the question of a policy, asked by the real pedos-rpcd."""
import os
import re
import time

import suite
import tree
from expect import check, equal
from sending import SEND, Sending
from tap import Skip

test = suite.cases(Sending)

SOON = 0.9  # seconds
QUESTION = "home wants to send files to work. Is that allowed?"


def asks(t):
    """A policy that asks, with qfile-send. Returns the sender that waits for the answer."""
    t.open_desktop()
    t.show_notices()
    t.serve()
    t.daemon.stop()
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    shown = [f"--setenv={name}={t.environment[name]}"
             for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "ASAN_OPTIONS")
             if name in t.environment]
    t.start_daemon(f"--prompt={SEND} --prompt", *shown)
    send = t.send("--to=work", "report.txt")
    t.sees(QUESTION, by=[send])
    return send


@test("allowed: the call goes on")
def _(t):
    send = asks(t)
    t.answer_prompt("Allow")
    send.wait().exits(0)
    equal(tree.read(f"{t.incoming}/report.txt"), "content\n")


@test("Return denies, and in the first second it is no answer")
def _(t):
    send = asks(t)
    t.window("Copy to another VM")
    window, = t.windows("Question of another VM")
    began = time.monotonic()
    # Meant for what was there before.
    t.xdotool("windowactivate", "--sync", window, "key", "--delay", "5", "Return", "space",
              "alt+a", "Escape")
    if time.monotonic() - began > SOON:
        raise Skip("this machine is so busy that keys come after a second")
    t.until(lambda: not (found := t.find("Deny", "push button")) or "sensitive" in found.states,
            "it to take an answer")
    check(t.find(QUESTION), "keys that came too early were an answer")

    def has_keys():
        """Another window may have come meanwhile."""
        t.window("Question of another VM")
        return "focused" in t.find("Deny", "push button").states
    t.until(has_keys, "Deny to have the keys")
    t.press("Return")
    t.sees("This is not allowed between this VM and work. Nothing was sent.")
    t.click("Close")
    send.wait().exits(1)
    equal(os.listdir(t.incoming), [])


@test("neither button takes a click in the first second, and a window that is closed denies")
def _(t):
    send = asks(t)
    # When it has the keys, that second begins anew.
    window = t.window("Question of another VM")
    t.until(lambda: "sensitive" in t.find("Allow", "push button").states, "it to take an answer")
    t.xdotool("windowclose", window)
    t.sees(re.compile("This is not allowed"))
    t.click("Close")
    send.wait().exits(1)


@test("what is asked for is shown as text")
def _(t):
    t.open_desktop()
    prompt = t.send("--prompt", "<b>x</b>", "wo\u202erk", "my.Shell+a")
    t.sees("<b>x</b> wants to use “my.Shell” of wo?rk. Is that allowed?")
    t.answer_prompt("Deny")
    prompt.wait().exits(1)
