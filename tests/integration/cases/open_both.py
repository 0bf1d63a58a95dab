# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qopen-in-vm and vm-file-editor together, with an application whose part is played here."""
import contextlib
import os
import shutil
import signal
import sqlite3
import time

import process
import suite
import tree
from expect import check, equal, exists, has, wait_until
from opening import Opening, many_saves
from settings import COUNTED, OPENER
from tap import Skip

GIB = 2**30


class Both(Opening):
    """With the real editor at the other end of an opener."""

    def start_there(self, *arguments):
        return self.start(OPENER, f"--via={self.real_editor()}", *arguments)

    def open_there(self, *arguments):
        """The same to its end: a process.End."""
        return self.start_there(*arguments).wait()

    def open_each(self, names, *options):
        """All at once."""
        for opener in [self.start_there(*options, "--", name) for name in names]:
            opener.wait().exits(0)


test = suite.cases(Both)


@test("a file goes there, and what is saved there comes back", waits=True)
def _(t):
    shown = []

    def play(app):
        shown.append(app.read())
        app.write("second")
    tree.write("file", "first", mode=0o640)
    t.played_handler(play)
    t.open_there("file").exits(0).says_nothing()
    equal((shown, tree.read("file"), tree.mode_of("file")), (["first"], "second", 0o640))
    t.nothing_beside()
    t.nothing_there()


@test("saves come back while it is open", waits=True)
def _(t):
    tree.write("file", "first")
    t.played_handler()
    opener = t.start_there("-v", "file")
    app = t.application()
    for content in ("one", "two", "three"):
        app.replace(content)
        wait_until(lambda: tree.read("file") == content, f"the save {content}")
    app.end()
    has(opener.wait().exits(0).said, "save 3")
    equal(tree.read("file"), "three")
    t.nothing_beside()
    t.nothing_there()


@test("names at the borders, to edit and only to look at", waits=True)
def _(t):
    def play(app):
        shown.append(app.name)
        os.chmod(app.file, 0o600)
        app.write("second")
    names, shown = [f"{'n' * 251}.txt"[-length:] for length in (221, 222, 231, 232, 255)], []
    for name in names:
        tree.write(name, "first")
    t.played_handler(play)
    t.open_each(names)
    equal(sorted(shown), sorted(name[-231:] for name in names))
    for name in names:
        equal(tree.read(name), "second")
        tree.write(name, "first")
    shown.clear()
    t.open_each(names, "--view-only")
    equal(sorted(shown), sorted(name[-221:] for name in names))
    for name in names:
        equal(tree.read(name), "first")
    t.nothing_there()
    t.nothing_beside(*names)


@test("names of any characters", waits=True)
def _(t):
    names = ["new\nline", "latin\udce9", "-n", "$(x)", "quote'\"", "\033[31m", "字", " ", "~"]
    for name in names:
        tree.write(name, "first")
    t.played_handler(lambda app: app.write("second"))
    t.open_each(names)
    for name in names:
        equal(tree.read(name), "second")
    t.nothing_there()
    t.nothing_beside(*names)


@test("an empty file, and one edited to empty", waits=True)
def _(t):
    sizes = []

    def play(app):
        sizes.append(tree.size_of(app.file))
        app.write("second" if sizes[-1] == 0 else "")
    tree.write("file")
    t.played_handler(play)
    t.open_there("file").exits(0)
    equal((sizes, tree.read("file")), ([0], "second"))
    t.open_there("file").exits(0)
    equal((sizes, tree.read("file")), ([0, 6], ""))
    t.nothing_beside()


@test("--view-only: read-only there, untouched here", waits=True)
def _(t):
    modes = []

    def play(app):
        modes.append(tree.mode_of(app.file))
        os.chmod(app.file, 0o600)
        app.write("second")
    tree.write("file", "first")
    before = tree.identity("file")
    t.played_handler(play)
    t.open_there("--view-only", "file").exits(0)
    equal((modes, tree.identity("file"), tree.read("file")), ([0o400], before, "first"))
    t.nothing_beside()
    t.nothing_there()


@test("200 saves in a row: the last is in its place, nothing else is", waits=True)
def _(t):
    tree.write("file", "first")
    t.played_handler(many_saves)
    t.open_there("file").exits(0)
    equal(tree.read("file"), "200\n" * 500)
    t.nothing_beside()


@test("written in place all the time while large saves travel: the last is in its place",
      waits=True)
def _(t):
    last = []

    def play(app):
        app.write(bytes(20000000))
        for number in range(1, 41):
            with open(app.file, "r+b") as file:
                file.seek(7 * number * 50000)
                file.write(b"mark-%02d" % number)
            # Now and then long enough for a save to be taken for complete, and to set out.
            time.sleep(0.03 if number % 10 else 0.55)
        app.append("the last one")
        last.append(tree.read_bytes(app.file))
    tree.write("file", bytes(1000000))
    t.played_handler(play)
    t.open_there("file").exits(0)
    check(tree.read_bytes("file") == last[0], "another version is in its place")
    t.nothing_beside()
    t.nothing_there()


@test("two files at once", waits=True)
def _(t):
    for name in ("a", "b"):
        tree.write(name, "first")
    t.played_handler()
    openers = [t.start_there(name) for name in ("a", "b")]
    apps = [t.application() for _ in openers]
    for app in apps:
        app.write(f"{app.name} there")
    for app in apps:
        app.end()
    for opener in openers:
        opener.wait().exits(0).says_nothing()
    equal((tree.read("a"), tree.read("b")), ("a there", "b there"))
    t.nothing_beside("a", "b")
    t.nothing_there()


@test("the same file twice: no edit is lost, and the first one's is in its place", waits=True)
def _(t):
    tree.write("file.txt", "first")
    t.played_handler()
    first = t.start_there("file.txt")
    app_of_first = t.application()
    second = t.start_there("file.txt")
    app_of_second = t.application()
    app_of_second.write("of the second")
    app_of_second.end()
    has(second.wait().exits(1).said, "already")
    app_of_first.write("of the first")
    app_of_first.end()
    first.wait().exits(0)
    equal(tree.read("file.txt"), "of the first")
    equal(tree.read(t.beside("file.txt")), "of the second")
    t.nothing_there()


@test("an application that fails: its message is shown here")
def _(t):
    tree.write("file.xyz", "first")
    t.played_handler(lambda app: 3)
    said = t.open_there("--from=work", "file.xyz").exits(1).said
    has(said, "work could not do it")
    has(said, "status 3")
    equal(tree.read("file.xyz"), "first")
    t.nothing_there()


@test("a file that is too long for the other VM: that is said here")
def _(t):
    called = []
    tree.sparse("file", 30000000)
    t.played_handler(called.append)
    end = t.run(OPENER, f"--via={t.real_editor('--max-bytes=1M')} 2>/dev/null", "file").exits(1)
    has(end.said, "could not do it")
    equal(called, [])
    t.nothing_there()


# Seconds after which the editor takes for granted that what it sent has arrived.
ON_THE_WAY = 2.1


def start_with_a_save(t):
    """An opener whose application has saved once, and stays. Returns both."""
    tree.write("file", "first")
    t.played_handler()
    opener = t.start(OPENER, f"--via={t.real_editor()} 2>/dev/null", "file")
    app = t.application()
    app.write("second")
    wait_until(lambda: tree.read("file") == "second", "the save")
    return opener, app


@test("Ctrl-C at the opener just after a transaction: it is here, though the database stays open",
      waits=True)
def _(t):
    with contextlib.closing(sqlite3.connect("file.db")) as made:
        made.execute("create table t (x)")
        made.commit()
    t.played_handler()
    opener = t.start_there("file.db")
    app = t.application()
    with contextlib.closing(sqlite3.connect(app.file, isolation_level=None)) as opened:
        opened.execute("insert into t values (1)")
        opener.kill(signal.SIGINT)
        has(opener.wait().exits(128 + signal.SIGINT).said, "number 1")
    with contextlib.closing(sqlite3.connect("file.db")) as here:
        equal(here.execute("select * from t").fetchall(), [(1,)])
    app.end()


def editor_of(opener):
    """Its PID. The opener has another child, which makes safe to show what the editor says."""
    editor, = (pid for pid in process.children(opener.pid)
               if process.name_of(pid) != "qopen-in-vm")
    return editor


@test("the opener is stopped or killed: the editor notices, its application goes on, "
      "and when that has ended, nothing is left there", waits=True)
def _(t):
    if COUNTED:
        raise Skip("an editor that counts may need longer to end than its opener waits")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        opener, app = start_with_a_save(t)
        editor, notice = editor_of(opener), f"{app.directory}/NOT SENT BACK - file.txt"
        time.sleep(ON_THE_WAY)
        opener.kill(number)
        end = opener.wait().exits(128 + number)
        if number != signal.SIGKILL:
            has(end.said, "number 1")
        wait_until(lambda: os.path.exists(notice) or process.ended(editor), "the notice")
        exists(notice)
        check(not process.ended(app.role.pid), "the application was ended")
        app.end()
        wait_until(lambda: not os.listdir(t.there), "the editor to tidy up")
        equal(tree.read("file"), "second")
        t.nothing_beside()


@test("the editor is stopped or killed: the opener says which save was the last")
def _(t):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        opener, app = start_with_a_save(t)
        process.kill(editor_of(opener), number)
        end = opener.wait().exits(1)
        has(end.said, "number 1")
        equal(tree.read("file"), "second")
        t.nothing_beside()
        if number == signal.SIGKILL:
            # Nobody is left there who could do this.
            process.kill(app.role.pid)
            shutil.rmtree(app.directory)
        else:
            app.end()
        wait_until(lambda: not os.listdir(t.there), "the editor to tidy up")


def need_room(place):
    """For the original, the copy there and the version that comes back, and half a GiB for
    others."""
    if shutil.disk_usage(place).free < 3.5 * GIB:
        raise Skip(f"less than 3.5 GiB free in {place}")
    available = next(int(line.split()[1]) for line in tree.read("/proc/meminfo").splitlines()
                     if line.startswith("MemAvailable:"))
    if available * 1024 < 4 * GIB:
        raise Skip("less than 4 GiB of memory to be had")


@test("1 GiB there and back", waits=True)
def _(t):
    need_room(t.top)
    found = []

    def play(app):
        with open(app.file, "r+b") as file:
            file.seek(-7, os.SEEK_END)
            found.append((file.read(), file.tell()))
            file.seek(600000000)
            file.write(b"a mark")
    t.played_handler(play)
    # The other end of a sparse file is as good as its middle.
    tree.sparse("file", GIB - 7)
    tree.append("file", "the end")
    t.open_there("file").exits(0)
    equal(found, [(b"the end", GIB)])
    with open("file", "rb") as file:
        file.seek(600000000)
        equal(file.read(6), b"a mark")
        file.seek(-7, os.SEEK_END)
        equal((file.read(), file.tell()), (b"the end", GIB))
    t.nothing_beside()
    t.nothing_there()
