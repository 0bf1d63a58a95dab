# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Where the policy says ask, somebody is asked in dom0."""
from common import await_error, await_that, change, equal, expect, nothing_left


def prompt(lab, script):
    lab.dom0.run("cat >/run/prompt <<'END' && chmod 755 /run/prompt && rm -f /run/asked\n"
                 f"#!/bin/sh\necho \"$@\" >>/run/asked\n{script}\nEND")


def test_ask(lab):
    """a yes is for one call, a no and silence are none, and the caller is told all of it."""
    change(lab, "echo 'test.exit * work personal ask user=root' >10-ask.policy")
    await_that(lab.work, "xenstore-read pedos-rpc/personal/rules | grep -q ask",
               "that the new rule counts")
    lab.personal.run("pedos-rpcd --foreground --prompt=true", 2)
    prompt(lab, "exit 0")
    call = lab.work.start("pedos-rpc personal test.exit+7", user="user")
    call.wait(7)
    equal("who was asked", lab.dom0.run("cat /run/asked"), "work personal test.exit+7\n")
    equal("what the caller is told", call.errors,
          "pedos-rpc: somebody is asked in dom0 whether test.exit+7 is allowed: waiting for the "
          "answer\n")
    for script, status, reason in (("exit 1", 126, "did not allow it"),
                                   ("exec sleep 1000", 126, "has not answered in time")):
        prompt(lab, script)
        call = lab.work.start("pedos-rpc personal test.exit+7")
        call.wait(status)
        expect(reason in call.errors, f"the caller is told {call.errors!r}")
    nothing_left(lab)


def test_gone(lab):
    """a caller that is killed, or interrupted, ends the question."""
    prompt(lab, "exec sleep 1000")
    for signal in ("KILL", "INT"):
        call = lab.work.start("echo $$ >/tmp/caller; exec pedos-rpc personal test.exit+7")
        await_error(call, "waiting for the answer")
        await_that(lab.dom0, "pidof sleep", "the question")
        lab.work.run(f"kill -{signal} $(cat /tmp/caller)")
        call.wait()
        await_that(lab.dom0, "! pidof sleep", "that the question is gone")
        await_that(lab.dom0,
                   "[ -z \"$(xenstore-ls -f /local/domain | grep pedos-rpc-answers/)\" ]",
                   "that the answer is gone")
        nothing_left(lab)


def test_forged(lab):
    """a guest can't grant itself a call, and what makes no sense is refused."""
    path = f"/local/domain/{lab.personal.domid}/pedos-rpc-in/{lab.work.domid}"
    answers = f"/local/domain/{lab.work.domid}/pedos-rpc-answers"
    for node in (f"{path}/abc", f"{path}/0", f"{answers}/abc"):
        lab.work.run(f"! xenstore-write {node} test.exit+7 2>/dev/null")
    for text in ("'personal test.exit+0 x'", "\"$(head -c 2000 /dev/urandom | tr -d '\\0')\""):
        lab.work.run(f"xenstore-write data/pedos-rpc/dom0/bad {text}")
        await_that(lab.work, "xenstore-read pedos-rpc-answers/bad | grep -q '^refused'", "a no")
        lab.work.run("xenstore-rm data/pedos-rpc/dom0/bad")
        await_that(lab.work, "! xenstore-read pedos-rpc-answers/bad 2>/dev/null", "its end")
    change(lab, "rm 10-ask.policy")
    await_that(lab.work, "pedos-rpc personal test.exit+0 2>/dev/null", "that nobody is asked")
    nothing_left(lab)
