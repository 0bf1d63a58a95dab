# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Whatever dies in the middle of a call, the other end notices, and nothing stays behind."""
from common import (INCOMING, await_that, call_nodes, empty_home, equal, expect, make_big,
                    nothing_arrived, nothing_left, receiving)

MEGABYTES = 300
# The promise is two seconds, on a real machine. Seconds mean nothing on an emulated one that shares
# two processors with everything else. So the guest starts programs, one after another, from the
# moment when dom0 removes the receiver from its table: the sender must end before this many have
# run. It usually ends before the first.
PROGRAMS = 400
YARDSTICK = f"""
while xenstore-read pedos-rpc/personal >/dev/null 2>&1; do :; done
n=0
while [ $n -lt {PROGRAMS} ] && pidof qfile-agent >/dev/null; do n=$((n + 1)); done
echo $n
"""


def send(lab):
    """A delivery from work to personal that takes some seconds, and is on its way."""
    empty_home(lab.personal)
    make_big(lab.work, MEGABYTES)
    delivery = lab.work.start("cd && exec qfile-agent --vm=personal big", user="user")
    receiving(lab.personal, "work", delivery)
    return delivery


def reboot(guest):
    guest.boot()
    guest.settle()


def reachable(lab, source, target):
    await_that(source, f"pedos-rpc {target.name} test.exit+0 2>/dev/null",
               f"that {source.name} reaches {target.name}")


def notices(lab, delivery, strike):
    """`strike` ends the receiver. How many programs work has started since it could know that,
    until the sender ended."""
    yardstick = lab.work.start(YARDSTICK)
    expect(not delivery.over.is_set(), "the delivery was over before anything died")
    strike()
    started = int(yardstick.wait(0))
    expect(started < PROGRAMS, f"the sender goes on, {PROGRAMS} programs later")
    delivery.wait(125)
    expect("personal" in delivery.errors, f"the user is told {delivery.errors!r}")
    return started


def test_source_destroyed(lab):
    """a source destroyed in the middle of a delivery leaves nothing behind, and the target serves
    the next call."""
    delivery = send(lab)
    lab.work.destroy()
    delivery.wait()
    expect(delivery.status is None, "the delivery was over before the guest was destroyed")
    nothing_arrived(lab.personal, "work")
    lab.vault.run("pedos-rpc personal test.exit+0")
    reboot(lab.work)
    reachable(lab, lab.work, lab.personal)
    nothing_left(lab)


def test_target_destroyed(lab):
    """a target destroyed in the middle of a delivery: the sender says so as soon as it is told,
    with 125."""
    started = notices(lab, send(lab), lambda: lab.dom0.run("xl destroy personal >&2"))
    lab.measured("sender ends after its target was destroyed",
                 f"{started} program starts later (fails at {PROGRAMS})")
    equal("calls in xenstore", call_nodes(lab), "")
    reboot(lab.personal)
    reachable(lab, lab.work, lab.personal)


def test_source_crashed(lab):
    """a source that crashes leaves nothing behind, too."""
    delivery = send(lab)
    lab.work.start("echo c >/proc/sysrq-trigger")
    nothing_arrived(lab.personal, "work")
    expect(delivery.status is None, "the delivery was over before the crash")
    lab.vault.run("pedos-rpc personal test.exit+0")
    await_that(lab.dom0, "! xl domid work 2>/dev/null", "that the crashed guest is gone")
    delivery.wait()
    reboot(lab.work)
    reachable(lab, lab.work, lab.personal)
    nothing_left(lab)


def test_target_crashed(lab):
    """a target that crashed, and is kept to be looked at, counts as gone."""
    lab.personal.destroy()
    lab.personal.boot(on_crash="preserve")
    lab.personal.settle()
    reachable(lab, lab.work, lab.personal)
    try:
        started = notices(lab, send(lab), lambda: lab.personal.start("echo c >/proc/sysrq-trigger"))
        state = lab.dom0.run("xl list personal | awk 'END { print $5 }'")
        lab.work.run("pedos-rpc personal test.exit+0", 126)
    finally:
        lab.personal.destroy()
        reboot(lab.personal)
    reachable(lab, lab.work, lab.personal)
    lab.measured("sender ends after its target has crashed",
                 f"{started} program starts later (fails at {PROGRAMS})")
    expect("c" in state, f"the guest is in state {state!r}, it did not crash")


def test_call_killed(lab):
    """pedos-rpcd's process of a call is killed: the caller ends with 125, the service ends, the
    daemon goes on."""
    call = lab.work.start("sleep 1000 | { pedos-rpc personal test.hold; echo $? >&2; }")
    await_that(lab.personal, "ls /tmp/held-*", "a service that runs")
    lab.personal.run("kill -KILL $(grep -ls 'pedos-rpcd call' /proc/[0-9]*/comm | cut -d / -f 3)")
    # It is killed, too, and may not come to removing its mark, which has its number.
    await_that(lab.personal,
               '(for mark in /tmp/held-*; do [ ! -d "/proc/${mark#/tmp/held-}" ] || exit 1; done)',
               "that the service has ended")
    lab.personal.run("rm -f /tmp/held-*")
    await_that(lab.work, "! pidof pedos-rpc", "that the caller has ended")
    call.kill()
    call.wait()
    equal("the caller's status", call.errors.split()[-1:], ["125"])
    lab.work.run("pedos-rpc personal test.exit+0")
    nothing_left(lab)


def test_caller_killed(lab):
    """a caller is killed: the service ends, and nothing stays in xenstore."""
    call = lab.work.start("sleep 1000 | pedos-rpc personal test.hold")
    await_that(lab.personal, "ls /tmp/held-*", "a service that runs")
    lab.work.run("kill -KILL $(pidof pedos-rpc)")
    await_that(lab.personal, "! ls /tmp/held-* 2>/dev/null", "that the service has ended")
    call.kill()
    call.wait()
    nothing_left(lab)


def test_killed_early(lab):
    """a caller that is killed before it was answered leaves nothing in xenstore either."""
    lab.personal.run("kill -STOP $(pidof pedos-rpcd)")
    try:
        call = lab.work.start("pedos-rpc personal test.exit+0")
        await_that(lab.work,
                   f"xenstore-ls data/pedos-rpc/{lab.personal.domid} | grep event-channel",
                   "a call in xenstore")
        # the first of them: the other is what watches over it
        lab.work.run("kill -KILL $(pidof pedos-rpc | tr ' ' '\\n' | sort -n | head -n 1)")
        call.wait(137)
        await_that(lab.work, f"[ -z \"$(xenstore-list data/pedos-rpc/{lab.personal.domid})\" ]",
                   "that the node is gone")
    finally:
        lab.personal.run("kill -CONT $(pidof pedos-rpcd)")
    lab.work.run("pedos-rpc personal test.exit+0")
    nothing_left(lab)
