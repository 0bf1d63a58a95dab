# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever dies in the middle of a call, the other end notices, and nothing stays behind."""
from common import INCOMING, await_that, call_nodes, empty_home, equal, expect, make_big, nothing_arrived, nothing_left, receiving

MEGABYTES = 300
# What is promised is two seconds. The machines are emulated, and share two processors with whatever else runs: with so much more it fails.
PROMISED, ALLOWED = 2.0, 4.0


def send(lab):
    """A delivery from work to personal that takes some seconds, and is on its way. Notes when it ended, by work's clock."""
    empty_home(lab.personal)
    make_big(lab.work, MEGABYTES)
    delivery = lab.work.start("cd && { qfile-agent --vm=personal big; status=$?; date +%s.%N; exit $status; }", user="user")
    receiving(lab.personal, "work", delivery)
    return delivery


def reboot(guest):
    guest.boot()
    guest.settle()


def reachable(lab, source, target):
    await_that(source, f"pedos-rpc {target.name} test.exit+0 2>/dev/null", f"that {source.name} reaches {target.name}")


def clock_difference(a, b):
    """What a's clock is ahead of b's, in seconds; from the quickest of some exchanges."""
    exchanges = []
    for _ in range(5):
        before, between, after = (float(machine.run("date +%s.%N")) for machine in (b, a, b))
        exchanges.append((after - before, between - (before + after) / 2))
    return min(exchanges)[1]


def notices(lab, delivery, kill):
    """`kill`, a script in dom0, strikes the receiver. How long the sender took to end after that, in seconds."""
    ahead = clock_difference(lab.work, lab.dom0)
    expect(not delivery.over.is_set(), "the delivery was over before anything died")
    struck = float(lab.dom0.run(f"date +%s.%N && {kill} >&2").split()[0])
    ended = float(delivery.wait(125).split()[-1]) - ahead
    expect("personal" in delivery.errors, f"the user is told {delivery.errors!r}")
    return ended - struck


def test_source_destroyed(lab):
    """a source destroyed in the middle of a delivery leaves nothing behind, and the target serves the next call."""
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
    """a target destroyed in the middle of a delivery: the sender says so within two seconds, with 125."""
    seconds = notices(lab, send(lab), "xl destroy personal")
    lab.measured("sender ends after its target was destroyed", f"{seconds:.2f} s (promised: {PROMISED:.0f} s, fails above {ALLOWED:.0f} s)")
    equal("calls in xenstore", call_nodes(lab), "")
    reboot(lab.personal)
    reachable(lab, lab.work, lab.personal)
    expect(seconds < ALLOWED, f"it took {seconds:.2f} s")


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
        delivery = send(lab)
        ahead = clock_difference(lab.work, lab.personal)
        struck = float(lab.personal.run("date +%s.%N"))
        lab.personal.start("echo c >/proc/sysrq-trigger")
        seconds = float(delivery.wait(125).split()[-1]) - ahead - struck
        state = lab.dom0.run("xl list personal | awk 'END { print $5 }'")
        lab.work.run("pedos-rpc personal test.exit+0", 126)
    finally:
        lab.personal.destroy()
        reboot(lab.personal)
    reachable(lab, lab.work, lab.personal)
    lab.measured("sender ends after its target has crashed", f"{seconds:.2f} s (and the time that the lab takes to make it crash)")
    expect("c" in state, f"the guest is in state {state!r}, it did not crash")
    expect(seconds < ALLOWED, f"it took {seconds:.2f} s")


def test_call_killed(lab):
    """pedos-rpcd's process of a call is killed: the caller ends with 125, the service ends, the daemon goes on."""
    call = lab.work.start("sleep 1000 | { pedos-rpc personal test.hold; echo $? >&2; }")
    await_that(lab.personal, "ls /tmp/held-*", "a service that runs")
    lab.personal.run("kill -KILL $(grep -ls 'pedos-rpcd call' /proc/[0-9]*/comm | cut -d / -f 3)")
    # It is killed, too, and may not come to removing its mark, which has its number.
    await_that(lab.personal, '(for mark in /tmp/held-*; do [ ! -d "/proc/${mark#/tmp/held-}" ] || exit 1; done)', "that the service has ended")
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
        await_that(lab.work, f"xenstore-ls data/pedos-rpc/{lab.personal.domid} | grep event-channel", "a call in xenstore")
        # the first of them: the other is what watches over it
        lab.work.run("kill -KILL $(pidof pedos-rpc | tr ' ' '\\n' | sort -n | head -n 1)")
        call.wait(137)
        await_that(lab.work, f"[ -z \"$(xenstore-list data/pedos-rpc/{lab.personal.domid})\" ]", "that the node is gone")
    finally:
        lab.personal.run("kill -CONT $(pidof pedos-rpcd)")
    lab.work.run("pedos-rpc personal test.exit+0")
    nothing_left(lab)
