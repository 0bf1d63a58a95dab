# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Trees that change while they are sent: what vanishes is left out, what changes is told."""
import os

import suite
import tree
from copying import Copying
from expect import equal, has, lacks, missing
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)

# Of a file that the sender is not through with while nobody reads: far more than anything between
# the two holds.
BIG = 2**23


def send_meanwhile(t, change, *arguments):
    """
    Send to the unpacker, and `change` something when the beginning of the stream is through: the
    rest of it waits as long. Returns the sender's end, and the whole stream.
    """
    stream = []

    def look(part):
        stream.append(part)
        if len(stream) == 2:
            change()
    return t.run(AGENT, f"--via={t.passing_on(look)}", *arguments), b"".join(stream)


def listed_behind_big(directory, make):
    """
    Make a file in the directory that is BIG, and another entry beside it, made by the function
    `make` of its path, so that the file is listed first. Returns the other one's name.
    """
    def make_big(path):
        tree.sparse(path, BIG)
    # Some file systems go by a hash of the name, some by age.
    for big, other in (("x", "y"), ("y", "x")):
        paths = (f"{directory}/{big}", make_big), (f"{directory}/{other}", make)
        for order in (paths, paths[::-1]):
            for path, maker in order:
                maker(path)
            if os.listdir(directory)[0] == big:
                return other
            for path, _ in order:
                os.rmdir(path) if os.path.isdir(path) else os.unlink(path)
    raise Skip("no way to have one entry listed before another here")


def left_out(t, sent, name):
    """The delivery arrived without this entry, and that is said."""
    has(sent.exits(3).said, f'left out "{name}": it was removed or replaced')
    missing(t.into(name))


@test("a file that shrinks while it is sent is named, and nothing is delivered")
def _(t):
    tree.sparse("shrinking", BIG)
    sent, _ = send_meanwhile(t, lambda: os.truncate("shrinking", 1000), "shrinking")
    has(sent.exits(1).said, '"shrinking"')
    has(sent.said, "shorter")
    t.nothing_arrived()


@test("a file that grows while it is sent arrives as it was when it was opened, and is named")
def _(t):
    tree.sparse("growing", BIG)
    sent, _ = send_meanwhile(t, lambda: tree.append("growing", "more"), "growing")
    has(sent.exits(3).said, 'changed while it was sent: "growing"')
    equal(tree.size_of(t.into("growing")), BIG)


@test("a file that is written to while it is sent is named")
def _(t):
    tree.sparse("busy", BIG)

    def write():
        with open("busy", "r+b") as file:
            file.write(b"x")
        tree.set_mtime("busy", 978307200)
    sent, _ = send_meanwhile(t, write, "busy")
    has(sent.exits(3).said, 'changed while it was sent: "busy"')
    t.arrived("busy")


@test("--move keeps a file that changes while it is sent, and says that once")
def _(t):
    for change in (lambda: tree.append("dir/busy", "more"),
                   lambda: tree.set_mtime("dir/busy", 978307200)):
        os.mkdir("dir")
        tree.sparse("dir/busy", BIG)
        tree.write("dir/other", "x")
        sent, _ = send_meanwhile(t, change, "--move", "dir")
        equal(sent.exits(3).said.count("busy"), 1)
        has(sent.said, 'copied; kept here: "dir/busy": it changed after it was opened')
        equal(tree.names_in("dir"), ["busy"])
        tree.remove("dir")
        tree.remove(t.into("dir"))


@test("a directory that vanishes before its turn is left out and named")
def _(t):
    tree.sparse("first", BIG)
    os.mkdir("second")
    sent, _ = send_meanwhile(t, lambda: os.rmdir("second"), "first", "second")
    left_out(t, sent, "second")
    t.arrived("first")


@test("entries that vanish between listing and opening are left out and named")
def _(t):
    for make, remove in ((tree.write, os.unlink), (os.mkdir, os.rmdir),
                         (lambda path: os.symlink("x", path), os.unlink)):
        os.mkdir("tree")
        other = f"tree/{listed_behind_big('tree', make)}"
        sent, _ = send_meanwhile(t, lambda: remove(other), "tree")
        left_out(t, sent, other)
        equal(len(tree.names_in(t.into("tree"))), 1)
        tree.remove("tree")
        tree.remove(t.into("tree"))


@test("a directory that is removed while it is read ends there, and is named")
def _(t):
    # What is behind a subdirectory is looked for when that has been sent.
    for big in ("tree/dir/big", "tree/dir/sub/big"):
        os.makedirs(os.path.dirname(big))
        tree.sparse(big, BIG)
        sent, _ = send_meanwhile(t, lambda: tree.remove("tree/dir"), "tree")
        # The file was open, and is whole. Nobody knows what else there was.
        has(sent.exits(3).said, 'left out "tree/dir": it was removed or replaced')
        equal(tree.size_of(t.into(big)), BIG)
        tree.remove("tree")
        tree.remove(t.into("tree"))


@test("with --move, too, what vanishes is left out and named")
def _(t):
    os.mkdir("tree")
    other = f"tree/{listed_behind_big('tree', tree.write)}"
    sent, _ = send_meanwhile(t, lambda: os.unlink(other), "--move", "tree")
    left_out(t, sent, other)
    missing("tree")


@test("entries that appear are taken as they are found")
def _(t):
    os.mkdir("tree")
    other = f"tree/{listed_behind_big('tree', os.mkdir)}"
    sent, _ = send_meanwhile(t, lambda: tree.write(f"{other}/new", "x"), "tree")
    sent.exits(0).says("copied ")
    equal(tree.read(t.into(f"{other}/new")), "x")


@test("a link swapped in for a directory during the walk is not followed, but left out")
def _(t):
    secrets = f"{t.top}/secrets"
    os.mkdir("tree")
    os.mkdir(secrets)
    tree.write(f"{secrets}/secret", "secret")
    other = f"tree/{listed_behind_big('tree', os.mkdir)}"

    def swap():
        os.rmdir(other)
        os.symlink(secrets, other)
    sent, stream = send_meanwhile(t, swap, "tree")
    left_out(t, sent, other)
    lacks(stream, b"secret")


@test("a link swapped in for a file during the walk is not followed, but left out")
def _(t):
    secret = f"{t.top}/secret"
    os.mkdir("tree")
    tree.write(secret, "secret")
    other = f"tree/{listed_behind_big('tree', tree.write)}"

    def swap():
        os.unlink(other)
        os.symlink(secret, other)
    sent, stream = send_meanwhile(t, swap, "tree")
    left_out(t, sent, other)
    lacks(stream, b"secret")


@test("a fifo or socket swapped in for a file during the walk is left out, and nobody waits")
def _(t):
    os.mkdir("tree")
    other = f"tree/{listed_behind_big('tree', tree.write)}"

    def swap():
        os.unlink(other)
        os.mkfifo(other)
    sent, _ = send_meanwhile(t, swap, "tree")
    left_out(t, sent, other)
