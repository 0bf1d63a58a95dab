# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Programs from before ours at the other end, in both directions."""
import hashlib
import os
import struct
import zlib

import stream as wire
import suite
import tree
from copying import (EDQUOT, EEXIST, EILSEQ, EINVAL, EIO, ENOLINK, ENOSPC, ETRUNCATED, Copying,
                     length_of_delivery, old_answer)
from expect import equal, exists
from settings import AGENT

NAME, CONTENT = "file", b"hello"


class OldReceiving(Copying):
    """A file to be sent: send_to(answer) sends it to an old receiver that answers what that
    function makes of the stream."""

    def __init__(self):
        super().__init__()
        tree.write(NAME, CONTENT)
        self.stream = None

    def send_to(self, answer, *options):
        def play(role):
            self.stream = role.read(length_of_delivery(NAME, len(CONTENT)))
            role.write(answer(self.stream))
        return self.run(AGENT, *options, f"--via={self.peer(play)}", NAME)


def success(stream):
    return old_answer(0, zlib.crc32(stream))


test = suite.cases(OldReceiving, once=True)

# ---- An old receiver: 16 bytes, no name ----


@test("an old receiver's success is a success")
def _(t):
    t.send_to(success).exits(0).says("copied 1 file (5 B) to the receiver")


@test("the stream that an old receiver gets is the format's, to the byte")
def _(t):
    os.chmod(NAME, 0o640)
    os.utime(NAME, ns=(1134567890023456789, 1234567890123456789))
    t.send_to(success).exits(0)
    equal(t.stream,
          wire.delivery(wire.file(NAME, CONTENT, 0o640, atime=1134567890, atime_nsec=23456789,
                                  mtime=1234567890, mtime_nsec=123456789)))


@test("a directory is sent before its contents and after them, under one name, "
      "with its true mode the second time")
def _(t):
    os.mkdir("dir")
    tree.write("dir/file", "hello")
    os.symlink("file", "dir/link")
    os.chmod("dir", 0o555)
    tree.set_mtime("dir", 1234567890, 500000000)
    parts = []
    t.run(AGENT, f"--via={t.passing_on(parts.append)}", "dir").exits(0)
    sent = b"".join(parts)
    # The order in the directory is the file system's: compare without it.
    equal(sent.count(b"dir"), 4)
    tree.same_tree("dir", t.into("dir"))
    equal(struct.unpack_from("<I", sent, 4), (wire.DIRECTORY | 0o555,))
    last = sent[-68:]
    atime, atime_nsec = struct.unpack_from("<II", last, 16)
    equal(last, wire.directory("dir", 0o555, atime=atime, atime_nsec=atime_nsec, mtime=1234567890,
                               mtime_nsec=500000000) + wire.END)


@test("an old receiver's success with another checksum is a failed copy")
def _(t):
    t.send_to(lambda stream: old_answer(0, zlib.crc32(stream) ^ 0x80000000)).exits(1).says(
        "checksums differ")


@test("an old receiver's success with another checksum removes nothing")
def _(t):
    t.send_to(lambda stream: old_answer(0, 1), "--move").exits(1)
    exists(NAME)


@test("an old receiver's failures are said, though it names no entry")
def _(t):
    for code, said in ((EEXIST, "rename"), (ENOLINK, "--dereference"), (ENOSPC, "full"),
                       (EDQUOT, "accepts"), (EILSEQ, "--allow-all-names"), (EINVAL, "stream"),
                       (ETRUNCATED, "middle"), (EIO, "Input/output")):
        t.send_to(lambda stream, code=code: old_answer(code, 0)).exits(1).says(said)


@test("a name that the answer announces but does not bring is done without")
def _(t):
    for more in (struct.pack("<I", 4), struct.pack("<I", 4) + b"ab", struct.pack("<I", 16384),
                 struct.pack("<I", wire.ALL_ONES), b"xx"):
        t.send_to(lambda stream, more=more: success(stream) + more).exits(0)


# ---- An old sender: the stream of the format alone ----

test = suite.cases(Copying, once=True)


@test("an old sender gets the extension, empty or not, and the right checksum")
def _(t):
    t.deliver(wire.END).arrives()
    stream = wire.delivery(wire.file("file", b"content"))
    t.deliver(stream).arrives("file")
    t.deliver(stream).exits(1).answered(EEXIST, "file")


@test("an old sender's tree arrives")
def _(t):
    t.deliver(wire.delivery(
        wire.directory("dir", 0o700),  # writable first, as some send it
        wire.file("dir/file", b"content", 0o440, mtime=1111111111, mtime_nsec=111111111),
        wire.directory("dir/sub", 0o755),
        wire.link("dir/sub/link", "../file", mtime=1222222222, mtime_nsec=222222222),
        wire.directory("dir/sub", 0o555, mtime=1333333333, mtime_nsec=333333333),
        wire.directory("dir", 0o750, mtime=1444444444, mtime_nsec=444444444))).arrives("dir")
    tree.same_picture(tree.picture(t.into("dir")), [
        "0 . dir 0750 1444444444444444444 ",
        f"1 b'file' file 0440 1111111111111111111 7 {hashlib.sha256(b'content').hexdigest()}",
        "1 b'sub' dir 0555 1333333333333333333 ",
        "2 b'link' link 0777 1222222222222222222 b'../file'"])


@test("a sender that goes breadth first is understood")
def _(t):
    later = {"dir": (0o500, 1111111111), "dir/a": (0o550, 1222222222), "dir/b": (0o555, 1333333333),
             "dir/a/deep": (0o511, 1444444444)}
    t.deliver(wire.delivery(
        wire.directory("dir"),
        wire.file("dir/file", b"1"),
        wire.directory("dir/a"),
        wire.directory("dir/b"),
        wire.file("other", b"2"),
        wire.file("dir/a/file", b"3"),
        wire.directory("dir/a/deep"),
        wire.file("dir/b/file", b"4"),
        wire.file("dir/a/deep/file", b"5"),
        wire.link("dir/b/link", "../a"),
        *(wire.directory(name, mode, mtime=mtime, mtime_nsec=0)
          for name, (mode, mtime) in later.items()))).arrives("dir/a/deep")
    t.arrived("dir", "other")
    equal(
        {name: (tree.mode_of(t.into(name)), os.lstat(t.into(name)).st_mtime_ns) for name in later},
        {name: (mode, mtime * 10**9) for name, (mode, mtime) in later.items()})
    equal("".join(tree.read(t.into(name))
                  for name in ("dir/file", "other", "dir/a/file", "dir/b/file", "dir/a/deep/file")),
          "12345")


@test("a sender that leaves out a directory's second header is understood")
def _(t):
    t.deliver(wire.delivery(wire.directory("dir"), wire.file("dir/file"))).exits(0)
    equal(tree.read(t.into("dir/file")), "x")


@test("bytes behind the end of the transfer are no part of it")
def _(t):
    whole = wire.delivery(wire.file("file", b"content"))
    delivery = t.deliver(whole + wire.file("more"))
    delivery.stream = whole
    delivery.arrives("file")
    t.arrived("file")


@test("an answer comes though the sender does not close the stream")
def _(t):
    receiving = t.start_unpacker()
    receiving.write(wire.delivery(wire.file("file", b"content")))
    receiving.wait().arrives("file")
    t.arrived("file")


@test("the fields of an end header mean nothing")
def _(t):
    end = wire.header(0, 0o177777, wire.ALL_ONES_64, 1, wire.ALL_ONES, 3, wire.ALL_ONES)
    t.deliver(wire.file("file", b"content") + end).arrives("file")
