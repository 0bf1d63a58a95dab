# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Every failure in words: what happened, where, and what to do."""
import errno
import os
import shlex
import signal
import zlib

import machine
import stream as wire
import suite
import tree
from copying import (ECANCELED, EDQUOT, EEXIST, EILSEQ, EINVAL, EIO, ENAMETOOLONG, ENOLINK,
                     ENOSPC, EPERM, ETRUNCATED, Answer, Copying, answer, length_of_delivery,
                     old_answer, take, take_and_go)
from expect import equal, exists, has, lacks
from named import receiver_named
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
    has_all(t.send("report.pdf").exits(1).said,
            '"report.pdf" is there already, in the receiver\'s directory', "Use --rename")
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
    has_all(t.send("dir").exits(1).said, '"dir/bad?name" has U+000A as character 8, which is a '
            "control character; nothing was copied", "--allow-all-names")
    t.nothing_arrived()


@test("EILSEQ: the character is named by its number, and one that is no UTF-8 by its byte")
def _(t):
    tree.write("a\u202eb")
    has(t.send("a\u202eb").exits(1).said,
        'the name "a?b" has U+202E as character 2, which changes the direction of writing')
    tree.write(b"caf\xe9")
    has(t.send(os.fsdecode(b"caf\xe9")).exits(1).said,
        'the name "caf?" has byte 0xE9 as character 4, which is not UTF-8')


@test("EILSEQ: a name of the receiver's own is reserved, with and without --allow-all-names")
def _(t):
    os.makedirs("home/a/.qfile-incoming-1")
    for options in ([], ["--allow-all-names"]):
        said = t.send(*options, "home").exits(1).said
        has_all(said, '"home/a/.qfile-incoming-1" is reserved', "--exclude='.qfile-incoming-*'")
        lacks(said, "allow-all-names")
        lacks(said, "character")
    t.nothing_arrived()
    t.send("--exclude=.qfile-incoming-*", "home").exits(0)


@test("a name in any script is shown as it is, and of one that is refused all but that character")
def _(t):
    for name in ("گزارش سالانه.pdf", "रिपोर्ट", "👩🏽\u200d🚀 фото", "at 3.14\u202fPM"):
        tree.write(name, "x")
        tree.write(t.into(name))
        has(t.send(name).exits(1).said, f'"{name}" is there already')
    tree.write("گزا\u202eرش", "x")
    has(t.send("گزا\u202eرش").exits(1).said, 'the name "گزا?رش" has U+202E as character 4')


@test("EILSEQ: no character is named if it is not in the name")
def _(t):
    os.mkdir("dir")
    os.symlink("bad\ntarget", "dir/link")
    has(t.send("dir").exits(1).said,
        '"dir/link", or what it points to, has characters that the receiver does not accept')


@test("ENAMETOOLONG and EINVAL of another receiver")
def _(t):
    explains(t, ENAMETOOLONG, "too long")
    explains(t, EINVAL, "make sense of the stream")


@test("the other codes of another receiver", once=True)
def _(t):
    explains(t, EEXIST, "is there already", "rename")
    explains(t, ENOSPC, "full")
    explains(t, EDQUOT, "quota")
    explains(t, ENOLINK, "--dereference", "--ignore-symlinks")
    explains(t, EILSEQ, "--allow-all-names")
    explains(t, ETRUNCATED, "stream end in the middle", "Try again")
    explains(t, ECANCELED, "stopped")
    explains(t, EACCES, "may not write to its own directory")
    explains(t, EROFS, "read-only")
    explains(t, EPERM, "could not do its work")
    explains(t, EIO, "Input/output error")
    explains(t, 3000, "Unknown error 3000")
    explains(t, 0x7fffffff, "unknown error")
    explains(t, 4294967212, "--allow-all-names")  # -84: as an old receiver says it
    explains(t, 0xffffffff, "could not do its work")
    explains(t, 0xfffff000, "unknown error, 4294963200")


# Each errno that a disk, a network file system or a receiver's own limits may give, by words of its
# sentence.
OTHERS = {
    errno.ENOENT: "changed what the receiver was writing", errno.ENXIO: "has gone",
    errno.EAGAIN: "too busy", errno.ENOMEM: "too little memory", errno.EBUSY: "changed",
    errno.EXDEV: "two file systems", errno.ENODEV: "has gone", errno.ENOTDIR: "changed",
    errno.EISDIR: "changed", errno.ENFILE: "open no more files", errno.EMFILE: "ulimit -n",
    errno.EFBIG: "larger than a file may be", errno.EMLINK: "no more entries",
    errno.EPIPE: "lost the connection", errno.ENOSYS: "cannot store",
    errno.ENOTEMPTY: "changed", errno.ELOOP: "changed", errno.ETIME: "does not answer",
    errno.EBADMSG: "is damaged", errno.EOVERFLOW: "out of range",
    errno.EOPNOTSUPP: "cannot take what is sent", errno.ENETDOWN: "does not answer",
    errno.ENETUNREACH: "does not answer", errno.ECONNABORTED: "does not answer",
    errno.ECONNRESET: "lost the connection", errno.ENOTCONN: "has gone",
    errno.ECONNREFUSED: "does not answer", errno.EHOSTDOWN: "does not answer",
    errno.EHOSTUNREACH: "does not answer", errno.ESTALE: "does not answer",
    errno.EUCLEAN: "is damaged", errno.EREMOTEIO: "does not answer", 123: "has gone",
    errno.ETIMEDOUT: "waited too long", 126: "Unlock it", 127: "Unlock it", 128: "Unlock it",
    129: "Unlock it",
}


@test("every errno of a disk has a sentence of its own", once=True)
def _(t):
    for code, part in OTHERS.items():
        explains(t, code, part)


# What the receiver finds in place of its directory, by the sender's words.
PLACES = (
    ("missing/deep/in", "does not exist; nothing was copied. Make it there"),
    ("file", "is a file or a link; nothing was copied. Choose another directory"),
    ("file/in", "is a file or a link; nothing was copied. Choose another directory"),
    ("link", "is a file or a link; nothing was copied. Choose another directory"),
    ("circle/in", "is a link; nothing was copied"),
    ("closed/in", "may not be used by the receiver (Permission denied); nothing was copied"),
    ("unwritable/in", "may not be used by the receiver (Permission denied); nothing was copied"),
    ("unwritable", "may not be used by the receiver (Permission denied); nothing was copied"),
    ("n" * 256, "has a name that is too long; nothing was copied"),
)


def make_places(t):
    tree.write(t.into("file"), "x")
    os.symlink("/", t.into("link"))
    os.symlink("circle", t.into("circle"))
    for name, mode in (("closed", 0), ("unwritable", 0o555)):
        os.mkdir(t.into(name))
        os.chmod(t.into(name), mode)


@test("why the receiver's directory is none is told by the sender, and once")
def _(t):
    make_places(t)
    tree.write("sent", "hello")
    for name, words in PLACES:
        command = shlex.join([*t.receiver()[:-1], t.into(name)])
        said = t.run(AGENT, f"--via={command}", "sent").exits(1).said
        has(said, f"qfile-agent: the receiver's directory on the other side, or one above it, "
                  f"{words}")
        equal(len(said.split("\n")), 1)
        lacks(said, t.incoming)
    os.chmod(t.into("closed"), 0o755)


@test("a full disk before the first byte is told without an entry", once=True)
def _(t):
    tree.write("file", "hello")
    for code, words in ((ENOSPC, "is too full; nothing"), (EDQUOT, "is used up")):
        said = send_to(t, lambda role, code=code: role.write(answer(code, 0)), "file").exits(1).said
        has(said, words)
        lacks(said, "an entry")
    # Of a receiver that has read something, no more is known than before.
    said = send_to(t, lambda role: role.write(answer(errno.ENOENT, 77)), "file").exits(1).said
    has(said, "changed what the receiver was writing")


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


@test("a connection that ends before the end of the stream was read has copied nothing")
def _(t):
    tree.write("file", "hello")
    for command, end in (("true", "ended with status 0"), ("exit 7", "ended with status 7"),
                         ("kill -9 $$", "killed by signal 9 (Killed)"),
                         ("dd bs=1 count=72 >&2 2>/dev/null", "ended with status 0")):
        has_all(t.run(AGENT, f"--via={receiver_named(command)}", "file").exits(1).said,
                "the connection was lost: ", "; nothing was copied", end)


@test("a connection that ends after the end of the stream was read may have copied everything")
def _(t):
    tree.write("file", "hello")
    said = send_to(t, take_and_go, "file").exits(1).said
    has_all(said, "the connection was lost before the receiver confirmed: ",
            "Look in the receiver's directory whether it has arrived")
    lacks(said, "nothing was copied")


def by_each_way(t, play, *ways):
    """What the sender says of a receiver whose part `play` has, with each of these ways to it."""
    tree.write("file", "hello")
    for options, env in ways:
        command = t.peer(play)
        os.makedirs(f"{t.top}/played", exist_ok=True)
        tree.script(f"{t.top}/played/ssh", f"#!/bin/sh\n{command}\n")
        env = {**env, "PATH": f"{t.top}/played:{os.environ['PATH']}"}
        yield t.run(AGENT, *(options or [f"--via={command}"]), "file", env=env).exits(1).said


# A way to the receiver; what its machine is called, and its directory.
WAYS = (
    (([], {}), "the other side", "the receiver's directory"),
    # A command leads anywhere, wherever this program was started.
    (([], {"QREXEC_REMOTE_DOMAIN": "work"}), "the other side", "the receiver's directory"),
    ((["--ssh=alice@192.0.2.7"], {}), "192.0.2.7", "PedOSIncoming of 192.0.2.7"),
    ((["--ssh=host"], {"QREXEC_REMOTE_DOMAIN": "work"}), "host", "PedOSIncoming of host"),
)


@test("ssh that fails is one sentence behind its own words, and is no connection that was lost")
def _(t):
    tree.write("file", "hello")
    played = tree.script(f"{t.top}/ssh", "#!/bin/sh\necho 'no route to nohost' >&2\nexit 255\n")
    env = {"PATH": f"{t.top}:{os.environ['PATH']}"}
    for way in (["--ssh=nohost"], ["--via=ssh nohost qfile-unpacker"]):
        said = t.run(AGENT, *way, "--rename", "file", env=env).exits(1).said.split("\n")
        equal(said[0].removeprefix("ssh: "), "no route to nohost")
        equal(said[1:], ["qfile-agent: ssh failed with status 255, for the reason that it has "
                         "given, if any; nothing was copied"])
    # It had got the end of the stream.
    tree.script(played, f"#!/bin/sh\nhead -c {length_of_delivery('file', 5)} >&2\nexit 255\n")
    said = t.run(AGENT, "--ssh=host", "file", env=env).exits(1).said
    has(said, "ssh failed with status 255 before the receiver confirmed, for the reason that it "
              "has given, if any. Look in PedOSIncoming of host whether it has arrived, and try "
              "again if not")


@test("where nothing can be at the other end, it is said how to call, and nothing is sent")
def _(t):
    tree.write("file", "hello")
    tree.write("empty")
    for name in ("/dev/null", "empty"):
        with open(name, "rb") as stdin:
            end = t.run(AGENT, "file", stdin=stdin).exits(2)
        end.says("stdin and stdout must lead to a receiver", "--vm=NAME", "--ssh=HOST",
                 "--via=COMMAND", "nothing was copied")
        equal(end.out, b"")
    with open("file", "rb") as stdin:
        os.lseek(stdin.fileno(), 5, os.SEEK_SET)
        t.run(AGENT, "file", stdin=stdin).exits(2).says("must lead to a receiver")
    # Of what may have something to say, that is heard.
    with open("file", "rb") as stdin:
        t.run(AGENT, "file", stdin=stdin).exits(1).says("closed it without a result")


@test("words say where the receiver is, as far as that is known")
def _(t):
    def full(role):
        take(role)
        role.write(answer(ENOSPC, 0, "file"))

    def taken(role):
        take(role)
        role.write(answer(EEXIST, 0, "file"))

    def other(role):
        take(role)
        role.write(answer(0, 1, ""))
    for play, words in ((full, "the disk of {side} is too full for \"file\""),
                        (taken, "is there already, in {place}; nothing was copied"),
                        (take_and_go, "Look in {place} whether it has arrived"),
                        (other, "Remove the copy in {place} and try again")):
        ways = by_each_way(t, play, *(way for way, _, _ in WAYS))
        for said, (_, side, place) in zip(ways, WAYS):
            has(said, words.format(side=side, place=place))
            lacks(said, "VM")


@test("words name the VM that an rpc client leads to, or say that it is one")
def _(t):
    tree.write("file", "hello")
    for remote, place in (("work", "PedOSIncoming of work"),
                          ("@dispvm", "PedOSIncoming of the other VM"),
                          ("@default", "PedOSIncoming of the other VM"),
                          ("no name\033", "the receiver's directory")):
        end = t.run(AGENT, "file", stdin=answer(EEXIST, 0, "file"),
                    env={"QREXEC_REMOTE_DOMAIN": remote})
        end.exits(1).says(f'"file" is there already, in {place}; nothing was copied')


@test("a sender that is stopped says whether it may have arrived")
def _(t):
    tree.write("file", "hello")
    tree.sparse("large", 1 << 30)
    for name, length, said in (("file", length_of_delivery("file", 5),
                                "stopped before the receiver confirmed. Look in the receiver's"),
                               ("large", 1000, "stopped; nothing was copied")):
        stubborn = t.stand_in()
        agent = t.start(AGENT, f"--via={receiver_named(stubborn.command)}", name)
        receiver = stubborn.take()
        receiver.read(length)
        agent.kill(signal.SIGTERM)
        agent.wait().exits(143).says(said)
        receiver.end()


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
    has_all(t.run(AGENT, "--via=/no/such/qfile-unpacker", "file").exits(1).said,
            "connection was lost", "ended with status 127", "nothing was copied")


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


# ---- Under which names it has arrived ----


def told_names(t, pairs):
    """What the sender says if a receiver tells these names, bytes."""
    def play(role):
        stream = take(role)
        role.write(answer(0, zlib.crc32(stream), pairs))
    end = send_to(t, play, "file").exits(0)
    return end.said.split("\n")[1:]


@test("names that a receiver tells are those of what was sent, and safe to show")
def _(t):
    tree.write("file", "hello")
    equal(told_names(t, b"file\0file (2)\0"), ['"file" arrived as "file (2)"'])
    equal(told_names(t, b"other\0x\0file\0f\x1b[2J\0"), ['"file" arrived as "f?[2J"'])
    for pairs in (b"other\0x\0", b"file\0", b"file\0x", b"file\0../x\0", b"file\0\0",
                  b"file/x\0y\0", b"file"):
        equal(told_names(t, pairs), [])
    many = told_names(t, b"file\0f\0" * 2340)
    equal(len(many), 12)
    equal(many[10:], ["2330 more arrived under other names",
                      "there may be others, which the receiver had no room to name"])


@test("where nobody can make a directory, the receiver says so and ends")
def _(t):
    os.mkdir("gone")
    gone = os.open("gone", os.O_RDONLY)
    os.rmdir("gone")
    for place in (f"/proc/self/fd/{gone}", "/proc"):
        t.run(UNPACKER, "-v", str(os.getuid()), place, stdin=wire.delivery(wire.file("file")),
              pass_fds=[gone]).exits(1)
    os.close(gone)


@test("what a receiver says of a failure comes before the sentence that refers to it")
def _(t):
    tree.write("file", "hello")

    def play(role):
        take(role)
        role.write(answer(EPERM, 0))
        role.stderr.write(b"the reason\n")
    equal(send_to(t, play, "file").exits(1).said.split("\n"),
          ["the reason", "qfile-agent: the receiver could not do its work; nothing was copied. Its "
           "log says why, and so does its --verbose"])


@test("what fails here is told once, by the sender, though its receiver shares its stderr")
def _(t):
    tree.write("taken", "hello")
    tree.write(t.into("taken"))
    tree.write("bell\a", "x")
    os.mkdir("dir")
    os.symlink("/missing", "dir/link")
    for arguments in (["taken"], ["bell\a"], ["dir"], ["-L", "dir"]):
        t.send(*arguments).exits(1).says("qfile-agent: ")
