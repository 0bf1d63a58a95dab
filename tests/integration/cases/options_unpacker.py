# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-unpacker's command line."""
import array
import fcntl
import os
import re
import signal
import termios

import machine
import process
import stream as wire
import suite
import tree
from copying import ECANCELED, EDQUOT, STAGING, Copying, Delivery
from expect import equal, has, wait_until
from settings import UNPACKER

test = suite.cases(Copying, once=True)

OPTIONS = ("--allow-all-names --allow-unsafe-symlinks --help --max-bytes --max-files "
           "--no-allow-all-names --no-allow-unsafe-symlinks --on-conflict"
           " --timeout --verbose --version --wait-for-space")

ONE_FILE = wire.delivery(wire.file("file", b"x"))


def refuses_words(t, part, *arguments):
    """Exit 2, one clear sentence with `part` in it, nothing received."""
    equal(t.run(UNPACKER, *arguments).exits(2).says(part).out, b"")
    t.nothing_arrived()


def wrong_usage(t, part, *options):
    refuses_words(t, part, *options, t.uid, t.incoming)


def file_of(size):
    """A delivery of one file of so many bytes."""
    return wire.delivery(wire.file("file", bytes(size)))


def head_of(name, size):
    """Header and name of a file; the data is still to come."""
    return wire.entry(name, wire.FILE | 0o644, filelen=size)


def has_staging(t):
    return any(name.startswith(STAGING) for name in os.listdir(t.incoming))


def unread(pipe):
    """How many bytes of a pipe nobody has read."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


@test("--help and -h say what there is, and no more than these tests try")
def _(t):
    long = t.run(UNPACKER, "--help").exits(0).says_nothing()
    equal(" ".join(sorted(set(re.findall("--[a-z][a-z-]+", long.told)))), OPTIONS)
    equal(t.run(UNPACKER, "-h").exits(0).out, long.out)


@test("--version and -V name the program and its version")
def _(t):
    for option in ("--version", "-V"):
        told = t.run(UNPACKER, option).exits(0).says_nothing().told
        equal(len(re.findall(r"^qfile-unpacker .*[0-9]+\.[0-9]+\.[0-9]+$", told, re.MULTILINE)), 1)


@test("help that cannot be written is a failure")
def _(t):
    with open("/dev/full", "wb") as full:
        t.run(UNPACKER, "--help", stdout=full).exits(1)


@test("an option that does not exist, or lacks its value, is refused")
def _(t):
    wrong_usage(t, "--no-such-option", "--no-such-option")
    wrong_usage(t, "'Z'", "-Z")
    wrong_usage(t, "--allow-all-names", "--allow-all-names=1")
    refuses_words(t, "--max-bytes", t.uid, t.incoming, "--max-bytes")


@test("a third word is refused")
def _(t):
    wrong_usage(t, 'too many arguments: "/', "x")
    refuses_words(t, 'too many arguments: "more"', "--", t.uid, t.incoming, "more")


@test("sizes and numbers that are none are refused")
def _(t):
    for value in ("", "x", "-1", "+1", "1.5", "1k", "1KB", " 1", "0x10", "18446744073709551616",
                  "16777216T"):
        wrong_usage(t, "--max-bytes takes a size", f"--max-bytes={value}")
        wrong_usage(t, "--wait-for-space takes a size", f"--wait-for-space={value}")
        wrong_usage(t, "--max-files takes a number", f"--max-files={value}")
    wrong_usage(t, "--max-files takes a number", "--max-files=1K")
    for value in ("", "x", "-1", "1.5", "1s", "4294967296"):
        wrong_usage(t, "--timeout takes a number of seconds", f"--timeout={value}")
    wrong_usage(t, "--wait-for-space takes a size", "-wx")


@test("--on-conflict refuses what it does not know")
def _(t):
    for value in ("", "overwrite", "FAIL", "renamed"):
        wrong_usage(t, "--on-conflict takes fail or rename", f"--on-conflict={value}")


@test("a wrong value is sanitised")
def _(t):
    wrong_usage(t, '"?[31m"', "--max-bytes=\033[31m")


@test("a terminal as stdin is refused")
def _(t):
    status, shown = t.run_on_terminal(*t.receiver())
    equal(status, 2)
    has(shown, "stdin is a terminal")
    t.nothing_arrived()


@test("--max-bytes refuses one byte more, counted over all files")
def _(t):
    stream = wire.delivery(wire.file("a", b"12345"), wire.file("b", b"67890"))
    t.deliver(stream, "--max-bytes=9").refused(EDQUOT, "b")
    t.deliver(stream, "--max-bytes=4").refused(EDQUOT, "a")
    t.deliver(stream, "--max-bytes=10").arrives("b")
    t.arrived("a", "b")


@test("--max-bytes knows K, M, G and T")
def _(t):
    t.deliver(file_of(1025), "--max-bytes=1K").refused(EDQUOT, "file")
    t.deliver(file_of(1048577), "--max-bytes=1M").refused(EDQUOT, "file")
    t.deliver(file_of(1048576), "--max-bytes=1M").arrives("file")
    os.unlink(t.into("file"))
    # Refused at its header: no data needs to follow.
    t.deliver(head_of("huge", 2**30 + 1), "--max-bytes=1G").refused(EDQUOT, "huge")
    t.deliver(head_of("huge", 2**40 + 1), "--max-bytes=1T").refused(EDQUOT, "huge")
    t.deliver(head_of("huge", 2**40 + 1), "--max-bytes=0").refused(EDQUOT, "huge")


@test("--max-bytes cannot be got round with lengths that overflow")
def _(t):
    t.deliver(wire.file("a", b"12345") + head_of("b", 2**63 - 1),
              "--max-bytes=1M").refused(EDQUOT, "b")


@test("--max-files refuses one entry more: files, directories and links")
def _(t):
    stream = wire.delivery(
        wire.tree("dir", wire.file("dir/file", b"x"), wire.link("dir/link", "file")))
    t.deliver(stream, "--max-files=2").refused(EDQUOT, "dir/link")
    t.deliver(stream, "--max-files=0").refused(EDQUOT, "dir")
    t.deliver(stream, "--max-files=3").arrives("dir")
    equal(tree.names_in(t.into("dir")), ["file", "link"])


@test("--wait-for-space begins at once where there is enough")
def _(t):
    for option in ("-w1", "--wait-for-space=1", "--wait-for-space=1M", "--wait-for-space=1024K",
                   "--wait-for-space=0"):
        t.deliver(ONE_FILE, option).arrives("file")
        os.unlink(t.into("file"))


@test("--wait-for-space reads nothing while there is too little, and can be stopped")
def _(t):
    for option in ("-w1000000T", "-w1000000000000"):
        receiving = t.start_unpacker(option)
        receiving.write(wire.file("file", b"x"))
        wait_until(lambda: has_staging(t), "a staging directory", by=[receiving])
        equal(process.children(receiving.pid), [])
        receiving.kill(signal.SIGTERM)
        receiving.wait().refused(ECANCELED)
        equal(unread(receiving.stdin), len(receiving.stream))


@test("a sender that has gone ends the waiting for space")
def _(t):
    # Its stream ends, and nobody is left to read an answer.
    answer, to_nobody = os.pipe()
    receiver = t.start(*t.receiver("-w1000000T"), stdout=to_nobody)
    os.close(answer)
    os.close(to_nobody)
    receiver.wait().exits(1)
    t.nothing_arrived()


@test("--verbose and -v say what happened, without them nothing is said")
def _(t):
    for option in ("-v", "--verbose"):
        said = t.deliver(ONE_FILE, option).arrives("file").said
        has(said, "received 1 entry, 1 byte;")
        has(said, "confinement in force: ")
        os.unlink(t.into("file"))
    t.deliver(ONE_FILE).arrives("file").says_nothing()


@test("the old form: UID DIRECTORY, then -v and -w with or without a number")
def _(t):
    for options in ([], ["-v"], ["-w"], ["-w", "1"], ["-v", "-w", "1"], ["-w", "1", "-v"],
                    ["-v", "-w"], ["-w", "-v"]):
        Delivery(t, t.run(*t.receiver(), *options, stdin=ONE_FILE), ONE_FILE).arrives("file")
        t.arrived("file")
        os.unlink(t.into("file"))


@test("options come before, between and behind the words")
def _(t):
    machine.need_receiver()
    t.run(UNPACKER, "-v", t.uid, "--max-files=1", t.incoming, "--on-conflict=rename",
          stdin=ONE_FILE).exits(0)
    t.run(UNPACKER, "-v", "--max-files=1", "--on-conflict=rename", "--", t.uid, t.incoming,
          stdin=ONE_FILE).exits(0)
    t.arrived("file", "file (2)")


@test("--on-conflict: the last word counts")
def _(t):
    t.deliver(ONE_FILE).arrives("file")
    t.deliver(ONE_FILE, "--on-conflict=rename", "--on-conflict=fail").exits(1)
    t.arrived("file")
