# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The order of a commit: content is on stable storage before it gets its final name, and the name
before the sender is told."""
import errno
import platform

import stream
import trees
from calls import ONLY_X86, Call, learn, need_tracing
from costs import Receiver
from delivery import Broken
from jobs import Test

# With a syncer, which only deliveries of many entries have, the committer is the fifth.
MONITOR, CHILD, WRITER, COMMITTER = range(4)
SYNCER = 3
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


def is_made(call):
    """Does it make something of the delivery?"""
    return call.role in (CHILD, WRITER) and call.name in MAKE


def is_answer(call):
    return call.role == MONITOR and call.name == "write" and call.args[0] == ANSWER


def incoming_of(calls):
    """The descriptor of the incoming directory, in which the monitor makes the staging one."""
    return next(call.args[0] for call in calls if call.role == MONITOR and call.name == "mkdirat"
                and call.result == 0)


class Order:
    """Where the calls are that all kinds of commit have. `many`: the content is synced by a thread
    of the monitor's, and not file by file."""

    def __init__(self, plant, many):
        self.calls = calls = learn(plant, False, False)
        self.committer = COMMITTER + many
        self.incoming = incoming_of(calls)
        created = places(calls, is_made)[-1]
        self.synced = self.many_synced() if many else self.few_synced(created)
        self.renames = places(calls, self.is_final)
        answers = places(calls, is_answer)
        if not self.renames or len(answers) != 1:
            raise Broken(f"{len(self.renames)} renames and {len(answers)} answers")
        self.answer = answers[0]
        if not created < self.synced < self.renames[0]:
            raise Broken("it got its name before its content was synced")

    def many_synced(self):
        return first(self.calls, "a sync",
                     lambda call: call.role == SYNCER and call.name == "syncfs")

    def few_synced(self, created):
        """Each file and directory by the child, and then the names at the top by the monitor."""
        # Of a descriptor, not of the name of a link.
        complete = places(self.calls, lambda call: call.role == CHILD and call.name == "utimensat"
                          and call.args[1] == 0)
        each = places(self.calls, lambda call: call.role == CHILD and call.name == "fsync", created)
        if not each or len(each) != len(complete):
            raise Broken(f"{len(each)} of {len(complete)} files and directories were synced")
        return first(self.calls, "a sync of the tree",
                     lambda call: call.role == MONITOR and call.name == "fsync", each[-1])

    def is_final(self, call):
        return (call.role in (MONITOR, self.committer) and call.name == "renameat2"
                and call.args[2] == self.incoming)

    def names_synced(self, after):
        return first(self.calls, "a sync of the names",
                     lambda call: call.name in ("fsync", "syncfs")
                     and call.role in (MONITOR, self.committer)
                     and (call.name == "syncfs" or call.args[0] == self.incoming), after)


def one_rename(plant, many):
    it = Order(plant, many)
    if len(it.renames) != 1 or not it.renames[-1] < it.names_synced(it.renames[-1]) < it.answer:
        raise Broken("the sender was told before the directory was synced")
    return True


def begun_early(plant, _):
    """What was written early is written once more: what came after it is not on the disk."""
    calls = learn(plant, False, False)
    created = places(calls, is_made)[-1]
    synced = places(calls, lambda call: call.name == "syncfs")
    incoming = incoming_of(calls)
    renamed = places(calls, lambda call: call.role == MONITOR and call.name == "renameat2"
                     and call.args[2] == incoming)
    answered = places(calls, is_answer)
    if len(synced) < 2:
        raise Broken("nothing was written early")
    if not any(created < i < renamed[0] for i in synced):
        raise Broken("it got its name before its content was synced")
    if len(answered) != 1 or not renamed[-1] < answered[0]:
        raise Broken("the sender was told before it had its name")
    return True


def of_another_sender():
    """One directory never ends, and another does so often: each is synced once, when nothing more
    comes into it."""
    entries = [stream.directory("a"), stream.file("a/x"), *[stream.directory("b")] * 20,
               stream.file("b/y")]
    with Receiver() as receiver:
        receiver.receive(entries)
        with open(f"{receiver.top}/log", encoding="utf-8", errors="replace") as log:
            calls = [Call(line.split()) for line in log]
    created = places(calls, lambda call: call.role == CHILD and call.name in MAKE)[-1]
    synced = [calls[i].path for i in
              places(calls, lambda call: call.role == CHILD and call.name == "fsync")]
    first(calls, "a sync", lambda call: call.role == CHILD and call.name == "fsync", created)
    # A plain user is not shown what the descriptors of such a process are.
    if len(synced) != 4 or (any(synced) and sorted(synced) != ["/a", "/a/x", "/b", "/b/y"]):
        raise Broken(f"synced: {synced}")
    return True


def not_one_by_one():
    """Where a file has no sync of its own, the whole file system is synced before the rename."""
    with Receiver() as receiver:
        receiver.receive([stream.file("f")], faults=[f"--fault={CHILD},fsync,1,{errno.EINVAL}"])
        with open(f"{receiver.top}/log", encoding="utf-8", errors="replace") as log:
            calls = [Call(line.split()) for line in log if line[0] != "#"]
    incoming = incoming_of(calls)
    synced = first(calls, "a sync of the whole", lambda call: call.name == "syncfs",
                   first(calls, "the file", lambda call: call.role == CHILD
                         and call.name == "pwrite64"))
    renamed = first(calls, "the rename", lambda call: call.role == MONITOR
                    and call.name == "renameat2" and call.args[2] == incoming)
    if not synced < renamed:
        raise Broken("it got its name before its content was synced")
    return True


def with_decision(plant, many):
    it = Order(plant, many)
    decided = first(it.calls, "the decision",
                    lambda call: call.role == MONITOR and call.name == "renameat", it.synced)
    kept = first(it.calls, "a sync of the decision",
                 lambda call: call.role == MONITOR and call.name in ("fsync", "syncfs"), decided)
    changes = "renameat2", "chmod", "fchmodat", "fchmodat2"
    changed = places(it.calls,
                     lambda call: call.role == it.committer and call.name in changes)[-1]
    if not it.synced < decided < kept < it.renames[0]:
        raise Broken("the content and the decision were not durable before the first rename")
    if len(it.renames) != 2 or not it.renames[-1] < it.names_synced(changed) < it.answer:
        raise Broken("the sender was told before the names and modes were synced")
    # That they are in the staging directory no more must be known as well.
    if not any(it.calls[i].name == "syncfs" or it.calls[i].args[0] != it.incoming
               for i in places(it.calls, lambda call: call.role == it.committer
                               and call.name in ("fsync", "syncfs"), it.renames[-1])):
        raise Broken("the staging directory was not synced")
    return True


def tests(run):
    need_tracing()
    yield Test("order: one rename: content, sync, rename, sync, answer",
               [("few entries", one_rename, trees.plant_one, False),
                ("many", one_rename, trees.plant_one_of_many, True),
                ("thousands", begun_early, trees.plant_thousands, True)])
    yield Test("order: directories that another sender ends never, or often, are synced once",
               [("few entries", of_another_sender)])
    if platform.machine() == "x86_64":
        yield Test("order: what cannot be synced one by one is synced with the file system",
                   [("one file", not_one_by_one)])
    else:
        run.skip("order: what cannot be synced one by one", ONLY_X86)
    yield Test("order: several entries: content, sync, decision, sync, renames, sync, answer",
               [("few entries", with_decision, trees.plant_pair, False),
                ("few with another mode", with_decision, trees.plant_two, False),
                ("many", with_decision, trees.plant_two_of_many, True)])
