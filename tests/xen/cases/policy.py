# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""dom0's program: its policy changes, it is restarted, guests come and go."""
from common import await_error, await_that, equal, expect, nothing_left

POLICY = "/etc/pedos-rpc/policy.d"


def hold(lab):
    """A call that stays open until its process group is killed."""
    call = lab.work.start("sleep 1000 | pedos-rpc personal test.hold; true")
    await_that(lab.personal, "ls /tmp/held-*", "a service that runs")
    return call


def let_go(lab, call):
    expect(not call.over.is_set(), f"the open call has ended: {call.errors}")
    call.kill()
    call.wait()
    await_that(lab.personal, "! ls /tmp/held-* 2>/dev/null", "that the service has ended")
    nothing_left(lab)


def change(lab, script):
    lab.dom0.run(f"cd {POLICY} && {script} && kill -HUP $(pidof pedos-rpc-dom0)")


def test_change(lab):
    """a changed policy counts for new calls, and what runs goes on."""
    open_call = hold(lab)
    change(lab, "echo 'test.echo * work personal deny' >10-new.policy")
    await_that(lab.work, "! pedos-rpc personal test.echo </dev/null 2>/dev/null",
               "that the new rule counts")
    lab.work.run("pedos-rpc personal test.echo </dev/null", 126)
    lab.work.run("pedos-rpc personal test.exit+0")
    change(lab, "rm 10-new.policy")
    await_that(lab.work, "pedos-rpc personal test.echo </dev/null 2>/dev/null",
               "that the rule is gone")
    let_go(lab, open_call)


def test_wrong_policy(lab):
    """a wrong policy changes nothing, and dom0's log says where it is wrong."""
    change(lab, "echo 'test.echo * work personal perhaps' >10-wrong.policy")
    await_error(lab.dom0.daemon, "10-wrong.policy:1:")
    lab.work.run("pedos-rpc personal test.echo </dev/null")
    change(lab, "rm 10-wrong.policy")
    lab.work.run("pedos-rpc personal test.exit+0")


def test_restart(lab):
    """when dom0's program ends, calls end, and no more are allowed until it runs again."""
    call = hold(lab)
    lab.dom0.run("kill $(pidof pedos-rpc-dom0)")
    lab.dom0.daemon.wait(0)
    lab.dom0.run("! xenstore-ls -f /local/domain | grep -E '^/local/domain/[0-9]+/pedos-rpc'")
    lab.work.run("pedos-rpc personal test.exit+0", 126)
    await_that(lab.personal, "! ls /tmp/held-* 2>/dev/null", "that the service has ended")
    call.kill()
    call.wait()
    nothing_left(lab)
    lab.dom0.serve("pedos-rpc-dom0")
    await_that(lab.work, "pedos-rpc personal test.exit+0 2>/dev/null", "that calls are allowed")


def test_reboot(lab):
    """a guest that was rebooted, and has another number, is reachable under its name, and calls as
    ever."""
    before = lab.vault.domid
    lab.vault.destroy()
    lab.vault.boot()
    lab.vault.settle()
    expect(lab.vault.domid != before, "it has the same number")
    equal("what it is told",
          lab.vault.run("until xenstore-read pedos-rpc/personal 2>/dev/null; do sleep 0.1; done"),
          f"{lab.personal.domid}\n")
    equal("who it is", lab.vault.run("pedos-rpc personal test.whoami"), "user vault test.whoami \n")
    lab.dom0.run(
        f"! xenstore-read /local/domain/{lab.personal.domid}/pedos-rpc-in/{before} 2>/dev/null")
