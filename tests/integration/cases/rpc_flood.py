# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Four accounts with 65,536 numbers each do all they can to keep an honest one from being
served. FLOOD says for how many seconds."""
import json
import os
import signal
import statistics
import sys
import time

import machine
import suite
import tree
from calling import WithAccounts
from expect import check, equal, wait_until
from settings import PYTHON, RPC, TOP
from tap import Skip

test = suite.cases(WithAccounts)

SECONDS = float(os.environ.get("FLOOD", "2"))
WHOLE = 30  # so many are long enough to be measured
CALLS = 200 if SECONDS >= WHOLE else 4
# A machine with much else to do may not even answer in time: then a short flood's caller tries
# again, as it is told.
TRIES = 1 if SECONDS >= WHOLE else 5
SLOWEST = 5  # times the median of a quiet daemon
ATTACKERS = [f"mallory{number}" for number in range(4)]

# An honest caller: so many calls, one after the other, in so many seconds at least. It says of
# each how long it took, and its status; and how long the same work took beside it that nobody is
# called for: what this machine alone adds.
HONEST = """
import json, subprocess, sys, time
calls, seconds, tries, told = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), []
begun = time.monotonic()
for number in range(calls):
    time.sleep(max(0, begun + seconds * number / calls - time.monotonic()))
    start = time.monotonic()
    for _ in range(tries):
        end = subprocess.run(sys.argv[4:], stdin=subprocess.DEVNULL, capture_output=True)
        if not end.stderr.endswith(b"try again\\n"):
            break
    ended = time.monotonic()
    subprocess.run(["sleep", "0.25"])
    told.append((ended - start, time.monotonic() - ended, end.returncode, end.stderr.decode()))
print(json.dumps(told))
"""


def honest_calls(t, calls, seconds):
    """How long each took, and the work beside it. All succeed."""
    # -I: it may not look at the directory that it is started in.
    end = t.run(*t.as_user("alice"), PYTHON, "-I", "-c", HONEST, str(calls), str(seconds),
                str(TRIES), RPC, f"--sockets={t.sockets}", "bob", "test.Work").exits(0)
    told = json.loads(end.told)
    equal([(status, said) for *_, status, said in told if status != 0 or said], [])
    return [took for took, *_ in told], [beside for _, beside, *_ in told]


def attackers(t):
    begun = []
    for number, name in enumerate(ATTACKERS):
        uid = 12345 + ["alice", "bob", *ATTACKERS].index(name)
        begun.append(t.start(PYTHON, "-B", str(TOP / "tests/integration/flooding.py"), str(uid),
                             str(200000 + 65536 * number), f"{t.sockets}/bob",
                             env={"PYTHONPATH": str(TOP / "tests/common")}))
    return begun


@test("a flood of calls from those who may call nothing keeps nobody who may from being served",
      waits=True)
def _(t):
    machine.need_root()
    if not machine.has_user_namespaces(0):
        raise Skip("no user namespaces here")
    t.accounts("alice", "bob", *ATTACKERS)
    t.service("test.Work", "exec sleep 0.25")
    tree.write(f"{t.policy}/50-test.policy",
               "test.Work * alice bob allow\n* * @anyvm @anyvm deny\n")
    t.served_as = None
    t.start_daemon(domains=("bob",), through=t.in_accounts())
    quiet = honest_calls(t, CALLS // 2, 0)[0]
    begun, attack = time.monotonic(), attackers(t)
    wait_until(lambda: all("begun" in attacker.told() for attacker in attack), "the attackers",
               by=attack)
    flooded, beside = honest_calls(t, CALLS, SECONDS)
    passed = time.monotonic() - begun
    for attacker in attack:
        attacker.kill(signal.SIGTERM)
    done = [attacker.wait().exits(0).told.replace("begun\n", "") for attacker in attack]
    # this machine may have other things to do, sooner or later
    quiet += honest_calls(t, CALLS // 2, 0)[0]
    median, noise = statistics.median(quiet), max(beside) - statistics.median(beside)
    print(f"quiet: median {median:.3f} s, slowest {max(quiet):.3f} s; flooded: "
          f"median {statistics.median(flooded):.3f} s, slowest {max(flooded):.3f} s; this machine "
          f"alone: {noise:.3f} s; {len(flooded)} calls in {passed:.0f} s; {done}", file=sys.stderr)
    # A few calls say nothing about time: that they are served is what a short flood shows.
    check(SECONDS < WHOLE or max(flooded) <= SLOWEST * median + noise,
          f"median of the quiet daemon: {median}, slowest in the flood: {max(flooded)}")
    refused = [line for line in t.daemon.said().split("\n")
               if "refused" in line or "hung up" in line or "in time" in line]
    # Attackers go on until they have ended, and the daemon with those that still wait for it.
    logged = time.monotonic() - begun
    check(len(refused) <= (logged + 2) * (len(ATTACKERS) + 1),
          f"{len(refused)} lines in {logged} seconds")
