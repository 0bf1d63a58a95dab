# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
What programs are started in: umask, limits, descriptors, signals, and what the directories around
theirs hand down.
"""
import errno
import functools
import os
import resource
import signal
import struct

import process
import sample
import stream as wire
import suite
import tree
from copying import Answer, OnDisk
from expect import check, equal, has
from opening import Opening
from settings import AGENT, COUNTED, OPENER, SANITIZED
from tap import Skip

KIB = 1024
DELIVERY = wire.delivery(wire.directory("dir"), wire.file("dir/file", b"content"),
                         wire.directory("dir"))

LEVELS = ["deep" + "/d" * level for level in range(16)]
MANY = wire.delivery(*map(wire.directory, LEVELS),
                     *(wire.file(f"{LEVELS[-1]}/{number}") for number in range(600)))


class Surroundings(Opening):
    """`place`: the directory of deliveries that no receiver has made yet."""

    def __init__(self):
        super().__init__()
        self.place = f"{self.incoming}/new"
        tree.write("file", "content")

    def receiver_at_place(self, *options):
        return [*self.receiver(*options)[:-1], self.place]

    def start_receiver(self, delivery=DELIVERY, **how):
        return self.start(*self.receiver_at_place("--on-conflict=rename"), stdin=delivery, **how)

    def receives(self, **how):
        self.start_receiver(**how).wait().exits(0)
        self.nothing_is_left()

    def arrives_or_is_refused(self, **how):
        """
        With one sentence. Whatever became of it, the next delivery arrives, and then nothing is
        left of this one. Returns whether it arrived.
        """
        before = self.delivered()
        end = self.start_receiver(**how).wait()
        check(end.status in (0, 1), f"exit status {end.status}: {end.said}")
        if end.status:
            # Without descriptors or memory nothing can be removed either: that is said, too.
            equal(len([line for line in end.said.split("\n")
                       if "could not be removed" not in line]), 1)
        arrived = end.status == 0 or "everything was received" in end.said
        self.receives()
        equal(len(self.delivered()), len(before) + arrived + 1)
        return arrived

    def delivered(self):
        return sorted(os.listdir(self.place)) if os.path.exists(self.place) else []

    def nothing_is_left(self):
        equal([name for name in self.delivered() if name.startswith(".")], [])

    def opens(self, **how):
        """A file goes to the real editor and comes back with another content."""
        self.played_handler(lambda app: app.write("changed"))
        opener = self.start(OPENER, f"--via={self.real_editor()}", "file", **how)
        opener.wait().exits(0).says_nothing()
        equal(tree.read("file"), "changed")
        self.nothing_beside()
        self.nothing_there()


class SurroundingsOnDisk(OnDisk, Surroundings):
    pass


test = suite.cases(Surroundings)
test_on_disk = suite.cases(SurroundingsOnDisk)


def limited(**limits):
    """For preexec_fn. By names of limits in small letters: limited(nofile=8)."""
    def set_limits():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (value, value))
    return set_limits


# ---- umask ----

@test("a receiver's directories are the user's, whatever the umask")
def _(t):
    for number, umask in enumerate((0o777, 0, 0o27)):
        t.place = f"{t.incoming}/new-{number}"
        for _ in range(2):
            t.receives(umask=umask)
        equal((tree.mode_of(t.place), t.delivered()), (0o700, ["dir", "dir (2)"]))
        equal((tree.mode_of(f"{t.place}/dir"), tree.mode_of(f"{t.place}/dir/file")), (0o755, 0o644))


@test("an account's PedOSIncoming and SOURCE are the account's, whatever the umask")
def _(t):
    t.need_account()
    command = [*t.with_account(), t.receiver()[0], "user"]
    for umask in (0o777, 0o022):
        stream = wire.delivery(wire.file(f"file-{umask}"))
        t.run(*command, stdin=stream, env={"QREXEC_REMOTE_DOMAIN": "work"}, umask=umask).exits(0)
    for name in "PedOSIncoming", "PedOSIncoming/work":
        equal(tree.mode_of(f"{t.home}/{name}"), 0o700)


@test("a file is sent, and moved, whatever the umask")
def _(t):
    for umask in 0o777, 0:
        tree.write("moved", "content")
        t.send("--move", "moved", umask=umask).exits(0)
        check(not os.path.exists("moved"), "not removed")
        os.remove(t.into("moved"))


@test("a file is opened elsewhere, and comes back, whatever the umask", waits=True)
def _(t):
    for umask in 0o777, 0:
        t.opens(umask=umask)
        equal(tree.mode_of("file"), 0o644)
        tree.write("file", "content")


# ---- What is handed down ----

@test("where directories are set-group-ID, those that arrive are not")
def _(t):
    os.chmod(t.incoming, 0o2700)
    t.receives()
    equal((tree.mode_of(t.place), tree.mode_of(f"{t.place}/dir")), (0o700, 0o755))
    os.chmod(t.place, 0o2700)
    t.receives()
    equal(tree.mode_of(f"{t.place}/dir (2)"), 0o755)


def acl(*entries):
    """The bytes of an ACL, of tag and rights; nobody in particular is named."""
    packed = [struct.pack("<HHI", *each, 0xffffffff) for each in entries]
    return struct.pack("<I", 2) + b"".join(packed)


@test_on_disk("where a default ACL is handed down, what arrives has the modes that were sent")
def _(t):
    owner, group, others = 1, 4, 32
    for rights in ((7, 7, 7), (0, 0, 0)):
        try:
            os.setxattr(t.incoming, "system.posix_acl_default",
                        acl(*zip((owner, group, others), rights)))
        except OSError:
            raise Skip("no ACLs here") from None
        t.place = f"{t.incoming}/new-{rights[0]}"
        t.receives()
        t.receives()
        equal([tree.mode_of(f"{t.place}{name}") for name in ("", "/dir", "/dir/file", "/dir (2)")],
              [0o700, 0o755, 0o644, 0o755])


# ---- Limits ----

@test("with a stack of 64 KiB everything works", waits=True)
def _(t):
    if SANITIZED or COUNTED:
        raise Skip("sanitizers and counters need more")
    t.receives(preexec_fn=limited(stack=64 * KIB))
    os.mkdir("links")
    os.symlink("/".join(["x" * 200] * 15), "links/link")
    t.send("--move", "links", preexec_fn=limited(stack=64 * KIB)).exits(0)
    t.opens(preexec_fn=limited(stack=64 * KIB))


@test("with a stack that is too small each program says so")
def _(t):
    if SANITIZED:
        raise Skip("sanitizers need more")
    commands = (t.receiver_at_place(), [AGENT, "--via=false", "file"],
                [OPENER, "--via=false", "file"], ["sh", "-c", t.real_editor()])
    for command in commands:
        t.run(*command, preexec_fn=limited(stack=32 * KIB)).exits(1).says("stack", "ulimit -s")


@test("a limit of the stack that may be raised is")
def _(t):
    if COUNTED:
        raise Skip("counters need more")

    def lower():
        _, most = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (32 * KIB, most))
    t.receives(preexec_fn=lower)


@test("with few descriptors a delivery arrives, or is refused in a sentence", waits=True)
def _(t):
    arrived = [t.arrives_or_is_refused(preexec_fn=limited(nofile=limit))
               for limit in [*sample.of_lengths(range(7, 39)), 39]]
    # Not in turns: what is too few is, and what is enough is.
    equal(arrived, sorted(arrived))
    check(arrived[-1], "39 are not enough")


@test("a delivery of many files needs no more descriptors than its directories do")
def _(t):
    if COUNTED:
        raise Skip("counters need more")
    t.receives(delivery=MANY, preexec_fn=limited(nofile=39))
    equal(len(os.listdir(f"{t.place}/{LEVELS[-1]}")), 600)


@test("with little memory a delivery arrives, or is refused in a sentence", waits=True)
def _(t):
    if SANITIZED:
        raise Skip("sanitizers need more")
    # Below that, the loader of the C library ends a program before its first word.
    arrived = [t.arrives_or_is_refused(preexec_fn=limited(**{"as": limit << 20}))
               for limit in [*sample.of_lengths(range(6, 19)), 19]]
    check(arrived[-1], "19 MiB are not enough")


@test("where no more processes may be started, a delivery arrives, or is refused in a sentence")
def _(t):
    # Root is the user by the time that it counts.
    t.arrives_or_is_refused(preexec_fn=limited(nproc=0))


@test("where no file may grow, a delivery is refused, and its sender told why")
def _(t):
    reading, writing = os.pipe()  # what it says must not be a file
    program = t.start_receiver(stdout=writing, stderr=writing, preexec_fn=limited(fsize=0))
    equal(program.wait().status, 1)
    os.close(writing)
    with open(reading, "rb") as told:
        result = Answer(told.read())
    equal((result.code, result.name), (errno.EFBIG, b"dir/file"))
    t.nothing_is_left()
    t.receives()


@test("where no file may grow, the opener keeps the file as it is, and says why", waits=True)
def _(t):
    t.played_handler(lambda app: app.write("changed" * 1000))
    reading, writing = os.pipe()
    opener = t.start(OPENER, f"--via=(ulimit -f unlimited; {t.real_editor()})", "file",
                     stdout=writing, stderr=writing, preexec_fn=lambda: resource.setrlimit(
                         resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY)))
    os.close(writing)
    equal(opener.wait().status, 1)
    with open(reading, "rb") as said:
        has(process.text(said.read()), "larger than a file may be here")
    equal(tree.read("file"), "content")


# ---- Descriptors ----

def close_all(fds):
    for fd in fds:
        os.close(fd)


@test("with any of the descriptors 0 to 2 closed, a delivery arrives, or is refused in a sentence")
def _(t):
    for closed in (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2):
        t.arrives_or_is_refused(preexec_fn=functools.partial(close_all, closed))


@test("with descriptors 0 to 2 that are of no use, a delivery arrives, or is refused in a sentence")
def _(t):
    useless = (("/dev/null", os.O_WRONLY), ("/dev/null", os.O_RDONLY), ("/", os.O_RDONLY),
               ("/", os.O_PATH), ("/dev/full", os.O_RDWR))

    def replace(fd, path, flags):
        opened = os.open(path, flags)
        os.dup2(opened, fd)
        os.close(opened)
    for fd in 0, 2:
        # Zeros, from /dev/full, are the end of a delivery.
        for path, flags in useless if fd else useless[:-1]:
            t.arrives_or_is_refused(preexec_fn=functools.partial(replace, fd, path, flags))
    for path, flags in useless[1:]:
        end = t.start_receiver(preexec_fn=functools.partial(replace, 1, path, flags)).wait()
        end.exits(1).says("the sender had gone before it could be told")
    t.nothing_is_left()


@test("a sender and an opener with any of the descriptors 0 to 2 closed")
def _(t):
    for number, closed in enumerate(((0,), (1,), (2,), (0, 1, 2))):
        close = functools.partial(close_all, closed)
        tree.write(f"file-{number}", "content")
        t.send(f"file-{number}", preexec_fn=close).exits(0)
        t.run(OPENER, "--via=false", "file", preexec_fn=close).exits(1)
        equal(tree.read("file"), "content")


# ---- Signals ----

def ignoring():
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)


def blocking():
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


@test("signals that the starter ignores or blocks change nothing", waits=True)
def _(t):
    for number, prepare in enumerate((ignoring, blocking)):
        t.receives(preexec_fn=prepare)
        tree.write(f"moved-{number}", "content")
        t.send("--move", f"moved-{number}", preexec_fn=prepare).exits(0)
        t.opens(preexec_fn=prepare)
        tree.write("file", "content")


@test("a receiver whose starter blocks SIGTERM can be ended by it")
def _(t):
    receiving = t.start_unpacker(preexec_fn=blocking)
    receiving.write(wire.file("file"))
    receiving.wait_staged("file")
    receiving.kill(signal.SIGTERM)
    receiving.wait()
    t.nothing_arrived()
