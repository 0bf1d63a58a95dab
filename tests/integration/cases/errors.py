# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Every failure in words: what happened, where, and what to do."""
import os
import shlex
import zlib

import machine
import stream as wire
import suite
import tree
from copying import (ECANCELED, EDQUOT, EEXIST, EILSEQ, EINVAL, EIO, ENAMETOOLONG, ENOLINK, ENOSPC,
                     EPERM, ETRUNCATED, Answer, Copying, answer, length_of_delivery, old_answer)
from expect import equal, exists, has, lacks
from settings import AGENT, UNPACKER
from tap import Skip

test = suite.cases(Copying)

EACCES, EROFS = 13, 30


def has_all(text, *parts):
    for part in parts:
        has(text, part)


def send_to(t, play, *names):
    """Send to a receiver whose part `play` has."""
    return t.run(AGENT, f"--via={t.peer(play)}", *names)


def take(role):
    """What a sender of the one file "file" sends."""
    return role.read(length_of_delivery("file", os.path.getsize("file")))


def explains(t, code, *parts):
    """The sender's one sentence for what a receiver answered has these parts, and the name."""
    def play(role):
        take(role)
        role.write(answer(code, 0, "some/entry"))
    tree.write("file", "hello")
    send_to(t, play, "file").exits(1).says("some/entry", *parts, "nothing was copied")


def on_small_disk(t, size, script):
    """
    Run a shell script where a file system of this size is mounted at $INCOMING, in which everybody
    may write. $AGENT; $VIA: an unpacker that delivers to $INCOMING/in.
    """
    machine.need_mount_namespaces()
    command = [UNPACKER, str(t.uid), t.into("in")]
    # A plain user is root where it may mount; there it becomes itself again.
    if not machine.am_root():
        command = ["unshare", "-U", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}",
                   *command]
    mount = f'mount -t tmpfs -o size={size},mode=777 none "$INCOMING"\n'
    return t.run(*machine.IN_NAMESPACE, "sh", "-ec", mount + script,
                 env={"AGENT": AGENT, "INCOMING": t.incoming, "VIA": shlex.join(command)})


@test("EEXIST: the name is there already, and how to keep both")
def _(t):
    tree.write("report.pdf", "old")
    t.send("report.pdf").exits(0)
    before = t.incoming_picture()
    tree.write("report.pdf", "new")
    # Only rpc hands on what --rename asks for.
    has_all(t.send("report.pdf").exits(1).said, '"report.pdf" is there already', "PedOSIncoming",
            "--on-conflict=rename")
    tree.same_picture(t.incoming_picture(), before)
    exists("report.pdf")


@test("ENOLINK: names the link and both options")
def _(t):
    os.mkdir("dir")
    os.symlink("/etc/passwd", "dir/escape")
    has_all(t.send("dir").exits(1).said, 'link "dir/escape"', "--dereference", "--ignore-symlinks")
    t.nothing_arrived()


@test("ENOSPC: a file larger than the free space is refused at its header")
def _(t):
    try:
        tree.sparse("huge", 15 * 2**40)
    except OSError as no_such_size:
        raise Skip("no such large files here") from no_such_size
    disk = os.statvfs(t.incoming)
    if disk.f_bavail * disk.f_frsize >= 15 * 2**40:
        raise Skip("so much space is free here")
    has_all(t.send("huge").exits(1).said, '"huge"', "full")
    t.nothing_arrived()
    # Nothing but header and name is sent here.
    t.deliver(wire.entry("huge", wire.FILE | 0o644, filelen=2**62)).refused(ENOSPC, "huge")


@test("ENOSPC: a disk that fills up in the middle leaves nothing")
def _(t):
    os.mkdir("dir")
    for number in range(1, 9):
        tree.write(f"dir/{number}", os.urandom(200000))
    sent = on_small_disk(t, "1m", """
        status=0
        "$AGENT" --via="$VIA" dir || status=$?
        ls -A "$INCOMING/in"
        echo nothing more
        exit $status
    """)
    has_all(sent.exits(1).said, "full", '"dir/')
    equal(sent.told, "nothing more")


@test("a file system that does not tell its size takes large files, and is not waited for")
def _(t):
    tree.write("file", os.urandom(400000))
    on_small_disk(t, "0", """
        "$AGENT" --via="$VIA -w1" file
        cmp file "$INCOMING/in/file"
    """).exits(0)


@test("EDQUOT: more than the receiver accepts")
def _(t):
    tree.write("file", "hello")
    sent = t.run(AGENT, f"--via={t.via('--max-bytes=4')}", "file").exits(1)
    has(sent.said, '"file" exceeds what the receiver accepts')
    t.nothing_arrived()


@test("EILSEQ: names the entry and --allow-all-names")
def _(t):
    os.mkdir("dir")
    tree.write("dir/bad\nname")
    has_all(t.send("dir").exits(1).said, '"dir/bad?name"', "--allow-all-names")
    t.nothing_arrived()


@test("ENAMETOOLONG and EINVAL of another receiver")
def _(t):
    explains(t, ENAMETOOLONG, "too long")
    explains(t, EINVAL, "make sense of the stream")


@test("the other codes of another receiver")
def _(t):
    explains(t, EEXIST, "is there already", "rename")
    explains(t, ENOSPC, "full")
    explains(t, EDQUOT, "quota")
    explains(t, ENOLINK, "--dereference", "--ignore-symlinks")
    explains(t, EILSEQ, "--allow-all-names")
    explains(t, ETRUNCATED, "stream end in the middle", "Try again")
    explains(t, ECANCELED, "stopped")
    explains(t, EACCES, "PedOSIncoming")
    explains(t, EROFS, "read-only")
    explains(t, EPERM, "could not do its work")
    explains(t, EIO, "Input/output error")
    explains(t, 3000, "Unknown error 3000")
    explains(t, 0x7fffffff, "unknown error")
    explains(t, 0xffffffff, "unknown error")


@test("another checksum is a failed copy")
def _(t):
    tree.write("file", "hello")
    send_to(t, lambda role: role.write(answer(0, zlib.crc32(take(role)) ^ 1, "file")),
            "file").exits(1).says("checksums differ")


@test("a byte that changed on the way is noticed by the sender")
def _(t):
    tree.write("file", "hello")

    def play(role):
        # The receiver cannot know, but what it received has another checksum.
        role.write(t.deliver(take(role).replace(b"hello", b"hell0")).arrives("file").out)
    send_to(t, play, "file").exits(1).says("checksums differ")
    equal(tree.read(t.into("file")), "hell0")


@test("a connection that ends without an answer is lost")
def _(t):
    tree.write("file", "hello")
    for command, end in (("true", "ended with status 0"), ("exit 7", "ended with status 7"),
                         ("kill -9 $$", "killed by signal 9")):
        has_all(t.run(AGENT, f"--via={command}", "file").exits(1).said, "connection was lost", end)


@test("a connection that ends in the middle of the answer is lost")
def _(t):
    tree.write("file", "hello")
    for size in (1, 15):
        sent = send_to(t, lambda role: role.write(old_answer(0, zlib.crc32(take(role)))[:size]),
                       "file").exits(1)
        has(sent.said, "connection was lost")


@test("a command that does not exist is a lost connection, said so")
def _(t):
    tree.write("file", "hello")
    has_all(t.run(AGENT, "--via=/no/such/command", "file").exits(1).said, "connection was lost",
            "ended with status 127")


@test("a stream that ends in the middle: the receiver says so and nothing arrives")
def _(t):
    whole = wire.delivery(
        wire.tree("dir", wire.file("dir/file", b"content"), wire.link("dir/link", "file")))
    for size in (0, 1, 31, 32, 33, 35, 36, 40, 68, 76, 80, 83, 84, 120, len(whole) - 33,
                 len(whole) - 32, len(whole) - 1):
        cut = t.deliver(whole[:size], "-v").exits(1)
        equal((size, Answer(cut.out).code), (size, ETRUNCATED))
        has(cut.said, "ended in the middle")
        t.nothing_arrived()
