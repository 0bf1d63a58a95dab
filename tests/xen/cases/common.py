# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What several cases use."""
from lab import TIMEOUT, Broken

INCOMING = "/home/user/PedOSIncoming"
# Everything about a tree that a copy must keep: type, mode, time to the nanosecond, link target;
# and every file's content.
PICTURE = (
    "find . -printf '%y %m %T@ %P %l\\n' | sort && find . -type f -exec cksum {} + | sort -k 3")


def expect(true, sentence):
    if not true:
        raise Broken(sentence)


def change(lab, script):
    """Change the policy, and have dom0's program read it."""
    lab.dom0.run(f"cd /etc/pedos-rpc/policy.d && {script} && kill -HUP $(pidof pedos-rpc-dom0)")


def empty_home(machine):
    """The account's home directory, as it was at the start."""
    machine.run("cd && chmod -R u+rwX . && find . -mindepth 1 -maxdepth 1 -exec rm -rf {} +",
                user="user")


def equal(what, got, expected):
    if got != expected:
        raise Broken(f"{what}: got {got[-600:]!r}, expected {expected[-600:]!r}")


def make_big(machine, megabytes):
    """The file "big" in an otherwise empty home directory; no zeros, of which a receiver could make
    holes."""
    empty_home(machine)
    machine.run(f"cd && head -c 1000000 /dev/urandom >/tmp/block && for i in $(seq {megabytes}); "
                "do cat /tmp/block; done >big", user="user")


def picture(machine, directory):
    return machine.run(f"cd {directory} && {PICTURE}", user="user")


def await_that(machine, condition, what, timeout=TIMEOUT):
    """Wait until a shell condition holds; one that never does is a failure."""
    job = machine.start(f"until {condition}; do sleep 0.05; done")
    try:
        job.wait(0, timeout)
    except Broken:
        raise Broken(f"{machine.name}: waited {timeout} s in vain for: {what}") from None


def await_error(job, text, timeout=TIMEOUT):
    """Wait until a job has written that to stderr."""
    for _ in range(10 * timeout):
        if text in job.errors:
            return
        job.over.wait(0.1)
    raise Broken(f"{job}: waited {timeout} s in vain for {text!r}, it wrote {job.errors[-600:]!r}")


def call_nodes(lab):
    """Calls that stand in xenstore, of all guests."""
    script = ("for d in $(xenstore-list /local/domain); "
              "do xenstore-ls -f /local/domain/$d/data/pedos-rpc 2>/dev/null; done")
    lines = lab.dom0.run(f"{script}; true").splitlines()
    return "\n".join(line for line in lines if len(line.split(" = ")[0].split("/")) > 7)


def nothing_left(lab):
    """The calls have ended: no node of theirs, no process."""
    equal("calls in xenstore", call_nodes(lab), "")
    for guest in lab.guests:
        await_that(guest, "! grep -qs 'pedos-rpcd call' /proc/[0-9]*/comm",
                   "no process of a call is left")


def receiving(machine, source, delivery, kilobytes=10000):
    """Wait until a delivery from `source` is on its way: so much of it is in the staging
    directory."""
    size = (f"du -sk {INCOMING}/{source}/.qfile-incoming-* 2>/dev/null | cut -f 1 | "
            "sort -n | tail -n 1")
    while int(machine.run(f"{size}") or 0) < kilobytes:
        expect(not delivery.over.is_set(),
               f"the delivery was over at once, with {delivery.status}: {delivery.errors}")


def nothing_arrived(machine, source):
    """No part of a broken delivery is there, neither visible nor in a staging directory."""
    await_that(machine, f"[ -z \"$(find {INCOMING}/{source} -mindepth 1 2>/dev/null)\" ]",
               f"nothing of {source}'s is left behind")
