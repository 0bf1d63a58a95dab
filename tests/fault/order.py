# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The order of a commit: content is on stable storage before it gets its final name, and the name
before the sender is told."""
from calls import DELIVERIES, learn, need_tracing
from delivery import Broken
from jobs import Test

MONITOR, CHILD, COMMITTER = range(3)
ANSWER = 1  # the monitor's descriptor
MAKE = ("openat", "mkdirat", "symlinkat", "pwrite64", "ftruncate", "utimensat", "fchmod")


def places(calls, what, after=-1):
    """Where in the log there are calls that succeeded."""
    return [i for i, call in enumerate(calls) if i > after and call.result >= 0 and what(call)]


def first(calls, text, what, after=-1):
    found = places(calls, what, after)
    if not found:
        raise Broken(f"{text} is missing")
    return found[0]


def is_answer(call):
    return call.role == MONITOR and call.name == "write" and call.args[0] == ANSWER


def is_final(call, incoming):
    return (call.role in (MONITOR, COMMITTER) and call.name == "renameat2"
            and call.args[2] == incoming)


def look(plant):
    """Where the calls are that both kinds of commit have."""
    calls = learn(plant, False, False)
    # The staging directory is made in the incoming directory: that is how its descriptor is known.
    incoming = next(call.args[0] for call in calls
                    if call.role == MONITOR and call.name == "mkdirat" and call.result == 0)
    created = places(calls, lambda call: call.role == CHILD and call.name in MAKE)[-1]
    synced = first(calls, "a sync", lambda call: call.role == MONITOR and call.name == "syncfs")
    renames = places(calls, lambda call: is_final(call, incoming))
    answers = places(calls, is_answer)
    if not renames or len(answers) != 1:
        raise Broken(f"{len(renames)} renames and {len(answers)} answers")
    if not created < synced < renames[0]:
        raise Broken("it got its name before its content was synced")
    return calls, incoming, synced, renames, answers[0]


def one_rename():
    calls, incoming, _, renames, answer = look(DELIVERIES["one entry"])
    durable = first(calls, "a sync of the directory",
                    lambda call: call.name in ("fsync", "syncfs") and call.args[0] == incoming,
                    renames[-1])
    if len(renames) != 1 or not renames[-1] < durable < answer:
        raise Broken("the sender was told before the directory was synced")
    return True


def with_plan():
    calls, _, synced, renames, answer = look(DELIVERIES["two entries"])
    planned = places(calls, lambda call: (call.role == MONITOR and call.name == "write"
                                          and call.path.endswith("/plan")))
    decided = first(calls, "the decision",
                    lambda call: call.role == MONITOR and call.name == "renameat", synced)
    kept = first(calls, "a sync of the decision",
                 lambda call: call.role == MONITOR and call.name in ("fsync", "syncfs"), decided)
    changes = "renameat2", "chmod", "fchmodat", "fchmodat2"
    last_change = places(calls,
                         lambda call: call.role == COMMITTER and call.name in changes)[-1]
    durable = first(calls, "a sync of the names",
                    lambda call: call.role in (MONITOR, COMMITTER) and call.name == "syncfs",
                    last_change)
    if not planned or not planned[-1] < synced < decided < kept < renames[0]:
        raise Broken("the plan and the decision for it were not durable before the first rename")
    if len(renames) != 2 or not renames[-1] < durable < answer:
        raise Broken("the sender was told before the names and modes were synced")
    return True


def tests(_):
    need_tracing()
    yield Test("order: one rename: content, sync, rename, sync, answer",
               [("one entry", one_rename)])
    yield Test("order: a plan: content, sync, decision, sync, renames, sync, answer",
               [("two entries", with_plan)])
