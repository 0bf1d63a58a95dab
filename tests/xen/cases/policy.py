# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""dom0's program: its policy changes, it is restarted, guests come and go."""
from common import INCOMING, await_error, await_that, change, equal, expect, nothing_left
from lab import DOM0_DAEMON


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


def test_dom0(lab):
    """dom0 sends to a guest where the policy names it, by its own name; nobody calls dom0."""
    lab.dom0.run("echo a picture >/tmp/screenshot.png")
    lab.dom0.run("cd /tmp && qfile-agent --vm=personal screenshot.png", 126)
    change(lab, "echo 'PedOS.Filecopy * dom0 personal allow' >10-dom0.policy && "
           "echo '* * work dom0 allow' >>10-dom0.policy")
    await_that(lab.dom0, "[ \"$(pedos-rpc --list)\" = personal ]", "that dom0 may call")
    equal("what dom0 may call for another service", lab.dom0.run("pedos-rpc --list test.echo"), "")
    lab.dom0.run("cd /tmp && qfile-agent --vm=personal screenshot.png")
    equal("what has arrived", lab.personal.run(f"cat {INCOMING}/dom0/screenshot.png"),
          "a picture\n")
    lab.dom0.run("pedos-rpc personal test.echo </dev/null", 126)
    equal("whom work may call", lab.work.run("pedos-rpc --list"), "personal\n")
    lab.work.run("pedos-rpc dom0 test.echo </dev/null", 126)
    change(lab, "rm 10-dom0.policy")
    await_that(lab.dom0, "[ -z \"$(pedos-rpc --list)\" ]", "that dom0 may not call")
    lab.dom0.run("cd /tmp && qfile-agent --vm=personal screenshot.png", 126)
    lab.personal.run(f"rm -r {INCOMING}/dom0")
    nothing_left(lab)


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
    lab.dom0.serve(DOM0_DAEMON)
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
