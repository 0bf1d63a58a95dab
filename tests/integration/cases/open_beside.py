# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is saved beside the file there comes to PedOSIncoming here, as a delivery does, and is
bounded; saves that may be damaged, and saves that are made again."""
import json
import os

import edit_wire as wire
import suite
import tree
from copying import EIO, ENOSPC
from expect import check, equal, has, lacks, missing, wait_until
from opening import Opening, answering, files_below, saving

test = suite.cases(Opening)

MANY = 100  # so many are taken in one session


def incoming(t, vm="work"):
    return f"{t.home}/PedOSIncoming/{vm}"


def open_from(t, play, *arguments, **how):
    tree.write("file.txt", "first")
    return t.open_file(play, "--from=work", *arguments, "file.txt", **how)


@test("saved beside: it comes to PedOSIncoming/VM, private, and its path is told")
def _(t):
    end = open_from(t, answering(wire.beside(b"chart.png", b"chart"), wire.save(b"second"),
                                 wire.done())).exits(0)
    equal(files_below(f"{t.home}/PedOSIncoming"), ["work/chart.png"])
    equal(tree.read(f"{incoming(t)}/chart.png"), "chart")
    for path, mode in (("PedOSIncoming", 0o700), ("PedOSIncoming/work", 0o700),
                       ("PedOSIncoming/work/chart.png", 0o600)):
        equal((path, tree.mode_of(f"{t.home}/{path}")), (path, mode))
    has(end.said, f'saved beside "file.txt" in work, and here now: "{incoming(t)}/chart.png"')
    equal(tree.read("file.txt"), "second")
    t.nothing_beside("file.txt")


@test("saved beside again: what this session stored is replaced, and what anybody wrote is not")
def _(t):
    os.makedirs(incoming(t), 0o700)
    tree.write(f"{incoming(t)}/chart.png", "mine")

    def play(peer):
        peer.take()
        peer.send(wire.beside(b"chart.png", b"one"))
        second = f"{incoming(t)}/chart (2).png"
        wait_until(lambda: os.path.exists(second), "the first")
        peer.send(wire.beside(b"chart.png", b"two"), wire.beside(b"chart.png", b"two"))
        wait_until(lambda: tree.read(second) == "two", "the second")
        peer.wait_taken()
        tree.write(second, "mine, too")
        peer.send(wire.beside(b"chart.png", b"three"), wire.done())
    open_from(t, play).exits(0)
    equal({name: tree.read(f"{incoming(t)}/{name}") for name in tree.names_in(incoming(t))},
          {"chart.png": "mine", "chart (2).png": "mine, too", "chart (3).png": "three"})


@test("saved beside: two names that become one here are two files")
def _(t):
    open_from(t, answering(wire.beside(b"M\xfcller.txt", b"one"),
                           wire.beside(b"M\xf6ller.txt", b"two"), wire.done())).exits(0)
    equal({name: tree.read(f"{incoming(t)}/{name}") for name in tree.names_in(incoming(t))},
          {"M_ller.txt": "one", "M_ller (2).txt": "two"})


@test("saved beside: what may be damaged replaces nothing that is good, is told, and a failure")
def _(t):
    end = open_from(t, answering(wire.beside(b"a", b"good"), wire.beside(b"a", b"go", code=EIO),
                                 wire.done()), "--quiet").exits(1)
    has(end.said, f'"{incoming(t)}/a (2)" (it may be damaged)')
    equal({name: tree.read(f"{incoming(t)}/{name}") for name in tree.names_in(incoming(t))},
          {"a": "good", "a (2)": "go"})


@test("kept elsewhere: what may be damaged replaces nothing that is good, and is told")
def _(t):
    def play(peer):
        peer.take()
        tree.write("file.txt", "local")
        peer.send(wire.save(b"good"), wire.bad_save(b"torn", EIO), wire.done())
    end = open_from(t, play).exits(1)
    has(end.said, "save 2 may be damaged, as work says (the application ended while it wrote")
    equal(sorted(tree.read(name) for name in tree.names_in(".")), ["good", "local", "torn"])


@test("a save that may be damaged, a good one with the same content, and a damaged one: "
      "the good one is kept")
def _(t):
    open_from(t, answering(wire.bad_save(b"well", EIO), wire.save(b"well"),
                           wire.bad_save(b"torn", EIO), wire.done())).exits(1)
    equal(sorted(tree.read(name) for name in tree.names_in(".")), ["first", "torn", "well"])


@test("saved beside: no name leads anywhere else")
def _(t):
    names = {b"../../evil": ".._.._evil", b"/etc/passwd": "_etc_passwd", b"a\nb": "a_b",
             b".qopen-0123456789abcdef": "_qopen-0123456789abcdef",
             b".qfile-incoming-1": "_qfile-incoming-1", b".hidden": ".hidden",
             b"x" * 255: "x" * 255}
    open_from(t, answering(*(wire.beside(name, b"x") for name in names), wire.done())).exits(0)
    equal(files_below(f"{t.home}/PedOSIncoming"), sorted(f"work/{name}" for name in names.values()))
    said = open_from(t, answering(wire.beside(b"..", b"x"), wire.done())).exits(1).said
    has(said, "could not be taken")


@test("saved beside: a VM without a name, and a home that is none")
def _(t):
    tree.write("file.txt", "first")
    beside = answering(wire.beside(b"a", b"x"), wire.save(b"second"), wire.done())
    t.open_file(beside, "file.txt").exits(0)
    equal(files_below(f"{t.home}/PedOSIncoming"), ["another-VM/a"])
    end = open_from(t, beside, env={"HOME": "/nonexistent"}).exits(1)
    has(end.said, '"a", which was saved beside "file.txt" in work, could not be taken')
    equal(tree.read("file.txt"), "second")


@test("saved beside: a link in place of PedOSIncoming is not followed, and the session goes on")
def _(t):
    os.mkdir(f"{t.top}/elsewhere")
    os.symlink(f"{t.top}/elsewhere", f"{t.home}/PedOSIncoming")
    end = open_from(t, answering(wire.beside(b"a", b"x"), wire.save(b"second"),
                                 wire.done())).exits(1)
    has(end.said, "not a link")
    equal((files_below(f"{t.top}/elsewhere"), tree.read("file.txt")), ([], "second"))


@test("saved beside: so many and no more, the rest is told, and the file's own saves go on")
def _(t):
    records = (wire.beside(b"file %d" % number, b"x") for number in range(MANY + 5))
    end = open_from(t, answering(*records, wire.save(b"second"), wire.done())).exits(1)
    equal(len(tree.names_in(incoming(t))), MANY)
    equal(end.said.count("too many files"), 5)
    equal(tree.read("file.txt"), "second")


@test("saved beside: a longer one than --max-bytes is not taken, and does not end the session")
def _(t):
    end = open_from(t, answering(wire.beside(b"a", b"123456"), wire.beside(b"b", b"12345"),
                                 wire.save(b"12345"), wire.done()), "--max-bytes=5").exits(1)
    has(end.said, "longer than --max-bytes allows")
    equal((tree.names_in(incoming(t)), tree.read("file.txt")), (["b"], "12345"))


@test("saved beside: a damaged one is made good by the next, and otherwise a failure")
def _(t):
    damaged = wire.beside(b"a", b"half", flipped=1)
    end = open_from(t, answering(damaged, wire.done())).exits(1)
    has(end.said, "damaged on its way")
    missing(f"{incoming(t)}/a")
    open_from(t, answering(damaged, wire.beside(b"a", b"whole"), wire.done())).exits(0)
    equal(tree.read(f"{incoming(t)}/a"), "whole")


@test("saved beside: the connection is lost in the middle, and nothing half is there")
def _(t):
    open_from(t, answering(wire.beside(b"a", bytes(100000))[:50000])).exits(1)
    equal(files_below(f"{t.home}/PedOSIncoming"), [])


@test("--no-beside and --view-only ask for nothing beside, and take nothing")
def _(t):
    flags = []

    def play(peer):
        peer.take()
        flags.append(peer.request[248])
        peer.send(wire.beside(b"a", b"x"), wire.done())
    has(open_from(t, play, "--no-beside").exits(1).said, "makes no sense")
    open_from(t, play, "--view-only").exits(1)
    open_from(t, play).exits(0)
    equal(flags, [0, 1, 2])
    equal(files_below(f"{t.home}/PedOSIncoming"), ["work/a"])


@test("saved beside: programs are told the path, in JSON")
def _(t):
    end = open_from(t, answering(wire.beside(b"a", b"x"), wire.note(b"wait"), wire.done()),
                    "--progress=json").exits(0)
    lines = [json.loads(line) for line in end.said.split("\n") if line.startswith("{")]
    equal([line["beside"] for line in lines if line["phase"] == "open" and "beside" in line],
          [f"{incoming(t)}/a"])
    equal([line["note"] for line in lines if "note" in line], ["wait"])
    equal((lines[-1]["phase"], lines[-1]["beside"]), ("done", 1))


# ---- Saves that may be damaged ----


@test("a save that may be damaged: what was before is in FILE~, and both are told")
def _(t):
    end = open_from(t, answering(wire.bad_save(b"sec", ENOSPC), wire.done())).exits(1)
    equal((tree.read("file.txt"), tree.read("file.txt~")), ("sec", "first"))
    has(end.said, "save 1 may be damaged, as work says (the disk there was full)")
    has(end.said, '/file.txt~"')


@test("several in a row: the last good content is kept once; a good save makes it good")
def _(t):
    end = open_from(t, answering(wire.bad_save(b"a", EIO), wire.bad_save(b"b", EIO),
                                 wire.save(b"good"), wire.done())).exits(0)
    equal((tree.read("file.txt"), tree.read("file.txt~")), ("good", "first"))
    t.nothing_beside("file.txt", "file.txt~")
    equal(end.said.count("may be damaged"), 2)


@test("good and bad ones in turn fill no directory")
def _(t):
    turns = [wire.bad_save(b"bad %d" % n, EIO) + wire.save(b"good %d" % n) for n in range(MANY + 9)]
    open_from(t, answering(*turns, wire.done())).exits(0)
    equal(tree.read("file.txt"), f"good {MANY + 8}")
    check(len(tree.names_in(".")) <= MANY + 2, f"there are {len(tree.names_in('.'))} files")


# ---- Saves that are made again ----


@test("the same save again is not written again, and counts as saved")
def _(t):
    seen = []

    def play(peer):
        peer.take()
        peer.save("second")
        wait_until(lambda: tree.read("file.txt") == "second", "the save")
        seen.append(tree.identity("file.txt"))
        for _ in range(3):
            peer.save("second")
        peer.done()
    end = open_from(t, play).exits(0)
    has(end.said, '"file.txt": 4 saves, the last at ')
    has(end.said, ", all here")
    equal(tree.identity("file.txt"), seen[0])


@test("the same save again, and the file was changed here: it is not taken for saved")
def _(t):
    def play(peer):
        peer.take()
        peer.save("second")
        wait_until(lambda: tree.read("file.txt") == "second", "the save")
        tree.write("file.txt", "local")
        peer.save("second")
        peer.done()
    has(open_from(t, play).exits(1).said, "changed here")
    equal(tree.read("file.txt"), "local")
    equal(tree.read(t.beside("file.txt")), "second")


@test("what was written here by hand is what was saved there: that is no conflict")
def _(t):
    def play(peer):
        peer.take()
        tree.write("file.txt", "the same")
        peer.save("the same")
        peer.save("third")
        peer.done()
    open_from(t, play).exits(0)
    equal(tree.read("file.txt"), "third")
    t.nothing_beside("file.txt")


@test("500 saves are one sentence")
def _(t):
    end = open_from(t, saving(*(f"save {number}" for number in range(500)))).exits(0)
    has(end.said, '"file.txt": 500 saves, the last at ')
    lacks(end.said, "\n")


@test("-q says nothing of a success")
def _(t):
    equal(open_from(t, saving("second"), "-q").exits(0).said, "")


@test("nothing was saved: that is said")
def _(t):
    equal(open_from(t, saving()).exits(0).said, '"file.txt": nothing was saved in work')
