#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [TEXT...]: which tables the real pedos-rpc-dom0 writes, and when, with a played
xenstore and hypervisor. Writes TAP.

Each TEXT chooses the tests that have it in their names.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "common"))

import disposables
import tap
import units
from expect import FOREVER, equal, wait_until
from world import (CRASH, DYING, HYPERVISOR, POLICY, POWEROFF, PROGRAM, RUNNING, SHUTDOWN,
                   SUSPEND, World)

WORKERS = 2 * (os.cpu_count() or 1)

ALL = {
    "1/pedos-rpc/vault": "2",
    "1/pedos-rpc/open": "3",
    "2/pedos-rpc/open": "3",
    "2/pedos-rpc-in/1": "work\nCopy * allow user=keeper\n",
    "3/pedos-rpc-in/1": "work\nCopy +x ask\n",
    "3/pedos-rpc-in/2": "vault\nCopy +x ask\n",
}

# What the sources are told: no accounts.
RULES = {
    "1/pedos-rpc/vault/rules": "work\nCopy * allow\n",
    "1/pedos-rpc/open/rules": "work\nCopy +x ask\n",
    "2/pedos-rpc/open/rules": "vault\nCopy +x ask\n",
}

# ---- The tables ----


def writes_the_tables(world):
    equal(world.once(), "")
    equal(world.tables(), ALL)
    equal(world.rules(), RULES)


def rules_follow_the_policy(world):
    world.once()
    world.policy("Copy * work vault allow user=other\nClock * work vault deny\n")
    world.once()
    equal(world.rules(),
          {"1/pedos-rpc/vault/rules": "work\nCopy * allow\nClock * deny\n"})
    world.policy("Copy * work vault deny\nCopy * work vault allow\n")
    world.once()
    equal((world.tables(), world.rules()), ({}, {}))


def each_node_is_for_one_guest_to_read(world):
    # what is made below it would get these
    world.store.put("/local/domain/1", permissions=("r0", "r1"))
    world.once()
    nodes = [path for path in world.store.below("/local/domain") if "pedos-rpc" in path]
    # And the directories: 1 and 2 may call, 2 and 3 are called.
    equal(len(nodes), len(ALL) + len(RULES) + 4)
    for path in nodes:
        equal((path, world.store.permissions(f"/local/domain/{path}")),
              (path, ("n0", f"r{path.split('/')[0]}")))


def leaves_alone_what_is_right(world):
    world.once()
    before = len(world.store.changes)
    world.once()
    equal(world.store.changes[before:], [])


def both_nodes_of_a_pair_come_at_once(world):
    world.once()
    written = [{path for path in change if "pedos-rpc" in path} for change in world.store.changes]
    for target, source in (("1/pedos-rpc/vault", "2/pedos-rpc-in/1"),
                           ("2/pedos-rpc/open", "3/pedos-rpc-in/2")):
        assert any({f"/local/domain/{target}", f"/local/domain/{source}"} <= change
                   for change in written), written


def repairs_what_is_wrong(world):
    world.once()
    world.store.put("/local/domain/1/pedos-rpc/vault", "7")
    world.store.put("/local/domain/3/pedos-rpc-in/1", "work\n* * allow\n")
    world.store.put("/local/domain/3/pedos-rpc-in/2", ALL["3/pedos-rpc-in/2"],
                    permissions=("b0", "r2"))
    before = len(world.store.changes)
    world.once()
    equal(world.tables(), ALL)
    equal(world.store.permissions("/local/domain/3/pedos-rpc-in/2"), ("n0", "r3"))
    equal(len(world.store.changes) - before, 3)


def removes_what_should_not_be(world):
    world.store.put("/local/domain/1/pedos-rpc/gone", "9")
    world.store.put("/local/domain/2/pedos-rpc-in/9", "gone\n* * allow\n")
    world.store.put("/local/domain/2/pedos-rpc/work", "1")
    world.store.put("/local/domain/1/pedos-rpc-in/2", "vault\n* * allow\n")
    world.store.put("/local/domain/9/pedos-rpc/work", "1")
    world.once()
    equal(world.tables(), ALL)
    equal(world.store.below("/local/domain/1")["name"], "work")


def a_policy_that_is_empty_takes_all_away(world):
    world.once()
    world.policy("")
    world.once()
    equal(world.tables(), {})
    (world.directory / "policy.d/10.policy").unlink()
    assert "nobody may call anything" in world.once()


def clears(world):
    world.once()
    equal(world.run("--clear"), (0, ""))
    equal([path for path in world.store.below("/local/domain") if "pedos-rpc" in path], [])
    equal(world.store.below("/local/domain/1"), {"name": "work", "data": ""})


# ---- Domains ----


def only_those_that_run(world):
    for domid, flags in ((4, DYING), (5, SHUTDOWN | POWEROFF), (6, SHUTDOWN | CRASH),
                         (7, SHUTDOWN | SUSPEND | DYING), (8, SHUTDOWN | SUSPEND)):
        world.start_domain(domid, f"d{domid}", flags)
    world.once()
    equal(world.sources(3).keys(), {"1", "2", "8"})


def dom0_calls_where_it_is_named_and_is_not_called(world):
    world.policy("* * @anyvm @anyvm allow\n* * vault dom0 allow\n")
    world.once()
    equal(world.targets(0) | world.sources(0), {})
    equal(world.sources(1).keys(), {"2", "3"})
    equal(world.targets(2).keys(), {"work", "open"})
    world.policy("Copy * dom0 work allow user=me\n* * dom0 @anyvm ask\n* * work dom0 allow\n")
    world.once()
    equal(world.targets(0), {"work": "1", "vault": "2", "open": "3"})
    equal(world.sources(0), {})
    equal(world.sources(1), {"0": "dom0\nCopy * allow user=me\n* * ask\n"})
    equal(world.sources(2), {"0": "dom0\n* * ask\n"})
    equal(world.rules()["0/pedos-rpc/work/rules"], "dom0\nCopy * allow\n* * ask\n")
    equal((world.targets(1), world.targets(2)), ({}, {}))


def no_guest_is_called_like_dom0(world):
    world.start_domain(4, "dom0")
    world.policy("* * dom0 work allow\n* * work dom0 allow\n")
    equal(world.once(), "pedos-rpc-dom0: domain 4 takes no part: \"dom0\" is the name of dom0 "
          "itself\n")
    equal((world.targets(4), world.sources(4), world.targets(1)), ({}, {}, {}))
    equal((world.targets(0), world.sources(1)), ({"work": "1"}, {"0": "dom0\n* * allow\n"}))


def a_bad_name_takes_no_part(world):
    for domid, name in ((4, "../x"), (5, ""), (6, "n" * 64), (7, "a\x1bb")):
        world.start_domain(domid, name)
    said = world.once()
    equal(world.tables(), ALL)
    for domid in (4, 5, 6, 7):
        equal(said.count(f"domain {domid} takes no part"), 1)
    assert "\x1b" not in said


def twins_take_no_part(world):
    world.start_domain(4, "work")
    said = world.once()
    equal(world.tables(), {path: ALL[path] for path in ("2/pedos-rpc/open", "3/pedos-rpc-in/2")})
    assert "domain 1 takes no part" in said and "domain 4 takes no part" in said, said


def more_domains_than_are_asked_for_at_a_time(world):
    for domid in range(10, 310):
        world.flags[domid] = RUNNING
        world.store.nodes[f"/local/domain/{domid}"] = (b"", ("n0", f"r{domid}"))
        world.store.nodes[f"/local/domain/{domid}/name"] = (
            f"d{domid}".encode(), ("n0", f"r{domid}"))
    world.list_domains()
    world.policy("Copy * d300 d309 allow\nCopy * work d10 allow\n")
    world.once()
    equal(world.tables(),
          {"300/pedos-rpc/d309": "309", "309/pedos-rpc-in/300": "d300\nCopy * allow\n",
           "1/pedos-rpc/d10": "10", "10/pedos-rpc-in/1": "work\nCopy * allow\n"})


# ---- Others who do something meanwhile ----


def makes_no_tree_of_a_guest_that_has_gone(world):
    world.store.on_start = lambda: world.store.remove("/local/domain/3")
    world.once()
    equal(world.store.below("/local/domain/3"), {})
    assert "/local/domain/3" not in world.store.nodes
    equal(world.targets(1), {"vault": "2"})


def tries_again_when_somebody_was_in_between(world):
    times = []

    def interfere():
        times.append(1)
        if len(times) % 3:
            world.store.put("/local/domain/0/other", str(len(times)))

    world.store.on_start = interfere
    world.once()
    equal(world.tables(), ALL)
    assert len(times) > len(ALL) / 2


# ---- The daemon ----


def follows_domains(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.start_domain(12, "new")
    world.wait(lambda: world.targets(12) == {"open": "3"} and "12" in world.sources(3))
    world.end_domain(2)
    world.wait(lambda: world.targets(1) == {"open": "3"} and world.sources(3).keys() == {"1", "12"})
    world.start_domain(13, "vault")
    world.wait(lambda: world.targets(1) == {"open": "3", "vault": "13"}
               and world.sources(13).keys() == {"1"})
    world.set_flags(3, SHUTDOWN | CRASH)
    world.wait(lambda: world.targets(1) == {"vault": "13"} and world.sources(3) == {})
    equal(world.said(), "")


def follows_names(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.store.put("/local/domain/1/name", "play")
    world.wait(lambda: world.tables()
               == {**{path: ALL[path]
                      for path in ("1/pedos-rpc/open", "2/pedos-rpc/open", "3/pedos-rpc-in/2")},
                   "3/pedos-rpc-in/1": "play\nCopy +x ask\n"})
    world.start_domain(4, "wor k")
    world.wait(lambda: "domain 4 takes no part" in world.said())
    world.store.put("/local/domain/4/name", "work")
    world.wait(lambda: world.targets(4) == {"open": "3", "vault": "2"})
    equal(world.said().count("takes no part"), 1)


def a_name_that_comes_late(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.flags[4] = RUNNING
    world.list_domains()
    world.store.put("/local/domain/4", permissions=("n0", "r4"))
    world.store.fire("@introduceDomain")
    # An event behind it, of which the answer is seen.
    world.start_domain(5, "later")
    world.wait(lambda: world.targets(5) == {"open": "3"})
    world.store.put("/local/domain/4/name", "late")
    world.wait(lambda: world.targets(4) == {"open": "3"})
    equal(world.said(), "")


def watches_no_more_than_names(world):
    world.policy("Copy * @anyvm open allow\n")
    world.start()
    world.wait(lambda: "2" in world.sources(3))
    world.start_domain(4, "four")
    world.wait(lambda: "4" in world.sources(3))
    world.end_domain(4)
    world.wait(lambda: "4" not in world.sources(3))
    world.start_domain(5, "five")
    world.wait(lambda: "5" in world.sources(3))
    equal({path for _, path, _ in world.store.watches},
          {"@introduceDomain", "@releaseDomain",
           *(f"/local/domain/{domid}/name" for domid in (1, 2, 3, 5))})


def reads_the_policy_again(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.policy("Clock * open work allow\n")
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: world.tables() == {"3/pedos-rpc/work": "1",
                                          "1/pedos-rpc-in/3": "open\nClock * allow\n"})


def check_says_whether_the_policy_can_be_used(world):
    equal(world.run("--check"), (0, ""))
    for policy, part in (("Clock * open\n", "the policy is wrong: "),
                         ("A * work vault ask\n" * 600, 'from "work" to "vault"')):
        world.policy(policy)
        status, said = world.run("--check")
        equal(status, 1)
        assert part in said, said
    equal(world.tables(), {})


def keeps_the_policy_when_the_new_one_is_wrong(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.policy("Clock * open work allow\nClock * open\n")
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: "stays in force" in world.said())
    wrong = r"the policy is wrong: \S+/10\.policy:2: a rule has five columns: "
    assert re.search(wrong, world.said()), world.said()
    world.start_domain(4, "new")
    world.wait(lambda: world.targets(4) == {"open": "3"})
    equal({path: value for path, value in world.tables().items() if path in ALL}, ALL)


def keeps_the_policy_when_the_new_one_is_too_large(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.policy("A * work vault ask\n" * 600)
    world.daemon.send_signal(signal.SIGHUP)
    world.wait(lambda: "stays in force" in world.said())
    assert 'from "work" to "vault"' in world.said(), world.said()
    equal(world.tables(), ALL)


def a_pair_that_becomes_too_large_may_not_call(world):
    world.policy(POLICY + "A * big vault ask\n" * 600)
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.start_domain(4, "big")
    world.wait(lambda: world.targets(4) == {"open": "3"})
    assert 'from "big" to "vault"' in world.said(), world.said()
    equal(world.sources(2).keys(), {"1"})


def ends_and_takes_the_tables_away(world):
    for number in (signal.SIGTERM, signal.SIGINT):
        world.start()
        world.wait(lambda: world.tables() == ALL and len(world.store.watches) == 8)
        world.daemon.send_signal(number)
        equal(world.daemon.wait(FOREVER), 0)
        equal([path for path in world.store.below("/local/domain") if "pedos-rpc" in path], [])
        equal(world.store.below("/local/domain/1"), {"name": "work", "data": ""})
        # The next one waits for watches, which are to be its own.
        wait_until(lambda: not world.store.watches, "the end of the connection")


def says_when_the_tables_cannot_be_taken_away(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.daemon.send_signal(signal.SIGSTOP)
    world.store.close()
    world.daemon.send_signal(signal.SIGTERM)
    world.daemon.send_signal(signal.SIGCONT)
    equal(world.daemon.wait(FOREVER), 1)


def start_another(world, domid, name):
    """The domain of this number ends, and another one gets the number."""
    del world.flags[domid]
    world.store.remove(f"/local/domain/{domid}")
    world.start_domain(domid, name)


def inherits_nothing(world, said=""):
    """The domain 1 is not "work" any more: nothing that this might do is written anywhere."""
    world.wait(lambda: world.tables() == {"1/pedos-rpc/open": "3", "2/pedos-rpc/open": "3",
                                          "3/pedos-rpc-in/1": "evil\nCopy +x ask\n",
                                          "3/pedos-rpc-in/2": ALL["3/pedos-rpc-in/2"]})
    equal(world.said(), said)


def a_number_that_is_used_again_inherits_nothing(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.daemon.send_signal(signal.SIGSTOP)  # it sees what comes of it only
    start_another(world, 1, "evil")
    equal(world.sources(2), {"1": "work\nCopy * allow user=keeper\n"})
    world.daemon.send_signal(signal.SIGCONT)
    inherits_nothing(world)


def a_number_that_is_used_again_while_none_runs_inherits_nothing(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.daemon.kill()
    world.daemon.wait()
    wait_until(lambda: not world.store.watches, "the end of the connection")
    equal(world.tables(), ALL)
    start_another(world, 1, "evil")
    world.start()
    inherits_nothing(world)


def what_a_killed_one_left_is_cleared(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.daemon.kill()
    world.daemon.wait()
    equal(world.tables(), ALL)
    equal(world.run("--clear"), (0, ""))
    equal(world.tables(), {})


def ends_with_xenstore(world):
    world.start()
    world.wait(lambda: world.tables() == ALL)
    world.store.close()
    equal(world.daemon.wait(FOREVER), 1)
    assert "xenstore has gone" in world.said(), world.said()


def goes_to_the_background_when_all_is_written(world):
    # The policy stays found, though the daemon leaves the directory.
    done = subprocess.run([PROGRAM, "--policy=policy.d"], env=world.environment(),
                          cwd=world.directory, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=FOREVER, check=False)
    pid = world.store.pids[-1]
    try:
        # Where there is no system log, that is said; and this ends only when nobody can say more.
        said = [line for line in done.stderr.splitlines() if "no system log" not in line]
        equal((done.returncode, done.stdout, said), (0, "", []))
        equal(world.tables(), ALL)
        equal([os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)], 3 * ["/dev/null"])
        equal(os.readlink(f"/proc/{pid}/cwd"), "/")
        world.policy("Copy * work vault allow\n")
        os.kill(pid, signal.SIGHUP)
        world.wait(lambda: "1/pedos-rpc/open" not in world.tables())
        world.policy(POLICY)
        os.kill(pid, signal.SIGHUP)
        world.wait(lambda: world.tables() == ALL)
        equal(os.getsid(pid), pid)
        world.start_domain(4, "new")
        world.wait(lambda: world.targets(4) == {"open": "3"})
    finally:
        os.kill(pid, signal.SIGTERM)
    world.wait(lambda: not world.store.watches)


# ---- What goes wrong ----


def refuses_to_start_with_a_wrong_policy(world):
    world.policy("# fine\nCopy * work vault perhaps\n", name="20.policy")
    for options in (("--once",), ("--foreground",), ()):
        status, said = world.run(*options)
        equal(status, 1)
        wrong = (r"the policy is wrong: \S+/policy\.d/20\.policy:2: "
                 r"the action must be allow, deny or ask\n$")
        assert re.search(wrong, said), said
    equal(world.tables(), {})


def refuses_to_start_with_too_many_rules_for_a_pair(world):
    world.policy("A * work vault ask\n" * 600)
    for options in (("--once",), ("--foreground",), ()):
        status, said = world.run(*options)
        equal(status, 1)
        assert 'too many rules concern calls from "work" to "vault"' in said, said
    equal(world.tables(), {})


def says_that_this_is_a_guest(world):
    (world.directory / "domains").write_text("EPERM")
    status, said = world.run("--once")
    equal(status, 1)
    assert "this is not dom0" in said, said


def says_that_there_is_no_xenstore(world):
    world.store.close()
    for options in (("--once",), ("--clear",), ()):
        status, said = world.run(*options)
        equal(status, 1)
        assert "no connection to xenstore" in said and said.count("\n") == 1, said


def wrong_usage(world):
    for options, part in ((("--once", "--clear"), "choose one"),
                          (("--check", "--once"), "choose one"), (("work",), '"work"'),
                          (("--serve-xl", "--once"), "choose one"),
                          (("--policy=",), "take a directory"),
                          (("--max-per-vm=33",), "from 1 to 32"),
                          (("--boot-timeout=0",), "from 1 to 86400"), (("--often",), "--often")):
        status, said = world.run(*options)
        equal(status, 2)
        assert part in said and said.endswith("Try 'pedos-rpc-dom0 --help'.\n"), said
    equal(world.store.pids, [])


TESTS = [test for name, test in [*globals().items(), *vars(disposables).items(),
                                 *vars(units).items()]
         if callable(test) and getattr(test, "__code__", None)
         and test.__code__.co_varnames[:test.__code__.co_argcount] == ("world",)]


def why_nothing_runs():
    if not PROGRAM.exists() or not HYPERVISOR.exists():
        return "built without Xen"
    if "asan" in subprocess.run(["ldd", PROGRAM], capture_output=True, text=True,
                                check=False).stdout:
        return "nothing can be preloaded before the address sanitizer"
    return None


def case(test, reason):
    def run():
        if reason:
            raise tap.Skip(reason)
        with tempfile.TemporaryDirectory(prefix="qfile-dom0-") as directory:
            world = World(directory)
            try:
                test(world)
            finally:
                world.close()
    return tap.Case(test.__name__.replace("_", " "), run)


def main():
    reason = why_nothing_runs()
    return tap.run(tap.chosen([case(test, reason) for test in TESTS], sys.argv[1:]), WORKERS)


if __name__ == "__main__":
    sys.exit(main())
