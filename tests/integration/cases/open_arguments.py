# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qopen-in-vm's command line and the file that it names: what is wrong is found before anything is
sent. And what is sent, to the byte."""
import os
import subprocess

import edit_wire as wire
import machine
import suite
import tree
from expect import check, equal, has, lacks
from opening import Opening, answering, as_bytes, request
from settings import OPENER
from tap import Skip

test = suite.cases(Opening)

BESIDE = 2  # the flag: what is saved beside the file is taken


def misused(t, part, *arguments):
    """Wrong usage, in one sentence."""
    end = t.run(OPENER, *arguments).exits(2).says(part)
    equal(end.told, "")
    has(end.said, "Try 'qopen-in-vm --help'")


def refuses(t, part, *arguments):
    """Named in one sentence before the other side is called."""
    peer = t.stand_in()
    end = t.run(OPENER, f"--via={peer.command}", *arguments).exits(1).says(part)
    check(not peer.started(), "the other side was called")
    return end


# ---- The command line ----


@test("--quiet says only what went wrong, and contradicts --verbose")
def _(t):
    tree.write("file", "x")
    os.link("file", "other")
    noted = t.open_file(answering(), "file").exits(0).said
    has(noted, "hard links")
    for option in ("-q", "--quiet"):
        t.open_file(answering(), option, "file").exits(0).says_nothing()
    has(t.run(OPENER, "-q", "--via=exit 7", "file").exits(1).said, "ended with status 7")
    misused(t, "contradict each other", "-q", "-v", "--via=true", "file")


@test("wrong usage is said in one sentence")
def _(t):
    tree.write("file", "x")
    misused(t, "name a file")
    misused(t, "name a file", "--via=true")
    misused(t, "one file", "work", "file", "file")
    misused(t, "--via or --ssh says already where to", "--via=true", "work", "file")
    misused(t, "named twice", "--vm=work", "home", "file")
    misused(t, '"-work" is no VM\'s name', "--", "-work", "file")
    misused(t, '"wo rk" is no VM\'s name', "wo rk", "file")
    misused(t, "--from", "--from=x", "work", "file")
    misused(t, "--from", "--from=../x", "--via=true", "file")
    misused(t, "--max-bytes", "--max-bytes=lots", "--via=true", "file")
    misused(t, "--nonsense", "--nonsense", "file")


@test("--progress takes four words")
def _(t):
    tree.write("file", "x")
    t.run(OPENER, "--progress=often", "--via=true", "file").exits(2).says('not "often"')


@test("--help and --version")
def _(t):
    has(t.run(OPENER, "--help").exits(0).told, "Usage: qopen-in-vm")
    has(t.run(OPENER, "-V").exits(0).says_nothing().told, "qopen-in-vm")


@test("without a VM, stdin and stdout must not be a terminal")
def _(t):
    tree.write("file", "x")
    status, shown = t.run_on_terminal(OPENER, "file")
    equal(status, 2)
    has(shown, "stdin and stdout")


# ---- The file ----


@test("a file that is not there is named")
def _(t):
    tree.write("there")
    os.symlink("nowhere", "dangling")
    refuses(t, '"missing": No such file', "missing")
    refuses(t, '"missing/": No such file', "missing/")
    refuses(t, '"there/": Not a directory', "there/")
    refuses(t, '"dangling": No such file', "dangling")


@test("a VM and a file the wrong way round are said to be so")
def _(t):
    tree.write("report.odt")
    t.run(OPENER, "report.odt", "work").exits(1).says(
        'no file "work" here, but one called "report.odt": the VM comes before the file')
    os.mkdir("work")
    t.run(OPENER, "work", "report").exits(1).says('"report": No such file')


@test("an empty name is named so")
def _(t):
    refuses(t, "name is empty", "")


@test("a directory is named so, whatever its name")
def _(t):
    os.mkdir("dir")
    os.symlink("dir", "link")
    for name in ("dir", "dir/", ".", "..", "/", "link", "link/", "dir/.."):
        refuses(t, f'"{name}" in another VM: it is a directory', name)


@test("what is no regular file is named so, and not waited for")
def _(t):
    os.mkfifo("fifo")
    refuses(t, '"fifo" in another VM: it is not a regular file', "fifo")
    refuses(t, '"/dev/null" in another VM: it is not a regular file', "/dev/null")
    refuses(t, '"fifo"', "--view-only", "fifo")


@test("a file that may not be read is named")
def _(t):
    if machine.am_root():
        raise Skip("root reads everything")
    tree.write("file", "x", 0)
    refuses(t, '"file": Permission denied', "file")
    os.mkdir("shut")
    tree.write("shut/file", "x")
    os.chmod("shut", 0)
    refuses(t, '"shut/file": Permission denied', "shut/file")


@test("a missing file's name is sanitised")
def _(t):
    lacks(refuses(t, "?[31m?missing", "\033[31m\u202emissing").said, "\033")


@test("with a VM, too, nobody is called for a file that is not there")
def _(t):
    peer = t.stand_in()
    client = tree.script(f"{t.top}/client", f"#!/bin/sh\n{peer.command}\n")
    t.run(OPENER, "work", "missing", env={"PEDOS_RPC_CLIENT": client}).exits(1).says('"missing"')
    check(not peer.started(), "the other side was called")


# ---- What is sent ----


def sends(t, name, flags, *arguments):
    """The request has this name and these flags, and the content is that of the file named last."""
    peers = []

    def play(peer):
        peers.append(peer.take())
        peer.done()
    t.open_file(play, *arguments).exits(0).says_nothing()
    peer, = peers
    equal(peer.request, wire.request(as_bytes(name), os.stat(arguments[-1]).st_size, flags))
    check(peer.content == tree.read_bytes(arguments[-1]),
          f"{len(peer.content)} bytes were sent, and not the file's")


@test("the request and the content are the format's, to the byte")
def _(t):
    tree.write("file", "hello")
    sends(t, "file", BESIDE, "file")
    sends(t, "view-only-file", 1, "--view-only", "file")
    tree.write("empty")
    sends(t, "empty", BESIDE, "empty")
    tree.write("large.bin", os.urandom(3000001))
    sends(t, "large.bin", BESIDE, "large.bin")


@test("the name is the last component of the path, as it was named")
def _(t):
    os.makedirs("deep/deeper")
    tree.write("deep/deeper/file.txt", "hello")
    os.symlink("deep/deeper/file.txt", "link.odt")
    sends(t, "file.txt", BESIDE, "deep/deeper/file.txt")
    sends(t, "file.txt", BESIDE, f"{t.sent}/deep//deeper/./file.txt")
    sends(t, "link.odt", BESIDE, "link.odt")
    tree.write("-file", "hello")
    sends(t, "-file", BESIDE, "--", "-file")


@test("names at the borders: a longer one loses its beginning")
def _(t):
    for length in (220, 221, 222, 230, 231, 232, 255):
        name = "end.txt".rjust(length, "n")
        tree.write(name, "hello")
        sends(t, name[-231:], BESIDE, name)
        sends(t, f"view-only-{name[-221:]}", 1, "--view-only", name)


@test("a name is never cut inside a character")
def _(t):
    # 3 bytes each, and 255 in all: 231 bytes are 77 of them; 221, 73 and two thirds.
    name = "字" * 85
    tree.write(name, "hello")
    sends(t, "字" * 77, BESIDE, name)
    sends(t, f"view-only-{'字' * 73}", 1, "--view-only", name)


@test("a path of more than 300 bytes is no longer a name")
def _(t):
    directory, name = f"{'d' * 200}/{'e' * 200}", f"{'f' * 100}.txt"
    os.makedirs(directory)
    tree.write(f"{directory}/{name}", "hello")
    sends(t, name, BESIDE, f"{directory}/{name}")


@test("a file that is called view-only- is edited all the same")
def _(t):
    tree.write("view-only-notes", "hello")
    sends(t, "view-only-notes", BESIDE, "view-only-notes")
    sends(t, "view-only-view-only-notes", 1, "--view-only", "view-only-notes")


@test("the stream ends with the content, without waiting for an answer")
def _(t):
    tree.write("file", "hello")
    streams = []

    def play(peer):
        streams.append(peer.role.read_all())
        peer.done()
    t.open_file(play, "file").exits(0)
    equal(streams, [request("file", "hello", BESIDE)])


@test("without a VM, the format is on stdin and stdout")
def _(t):
    tree.write("file", "hello")
    opener = t.start(OPENER, "file", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    equal(opener.stdout.read(), request("file", "hello", BESIDE))
    opener.write(wire.save(b"changed"), wire.done())
    opener.close().wait().exits(0).says_nothing()
    equal(tree.read("file"), "changed")


@test("an answer that comes before the file was sent is none")
def _(t):
    tree.write("file", "hello")
    has(t.run(OPENER, "file", stdin=wire.save(b"changed") + wire.done()).exits(1).said,
        "makes no sense")
    equal(tree.read("file"), "hello")


@test("a file that grows while it is sent is sent as long as was said")
def _(t):
    size = (64 << 20) + 5  # what is read last could be more
    tree.sparse("growing", size)
    rest = []

    def play(peer):
        equal(peer.role.read(256), wire.request(b"growing", size, BESIDE))
        peer.role.read(1000000)
        tree.append(f"{t.sent}/growing", "more")
        rest.append(len(peer.role.read_all()))
        peer.done()
    t.open_file(play, "growing").exits(0)
    equal(rest, [size - 1000000])


@test("a file that becomes shorter while it is sent is named")
def _(t):
    tree.sparse("shrinking", 64 << 20)

    def play(peer):
        peer.role.read(1000000)
        os.truncate(f"{t.sent}/shrinking", 1000)
        peer.role.read_all()
    said = t.open_file(play, "shrinking").exits(1).said
    has(said, '"shrinking"')
    has(said, "shorter")
