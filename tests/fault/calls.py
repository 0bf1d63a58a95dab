# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Every system call of the receiver's processes fails once, and is once the last."""
import errno
import os
import platform
import signal
import subprocess

import delivery
import trees
from delivery import Delivery
from jobs import Test
from settings import need_built
from tap import Skip

ONLY_X86 = "inject can make calls fail on x86-64 only"
# In the order of their creation. The writer is a thread of the child's, and has nothing to do where
# there are few entries. After a failure there is no committer, and the remover comes instead. Of
# few entries the child syncs each; of many a syncer does, a thread of the monitor's.
ROLES = ("monitor", "child", "writer", "committer or remover", "remover")
ROLES_OF_MANY = ("monitor", "child", "writer", "syncer", "committer or remover", "remover")
CHILD, WRITER = 1, 2
DELIVERIES = {"one entry": trees.plant_one, "two entries": trees.plant_two}
DELIVERIES_OF_MANY = {"one entry of many": trees.plant_one_of_many,
                      "two entries of many": trees.plant_two_of_many}

# What each call is made to fail with; for those that are not here, EIO. EINTR only where a system
# may interrupt.
DISK = ("EIO", "ENOSPC")
ERRORS = {
    "read": ("EIO", "EINTR"), "write": (*DISK, "EINTR"), "pwrite64": (*DISK, "EINTR"),
    "splice": ("EIO", "EINTR"), "poll": ("ENOMEM", "EINTR"), "wait4": ("ECHILD", "EINTR"),
    "flock": ("ENOLCK", "EINTR"), "openat": ("EIO", "ENOSPC", "EINTR"), "close": ("EIO", "EINTR"),
    "mkdirat": DISK, "renameat": DISK, "renameat2": DISK, "symlinkat": DISK, "ftruncate": DISK,
    "fsync": DISK, "syncfs": DISK, "utimensat": DISK, "getdents64": ("EIO", "ENOMEM"),
    "unlinkat": ("EIO", "EROFS"), "newfstatat": ("EIO", "ENOMEM"), "mmap": ("ENOMEM",),
    "brk": ("ENOMEM",), "mremap": ("ENOMEM",), "munmap": ("ENOMEM",), "mprotect": ("ENOMEM",),
    "pipe2": ("EMFILE", "ENFILE"), "clone": ("ENOMEM", "EAGAIN", "EPERM"),
    "clone3": ("ENOMEM", "EAGAIN"),
    "getrandom": ("EINTR", "EIO"), "setresuid": ("EAGAIN", "EPERM"), "pread64": ("EIO", "EINTR"),
    # These cannot fail for what is asked of them: a signal to a child of one's own, one's own
    # identity, the end.
    "kill": (), "exit_group": (), "getuid": (), "geteuid": (), "getegid": (), "umask": (),
    # Nor can these, with which threads begin, wait and end.
    "set_robust_list": (), "rseq": (), "futex": (), "exit": (),
}
# Interrupted, these are to be tried again. The others go to regular files, or belong to the C
# library: they may fail cleanly.
PIPE_CALLS = ("read", "write", "splice")


class Call:
    """A line of the log: one system call of one process."""

    def __init__(self, words):
        self.role, self.name, self.n, self.result = (
            int(words[0]), words[1], int(words[2]), int(words[3]))
        self.args = [int(word, 16) for word in words[4:7]]
        self.path = " ".join(words[7:])

    def __str__(self):
        return f"{self.name} {self.n}"

    def is_retried(self):
        """Must the delivery survive an EINTR?"""
        if self.name in ("poll", "wait4"):
            return True
        if self.role in (CHILD, WRITER):
            # Nobody may look at what its descriptors are: the stream is 0, the report 1.
            return (self.name == "pwrite64"
                    or (self.name, self.args[0]) in (("read", 0), ("write", 1)))
        return self.name in PIPE_CALLS and self.path.startswith("pipe:")


def need_tracing():
    """A container may forbid it."""
    need_built(delivery.INJECT)
    tried = subprocess.run([delivery.INJECT, "--log=/dev/null", "true"], stderr=subprocess.PIPE,
                           text=True, check=False)
    if tried.returncode != 0:
        raise Skip(f"no process can be traced here: {tried.stderr.strip()}")


def is_repetition(call, calls):
    """Emptying the capabilities' bounding set takes two calls for each: the first and last few are
    enough."""
    those = [other for other in calls
             if other.role == call.role and other.name == "prctl" and other.args[0] in (23, 24)]
    return call in those[3:-3]


def learn(plant, move, agent, *faults, options=()):
    """The calls of a delivery, in the order in which they returned. With faults: those after the
    first that struck. `options`: others of `inject`."""
    with Delivery(plant, move) as it:
        it.run(*options, *(faults or ["--"]), agent=agent)
        if faults:
            it.check()
        else:
            it.need(it.status == 0 and it.state() == "whole", "without any fault it failed")
        lines = it.log_lines()
        if faults:
            it.need(it.struck(), f"{faults[0]} does not strike")
            lines = lines[next(i for i, words in enumerate(lines) if words[0] == "#"):]
    calls = [Call(words) for words in lines if words[0] != "#"]
    return [call for call in calls if not is_repetition(call, calls)]


def strike(plant, move, agent, faults, survived=False, part_allowed=False, options=()):
    """One delivery in which faults strike."""
    with Delivery(plant, move) as it:
        it.run(*options, *faults, agent=agent)
        it.check(part_allowed)
        struck = it.struck() >= len(faults)
        if struck and survived:
            it.need(it.status == 0, "an interrupted call was not tried again")
        it.check_next()
    return struck


def fault(call, what):
    return f"--fault={call.role},{call.name},{call.n},{what}"


def kill_tests(name, calls, plant, move=False, agent=False, roles=ROLES, options=()):
    """One test a role: it is killed at each of its calls."""
    for role, who in enumerate(roles):
        jobs = [(str(call), strike, plant, move, agent, [fault(call, "kill")], False, False,
                 options) for call in calls if call.role == role]
        if jobs:
            yield Test(f"{name}: {who} killed at each call", jobs, len(jobs) * 3 // 4)


def error_tests(name, calls, plant, move=False, agent=False, roles=ROLES, options=()):
    """One test a role and error: each call for which it makes sense fails with it."""
    for role, who in enumerate(roles):
        mine = [call for call in calls if call.role == role]
        for error in sorted({error for call in mine for error in ERRORS.get(call.name, ("EIO",))}):
            jobs = [(str(call), strike, plant, move, agent, [fault(call, getattr(errno, error))],
                     error == "EINTR" and call.is_retried(), False, options)
                    for call in mine if error in ERRORS.get(call.name, ("EIO",))]
            yield Test(f"{name}: {who} gets {error} from each call", jobs, len(jobs) // 2)


def sudden_death(name, calls, plant, options=(), roles=ROLES):
    """Monitor, child and committer die at once. A part may be visible then, until the next receiver
    has been there."""
    jobs = [(f"{roles[call.role]}, {call}", strike, plant, False, False, [fault(call, "killall")],
             False, True, options) for call in calls]
    return Test(f"{name}: all killed at once at each call", jobs, len(jobs) * 3 // 4)


def second_faults(run, plant, roles, faults):
    """A commit that failed is being taken back, and a process is killed: what is left must not be
    made visible by the next receiver."""
    for role, call, n in faults:
        first = f"--fault={role},{call},{n},{errno.EIO}"
        later = run.call(learn, plant, False, False, first)
        for what in ("kill", "killall"):
            jobs = [(f"{roles[other.role]}, {other}", strike, plant, False, False,
                     [first, fault(other, what)], False, what == "killall") for other in later]
            yield Test(f"calls: {roles[role]}'s {call} {n} fails, then {what} at each later call",
                       jobs, len(jobs) * 3 // 4)


def orphan(name, *options):
    """The monitor dies at its last call of that name before it waits for its child. Nothing stays,
    though the sender keeps the stream open."""
    calls = learn(trees.plant_one, False, False)
    forked = next(i for i, call in enumerate(calls) if call.role == 0 and call.name == "clone")
    last = next(call for call in calls[forked + 1:] if call.role == 0 and call.name == name)
    with Delivery(trees.plant_one) as it:
        read_end, write_end = os.pipe()
        with open(it.answer_file, "wb") as answer:
            command = it.receiver(*options, fault(last, "kill"))
            it.agent = subprocess.Popen(command, stdin=read_end, stdout=answer,
                                        env=delivery.clean_environment())
        os.close(read_end)
        signal.alarm(delivery.HANGS)
        try:
            it.end()
        finally:
            os.close(write_end)
        it.check()
        it.check_next()
        return it.struck() > 0


def orphan_tests():
    early = [(name, orphan, name, "--hold") for name in ("prctl", "close", "poll")]
    yield Test("calls: the monitor is killed before its child has asked to die with it", early, 3)
    yield Test("calls: the monitor is killed while its child waits for the stream",
               [("read", orphan, "read")])


def delivery_tests(run, name, calls, plant, roles):
    yield from kill_tests(name, calls, plant, roles=roles)
    if platform.machine() == "x86_64":
        yield from error_tests(name, calls, plant, roles=roles)
    else:
        run.skip(f"{name}: failing calls", ONLY_X86)
    yield sudden_death(name, calls, plant, roles=roles)


def tests(run):
    need_tracing()
    for name, plant in DELIVERIES.items():
        calls = run.call(learn, plant, False, False)
        yield from delivery_tests(run, f"calls: {name}", calls, plant, ROLES)
    # What the child does is the same many times.
    for name, plant in DELIVERIES_OF_MANY.items():
        calls = [call for call in run.call(learn, plant, False, False) if call.role != CHILD]
        yield from delivery_tests(run, f"calls: {name}", calls, plant, ROLES_OF_MANY)
    if platform.machine() == "x86_64":
        yield from second_faults(
            run, trees.plant_two_of_many, ROLES_OF_MANY,
            ((0, "fsync", 1), (3, "syncfs", 1), (4, "syncfs", 1), (4, "renameat2", 1),
             (4, "renameat2", 2)))
        yield from second_faults(
            run, trees.plant_pair, ROLES,
            ((0, "fsync", 1), (0, "fsync", 2), (3, "fsync", 1), (3, "fsync", 2),
             (3, "renameat2", 2)))
    yield from orphan_tests()
