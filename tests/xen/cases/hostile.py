# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""vault is hostile: somebody else has root there. What it writes into xenstore and into its rings
is made up."""
import statistics
import time

from common import INCOMING, await_that, call_nodes, equal, expect, nothing_left

CALLS = 64  # of one source at once, pedos-rpcd's --max-calls
HELLO = "010000000400000001000000"
REFUSED = "04000000"


def directory(source, target):
    return f"/local/domain/{source.domid}/data/pedos-rpc/{target.domid}"


def share(lab, target):
    """vault makes the directory of its calls to `target`, as an honest caller would."""
    path = directory(lab.vault, target)
    lab.vault.run(
        f"xenstore-write {path} '' && xenstore-chmod {path} n{lab.vault.domid} r{target.domid}")
    return path


def entries(lab):
    """All that dom0 has written, and who may do what with it."""
    return lab.dom0.run(
        "for d in $(xenstore-list /local/domain); do for e in pedos-rpc pedos-rpc-in; do "
        "xenstore-ls -fp /local/domain/$d/$e 2>/dev/null; done; done; true")


def test_entries(lab):
    """a guest can't write or remove dom0's entries, its own or others', nor give itself a name."""
    before = entries(lab)
    for path in [f"/local/domain/{guest.domid}/{entry}" for guest in lab.guests
                 for entry in ("pedos-rpc/work", "pedos-rpc/personal",
                               f"pedos-rpc-in/{lab.vault.domid}", f"pedos-rpc-in/{lab.work.domid}",
                               "name")]:
        for command in (f"xenstore-write {path} work", f"xenstore-rm {path}",
                        f"xenstore-chmod {path} w{lab.vault.domid}"):
            lab.vault.run(f"! {command} 2>/dev/null")
    equal("dom0's entries", entries(lab), before)
    expect(f"pedos-rpc-in/{lab.vault.domid}" in before, f"there are no entries: {before!r}")
    equal("the name", lab.vault.run("xenstore-read name"), "vault\n")


def test_reading(lab):
    """a guest can't read what dom0 tells others, nor see others' calls."""
    lab.work.run("pedos-rpc personal test.exit+0")  # so that there is a directory of calls
    work, personal = (f"/local/domain/{guest.domid}" for guest in (lab.work, lab.personal))
    for path in (f"{personal}/pedos-rpc-in", f"{personal}/pedos-rpc-in/{lab.work.domid}",
                 f"{work}/pedos-rpc", f"{work}/pedos-rpc/personal",
                 directory(lab.work, lab.personal)):
        # it is there
        lab.dom0.run(f"xenstore-ls {path} >/dev/null && xenstore-read {path} >/dev/null")
        lab.vault.run(f"! xenstore-ls {path} 2>/dev/null && ! xenstore-read {path} 2>/dev/null")


def test_name(lab):
    """a call under another's name is refused, and never serves that name."""
    job = lab.vault.start("pedos-rpc --as=work personal test.whoami")
    job.wait()
    expect(job.status != 0 and job.text == "", f"it ended with {job.status}, and got {job.text!r}")
    equal("without another name", lab.vault.run("pedos-rpc personal test.whoami"),
          "user vault test.whoami \n")


def test_other_path(lab):
    """no ring can be put where another's calls are."""
    job = lab.vault.start(
        f"hostile call {lab.personal.domid} {directory(lab.work, lab.personal)}/forged test.echo")
    job.wait(1)
    expect("connected" not in job.errors, job.errors)


def test_uninvited(lab):
    """a ring for a guest that may not be called, or with a made-up name, is never looked at."""
    uninvited = f"{share(lab, lab.work)}/abcdefgh"
    misnamed = f"{share(lab, lab.personal)}/UPPER"
    jobs = [lab.vault.start(f"hostile call {target.domid} {ring} test.echo")
            for target, ring in ((lab.work, uninvited), (lab.personal, misnamed))]
    await_that(lab.vault,
               f"xenstore-read {uninvited}/event-channel && xenstore-read {misnamed}/event-channel",
               "both rings")
    for _ in range(3):  # those who may are served, and these were there first
        lab.personal.run("pedos-rpc work test.exit+7", 7)
        lab.vault.run("pedos-rpc personal test.exit+7", 7)
    for job in jobs:
        expect("connected" not in job.errors and not job.over.is_set(), f"{job}: {job.errors}")
        job.kill()
        job.wait()
    lab.vault.run(f"xenstore-rm {uninvited}; xenstore-rm {misnamed}")


def test_denied(lab):
    """who asks without looking at the policy is refused by the target, and so is a service's name
    that is none."""
    path = share(lab, lab.personal)
    for number, service in enumerate(
            ("test.denied", "../../bin/sh", "/bin/sh", "test.denied+x", "")):
        ring = f"{path}/denied-{number}"
        answer = lab.vault.run(
            f"hostile call {lab.personal.domid} {ring} '{service}'; xenstore-rm {ring}")
        expect(answer.startswith(HELLO + REFUSED), f"{service!r} was answered with {answer!r}")
    nothing_left(lab)


def seconds_of_calls(guest, count):
    times = []
    for _ in range(count):
        begin = time.monotonic()
        guest.run("pedos-rpc personal test.exit+7", 7)
        times.append(time.monotonic() - begin)
    return statistics.median(times)


# Calls that are served, and go on for ever.
HOLD = """
for i in $(seq {calls}); do hostile hold {target} {path}/hold-$i & done
wait
"""
NOISE = """
for i in $(seq 100); do xenstore-write {path}/half-$i x; done
for i in $(seq 30); do
    xenstore-write {path}/fake-$i/ring-ref 4711 {path}/fake-$i/event-channel 4711
done
for kind in silent garbage huge indices; do
    n=0
    while n=$((n + 1)); do
        hostile $kind {target} {path}/$kind-$n
        xenstore-rm {path}/$kind-$n
    done &
done
while :; do xenstore-write {path}/churn/event-channel 1; xenstore-rm {path}/churn; done &
wait
"""


def test_flood(lab):
    """a neighbour is served while a guest floods the same target with calls of every kind."""
    path = share(lab, lab.personal)
    quiet = seconds_of_calls(lab.work, 5)
    numbers = {"path": path, "target": lab.personal.domid, "calls": CALLS + 8}
    processes = "grep -ls 'pedos-rpcd call' /proc/[0-9]*/comm | wc -l"
    flood = [lab.vault.start(HOLD.format(**numbers) + " 2>/dev/null")]
    try:
        await_that(lab.personal, f"[ $({processes}) -ge {CALLS} ]",
                   "as many calls as vault may make")
        flood.append(lab.vault.start(NOISE.format(**numbers) + " 2>/dev/null"))
        await_that(lab.vault, f"[ $(xenstore-list {path} | wc -l) -gt 190 ]",
                   "all that vault makes up")
        flooded = seconds_of_calls(lab.work, 10)
        lab.work.run("cd && echo through the flood >flood && qfile-agent --vm=personal flood",
                     user="user")
        count = int(lab.personal.run(processes))
        expect(not any(job.over.is_set() for job in flood), "the flood ended early")
    finally:
        for job in flood:
            job.kill()
            job.wait()
        lab.vault.run(f"xenstore-rm {path}; true")
    lab.measured("a call",
                 f"{quiet:.2f} s; {flooded:.2f} s while another guest floods the target (medians)")
    equal("the delivery", lab.personal.run(f"cat {INCOMING}/work/flood"), "through the flood\n")
    # those that are being refused have processes, too
    expect(count <= CALLS + 8, f"{count} processes serve calls, where {CALLS} are allowed")
    await_that(lab.vault, "pedos-rpc personal test.exit+0", "that vault is served again")
    await_that(lab.personal, "! pidof sleep", "that vault's services have ended")
    nothing_left(lab)


def test_hostile_service(lab):
    """a hostile service can't hang or crash its caller, which ends with 125 and says so."""
    lab.personal.daemon.kill()
    lab.personal.daemon.wait()
    try:
        for kind in ("garbage", "huge", "indices", "nothing"):
            service = lab.personal.start(
                f"hostile answer {lab.work.domid} {directory(lab.work, lab.personal)} {kind}")
            call = lab.work.start("pedos-rpc personal test.echo </dev/null", user="user")
            call.wait(125)
            expect(call.errors.count("\n") == 1 and "personal" in call.errors,
                   f"{kind}: the user is told {call.errors!r}")
            equal("its stdout", call.text, "")
            service.wait(0)
    finally:
        lab.personal.serve("pedos-rpcd")
    equal("calls in xenstore", call_nodes(lab), "")
    lab.work.run("pedos-rpc personal test.exit+0")
