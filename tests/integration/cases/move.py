# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""--move removes what was sent, and only that, once the receiver has confirmed it."""
import os
import shutil

import machine
import suite
import tree
from copying import Copying
from expect import equal, exists, has, lacks
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)


def move(t, name, meanwhile):
    """Move to a receiver that does `meanwhile` between having everything and confirming it."""
    receiver = t.receiver()

    def play(role):
        end = t.run(*receiver, stdin=role.stdin, stderr=role.stderr).exits(0)
        meanwhile()
        role.write(end.out)
    return t.run(AGENT, "--move", f"--via={t.peer(play)}", name)


def make(path, content=None):
    """A file with this content, or a directory, and what it is in."""
    if content is None:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        tree.write(path, content)


def remains(path, *names):
    """Exactly these are left in a directory."""
    equal(tree.names_in(path), sorted(names))


def sent_picture(t):
    return tree.picture(t.sent, below=True)


@test("--move removes what was sent")
def _(t):
    make("dir/empty")
    make("dir/file", "1")
    make("dir/sub/deeper/file", "2")
    os.symlink("file", "dir/link")
    make("single", "3")
    make("not-sent", "4")
    before = tree.picture("dir", below=True)
    t.send("--move", "dir", "single").exits(0).says(
        f'moved 3 files, 4 directories and 1 link (3 B) to "{t.place}"')
    tree.same_picture(tree.picture(t.into("dir"), below=True), before)
    remains(".", "not-sent")


@test("--move removes a tree that is deeper than there are descriptors")
def _(t):
    fd = os.open(".", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)
    t.send("--move", "d").exits(0)
    remains(".")
    equal(len(tree.picture(t.into("d"))), 1500)


@test("--move removes a directory that is named by its place")
def _(t):
    make("real/inner/file", "x")
    t.send("--move", "real/inner/..").exits(0)
    t.arrived("real")
    remains(".")


@test("--move removes nothing when the delivery fails")
def _(t):
    make("dir/file", "1")
    t.send("dir").exits(0)
    before = sent_picture(t)
    t.send("--move", "dir").exits(1)
    tree.same_picture(sent_picture(t), before)
    shutil.rmtree(t.into("dir"))
    os.symlink("/", "dir/link")
    before = sent_picture(t)
    t.send("--move", "dir").exits(1)
    t.nothing_arrived()
    tree.same_picture(sent_picture(t), before)


@test("--move keeps a file that changed since it was read, and names it")
def _(t):
    make("dir/changed", "1")
    make("dir/other", "2")
    said = move(t, "dir", lambda: tree.append("dir/changed", "more")).exits(3).said
    has(said, 'copied; kept here: "dir/changed": it changed')
    lacks(said, "other")
    equal(tree.read("dir/changed"), "1more")
    remains("dir", "changed")
    equal(tree.read(t.into("dir/changed")), "1")


@test("--move keeps a file whose time alone changed")
def _(t):
    make("file", "1")
    has(move(t, "file", lambda: tree.set_mtime("file", 978307200)).exits(3).said,
        'kept here: "file": it changed')
    exists("file")


@test("--move keeps a file that another took the place of, same size and time")
def _(t):
    make("file", "1")

    def replace():
        tree.write("new", "2")
        status = os.stat("file")
        os.utime("new", ns=(status.st_atime_ns, status.st_mtime_ns))
        os.rename("new", "file")
    has(move(t, "file", replace).exits(3).said, 'kept here: "file": it changed')
    equal(tree.read("file"), "2")


@test("--move keeps an entry that appeared since, and names it")
def _(t):
    make("dir/sub")
    make("dir/file", "1")

    def add():
        make("dir/new", "new")
        make("dir/sub/new-dir")
    said = move(t, "dir", add).exits(3).said
    has(said, 'copied; kept here: "dir/new": it appeared')
    has(said, 'copied; kept here: "dir/sub/new-dir": it appeared')
    remains("dir", "new", "sub")
    remains("dir/sub", "new-dir")
    remains("dir/sub/new-dir")


@test("--move is content when somebody else removed an entry already")
def _(t):
    make("dir/file", "1")
    make("dir/other", "2")
    move(t, "dir", lambda: os.unlink("dir/file")).exits(0)
    remains(".")


@test("--move does not follow a link that took a directory's place")
def _(t):
    outside = f"{t.top}/outside"
    make(f"{outside}/file", "1")
    # The second leads to the directory itself.
    for name, target in (("one", outside), ("other", "../moved-other")):
        make(f"{name}/sub/file", "1")

        def replace():
            os.rename(f"{name}/sub", f"moved-{name}")
            os.symlink(target, f"{name}/sub")
        has(move(t, name, replace).exits(3).said, f'kept here: "{name}/sub"')
        exists(f"{outside}/file")
        exists(f"{name}/sub")
        exists(f"moved-{name}/file")


@test("--move does not enter a directory that took another's place")
def _(t):
    make("dir/sub/file", "1")

    def replace():
        os.rename("dir/sub", "moved")
        os.mkdir("dir/sub")
        os.link("moved/file", "dir/sub/file")
    has(move(t, "dir", replace).exits(3).said, 'kept here: "dir/sub"')
    exists("dir/sub/file")
    exists("moved/file")


@test("--move with -L removes the link, not what it points to")
def _(t):
    make("dir")
    make("elsewhere/file", "1")
    make("elsewhere/sub/file", "2")
    os.symlink("../elsewhere", "dir/link")
    os.symlink("../elsewhere/file", "dir/file")
    os.symlink("elsewhere/file", "top")
    before = tree.picture("elsewhere")
    t.send("--move", "-L", "dir", "top").exits(0)
    remains(".", "elsewhere")
    tree.same_picture(tree.picture("elsewhere"), before)
    tree.same_tree("elsewhere", t.into("dir/link"))
    tree.same_tree("elsewhere/file", t.into("top"))


@test("--move with --ignore-symlinks keeps the links that were not sent")
def _(t):
    make("dir/file", "1")
    os.symlink("file", "dir/link")
    t.send("--move", "--ignore-symlinks", "dir").exits(0).says("moved ")
    remains("dir", "link")
    remains(t.into("dir"), "file")


@test("--move keeps what was left out")
def _(t):
    make("dir/file", "1")
    os.mkfifo("dir/fifo")
    said = t.send("--move", "dir").exits(3).said
    has(said, 'left out "dir/fifo"')
    # What is not here any more is told, too.
    has(said, "; removed here, except for directories of what was left out\n")
    remains("dir", "fifo")


@test("--move keeps what has a time that cannot be sent, unless the user agrees")
def _(t):
    for seconds in (-86400, 2**32 + 86400):
        make("dir/sub/old", "1")
        make("dir/usual", "2")
        for name in ("dir/sub/old", "dir/sub"):
            tree.set_mtime(name, seconds)
        if os.stat("dir/sub").st_mtime != seconds:
            raise Skip("no such times on this file system")
        said = t.send("--move", "dir").exits(3).said
        has(said, 'kept here: "dir/sub/old": its time is before 1970 or after 2106')
        has(said, "--any-time")
        equal(tree.read("dir/sub/old"), "1")
        remains("dir", "sub")
        tree.remove(t.into("dir"))
        os.unlink("dir/sub/old")
        tree.set_mtime("dir/sub", seconds)
        has(t.send("--move", "dir").exits(3).said, 'kept here: "dir/sub": its time')
        remains("dir", "sub")
        tree.remove(t.into("dir"))
        t.send("--move", "--any-time", "dir").exits(0).says("moved ")
        remains(".")
        tree.remove(t.into("dir"))


@test("times that cannot be sent are told with -v")
def _(t):
    make("old", "1")
    tree.set_mtime("old", -86400)
    if os.stat("old").st_mtime != -86400:
        raise Skip("no such times on this file system")
    t.send("old").exits(0).says("copied ")
    equal(os.stat(t.into("old")).st_mtime, 0)
    os.unlink(t.into("old"))
    has(t.send("-v", "old").exits(0).said,
        'arrived with another time: "old": its own is before 1970 or after 2106')


@test("--move with -L keeps a link to what was not sent")
def _(t):
    make("dir/file", "1")
    os.mkfifo("fifo")
    os.symlink("../fifo", "dir/link")
    has(t.send("--move", "-L", "dir").exits(3).said, 'left out "dir/link"')
    remains("dir", "link")


@test("--move names ten of those that it keeps, and counts the others")
def _(t):
    for number in range(15):
        make(f"dir/{number}", "1")

    def change():
        for number in range(15):
            tree.set_mtime(f"dir/{number}", 978307200)
    said = move(t, "dir", change).exits(3).said
    equal(said.count('kept here: "dir/'), 10)
    has(said, "kept here: 5 more")


@test("--move names what it may not remove")
def _(t):
    if machine.am_root():
        raise Skip("root may")
    make("dir/file", "1")
    os.chmod("dir", 0o555)
    has(t.send("--move", "dir").exits(3).said,
        'copied; kept here: "dir/file": you may not remove it (Permission denied)')
    exists("dir/file")
