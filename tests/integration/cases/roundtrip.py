# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is sent is what arrives."""
import hashlib
import os

import machine
import stream as wire
import suite
import tree
from copying import Copying
from expect import check, equal
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)


def blocks_of(path):
    """What a file takes in its file system, in units of 512 bytes."""
    return os.lstat(path).st_blocks


def owner_of(path):
    status = os.lstat(path)
    return status.st_uid, status.st_gid


def times_of(path):
    status = os.lstat(path)
    return status.st_atime_ns, status.st_mtime_ns


def receive_as(t, uid):
    """From now on this one is the receiver, whose directory it is."""
    t.uid = uid
    os.chown(t.incoming, uid, uid)


@test("a tree arrives as it was: files, directories, links, modes, times")
def _(t):
    os.makedirs("tree/a/b")
    os.mkdir("tree/empty")
    tree.write("tree/nothing")
    tree.write("tree/a/text", "text\n", mode=0o640)
    tree.write("tree/a/b/large", os.urandom(300000))
    tree.write("tree/a/b/block", os.urandom(4096), mode=0o755)
    os.symlink("../text", "tree/a/b/link")
    os.symlink("nowhere", "tree/a/dangling")
    os.chmod("tree/a/b", 0o700)
    tree.set_mtime("tree/a/text", 1580702706, 789012345)
    tree.set_mtime("tree/a/b/link", 1262304000, 1)
    tree.set_mtime("tree/empty", 981173106, 500000000)
    tree.set_mtime("tree/a", 981173106, 500000000)
    t.send("-q", "tree").exits(0).says_nothing()
    tree.same_tree("tree", t.into("tree"))
    t.arrived("tree")


@test("an empty file and an empty directory arrive")
def _(t):
    tree.write("nothing")
    os.mkdir("empty")
    t.send("nothing", "empty").exits(0)
    tree.same_tree("nothing", t.into("nothing"))
    tree.same_tree("empty", t.into("empty"))
    t.arrived("empty", "nothing")


@test("a large file arrives")
def _(t):
    tree.write("large", os.urandom(30000001))
    t.send("large").exits(0)
    tree.same_tree("large", t.into("large"))


@test("several files and directories arrive in one delivery")
def _(t):
    os.makedirs("one/inner")
    os.mkdir("two")
    tree.write("one/inner/file", "1")
    tree.write("two/file", "2")
    tree.write("three", "3")
    t.send("one", "two", "three").exits(0)
    t.arrived("one", "three", "two")
    for name in ("one", "two", "three"):
        tree.same_tree(name, t.into(name))


@test("many entries at the top level arrive")
def _(t):
    names = [f"file {number}" for number in range(1500)]
    for number, name in enumerate(names):
        tree.write(name, str(number))
    t.send(*names).exits(0)
    sent = tree.picture(t.sent, below=True)
    equal(len(sent), 1500)
    tree.same_picture(t.incoming_picture(), sent)


@test("many entries in one directory arrive")
def _(t):
    os.mkdir("many")
    for number in range(1, 5001):
        tree.write(f"many/{number}")
    t.send("many").exits(0)
    tree.same_tree("many", t.into("many"))
    equal(len(tree.names_in(t.into("many"))), 5000)


@test("read-only directories arrive, at the top level too")
def _(t):
    os.makedirs("sealed/inner")
    tree.write("sealed/inner/file", "x", mode=0o444)
    os.chmod("sealed/inner", 0o555)
    os.chmod("sealed", 0o555)
    t.send("sealed").exits(0)
    tree.same_tree("sealed", t.into("sealed"))
    equal(tree.mode_of(t.into("sealed")), 0o555)


@test("directories and files of mode 0 arrive, at the top level too")
def _(t):
    outer, inner = {"mtime": 1111111111, "mtime_nsec": 5}, {"mtime": 1333333333, "mtime_nsec": 7}
    t.deliver(wire.delivery(
        wire.directory("none", 0, **outer),
        wire.directory("none/inner", 0),
        wire.file("none/inner/file", b"content", 0, mtime=1222222222, mtime_nsec=6),
        wire.directory("none/inner", 0, **inner),
        wire.directory("none", 0, **outer),
        wire.file("nobody", b"content", 0))).arrives("nobody")
    t.arrived("nobody", "none")
    tree.same_picture(tree.picture(t.into("none")), [
        "0 . dir 0000 1111111111000000005 ",
        "1 b'inner' dir 0000 1333333333000000007 ",
        f"2 b'file' file 0000 1222222222000000006 7 {hashlib.sha256(b'content').hexdigest()}"])
    equal(tree.mode_of(t.into("nobody")), 0)


@test("root sends a directory of mode 0")
def _(t):
    machine.need_root()
    os.mkdir("none")
    tree.write("none/file", "x", mode=0)
    os.chmod("none", 0)
    t.send("none").exits(0)
    tree.same_tree("none", t.into("none"))


@test("a directory 2500 levels deep, more than a path has room for, arrives, and more files at its "
      "bottom than can be open")
def _(t):
    fd = os.open(".", tree.DIRECTORY)
    for _ in range(2500):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", tree.DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = inner
    for number in range(100, 200):
        with open(f"file{number}", "w", encoding="ascii",
                  opener=lambda name, flags: os.open(name, flags, 0o644, dir_fd=fd)) as file:
            file.write("at the bottom")
    os.close(fd)
    t.send("d").exits(0)
    sent, received = tree.picture("d"), tree.picture(t.into("d"))
    tree.same_picture(received, sent)
    equal(len(received), 2600)
    check(received[-1].startswith("2500 b'file199' file 0644 "), f"the last line: {received[-1]!r}")


@test("holes stay holes")
def _(t):
    tree.sparse("sparse", 64 << 20)
    with open("sparse", "r+b") as file:
        file.write(b"begin")
        file.seek(33 << 20)
        file.write(b"middle")
    tree.sparse("hole", 8 << 20)
    if blocks_of("sparse") >= 4096:
        raise Skip("no sparse files here")
    t.send("sparse", "hole").exits(0)
    tree.same_tree("sparse", t.into("sparse"))
    tree.same_tree("hole", t.into("hole"))
    # A file system may round up what it allots, but not to a hundredth of the size.
    check(blocks_of(t.into("sparse")) <= 1024, f"{blocks_of(t.into('sparse'))} blocks")
    equal(blocks_of(t.into("hole")), 0)


@test("zeros that were written become holes")
def _(t):
    tree.write("zeros", bytes(4 << 20) + b"x")
    t.send("zeros").exits(0)
    tree.same_tree("zeros", t.into("zeros"))
    check(blocks_of(t.into("zeros")) <= 128, f"{blocks_of(t.into('zeros'))} blocks")


@test("a time before 1970 arrives as 1970, one beyond 2106 as the last second of the format")
def _(t):
    os.mkdir("old")
    tree.write("new")
    os.utime("old", ns=(-1000000250000000, -1000000250000000))
    tree.set_mtime("new", 5000000000)
    if (os.lstat("old").st_mtime_ns // 10**9 not in (-1000001, -1000000)
        or os.lstat("new").st_mtime_ns != 5000000000 * 10**9):
        raise Skip("no such times in this file system")
    t.send("old", "new").exits(0)
    equal(os.lstat(t.into("old")).st_mtime_ns // 10**9, 0)
    equal(os.lstat(t.into("new")).st_mtime_ns // 10**9, 4294967295)


@test("access and modification times arrive to the nanosecond")
def _(t):
    directory = wire.header(4, wire.DIRECTORY | 0o755, 0, 1, 2, 3, 4) + b"dir\0"
    file = wire.header(5, wire.FILE | 0o644, 2, 1234567890, 123456789, 4294967295, 999999999)
    t.deliver(wire.delivery(file + b"file\0hi", directory, directory)).exits(0)
    equal(times_of(t.into("file")), (1234567890123456789, 4294967295999999999))
    equal(times_of(t.into("dir")), (1000000002, 3000000004))


@test("set-user-ID, set-group-ID and sticky bits are dropped")
def _(t):
    os.mkdir("dir")
    tree.write("dir/file", mode=0o6755)
    os.chmod("dir", 0o1777)
    equal(tree.mode_of("dir/file"), 0o6755)
    t.send("dir").exits(0)
    equal(tree.mode_of(t.into("dir/file")), 0o755)
    equal(tree.mode_of(t.into("dir")), 0o777)
    t.deliver(wire.delivery(wire.directory("d", 0o7755), wire.file("d/f", b"x", 0o7644),
                            wire.directory("d", 0o7755))).exits(0)
    equal(tree.mode_of(t.into("d/f")), 0o644)
    equal(tree.mode_of(t.into("d")), 0o755)


@test("a directory's mode does not depend on umask, nor a file's")
def _(t):
    os.mkdir("dir")
    tree.write("dir/file", mode=0o666)
    os.chmod("dir", 0o777)
    os.umask(0o077)
    t.send("dir").exits(0)
    tree.same_tree("dir", t.into("dir"))


@test("a directory's set-group-ID bit at the receiver's does not spread")
def _(t):
    os.chmod(t.incoming, 0o2755)
    os.mkdir("dir")
    t.send("dir").exits(0)
    equal(tree.mode_of(t.into("dir")), 0o755)


@test("received files belong to the receiver")
def _(t):
    os.mkdir("dir")
    tree.write("dir/file")
    os.symlink("file", "dir/link")
    t.send("dir").exits(0)
    equal(tree.names_in(t.into("dir")), ["file", "link"])
    for path in (t.incoming, *map(t.into, ("dir", "dir/file", "dir/link"))):
        equal(os.lstat(path).st_uid, t.uid)


@test("root receives for an account that only a number knows")
def _(t):
    machine.need_root()
    receive_as(t, 54321)
    os.makedirs("dir/sealed")
    tree.write("dir/sealed/file")
    os.chmod("dir/sealed", 0o500)
    os.chmod("dir", 0o500)
    t.send("dir").exits(0)
    tree.same_tree("dir", t.into("dir"))
    equal(owner_of(t.into("dir/sealed/file")), (54321, 54321))


@test("root receives for himself")
def _(t):
    machine.need_root()
    receive_as(t, 0)
    os.makedirs("dir/sealed")
    tree.write("dir/sealed/file", mode=0)
    os.chmod("dir/sealed", 0)
    os.chmod("dir", 0)
    t.send("dir").exits(0)
    tree.same_tree("dir", t.into("dir"))
    equal(owner_of(t.into("dir/sealed/file")), (0, 0))


@test("an empty delivery is a success")
def _(t):
    t.deliver(wire.END).arrives()
    t.nothing_arrived()


@test("the pipes that a sender shares with others are as they were before")
def _(t):
    tree.write("file", "hello")
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    unpacker = t.start(*t.receiver(), stdin=their_in, stdout=their_out)
    t.run(AGENT, "file", stdin=our_in, stdout=our_out).exits(0)
    check(os.get_blocking(our_out) and os.get_blocking(our_in), "they do not block any more")
    for fd in their_in, our_out, our_in, their_out:
        os.close(fd)
    unpacker.wait().exits(0)
    tree.same_tree("file", t.into("file"))
