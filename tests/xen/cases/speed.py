# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Speed, next to what Xen itself has: the bare loop over libxenvchan, and vchan-socket-proxy joined
to the same programs.

The bare loop moves one buffer; a delivery is read, sent, checked and written besides, all of it
emulated. So what is held against the loop is the relay, with bytes that nobody makes or keeps. The
loop copies a byte twice: into the ring, and out of it. Between two programs it is made by one,
copied into a pipe, from there into the ring, from there into a pipe, and read by the other: five
times. So the loop is run a second time between the same two programs. How Filecopy does is shown,
also within one guest, where no ring is in between.

Each round goes through all ways, so that a machine that is slow for a while is slow for all of
them. Times are taken in the sending guest.
"""
import statistics

from common import INCOMING, equal, make_big, nothing_left

MEGABYTES = 200
PROXIED = 20  # megabytes: Xen's proxy has rings of a page or less, and takes its time
ROUNDS = 3
RING = 256 * 1024
PROXY_TIME = 30  # seconds; if the proxy does not end in time, this counts as its time
# How fast the relay should be, compared with the bare loop and with the one between pipes, and
# Filecopy, compared with Filecopy through Xen's proxy: medians of each round's ratio. They are
# shown, but nothing fails: the speed of an emulated machine says little about that of a real one,
# and less if its processors are shared.
RELAY_TO_LOOP, RELAY_TO_PIPED, FILECOPY_TO_PROXY = 0.5, 1.0, 1.0

TIMED = ("s=$(date +%s.%N); {command} || exit 1; e=$(date +%s.%N); echo $s $e | "
         "awk '{{ print $2 - $1 }}'")


def timed(lab, command, user="user"):
    return float(
        lab.work.run(f"cd /home/user && {TIMED.format(command=command)}", user=user).split()[-1])


def place_for_ring(lab, owner, reader, name):
    path = f"/local/domain/{owner.domid}/data/{name}"
    owner.run(f"xenstore-rm {path} 2>/dev/null; xenstore-write {path} '' && "
              f"xenstore-chmod {path} n{owner.domid} r{reader.domid}")
    return path


def clear(lab):
    lab.personal.run(f"rm -rf {INCOMING}/work/* /tmp/proxy")


def bare_loop(lab):
    path = place_for_ring(lab, lab.work, lab.personal, "loop")
    receiver = lab.personal.start(f"vchan-loop receive {lab.work.domid} {path} {MEGABYTES}000000")
    seconds = float(
        lab.work.run(f"vchan-loop send {lab.personal.domid} {path} {MEGABYTES}000000 {RING}"))
    receiver.wait(0)
    return seconds


# The programs at both ends of what moves bytes: the second one is also the service test.sink.
SOURCE = f"dd if=/dev/zero bs=250000 count={MEGABYTES * 4} 2>/dev/null"
SINK = "dd of=/dev/null bs=250000 2>/dev/null"


def piped_loop(lab):
    path = place_for_ring(lab, lab.work, lab.personal, "loop")
    receiver = lab.personal.start(
        f"vchan-loop receive {lab.work.domid} {path} {MEGABYTES}000000 piped | {SINK}")
    seconds = float(
        lab.work.run(f"{SOURCE} | vchan-loop send {lab.personal.domid} {path} "
                     f"{MEGABYTES}000000 {RING} piped"))
    receiver.wait(0)
    return seconds


def relay(lab):
    return timed(lab, f"pedos-rpc personal test.sink {SOURCE}")


def filecopy(lab):
    return timed(lab, "qfile-agent --vm=personal big")


def filecopy_proxied(lab):
    path = place_for_ring(lab, lab.personal, lab.work, "proxy")
    receiver = lab.personal.start(
        "QREXEC_REMOTE_DOMAIN=work socket-serve /tmp/proxy qfile-unpacker", user="user")
    proxy = lab.personal.start("until [ -e /tmp/proxy ]; do sleep 0.1; done; exec "
                               f"vchan-socket-proxy -m server {lab.work.domid} {path} /tmp/proxy")
    lab.work.run(f"until xenstore-read {path}/event-channel 2>/dev/null; do sleep 0.1; done")
    # it insists on hypercalls, which only root may make
    command = (f"timeout {PROXY_TIME} qfile-agent --via 'vchan-socket-proxy -m client "
               f"{lab.personal.domid} {path} -' part >&2")
    seconds = timed(lab, f"{{ {command} || echo failed >/tmp/proxy-failed; }}", None)
    for job in (receiver, proxy):
        job.kill()
        job.wait()
    lab.work.run("for p in $(pidof vchan-socket-proxy); do kill $p; done; true")
    return seconds * MEGABYTES / PROXIED


def filecopy_local(lab):
    lab.work.run(f"rm -rf {INCOMING}/local", user="user")
    return timed(lab,
                 "qfile-agent --via 'QREXEC_REMOTE_DOMAIN=local qfile-unpacker' big; "
                 "rm -rf PedOSIncoming/local/*")


WAYS = {
    "the bare loop over libxenvchan": bare_loop,
    "the same between two programs": piped_loop,
    "bytes through pedos-rpc": relay,
    "Filecopy through vchan-socket-proxy": filecopy_proxied,
    "Filecopy through pedos-rpc": filecopy,
    "Filecopy within one guest": filecopy_local,
}


def ratio(times, of, to):
    return statistics.median(other / own for own, other in zip(times[of], times[to]))


def test_speed(lab):
    """200 MB through pedos-rpc, against the bare loop and Xen's own proxy (which gets a part)."""
    make_big(lab.work, MEGABYTES)
    lab.work.run(f"cd && head -c {PROXIED}000000 big >part", user="user")
    times = {way: [] for way in WAYS}
    for _ in range(ROUNDS):
        for way, run in WAYS.items():
            clear(lab)
            times[way].append(run(lab))
            if run is filecopy:
                equal("what arrived", lab.personal.run(f"stat -c %s {INCOMING}/work/big"),
                      f"{MEGABYTES}000000\n")
    failed = lab.work.run("cat /tmp/proxy-failed 2>/dev/null; true").strip()
    clear(lab)
    for way, seconds in times.items():
        lab.measured(way,
                     f"{MEGABYTES / statistics.median(seconds):7.1f} MB/s  ({min(seconds):.2f} to "
                     f"{max(seconds):.2f} s)")
    to_loop = ratio(times, "bytes through pedos-rpc", "the bare loop over libxenvchan")
    to_piped = ratio(times, "bytes through pedos-rpc", "the same between two programs")
    to_proxy = ratio(times, "Filecopy through pedos-rpc", "Filecopy through vchan-socket-proxy")
    to_local = ratio(times, "Filecopy through pedos-rpc", "Filecopy within one guest")
    lab.measured("pedos-rpc to the bare loop", f"{to_loop:.2f} (wanted: {RELAY_TO_LOOP})")
    lab.measured("pedos-rpc to the loop between two programs",
                 f"{to_piped:.2f} (wanted: {RELAY_TO_PIPED})")
    lab.measured("Filecopy through pedos-rpc to that through the proxy",
                 f"{to_proxy:.2f} (wanted: {FILECOPY_TO_PROXY})")
    lab.measured("Filecopy from guest to guest to that within one", f"{to_local:.2f}")
    if failed:
        lab.measured("vchan-socket-proxy",
                     f"at least one delivery of {PROXIED} MB did not end within {PROXY_TIME} s, "
                     "and counts as if it had")
    nothing_left(lab)
