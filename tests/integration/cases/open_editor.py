# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""vm-file-editor: the file is shown in a private directory, and what an application saves there is
sent, as it is saved."""
import contextlib
import ctypes
import errno
import io
import os
import re
import shutil
import signal
import subprocess
import time

import process
import suite
import tree
from edit_wire import VIEW_ONLY
from expect import check, equal, has, missing, wait_until
from opening import Opening, as_bytes, edited, many_saves, old_request, records_of, request
from settings import EDITOR

test = suite.cases(Opening)

IN_VAIN = "it was opened for viewing only: what was changed there is not sent back"

# Seconds. Longer than a file is waited for that was saved and that nobody has in use any more.
LONGER = 1.5


@test("the pipe that the editor shares with others is as it was before")
def _(t):
    t.handler('echo edited >"$1"')
    reading, writing = os.pipe()
    editor = t.start_editor(request("file", "first"), stdout=writing)
    editor.wait().exits(0)
    check(os.get_blocking(writing), "it does not block any more")
    os.close(writing)
    os.close(reading)


# ---- What the application finds ----


def says_name_and_changes(app):
    app.say(app.name)
    app.write("changed")


@test("the file is in a private directory, called as it is at home, and stdin is empty", waits=True)
def _(t):
    found = []

    def play(app):
        found.extend([app.file, tree.mode_of(app.file), tree.mode_of(app.directory),
                      app.role.read_all(), app.read()])
        app.role.write(b"told\n")
        app.look()
    t.played_handler(play)
    end = t.ask_for("report.odt", "hello", env={"QREXEC_REMOTE_DOMAIN": "work"})
    # What the application says on stdout is no part of the answer.
    end.saved()
    equal(end.said, "told")
    path, *others = found
    there = re.escape(os.path.realpath(t.there))
    check(re.fullmatch(f"{there}/qopen-work-[A-Za-z0-9]{{6,}}/report\\.odt", path), path)
    equal(others, [0o600, 0o700, b"", "hello"])
    t.nothing_there()


@test("read-only where it is only to be looked at; nothing comes back, which is said", waits=True)
def _(t):
    found = []

    def play(app):
        found.append((tree.mode_of(app.file), app.name))
        os.chmod(app.file, 0o600)
        app.write("changed")
    t.played_handler(play)
    new, old = t.ask_all(request("view-only-notes.txt", "hello", flags=1),
                         old_request("view-only-notes.txt", "hello"))
    new.records(("done", 0, IN_VAIN))
    equal(old.out, b"")
    for end in (new, old):
        equal(end.said, f"vm-file-editor: {IN_VAIN}")
    equal(found, [(0o400, "notes.txt")] * 2)
    t.nothing_there()


@test("a file that is called view-only- is edited where version 2 says so", waits=True)
def _(t):
    t.played_handler(says_name_and_changes)
    end = t.ask_for("view-only-notes", "first").saved("changed")
    equal(end.said, "view-only-notes")


@test("the umask has no say", waits=True)
def _(t):
    def play(app):
        app.say(f"{tree.mode_of(app.file):o} {tree.mode_of(app.directory):o}")
        app.look()
    t.played_handler(play)
    for editor in [t.start_editor(request("file", "x"), umask=umask) for umask in (0, 0o077)]:
        equal(edited(editor).exits(0).said, "600 700")


def shown_as(t, shown):
    """Under that name, for each that is requested; and what is saved comes back."""
    t.played_handler(says_name_and_changes)
    for end, name in zip(t.ask_each(*shown), shown.values()):
        equal(end.saved("changed").said, name)
    t.nothing_there()


@test("a name that is no safe one is made one, and keeps its extension", waits=True)
def _(t):
    quoted = "$(reboot);`x`'\".txt"
    shown_as(t,
             {"a b (2).tar.gz": "a b (2).tar.gz", "Grüße 字.odt": "Grüße 字.odt",
              "new\nline.txt": "new_line.txt", "\033[31mred.txt": "_[31mred.txt",
              "x\u202egpj.exe": "x_gpj.exe", "a/b.txt": "a_b.txt",
              "../../etc/passwd": ".._.._etc_passwd", "/etc/passwd": "_etc_passwd",
              "latin\udce9.txt": "latin_.txt", "-rf": "-rf", ".hidden": ".hidden", quoted: quoted})


@test("names at the borders", waits=True)
def _(t):
    names = [f"{'n' * 227}.txt"[-length:] for length in (1, 220, 221, 222, 230, 231)]
    shown_as(t, dict(zip(names, names)))


@test("no name, or one that is none, is refused")
def _(t):
    called = []
    t.played_handler(called.append)
    for name in ("", ".", ".."):
        t.ask_for(name, "x").exits(1).says("nothing was opened")
    equal(called, [])
    t.nothing_there()


@test("a source that is no VM's name is refused; an unknown one is not", waits=True)
def _(t):
    called = []

    def play(app):
        called.append(app)
        app.look()
        app.say(app.file)
    t.played_handler(play)
    for name in ("..", "a/b", "a b", "", "-x", "w" * 64):
        end = t.ask_for("file", "x",
                        env={"QREXEC_REMOTE_DOMAIN": name}).says("QREXEC_REMOTE_DOMAIN")
        check(end.status != 0, f"accepted: {name}")
        equal(called, [])
    has(t.ask_for("file", "x").exits(0).said, "/qopen-")
    t.nothing_there()


@test("with nothing in the environment, TMPDIR is /tmp", waits=True)
def _(t):
    def play(app):
        app.look()
        app.say(app.file)
    t.played_handler(play)
    end = edited(process.Program([EDITOR, f"--handler={t.top}/handler"], stdin=request("file", "x"),
                                 env={})).saved()
    check(re.fullmatch("/tmp/qopen-[^/]*/file", end.said), end.said)
    missing(os.path.dirname(end.said))


@test("what is shown is the content, empty or large", waits=True)
def _(t):
    shown = []

    def play(app):
        shown.append(tree.read_bytes(app.file))
        app.look()
    t.played_handler(play)
    large = os.urandom(5000001)
    new, empty, old = t.ask_all(request("large", large), request("empty", b""),
                                old_request("large", large))
    check(sorted(shown) == sorted([large, b"", large]),
          f"shown: contents of {[len(each) for each in shown]} bytes")
    new.saved()
    empty.saved()
    equal(old.out, b"")


@test("the application starts before the opener has closed its end", waits=True)
def _(t):
    t.played_handler(lambda app: app.write("changed"))
    editor = t.start_editor(subprocess.PIPE)
    editor.write(request("file", "hello"))
    edited(editor).saved("changed")


# ---- How applications save ----


def saves_as(t, content, play):
    """What the application does leads to this content."""
    t.played_handler(play)
    t.ask_for("file.txt", "first").came_back(content)
    t.nothing_there()


def truncated(app):
    with open(app.file, "r+b") as file:
        file.truncate(2)


def with_a_backup(app):
    shutil.copyfile(app.file, f"{app.file}~")
    app.write("changed")


def moved_to_a_backup(app):
    os.rename(app.file, f"{app.file}~")
    app.write("changed")


def slowly_moved_to_a_backup(app):
    os.rename(app.file, f"{app.file}~")
    time.sleep(0.7)
    app.write("changed")
    os.unlink(f"{app.file}~")


def removed(app):
    os.unlink(app.file)
    app.write("changed")


def linked(app):
    """As `ln -f` does it."""
    tree.write(f"{app.directory}/other", "changed")
    os.link(f"{app.directory}/other", f"{app.directory}/new")
    os.rename(f"{app.directory}/new", app.file)


@test("written in place, truncated, appended to, renamed over, with a backup, "
      "removed and made anew", waits=True)
def _(t):
    ways = [lambda app: app.write("changed"), truncated, lambda app: app.append("-more"),
            lambda app: app.replace("changed"), with_a_backup, moved_to_a_backup, removed, linked,
            slowly_moved_to_a_backup]
    contents = ["changed", "fi", "first-more", *["changed"] * 6]
    t.played_handler(lambda app: ways[int(app.name)](app))
    for end, content in zip(t.ask_each(*(str(number) for number in range(len(ways)))), contents):
        end.came_back(content)
    t.nothing_there()


@test("edited to empty is a save", waits=True)
def _(t):
    saves_as(t, "", lambda app: app.write(""))


def written_and_back(app):
    app.write("changed")
    app.write("first")


@test("nothing written is no save; writing what was there is one", waits=True)
def _(t):
    ways = {"looked.txt": lambda app: None, "touched.txt": lambda app: os.utime(app.file),
            "mode.txt": lambda app: os.chmod(app.file, 0o640),
            "other.txt": lambda app: tree.write(f"{app.file}~", "x")}
    writing = {"rewritten.txt": lambda app: app.write("first"),
               "replaced.txt": lambda app: app.replace("first"), "back.txt": written_and_back}

    def play(app):
        app.look()
        {**ways, **writing}[app.name](app)
    t.played_handler(play)
    ends = t.ask_each(*ways, *writing)
    for end in ends[:len(ways)]:
        end.saved()
    for end in ends[len(ways):]:
        end.saved("first")
    t.nothing_there()


@test("a save of the same size within the same tick is one", waits=True)
def _(t):
    def play(app):
        before = os.stat(app.file)
        app.write("tsrif")
        os.utime(app.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    saves_as(t, "tsrif", play)


def wait_saves(editor, number):
    """Wait for an editor to have sent so many."""
    wait_until(lambda: len(records_of(process.written(editor.out))) > number, f"{number} saves")


@test("each save comes back while the application runs, paced slower than the quiet time",
      waits=True)
def _(t):
    t.played_handler()
    editor = t.start_editor(request("file.txt", "first"))
    app = t.application()
    for number in (1, 2, 3):
        app.write(f"version {number}")
        wait_saves(editor, number)
    app.end()
    edited(editor).saved("version 1", "version 2", "version 3")


@test("200 saves in a row: the last one comes back, and each that does is whole and newer",
      waits=True)
def _(t):
    t.played_handler(many_saves)
    *saves, done = records_of(t.ask_for("file.txt", "first").exits(0).out)
    equal(done, ("done", 0, b""))
    last = 0
    for kind, content in saves:
        equal(kind, "save")
        version = int(content.split(b"\n")[0])
        equal(content, f"{version}\n".encode() * 500)
        check(version > last, f"{version} after {last}")
        last = version
    equal(last, 200)


@test("a save of the moment at which the application ends", waits=True)
def _(t):
    def play(app):
        for content in ("1", "2", "3", "last"):
            app.write(content)
    saves_as(t, "last", play)


def saved_while_sent(t, meanwhile, last):
    """While a save of 30 MB is on its way, the application does something that makes the file
    `last`. Only that comes back whole."""
    t.played_handler()
    editor = t.start_editor(request("file", "x"), stdout=subprocess.PIPE)
    app = t.application()
    app.write(b"a" * 30000000)
    # It is on its way for as long as nobody reads the rest.
    reader = io.BufferedReader(editor.stdout, 1)
    first_part = reader.read(1000000)
    meanwhile(app)
    app.end()
    answer = first_part + reader.read()
    edited(editor).exits(0)
    records = records_of(answer)
    equal([record[0] for record in records], ["damaged", "save", "done"])
    equal(records[2], ("done", 0, b""))
    content = records[1][1]
    check(content == last, f"{len(content)} bytes came back: {content[:100]}...")


@test("saved while it is sent: what was cut through is marked so, and the last one is whole",
      waits=True)
def _(t):
    offsets = [number * 5000000 for number in range(1, 6)]
    last = bytearray(b"a" * 30000000)
    for offset in offsets:
        last[offset:offset + 4] = b"bbbb"

    def meanwhile(app):
        for offset in offsets:
            with open(app.file, "r+b") as file:
                file.seek(offset)
                file.write(b"bbbb")
    saved_while_sent(t, meanwhile, last)


@test("becomes shorter while it is sent: the same", waits=True)
def _(t):
    saved_while_sent(t, lambda app: app.write("short"), b"short")


IN_ITS_PLACE = ("a directory or a link has taken the place of the file there: it was not sent "
                "back, and is kept there")


@test("what is no file in the file's place is not sent, not followed, not waited for", waits=True)
def _(t):
    precious = f"{t.top}/precious"
    tree.write(precious, "precious")
    puts = {"link": lambda file: os.symlink(precious, file), "fifo": os.mkfifo, "dir": os.mkdir,
            "none": lambda file: None}
    t.played_handler()
    editors = [t.start_editor(request(name, "first")) for name in puts]
    apps = [t.application() for _ in editors]
    for app in apps:
        app.look()
        os.unlink(app.file)
        puts[app.name](app.file)
    # As long as it takes until a save is taken for complete.
    time.sleep(0.7)
    for app in apps:
        app.end()
    for name, editor in zip(puts, editors):
        if name in ("fifo", "none"):
            edited(editor).saved()
        else:  # what was saved may be in it
            edited(editor).exits(1).records(("done", errno.ENOTEMPTY, IN_ITS_PLACE))
    kept = [f"{t.there}/{name}" for name in os.listdir(t.there)]
    equal(sorted(name for directory in kept for name in tree.names_in(directory)),
          ["NOT SENT BACK - dir.txt", "NOT SENT BACK - link.txt", "dir", "link"])
    equal(tree.read(precious), "precious")


# ---- When it is over ----


def saves_twice(editor, file):
    """By one who has it in use: between the saves it is idle, for longer than what nobody has in
    use is waited for."""
    tree.write(file, "changed")
    wait_saves(editor, 1)
    time.sleep(LONGER)
    check(editor.runs(), "it was not waited for")
    tree.write(file, "again")


@test("an application that forks and returns is waited for", waits=True)
def _(t):
    child = t.stand_in()
    t.handler(f'setsid {child.command.removeprefix("exec ")} "$file" </dev/null >/dev/null 2>&1 &')
    editor = t.start_editor(request("file.txt", "first"))
    app = t.application(child)
    wait_until(lambda: process.stat_of(app.role.pid)[1] == str(editor.pid),
               "the end of what has forked")
    saves_twice(editor, app.file)
    app.end()
    edited(editor).saved("changed", "again")
    t.nothing_there()


def hands_over(t, env=()):
    """An editor whose application hands its file over to a running instance, which is this process,
    and will return. Returns both."""
    t.played_handler()
    editor = t.start_editor(request("file.txt", "first"), env=env)
    return editor, t.application()


@test("an application that hands the file to a running instance is waited for", waits=True)
def _(t):
    editor, app = hands_over(t)
    with open(app.file, "rb"):
        app.end()
        saves_twice(editor, app.file)
    edited(editor).saved("changed", "again")
    t.nothing_there()


@test("a running instance that is slow to open the file is waited for, too", waits=True)
def _(t):
    screen = {"DISPLAY": f"{t.top}:0"}
    instance = t.start("sleep", "99999", env=screen)
    editor, app = hands_over(t, screen)
    app.end()
    time.sleep(LONGER)
    check(editor.runs(), "it was not waited for")
    with open(app.file, "rb"):
        time.sleep(0.4)
        app.write("changed")
    instance.kill(signal.SIGTERM)
    rest = records_of(edited(editor).exits(0).out)
    while rest[0][0] == "note":
        rest.pop(0)
    equal(rest, [("save", b"changed"), ("done", 0, b"")])
    t.nothing_there()


@contextlib.contextmanager
def watching(path):
    """Has a watch on the file, as an editor's process that shows several: of all events."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(os.O_CLOEXEC)
    check(fd >= 0 and libc.inotify_add_watch(fd, as_bytes(path), 0xFFF) >= 0,
          os.strerror(ctypes.get_errno()))
    try:
        yield
    finally:
        os.close(fd)


@test("a running instance that only watches the file is waited for", waits=True)
def _(t):
    editor, app = hands_over(t)
    with watching(app.file):
        app.end()
        equal(app.read(), "first")
        saves_twice(editor, app.file)
    edited(editor).saved("changed", "again")
    t.nothing_there()


@test("a file that nobody opens is over after a while", waits=True)
def _(t):
    t.played_handler(lambda app: None)  # an application elsewhere may be slow
    t.ask_for("file.txt", "first").unopened()
    t.nothing_there()


@test("what an application leaves that is nobody's work is removed", waits=True)
def _(t):
    def play(app):
        app.write("changed")
        for name in (".file.txt.swp", "file.txt~", "#file.txt#"):
            tree.write(f"{app.directory}/{name}")
        os.symlink("/etc/passwd", f"{app.directory}/.#file.txt")
        os.mkfifo(f"{app.directory}/fifo")
        os.makedirs(f"{app.directory}/empty")
        os.makedirs(f"{app.directory}/locks")
        tree.write(f"{app.directory}/locks/x.lock")
        os.chmod(f"{app.directory}/locks", 0o500)
        os.chmod(app.directory, 0o500)
    t.played_handler(play)
    t.ask_for("file.txt", "first").saved("changed")
    t.nothing_there()


@test("directories with files stay, and both sides are told", waits=True)
def _(t):
    directories = []

    def play(app):
        directories.append(app.directory)
        os.makedirs(f"{app.directory}/sealed/none")
        tree.write(f"{app.directory}/sealed/none/x", "a user's work")
        os.chmod(f"{app.directory}/sealed/none", 0)
        os.chmod(f"{app.directory}/sealed", 0o500)
        os.chmod(app.directory, 0o500)
        app.write("changed")
    t.played_handler(play)
    t.ask_for("file.txt", "first").records(
        ("save", "changed"),
        ("done", 0, '"sealed/" was saved beside the file there, and is kept there: it was not sent '
                     'back, as no directory is'))
    directory, = directories
    for name in ("", "/sealed", "/sealed/none"):
        os.chmod(directory + name, 0o700)
    equal(tree.read(f"{directory}/sealed/none/x"), "a user's work")
    equal(tree.names_in(directory), ["NOT SENT BACK - file.txt.txt", "file.txt", "sealed"])


@test("what lies beside the private directory is not touched, links out of it are not followed",
      waits=True)
def _(t):
    precious = f"{t.top}/precious"
    os.mkdir(precious)
    tree.write(f"{precious}/file", "precious")
    tree.write(f"{t.there}/other", "other")
    before = tree.picture(precious), tree.picture(f"{t.there}/other")

    def play(app):
        app.look()
        os.symlink(precious, f"{app.directory}/link")
        os.symlink(f"{precious}/file", f"{app.directory}/link2")
    t.played_handler(play)
    t.ask_for("file.txt", "first").exits(0)
    equal(tree.names_in(t.there), ["other"])
    equal((tree.picture(precious), tree.picture(f"{t.there}/other")), before)


@test("a private directory that the application removed or renamed", waits=True)
def _(t):
    ways = {"removed": lambda app: shutil.rmtree(app.directory),
            "renamed": lambda app: os.rename(app.directory, f"{t.there}/elsewhere")}

    def play(app):
        app.look()
        ways[app.name](app)
    t.played_handler(play)
    first, _ = t.ask_each(*ways)
    first.saved()
    # Where it went nobody knows any more.
    equal([name for name in tree.names_in(t.there) if name != "elsewhere"], [])


# ---- An opener of version 1 ----


@test("version 1: the last content comes back, raw, at the end", waits=True)
def _(t):
    t.played_handler()
    editor = t.start_editor(old_request("file.txt", "first"))
    app = t.application()
    app.write("second")
    # As long as it takes until a save is taken for complete.
    time.sleep(0.8)
    equal(process.written(editor.out), b"")
    app.write("third")
    app.end()
    equal(edited(editor).exits(0).says_nothing().out, b"third")
    t.nothing_there()


@test("version 1: nothing comes back where nothing was changed", waits=True)
def _(t):
    def play(app):
        os.utime(app.file)
        app.write("first")
    t.played_handler(play)
    equal(t.ask_old("file.txt", "first").exits(0).says_nothing().out, b"")


@test("version 1: edited to empty cannot be said, which is said", waits=True)
def _(t):
    t.played_handler(lambda app: app.write(""))
    end = t.ask_old("file.txt", "first").exits(1).says("empty")
    equal(end.out, b"")
    t.nothing_there()


@test("version 1: an empty file that got a content, and an empty one that did not", waits=True)
def _(t):
    t.played_handler(lambda app: app.write("second") if app.name == "edited" else app.look())
    changed, unchanged = t.ask_all(old_request("edited", ""), old_request("looked at", ""))
    equal(changed.out, b"second")
    equal(unchanged.says_nothing().out, b"")


@test("version 1: a name of any length up to 255 bytes, as it was cut by old programs", waits=True)
def _(t):
    def play(app):
        app.say(app.name)
        os.chmod(app.file, 0o600)
        app.write("changed")
    t.played_handler(play)
    names = [f"{'n' * 251}.txt"[-length:] for length in (231, 232, 255)]
    # One that lost its beginning: a half character is left of it. And with view-only- it may have
    # lost that.
    cut, view_only = f"{'字' * 99}.x", f"{VIEW_ONLY.decode()}{'n' * 241}.txt"
    *whole, half, looked_at = t.ask_all(
        *(old_request(name, "first") for name in (*names, cut, view_only)))
    for end, name in zip(whole, names):
        equal((end.said, end.out), (name, b"changed"))
    has(half.said, "字.x")
    equal(half.out, b"changed")
    equal((looked_at.said, looked_at.out), (f"{'n' * 241}.txt\nvm-file-editor: {IN_VAIN}", b""))
