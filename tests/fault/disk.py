# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The receiver's disk is full, has no inodes left, becomes read-only; somebody moves its
directories about while it works."""
import errno
import math
import os
import shutil
import signal
import subprocess
import time

import delivery
import trees
from delivery import Delivery
from mounts import Disk, in_namespace
from jobs import Test

HEADER = 32
MIB = 1 << 20


# ---- What is sent ----

def plant_large(at):
    trees.write_file(f"{at}/small", b"small")
    trees.write_file(f"{at}/large", bytes(range(1, 129)) * (3 * MIB // 128))
    return ["small", "large"]


def plant_note(at):
    trees.write_file(f"{at}/note", b"a note\n")
    return ["note"]


def plant_notes(at, count=3):
    names = [f"note {number}" for number in range(count)]
    for name in names:
        trees.write_file(f"{at}/{name}", b"a note\n")
    return names


def plant_tiny(at):
    os.mkdir(f"{at}/tiny")
    for number in range(600):
        trees.write_file(f"{at}/tiny/{number}", b"x")
    return ["tiny"]


def length_of(names, it):
    """Bytes of the stream for these regular files at the top level."""
    return sum(HEADER + len(name) + 1 + os.path.getsize(f"{it.source}/{name}") for name in names)


# ---- A delivery that waits in the middle ----

class Paused(Delivery):
    """The stream passes through our hands, and stops where a test wants it to. With limits, the
    receiver has a small disk of its own."""

    def __init__(self, plant, **limits):
        super().__init__(plant)
        self.limits, self.disk = limits, None

    def place_incoming(self):
        self.home = f"{self.top}/home"
        if self.limits:
            self.disk = Disk(self.home, delivery.RECEIVER, **self.limits)
        os.makedirs(f"{self.home}/PedOSIncoming", exist_ok=True)
        self.incoming = f"{self.home}/PedOSIncoming/work"
        super().place_incoming()
        if os.getuid() == 0:
            trees.give_to(*delivery.RECEIVER, self.home)

    def clean(self):
        if self.disk:
            self.disk.detach()
        super().clean()

    def begin(self, offset):
        """Send so many bytes."""
        signal.alarm(delivery.HANGS)
        with open(f"{self.top}/stderr", "ab") as stderr:
            self.unpacker = subprocess.Popen(
                self.receiver(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
                bufsize=0, env=delivery.clean_environment())
            self.agent = subprocess.Popen(
                [delivery.AGENT, *self.names], cwd=self.source, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=stderr, bufsize=0, env=delivery.clean_environment())
        self.pass_on(offset)

    def pass_on(self, size):
        """Pass on so many bytes of the stream, unless the receiver has ended."""
        while size > 0 and (data := self.agent.stdout.read(min(size, 65536))):
            size -= len(data)
            try:
                while data:
                    data = data[self.unpacker.stdin.write(data):]
            except BrokenPipeError:
                return

    def go_on(self):
        """Send the rest, and bring the answer back."""
        sending = os.fork()
        if sending == 0:
            # Beside the answer: either may come first.
            self.pass_on(math.inf)
            os._exit(0)
        self.unpacker.stdin.close()
        self.agent.stdout.close()
        answer = self.unpacker.stdout.read()
        with open(self.answer_file, "wb") as file:
            file.write(answer)
        self.agent.stdin.write(answer)
        self.agent.stdin.close()
        self.status = self.agent.wait()
        self.unpacker.wait()
        os.waitpid(sending, 0)
        delivery.wait_for_all()
        signal.alarm(0)

    def begin_with_a_half(self):
        """Of a plant_large: the receiver is in the middle of the large file."""
        self.begin(length_of(["small"], self) + HEADER + len("large") + 1 + MIB)
        self.wait_until_staged("large", MIB // 2)

    def staging(self):
        return f"{self.incoming}/{self.leftovers()[0]}"

    def wait_until_staged(self, name, size):
        """Until the receiver has written so much of a file. Bounded by the alarm."""
        while True:
            found = [f"{self.incoming}/{staging}/tree/{name}" for staging in self.leftovers()]
            if any(os.path.exists(path) and os.path.getsize(path) >= size for path in found):
                return
            time.sleep(0.002)

    def need_failure(self, code, nothing_left=True):
        """It failed with this code, said so, and left nothing."""
        self.check()
        self.need(self.code() == code, f"expected {delivery.error_name(code)}")
        self.need(self.status == 1 and "nothing was" in self.said(),
                  "the failure was not made clear")
        if nothing_left:
            self.need(not self.leftovers(), "a staging directory is left")

    def need_success(self):
        self.check()
        self.need(self.status == 0, "it failed")


# ---- Too little room ----

def too_large():
    with Paused(plant_large, size="8m") as it:
        it.disk.fill(but=MIB)
        it.begin(0)
        it.go_on()
        it.need_failure(errno.ENOSPC)
        it.need('"large"' in it.said(), "the file at fault is not named")
        it.disk.make_room()
        it.check_next()
    return True


def full_in_a_file():
    with Paused(plant_large, size="8m") as it:
        it.begin_with_a_half()
        it.disk.fill()
        it.go_on()
        it.need_failure(errno.ENOSPC)
        it.disk.make_room()
        it.check_next()
    return True


def full_of_tiny_files():
    with Paused(plant_tiny, size="8m") as it:
        it.disk.fill(but=MIB)
        it.begin(0)
        it.go_on()
        it.need_failure(errno.ENOSPC)
        it.disk.make_room()
        it.check_next()
    return True


def full_at_the_commit(plant):
    with Paused(plant, size="8m") as it:
        it.begin(length_of(it.names, it))
        it.wait_until_staged(it.names[-1], 1)
        it.disk.fill()
        it.go_on()
        it.need_failure(errno.ENOSPC)
        it.disk.make_room()
        it.check_next()
    return True


def no_inodes(left, plant):
    with Paused(plant, size="8m", nr_inodes=50) as it:
        hogs = 50 - left - sum(len(directories) + len(files)
                               for _, directories, files in os.walk(it.home)) - 1
        for number in range(hogs):
            trees.write_file(f"{it.home}/hog{number}", b"")
        it.begin(0)
        it.go_on()
        it.need_failure(errno.ENOSPC)
        for number in range(hogs):
            os.unlink(f"{it.home}/hog{number}")
        it.check_next()
    return True


# ---- Read-only ----

def read_only_before():
    with Paused(plant_note, size="8m") as it:
        it.disk.remount(True)
        it.begin(0)
        it.go_on()
        it.need_failure(errno.EROFS)
        it.disk.remount(False)
        it.check_next()
    return True


def plant_many_notes(at):
    """More than the receiver keeps open, to sync them one by one."""
    return plant_notes(at, 20)


def read_only_meanwhile(received):
    """Between two files; or behind the last, so that the commit meets it. Its staging directory
    cannot go before the disk is back."""
    with Paused(plant_many_notes, size="8m") as it:
        it.begin(length_of(it.names[:received], it))
        it.wait_until_staged(it.names[received - 1], 1)
        wait_until_none_is_written(it)
        it.go_on()
        it.need_failure(errno.EROFS, nothing_left=False)
        it.disk.remount(False)
        it.check_next()
    return True


def wait_until_none_is_written(it):
    """Nothing can become read-only as long as a file is open for writing."""
    while True:
        try:
            it.disk.remount(True)
            return
        except OSError as error:
            it.need(error.errno == errno.EBUSY, f"remounting: {error}")
            time.sleep(0.002)


# ---- Somebody tidies up ----

def renamed_away(level):
    """PedOSIncoming or the VM's directory gets another name. The receiver goes on with the one that
    it has."""
    with Paused(plant_large) as it:
        it.begin_with_a_half()
        old = os.path.dirname(it.incoming) if level == "PedOSIncoming" else it.incoming
        os.rename(old, f"{old}.old")
        here, there = it.incoming, it.incoming.replace(old, f"{old}.old")
        it.incoming = there
        it.go_on()
        it.need_success()
        it.need(not os.path.lexists(here), "something appeared at the old name")
        it.check_next()
    return True


def replaced_by_a_link(level):
    """Nothing goes where the link leads."""
    with Paused(plant_large) as it:
        it.begin_with_a_half()
        precious = f"{it.top}/precious"
        os.makedirs(f"{precious}/work/tree")
        trees.write_file(f"{precious}/work/tree/small", b"precious")
        if os.getuid() == 0:
            trees.give_to(*delivery.RECEIVER, precious)
        before = trees.picture(precious)
        old = {"PedOSIncoming": os.path.dirname(it.incoming), "VM": it.incoming,
               "staging": it.staging()}[level]
        os.rename(old, f"{it.home}/moved" if level == "staging" else f"{old}.old")
        os.symlink(f"{precious}/work" if level != "PedOSIncoming" else precious, old)
        if level != "staging":
            it.incoming = it.incoming.replace(old, f"{old}.old")
        it.go_on()
        it.need_success()
        os.unlink(old)
        it.need(trees.picture(precious) == before, "what the link leads to has changed")
        it.check_next()
    return True


def removed(level):
    """All of it, with the staging directory and what is in it: the delivery fails. Who removed it
    is this side's business: the sender hears only that the receiver failed."""
    with Paused(plant_large) as it:
        it.begin_with_a_half()
        if level == "staging":
            shutil.rmtree(it.staging())
        else:
            trees.remove(os.path.dirname(it.incoming) if level == "PedOSIncoming" else it.incoming)
            os.makedirs(os.path.dirname(it.incoming), exist_ok=True)
            Delivery.place_incoming(it)
        it.go_on()
        it.need_failure(errno.EPERM)
        it.need("looking for what was received: No such file" in it.said(), "the log is unclear")
        it.check_next()
    return True


def staging_renamed():
    """A name that is a staging directory's still: it is emptied, and gone with the next delivery at
    the latest."""
    with Paused(plant_large) as it:
        it.begin_with_a_half()
        os.rename(it.staging(), f"{it.incoming}/{delivery.STAGING_PREFIX}fedcba9876543210")
        it.go_on()
        it.need_success()
        it.check_next()
    return True


def tests(_):
    levels = ("PedOSIncoming", "VM", "staging")
    full = [("at a file's header", too_large), ("in a file", full_in_a_file),
            ("among tiny files", full_of_tiny_files),
            ("at the commit of one entry", full_at_the_commit, plant_note),
            ("at the commit of three", full_at_the_commit, plant_notes)]
    inodes = [("for the staging directory", no_inodes, 0, plant_note),
              ("for what is in it", no_inodes, 1, plant_note),
              ("for the first file", no_inodes, 2, plant_note),
              ("for the list of the commit", no_inodes, 3, plant_note),
              ("among many files", no_inodes, 20, plant_tiny)]
    read_only = [("before it began", read_only_before),
                 ("between two files", read_only_meanwhile, 18),
                 ("before the commit", read_only_meanwhile, 20)]
    for name, jobs in (("is full", full), ("has no inodes left", inodes),
                       ("is read-only", read_only)):
        for what, function, *arguments in jobs:
            yield Test(f"disk: it {name} {what}", [(what, in_namespace, function, *arguments)])
    renamed = [*((level, renamed_away, level) for level in levels[:2]),
               (levels[2], staging_renamed)]
    yield Test("disk: renamed meanwhile", renamed, 3)
    yield Test("disk: replaced by a link meanwhile",
               [(level, replaced_by_a_link, level) for level in levels], 3)
    yield Test("disk: removed meanwhile", [(level, removed, level) for level in levels], 3)
