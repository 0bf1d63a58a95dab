# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What arrived earlier stays as it is."""
import os

import stream as wire
import suite
import tree
from copying import EEXIST, Copying
from expect import equal, has, wait_until

test = suite.cases(Copying)


def files(*names):
    """A delivery of files, each with its name as content."""
    return wire.delivery(*(wire.file(name, name.encode()) for name in names))


@test("a name that is taken refuses the delivery, and what was there stays")
def _(t):
    def a_directory(path):
        os.mkdir(path)
        tree.write(f"{path}/inner", "x")
    there = t.into("one")
    for make in (lambda: tree.write(there, "earlier"), lambda: a_directory(there),
                 lambda: os.symlink("/", there), lambda: os.symlink("nowhere", there)):
        make()
        before = t.incoming_picture()
        t.deliver(files("one")).exits(1).answered(EEXIST, "one")
        tree.same_picture(t.incoming_picture(), before)
        if os.path.isdir(there) and not os.path.islink(there):
            tree.remove(there)
        else:
            os.unlink(there)


@test("a directory does not grow into one that is there already")
def _(t):
    os.mkdir(t.into("dir"))
    before = t.incoming_picture()
    t.deliver(wire.delivery(wire.tree("dir", wire.file("dir/new"), mode=0o700))).exits(1).answered(
        EEXIST, "dir")
    tree.same_picture(t.incoming_picture(), before)


@test("several entries: whole or nothing when the second collides")
def _(t):
    t.deliver(files("two"))
    before = t.incoming_picture()
    t.deliver(files("one", "two", "three")).exits(1).answered(EEXIST, "two")
    tree.same_picture(t.incoming_picture(), before)
    t.arrived("two")


@test("a collision is answered before the data is sent")
def _(t):
    tree.write(t.into("large"), "earlier")
    before = t.incoming_picture()
    receiving = t.start_unpacker()
    receiving.write(wire.entry("large", wire.FILE | 0o644, filelen=1000000))
    wait_until(receiving.answer_is_there, "the answer", by=[receiving])
    receiving.wait().exits(1).answered(EEXIST, "large")
    tree.same_picture(t.incoming_picture(), before)


@test("a name that is taken only while the data arrives refuses the delivery")
def _(t):
    receiving = t.start_unpacker()
    receiving.write(wire.entry("late", wire.FILE | 0o644, filelen=10))
    receiving.wait_staged("late")
    tree.write(t.into("late"), "meanwhile")
    receiving.write(b"0123456789", wire.END)
    receiving.wait().exits(1).answered(EEXIST, "late")
    t.arrived("late")
    equal(tree.read(t.into("late")), "meanwhile")


@test("--on-conflict=rename keeps both: report.pdf becomes report (2).pdf, then (3)")
def _(t):
    stream = files("report.pdf")
    t.deliver(stream, "--on-conflict=rename")
    t.arrived("report.pdf")
    t.deliver(stream, "--on-conflict=rename").arrives(b"report.pdf\0report (2).pdf\0")
    has(t.deliver(stream, "--on-conflict=rename", "-v").exits(0).said,
        "1 under another name")
    t.arrived("report (2).pdf", "report (3).pdf", "report.pdf")
    equal(tree.read(t.into("report (3).pdf")), "report.pdf")


@test("--on-conflict=rename numbers directories, hidden files and names without an extension")
def _(t):
    stream = wire.tree("photos", wire.file("photos/1.jpg"), mode=0o555) + files(".hidden", "plain")
    t.deliver(stream, "--on-conflict=rename")
    t.deliver(stream, "--on-conflict=rename").exits(0)
    t.arrived(".hidden", ".hidden (2)", "photos", "photos (2)", "plain", "plain (2)")
    tree.same_tree(t.into("photos"), t.into("photos (2)"))


@test("--on-conflict=rename keeps a name of 255 bytes at 255, and whole characters")
def _(t):
    name = f"x{'語' * 83}.txtx"
    equal(len(name.encode()), 255)
    t.deliver(files(name), "--on-conflict=rename").exits(0)
    t.deliver(files(name), "--on-conflict=rename").exits(0)
    shortened = f"x{'語' * 81} (2).txtx"
    t.arrived(name, shortened)
    equal(tree.read(t.into(shortened)), tree.read(t.into(name)))


@test("--on-conflict=rename renames only what collides")
def _(t):
    t.deliver(files("two"))
    t.deliver(files("one", "two", "three"), "--on-conflict=rename").exits(0)
    t.arrived("one", "three", "two", "two (2)")


@test("--on-conflict=rename finds a name beside one of the same delivery")
def _(t):
    tree.write(t.into("a"), "earlier")
    t.deliver(files("a", "a (2)"), "--on-conflict=rename").exits(0)
    names = tree.names_in(t.incoming)
    equal(len(names), 3)
    equal(tree.read(t.into("a")), "earlier")
    equal([tree.read(t.into(name)) for name in names].count("a (2)"), 1)


@test("two deliveries of one name at a time: one arrives, the other is refused")
def _(t):
    first = t.start_unpacker()
    first.write(wire.entry("same", wire.FILE | 0o644, filelen=4))
    first.wait_staged("same")
    t.deliver(wire.delivery(wire.file("same", b"second"))).arrives("same")
    first.write(b"1234", wire.END)
    first.wait().exits(1).answered(EEXIST, "same")
    t.arrived("same")
    equal(tree.read(t.into("same")), "second")


@test("many deliveries of one name at a time all arrive under names of their own")
def _(t):
    several = [t.start(*t.receiver("--on-conflict=rename"), stdin=files("same.txt"))
               for _ in range(6)]
    for each in several:
        each.wait().exits(0)
    t.arrived(*(f"same ({number}).txt" for number in range(2, 7)), "same.txt")
