# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What the file itself is like: it is looked at before anything is sent, told in true words, and
--in-place writes into the file where nothing else keeps what it has."""
import contextlib
import fcntl
import os
import signal
import socket
import sqlite3
import struct
import threading
import time

import edit_wire as wire
import machine
import suite
import tap
import tree
from copying import EIO
from expect import check, equal, has, lacks, wait_until
from opening import Opening, OpeningOnDisk, answering, files_below, saving
from settings import OPENER

test = suite.cases(Opening)
test_on_disk = suite.cases(OpeningOnDisk)

USER = 65534  # to whom permissions apply
AS_USER = {"user": USER, "group": USER, "extra_groups": []}


def bound():
    return AS_USER if machine.am_root() else {}


def give_away(t):
    if machine.am_root():
        for where, _, files in os.walk(t.top):
            for name in (".", *files):
                os.chown(f"{where}/{name}", USER, USER, follow_symlinks=False)


def sealed(t):
    """A file in a directory that takes no other."""
    os.mkdir("sealed")
    tree.write("sealed/file", "first")
    give_away(t)
    os.chmod("sealed", 0o555)


# ---- The directory ----


@test("a directory that may not be written: it is said before anything is opened, with what helps")
def _(t):
    sealed(t)
    end = t.open_file(saving("second"), "sealed/file", **bound()).exits(1)
    has(end.said, '"sealed/file" cannot be replaced: its directory does not let you put a new file '
        "in its place. What is saved will be kept elsewhere; with --in-place it is written")
    lacks(end.said, "you may not write to")
    has(end.said, "(its directory does not let you put a new file in its place) but in ")
    equal(tree.read("sealed/file"), "first")
    os.chmod("sealed", 0o755)


@test("the same with --in-place: it is written into the file, and nothing is left elsewhere")
def _(t):
    sealed(t)
    before = os.stat("sealed/file").st_ino
    end = t.open_file(saving("second", "3"), "-v", "--in-place", "sealed/file", **bound()).exits(0)
    has(end.said, 'what is saved will be written into "sealed/file" itself')
    has(end.said, 'save 2 is in "sealed/file", written into the file itself')
    equal((tree.read("sealed/file"), os.stat("sealed/file").st_ino), ("3", before))
    equal((tree.names_in("sealed"), files_below(t.home)), (["file"], []))
    os.chmod("sealed", 0o755)


@test("in place, a save that may be damaged: what was before is in the private place, and told")
def _(t):
    sealed(t)
    end = t.open_file(answering(wire.bad_save(b"sec", EIO), wire.done()), "--in-place",
                      "sealed/file", **bound()).exits(1)
    kept, = files_below(t.home)
    has(end.said, f'what that had before is in "{t.home}/{kept}"')
    equal((tree.read("sealed/file"), tree.read(f"{t.home}/{kept}")), ("sec", "first"))
    equal(os.path.basename(kept), "file~")
    os.chmod("sealed", 0o755)


@test("in place, the file was changed here: it is not overwritten")
def _(t):
    sealed(t)

    def play(peer):
        peer.take()
        tree.write("sealed/file", "local")
        peer.save("second")
        peer.done()
    has(t.open_file(play, "--in-place", "sealed/file", **bound()).exits(1).said, "changed here")
    equal(tree.read("sealed/file"), "local")
    os.chmod("sealed", 0o755)


# ---- Links, owners, mounts ----


@test("hard links: --in-place keeps them, and without it that is told before")
def _(t):
    tree.write("file", "first")
    os.link("file", "other")
    t.open_file(saving("second"), "--in-place", "file").exits(0).says_nothing()
    equal((tree.read("file"), tree.read("other")), ("second", "second"))
    has(t.open_file(saving("third"), "file").exits(0).said, "with --in-place they do not")
    equal((tree.read("file"), tree.read("other")), ("third", "second"))
    t.nothing_beside("file", "other")


@test("--in-place: where replacing loses nothing, the file is replaced")
def _(t):
    tree.write("file", "first")
    before = os.stat("file").st_ino
    end = t.open_file(saving("second"), "-v", "--in-place", "file").exits(0)
    lacks(end.said, "itself")
    equal(tree.read("file"), "second")
    check(os.stat("file").st_ino != before, "it was not replaced")


def shared(t):
    """Somebody else's file, in a directory that the user's group may write to."""
    machine.need_root()
    os.mkdir("shared")
    tree.write("shared/file", "first", mode=0o664)
    os.chown("shared", 0, 12345)
    os.chmod("shared", 0o2775)
    os.chown("shared/file", 4321, 12345)
    for path in ".", t.top, t.home:
        os.chown(path, USER, -1)
    return {**AS_USER, "extra_groups": [12345]}


@test("another user's file in a shared directory: its owner is not locked out")
def _(t):
    how = shared(t)
    end = t.open_file(saving("second"), "shared/file", **how).exits(1)
    has(end.said, "a new file in its place would have another owner, group, mode or access list. "
        "What is saved will be kept beside it; with --in-place")
    equal((tree.read("shared/file"), os.stat("shared/file").st_uid), ("first", 4321))
    t.open_file(saving("third"), "--in-place", "shared/file", **how).exits(0).says_nothing()
    equal((tree.read("shared/file"), os.stat("shared/file").st_uid), ("third", 4321))


@test("the same where one may make files, and not replace those of others")
def _(t):
    how = shared(t)
    os.chmod("shared", 0o3775)
    end = t.open_file(saving("second"), "shared/file", **how).exits(1)
    has(end.said, "What is saved will be kept elsewhere; with --in-place")
    kept, = set(tree.names_in("shared")) - {"file"}
    equal((tree.read("shared/file"), tree.read(f"shared/{kept}")), ("first", "second"))
    t.open_file(saving("third"), "--in-place", "shared/file", **how).exits(0).says_nothing()
    equal((tree.read("shared/file"), os.stat("shared/file").st_uid), ("third", 4321))


@test_on_disk("a file that a named entry of its access list lets the user write")
def _(t):
    machine.need_root()
    tree.write("file", "first", mode=0o640)
    entries = [(1, 6), (2, 6, USER), (4, 4), (16, 6), (32, 0)]
    try:
        os.setxattr("file", "system.posix_acl_access", struct.pack("<I", 2) + b"".join(
            struct.pack("<HHI", *each, *[2**32 - 1] * (3 - len(each))) for each in entries))
    except OSError as failure:
        raise tap.Skip("no access lists here") from failure
    os.chmod(".", 0o755)
    os.chown(t.home, USER, USER)
    end = t.open_file(saving("second"), "file", **AS_USER).exits(1)
    lacks(end.said, "you may not write to")
    has(end.said, "with --in-place")
    before = os.stat("file")
    t.open_file(saving("third"), "--in-place", "file", **AS_USER).exits(0)
    after = os.stat("file")
    equal((tree.read("file"), after.st_ino, after.st_uid, after.st_mode),
          ("third", before.st_ino, before.st_uid, before.st_mode))


@test("a file on which another one is mounted")
def _(t):
    machine.need_mount_namespaces()
    through = [*machine.IN_NAMESPACE, "sh", "-ec", 'mount --bind source file; exec "$@"', "sh"]
    tree.write("source", "first")
    for option in [], ["--in-place"]:
        tree.write("file", "below")
        opener, peer = t.start_with_peer(*option, "file", through=through)
        peer.take()
        equal(peer.content, b"first")
        peer.save("second")
        peer.done()
        peer.end()
        end = opener.wait().exits(0 if option else 1)
        if not option:
            has(end.said, '"file" cannot be replaced: something is mounted on it')
            lacks(end.said, "ross-device")
            equal(tree.read("source"), "first")
    equal((tree.read("source"), tree.read("file")), ("second", "below"))


@test("a file system, or a file, that is mounted read-only: that is said, and --in-place does not "
      "help")
def _(t):
    machine.need_mount_namespaces()
    os.mkdir("all")
    for path, where in ("all/file", "elsewhere"), ("file", "beside it"):
        mounted = os.path.dirname(path) or path
        through = [*machine.IN_NAMESPACE, "sh", "-ec",
                   f'mount --bind {mounted} {mounted}; mount -o remount,bind,ro {mounted}; '
                   'exec "$@"', "sh"]
        tree.write(path, "first")
        for option in [], ["--in-place"]:
            opener, peer = t.start_with_peer(*option, path, through=through)
            peer.take()
            peer.save("second")
            peer.done()
            peer.end()
            end = opener.wait().exits(1)
            has(end.said, f'"{path}" is on a file system that is mounted read-only: what is saved '
                f"will be kept {where}")
            has(end.said, f'is not in "{path}" (it is on a file system that is mounted read-only)')
            equal(tree.read(path), "first")


@contextlib.contextmanager
def attribute(path, flag):
    """While in it the file has an attribute of chattr(1) more. Skips where there are none.

    The others stay as they are: a file system takes some of them away only by rewriting the file,
    and may refuse that with the new one already set.
    """
    machine.need_root()
    fd = os.open(path, os.O_RDONLY)
    try:
        word = struct.pack("l", 0)
        try:
            (before,) = struct.unpack("l", fcntl.ioctl(fd, 0x80086601, word))
            fcntl.ioctl(fd, 0x40086602, struct.pack("l", before | flag))
        except OSError as failure:
            raise tap.Skip("this file system has no attributes of chattr") from failure
        try:
            yield
        finally:
            fcntl.ioctl(fd, 0x40086602, struct.pack("l", before))
    finally:
        os.close(fd)


@test_on_disk("a file that is marked as one that must not change: that is said, in place or not")
def _(t):
    for flag in 0x10, 0x20:  # immutable, append-only
        tree.write("file", "first")
        with attribute("file", flag):
            for option in [], ["--in-place"]:
                end = t.open_file(saving("second"), *option, "file").exits(1)
                has(end.said, '"file" is marked as one that must not change (chattr)')
                lacks(end.said, "you may not write to")
                equal(tree.read("file"), "first")
        os.unlink("file")


@test_on_disk("a directory from which nothing can be removed: nothing is made there, "
              "in place or not")
def _(t):
    os.mkdir("kept")
    tree.write("kept/file", "first")
    with attribute("kept", 0x20):
        for option, status, content in ([], 1, "first"), (["--in-place"], 0, "second"):
            end = t.open_file(saving("second"), *option, "kept/file").exits(status)
            equal((tree.names_in("kept"), tree.read("kept/file")), (["file"], content))
            lacks(end.said, "interrupted")
            if status:
                has(end.said, "What is saved will be kept elsewhere")
        # Nor is anything of a save that may be damaged.
        end = t.open_file(answering(wire.bad_save(b"third", 5), wire.done()), "--in-place",
                          "kept/file").exits(1)
        equal((tree.names_in("kept"), tree.read("kept/file")), (["file"], "third"))


# ---- Locks ----


def free_of_other_locks(t):
    t.open_file(saving("second"), "file").exits(0).says_nothing()
    equal(tree.read("file"), "second")
    tree.write("file", "first")


@test("locks of other programs are not ours: of the whole file, of a byte, of any kind")
def _(t):
    tree.write("file", "first")
    with open("file", "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        free_of_other_locks(t)
        fcntl.flock(file, fcntl.LOCK_UN)
        fcntl.lockf(file, fcntl.LOCK_EX)
        free_of_other_locks(t)
        fcntl.lockf(file, fcntl.LOCK_UN)
        fcntl.fcntl(file, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        free_of_other_locks(t)


@test("we hold no lock that other programs see")
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file")
    peer.take()
    with open("file", "rb+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    peer.done()
    peer.end()
    opener.wait().exits(0)


@test("a lease of another program: it is waited for until that gives it back")
def _(t):
    tree.write("file", "first")
    with open("file", "rb+") as file:
        given = threading.Event()

        def give_back(*_):
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            given.set()
        signal.signal(signal.SIGIO, give_back)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        t.open_file(saving("second"), "file").exits(0).says_nothing()
        check(given.is_set(), "nobody wanted it")
    equal(tree.read("file"), "second")


def name_of_lock(path):
    status = os.stat(path)
    return f"\0qopen-in-vm/{status.st_dev:x}/{status.st_ino:x}"


@test("a stranger who takes the name of our lock keeps nobody from their own file")
def _(t):
    machine.need_root()
    tree.write("file", "first", mode=0o644)
    with socket.socket(socket.AF_UNIX) as squatter:
        os.seteuid(4321)
        try:
            squatter.bind(name_of_lock("file") if os.access("file", os.R_OK) else "")
            squatter.listen(1)
        finally:
            os.seteuid(0)
        t.open_file(saving("second"), "file").exits(0).says_nothing()
    equal(tree.read("file"), "second")


@test("two users, one file: the second is told, whoever is root")
def _(t):
    machine.need_root()
    tree.write("file", "first", mode=0o666)
    os.chmod(".", 0o777)
    for path in t.top, t.home:
        os.chown(path, USER, USER)
    for first, second in ({}, AS_USER), (AS_USER, {}):
        opener, peer = t.start_with_peer("file", **first)
        peer.take()
        has(t.open_file(saving(), "file", **second).exits(0).said, "open for editing in a VM")
        opener.kill()
        opener.wait()
        peer.end()
        lacks(t.open_file(saving(), "file", **second).exits(0).said, "open for editing in a VM")


# ---- Sizes that say nothing ----


@test("a file of /proc is sent whole, and with its length")
def _(t):
    seen = []

    def play(peer):
        peer.take()
        seen.append((peer.content, struct.unpack_from("<Q", peer.request, 240)[0]))
        peer.done()
    t.open_file(play, "--view-only", "/proc/version").exits(0)
    content = tree.read_bytes("/proc/version")
    equal(seen, [(content, len(content))])


@test("a file whose size is said to be larger than it is, as in /sys")
def _(t):
    path = "/sys/kernel/mm/transparent_hugepage/enabled"
    if not os.path.exists(path) or os.stat(path).st_size <= len(tree.read_bytes(path)):
        raise tap.Skip("no file of /sys says a wrong size here")
    seen = []

    def play(peer):
        peer.take()
        seen.append((peer.content, struct.unpack_from("<Q", peer.request, 240)[0]))
        peer.done()
    t.open_file(play, "--view-only", path).exits(0)
    content = tree.read_bytes(path)
    equal(seen, [(content, len(content))])


# ---- Ending ----


@test("asked to stop: what was just saved arrives first, and a second Ctrl-C ends at once",
      waits=True)
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("--from=work", "file")
    peer.take()
    opener.kill(2)
    wait_until(lambda: "ending: waiting for what was just saved in work" in opener.said(), "that")
    peer.save("second")
    end = opener.wait().exits(130)
    peer.end()
    has(end.said, "stopped: what was not saved yet in work, or is saved there from now on, stays")
    has(end.said, "the last save that arrived is number 1")
    equal(tree.read("file"), "second")


@test("asked to stop twice: it does not wait", waits=True)
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file")
    peer.take()
    opener.kill(15)
    wait_until(lambda: "ending" in opener.said(), "the first")
    time.sleep(0.7)  # sooner, it could be the same Ctrl-C by another way
    begun = time.monotonic()
    opener.kill(15)
    wait_until(lambda: "stopped" in opener.said(), "the second")
    check(time.monotonic() - begun < 1, "it waited")
    peer.end()
    opener.wait().exits(143)


@test("asked to stop, and the other side ends well: it is not waited any longer")
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file")
    peer.take()
    opener.kill(2)
    wait_until(lambda: "ending" in opener.said(), "that")
    peer.save("second")
    peer.done()
    peer.end()
    opener.wait().exits(130)
    equal(tree.read("file"), "second")


# ---- Words ----


@test("on a terminal, a line is redrawn with how many saves there are")
def _(t):
    tree.write("file", "first")
    play = saving(*(str(number) for number in range(50)))
    status, screen = t.run_on_terminal(OPENER, f"--via={t.editor(play)}", "--from=work", "file",
                                       columns=80)
    equal(status, 0)
    has(screen, "file in work: nothing saved yet")
    has(screen, "file in work: 50 saves, the last at ")
    equal(screen.rstrip().count("\n"), 0)
    has(screen, '"file": 50 saves, the last at ')


# ---- What a crash has left ----


@test("a save into the file that was interrupted is told by each name of it in the directory, also "
      "with --view-only and -q")
def _(t):
    tree.write("file", "a mixture")
    os.link("file", "other.txt")
    copy = f"file (before an unfinished save {os.stat('file').st_ino:x})"
    tree.write(copy, "first")
    for name in ("file", "other.txt"):
        for options in (["--view-only"], ["-q"], ["-q", "--in-place"]):
            end = t.open_file(answering(wire.done()), *options, name).exits(0)
            has(end.said, f'a save into "{name}" was interrupted: the content before it is in "')
            has(end.said, f'/{copy}"')
    os.unlink(copy)
    equal(t.open_file(answering(wire.done()), "-q", "--view-only", "file").exits(0).said, "")


@test("another session may be in the middle of that save: nothing is said of it")
def _(t):
    tree.write("file", "a mixture")
    tree.write(f"file (before an unfinished save {os.stat('file').st_ino:x})", "first")
    opener, peer = t.start_with_peer("-q", "file")
    peer.take()
    has(opener.said(), "was interrupted")
    for options in (["--view-only"], []):
        end = t.open_file(answering(wire.done()), "-q", *options, "file").exits(0)
        lacks(end.said, "interrupted")
    peer.done()
    peer.end()
    opener.wait().exits(0)


# ---- Databases ----


@test("a database with changes that are only in its journal here: that is said, and a save does "
      "not take its place before they are in it")
def _(t):
    for mode in "wal", "delete":
        with contextlib.closing(sqlite3.connect("file", isolation_level=None)) as opened:
            opened.execute(f"pragma journal_mode={mode}")
            opened.execute("pragma cache_size=1")
            opened.execute("create table notes(text)")
            opened.execute("begin")
            opened.executemany("insert into notes values(?)", [("x" * 500,)] * 100)
            if mode == "wal":
                opened.execute("commit")
            before = tree.read_bytes("file")
            for options in ([], ["--in-place"]):
                end = t.open_file(saving("second"), *options, "-q", "file").exits(1)
                has(end.said, '"file" is a database with changes that are only in its journal')
                has(end.said, "(changes to it that are only in its journal here would spoil it)")
                equal(tree.read_bytes("file"), before)
                os.unlink(t.beside("file", f"file-{'wal' if mode == 'wal' else 'journal'}",
                                   *(["file-shm"] if mode == "wal" else [])))
            end = t.open_file(answering(wire.done()), "--view-only", "file").exits(0)
            has(end.said, "they are not sent. Close the application")
            if mode == "delete":
                opened.execute("commit")
        end = t.open_file(saving("second"), "file").exits(0)
        lacks(end.said, "journal")
        equal(tree.read("file"), "second")
        t.nothing_beside()
        os.unlink("file")


@test("a database whose first transaction a crash has left in its journal, and one that gets a "
      "journal while a save comes")
def _(t):
    def dirty():
        tree.write("file-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")

    def play(peer):
        peer.take()
        record = wire.save(b"second")
        peer.send(record[:-8])
        dirty()
        peer.send(record[-8:])
        peer.done()
    for content, part in (b"", saving("second")), (bytes(4096), saving("second")), (
            b"SQLite format 3\0" + bytes(84), play):
        tree.write("file", content)
        if part is not play:
            dirty()
        end = t.open_file(part, "-q", "file").exits(1)
        check(("is a database with changes" in end.said) == (part is not play), end.said)
        has(end.said, "(changes to it that are only in its journal here would spoil it)")
        equal(tree.read_bytes("file"), content)
        os.unlink(t.beside("file", "file-journal"))
        os.unlink("file-journal")
