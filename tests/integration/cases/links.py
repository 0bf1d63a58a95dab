# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Symbolic links: none leaves the top-level entry it came in, and none is followed."""
import os
import shutil

import stream as wire
import suite
import tree
from copying import EEXIST, EILSEQ, EINVAL, ENOLINK, Copying
from expect import equal, has

test = suite.cases(Copying, once=True)


def below_two(target):
    """dir/sub with one link in it."""
    return wire.tree("dir", wire.tree("dir/sub", wire.link("dir/sub/link", target)))


def with_link(target):
    return wire.delivery(below_two(target))


def make_outside(t):
    """A directory that everybody may write to, beside the incoming one. Returns its path."""
    outside = f"{t.top}/outside"
    os.mkdir(outside)
    os.chmod(outside, 0o777)
    return outside


def links_below(top):
    """The paths of all links below a directory."""
    paths = (f"{place}/{name}" for place, directories, files in os.walk(top)
             for name in directories + files)
    return [path for path in paths if os.path.islink(path)]


@test("links that stay inside arrive")
def _(t):
    os.makedirs("dir/sub/deeper")
    os.symlink("sub", "dir/down")
    os.symlink(".", "dir/here")
    os.symlink("..", "dir/sub/up")
    os.symlink("../../file", "dir/sub/deeper/far")
    os.symlink("../../nowhere", "dir/sub/deeper/dangling")
    os.symlink("file/", "dir/slash")
    os.symlink(".//sub//deeper", "dir/odd")
    t.send("dir").exits(0)
    tree.same_tree("dir", t.into("dir"))
    equal(len(links_below(t.into("dir"))), 7)


@test("a link that leaves the tree refuses the whole delivery")
def _(t):
    for target in ("/", "/etc/passwd", "../..", "../../x", "../../../x", "sub/../../../x",
                   "../x/../../..", "//x", "../../dir"):
        t.deliver(with_link(target)).refused(ENOLINK, "dir/sub/link")


@test("a link whose way out goes through another link refuses the delivery")
def _(t):
    # Counted in components, the second stays inside. Followed, the first has climbed already.
    links = wire.link("dir/a/b/up", "../.."), wire.link("dir/a/b/out", "up/../..")
    t.deliver(wire.delivery(*map(wire.directory, ("dir", "dir/a", "dir/a/b")), *links)).refused(
        ENOLINK, "dir/a/b/out")


@test("a link at the top level refuses the delivery")
def _(t):
    for target in ("file", ".", "..", "/etc"):
        t.deliver(wire.delivery(wire.file("file"), wire.link("link", target))).refused(
            ENOLINK, "link")


@test("--allow-unsafe-symlinks accepts links anywhere, --no-allow-unsafe-symlinks takes that back")
def _(t):
    stream = wire.delivery(below_two("/etc/passwd"), wire.link("top", "../../x"))
    t.deliver(stream, "--allow-unsafe-symlinks").arrives("top")
    equal(os.readlink(t.into("dir/sub/link")), "/etc/passwd")
    equal(os.readlink(t.into("top")), "../../x")
    shutil.rmtree(t.into("dir"))
    os.unlink(t.into("top"))
    t.deliver(stream, "--allow-unsafe-symlinks",
              "--no-allow-unsafe-symlinks").refused(ENOLINK, "dir/sub/link")


@test("a link's modification time arrives")
def _(t):
    link = wire.link("dir/link", "file", mtime=1234567890, mtime_nsec=123456789)
    t.deliver(wire.delivery(wire.tree("dir", link))).exits(0)
    equal(os.lstat(t.into("dir/link")).st_mtime_ns, 1234567890123456789)


@test("nothing is created through a link, whatever is allowed")
def _(t):
    outside = make_outside(t)
    for target in ("sub", outside, "../../outside"):
        entries = (wire.directory("dir"), wire.tree("dir/sub"), wire.link("dir/link", target),
                   wire.file("dir/link/file"))
        t.deliver(wire.delivery(*entries), "--allow-unsafe-symlinks",
                  "--allow-all-names").refused(EINVAL, "dir/link/file")
        equal(tree.names_in(outside), [])


@test("a directory cannot take a link's place, nor a file")
def _(t):
    outside = make_outside(t)
    for entries in ((wire.link("link", outside), wire.directory("link", 0o700)),
                    (wire.link("link", f"{outside}/file"), wire.file("link"))):
        t.deliver(wire.delivery(*entries), "--allow-unsafe-symlinks").refused(EEXIST, "link")
    equal(tree.names_in(outside), [])
    equal(tree.mode_of(outside), 0o777)


@test("a link's target must be a name, too")
def _(t):
    t.deliver(with_link("\x1b[31m")).refused(EILSEQ, "dir/sub/link")
    t.deliver(with_link("\x1b[31m"), "--allow-all-names").exits(0)
    equal(os.readlink(t.into("dir/sub/link")), "\x1b[31m")


@test("an empty target and one with a NUL refuse the delivery")
def _(t):
    t.deliver(with_link("")).refused(EINVAL, "dir/sub")
    stream = wire.delivery(wire.directory("dir"), wire.link("dir/link", "a\0b"))
    t.deliver(stream, "--allow-all-names", "--allow-unsafe-symlinks").refused(EINVAL, "dir/link")


@test("--ignore-symlinks leaves links out, and says so of one that is named")
def _(t):
    os.mkdir("dir")
    tree.write("dir/file")
    os.symlink("file", "dir/link")
    os.symlink("/", "dir/unsafe")
    os.symlink("dir", "top")
    equal(t.send("--ignore-symlinks", "dir", "top").exits(3).said.split("\n"), [
        f'copied 1 file and 1 directory (0 B) to "{t.place}"',
        'qfile-agent: left out "top": it is an argument, but the options exclude it'])
    t.arrived("dir")
    equal(tree.names_in(t.into("dir")), ["file"])


@test("-L and --dereference send what links point to")
def _(t):
    os.makedirs("elsewhere/inner")
    os.mkdir("dir")
    tree.write("elsewhere/file", "outside", mode=0o640)
    tree.write("elsewhere/inner/deep", "deep")
    os.symlink("../elsewhere", "dir/directory")
    os.symlink("../elsewhere/file", "dir/file")
    os.symlink("dir/file", "top")
    for option in ("-L", "--dereference"):
        t.send(option, "dir", "top").exits(0)
        tree.same_tree("elsewhere", t.into("dir/directory"))
        tree.same_tree("elsewhere/file", t.into("dir/file"))
        tree.same_tree("elsewhere/file", t.into("top"))
        equal(links_below(t.incoming), [])
        shutil.rmtree(t.into("dir"))
        os.unlink(t.into("top"))


@test("-L names a link that points nowhere, and sends nothing")
def _(t):
    os.mkdir("dir")
    os.symlink("nowhere", "dir/dangling")
    has(t.send("-L", "dir").exits(1).said, 'dir/dangling": it is a link that points to nothing')
    t.nothing_arrived()
    os.symlink("nowhere", "dangling")
    t.send("-L", "dangling").exits(1).says('"dangling": it is a link that points to nothing')
    os.symlink("circle", "circle")
    has(t.send("-L", "circle").exits(1).said,
        'cannot read "circle": a symbolic link is in its place, or links lead in a circle')
    t.nothing_arrived()


@test("-L with --skip-unreadable leaves out and names links that point nowhere, arguments, too")
def _(t):
    os.mkdir("dir")
    for name, target in (("dir/dangling", "nowhere"), ("dangling", "nowhere"),
                         ("circle", "circle")):
        os.symlink(target, name)
    said = t.send("-L", "--skip-unreadable", "dangling", "circle", "dir").exits(3).said
    for name in ("dir/dangling", "dangling"):
        has(said, f'left out "{name}": it is a link that points to nothing')
    has(said, 'left out "circle": a symbolic link is in its place, or links lead in a circle')
    t.arrived("dir")


@test("-L names a link that leads back up, and does not go round in circles")
def _(t):
    os.makedirs("dir/sub")
    os.symlink("..", "dir/sub/up")
    said = t.send("-L", "dir").exits(1).said
    has(said, 'cannot read "dir/sub/up": ')
    has(said, "links lead in a circle")
    t.nothing_arrived()
    os.symlink("self", "self")
    t.send("-L", "self").exits(1).says("self")


@test("a link that is named is refused in words that help")
def _(t):
    os.symlink(t.top, "link")
    said = t.send("link").exits(1).said
    has(said, 'the link "link" points outside of what is copied')
    has(said, "--dereference")
    has(said, "--ignore-symlinks")
    t.nothing_arrived()
