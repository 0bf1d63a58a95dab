# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
vm-file-editor: what counts as a save. However a content comes to stand under the file's name, it is
sent back whole, and what is being written is not. What may be damaged is said to be.
"""
import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import edit_wire as wire
import machine
import process
import suite
import tree
from expect import check, equal, has, wait_until
from opening import Opening, edited, old_request, request
from settings import COUNTED, EDITOR, PYTHON

test = suite.cases(Opening)

BESIDE, TAKES_BESIDE = 3, 2  # a kind of record, and the flag of a request that asks for it
# Longer than every quiet time in which somebody who has the file open may be writing it.
LONG = 12
# An application takes so long at least from one step to the next: a busy machine looks in between.
UNHURRIED = 8 if COUNTED else 4
# As long as that a writer is looked for once more, who had not quite opened the file when it was
# emptied.
FOUND = 8
LIBC = ctypes.CDLL(None, use_errno=True)
HERE, EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE


def records(answer):
    """(kind, code, payload) of each record so far, but for those with a wrong checksum, and for
    the empty note that an editor begins with."""
    found = []
    while record := wire.first(answer):
        if record[3] and record[:3] != (wire.NOTE, 0, b""):
            found.append(record[:3])
        answer = record[4]
    return found


class Editing:
    """A real editor with an application that goes on, which this process plays."""

    def __init__(self, t, content="first", flags=0, name="file.txt"):
        t.played_handler()
        self.case = t
        self.editor = t.start_editor(request(name, content, flags))
        self.app = t.application()
        self.file, self.directory = self.app.file, self.app.directory

    def got(self, kind=wire.SAVE):
        """(code, payload) of each such record so far."""
        return [record[1:] for record in records(process.written(self.editor.out))
                if record[0] == kind]

    def comes(self, *contents, code=0):
        """While the application goes on, exactly these saves come back."""
        expected = [(code, each.encode() if isinstance(each, str) else each) for each in contents]
        wait_until(lambda: len(self.got()) >= len(expected), f"{len(expected)} saves")
        equal(self.got(), expected)

    def looks(self, after=UNHURRIED):
        """Until the editor has seen what has happened."""
        time.sleep(after)
        process.await_rest(self.editor.pid)

    def end(self, status=0):
        """The application ends. Nothing is left there. Returns the records."""
        self.app.end(status)
        end = edited(self.editor)
        self.case.nothing_there()
        return records(end.exits(1 if status else 0).out)

    def ends_with(self, *contents):
        """It ends, and over all these saves came back."""
        equal([record for record in self.end() if record[0] == wire.SAVE],
              [(wire.SAVE, 0, each.encode() if isinstance(each, str) else each)
               for each in contents])


def exchange(one, other):
    check(LIBC.renameat2(HERE, one.encode(), HERE, other.encode(), EXCHANGE) == 0,
          os.strerror(ctypes.get_errno()))


# ---- Ways to save ----


def exchanged(editing, content):
    tree.write(f"{editing.directory}/new", content)
    exchange(f"{editing.directory}/new", editing.file)
    os.unlink(f"{editing.directory}/new")


def linked(editing, content):
    tree.write(f"{editing.directory}/new", content)
    os.unlink(editing.file)
    os.link(f"{editing.directory}/new", editing.file)
    os.unlink(f"{editing.directory}/new")


def renamed(editing, content):
    editing.app.replace(content)


def renamed_over(path, content):
    tree.write(f"{path}.new", content)
    os.rename(f"{path}.new", path)


def in_place(editing, content):
    editing.app.write(content)


def moved_and_copied(editing, content):
    os.rename(editing.file, f"{editing.file}~")
    tree.write(editing.file, content)


def mapped(editing, content):
    with open(editing.file, "r+b") as file:
        file.truncate(len(content))
        with mmap.mmap(file.fileno(), 0) as area:
            area[:] = content.encode() if isinstance(content, str) else content


def from_elsewhere(editing, content):
    tree.write(f"{editing.case.there}/elsewhere", content)
    os.rename(f"{editing.case.there}/elsewhere", editing.file)


def whole_directory(editing, content):
    other = f"{editing.case.there}/other"
    os.mkdir(other)
    tree.write(f"{other}/{editing.app.name}", content)
    exchange(other, editing.directory)
    shutil.rmtree(other)


@test("each way to save comes back at once, however the content came to stand there", waits=True)
def _(t):
    ways = [exchanged, linked, renamed, in_place, moved_and_copied, mapped, from_elsewhere,
            whole_directory, in_place]
    editing = Editing(t)
    contents = [f"save {number}" for number in range(len(ways))]
    for number, way in enumerate(ways):
        way(editing, contents[number])
        editing.comes(*contents[:number + 1])
    editing.ends_with(*contents)


@test("the directory is moved, and moved again: what is saved there comes back, and over is when "
      "the application lets go of it there", waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "rb") as file:
        editing.app.end()
        editing.looks()
        for number, name in enumerate(("moved", "moved again"), 1):
            os.rename(editing.directory, f"{t.there}/{name}")
            editing.directory = f"{t.there}/{name}"
            editing.file = f"{editing.directory}/file.txt"
            editing.looks()
            renamed_over(editing.file, f"save {number}")
            editing.comes(*(f"save {each}" for each in range(1, number + 1)))
        check(editing.editor.runs(), "it is over")
        # One that has it by the path that it has now.
        file.close()
        with open(editing.file, "r+b"):
            editing.looks()
            check(editing.editor.runs(), "it is over")
    edited(editing.editor).exits(0)
    t.nothing_there()


@test("what is written to a mapping that stays comes back, though no event tells", waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
        file.close()
        area[:] = b"again"
        editing.comes("again")
        area[:] = b"third"
        editing.comes("again", "third")
    editing.ends_with("again", "third")


@test("what is written to a mapping comes back, though it was made long after the file was opened",
      waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "r+b") as file:
        editing.looks()
        with mmap.mmap(file.fileno(), 0) as area:
            file.close()
            editing.looks()
            area[:] = b"again"
            editing.comes("again")
    editing.ends_with("again")


@test("a save whose content is the one before comes back, too, once", waits=True)
def _(t):
    editing = Editing(t)
    editing.app.write("same")
    editing.comes("same")
    editing.app.write("same")
    editing.comes("same", "same")
    editing.app.replace("same")
    editing.comes("same", "same", "same")
    os.utime(editing.file)
    os.chmod(editing.file, 0o640)
    editing.app.look()
    time.sleep(2)
    editing.ends_with("same", "same", "same")


@test("contents of the same size and CRC-32, which formats that end in one have, are told apart",
      waits=True)
def _(t):
    contents = [tree.checked(text) for text in ("first", "other", "third", "alone")]
    editing = Editing(t, contents[0], flags=TAKES_BESIDE)
    mapped(editing, contents[1])
    editing.comes(contents[1])
    with open(editing.file, "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
        file.close()
        area[:] = contents[2]
        editing.comes(*contents[1:3])
        area[:] = contents[3]
        editing.comes(*contents[1:4])
    for number, content in enumerate(contents, 1):
        tree.write(f"{editing.directory}/beside", content)
        wait_until(lambda count=number: len(editing.got(BESIDE)) == count, "the file beside it")
    equal([payload[256:] for _, payload in editing.got(BESIDE)], contents)
    editing.ends_with(*contents[1:])


# ---- What is not complete ----


@test("half of a save stays there, however long the pause is", waits=True)
def _(t):
    editing = Editing(t)
    for mode in ("wb", "w+b"):
        before = len(editing.got())
        with open(editing.file, mode) as file:
            file.write(b"half ")
            file.flush()
            editing.app.look()
            editing.app.read()
            time.sleep(LONG)
            equal(len(editing.got()), before)
            file.write(b"and half")
        editing.comes(*["half and half"] * (before + 1))
    editing.ends_with("half and half", "half and half")


@test("the first half of another file in its place stays there", waits=True)
def _(t):
    editing = Editing(t)
    os.unlink(editing.file)
    with open(editing.file, "w+b") as file:
        file.write(b"half of a content ")
        file.flush()
        time.sleep(LONG)
        equal(editing.got(), [])
        file.write(b"and half")
    editing.ends_with("half of a content and half")


@test("a descriptor that is kept open: each save comes back when it has been quiet", waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "r+b", buffering=0) as file:
        editing.looks()
        for number in (1, 2):
            file.seek(0)
            file.write(b"save %d" % number)
            editing.comes(*(f"save {each}" for each in range(1, number + 1)))
    editing.ends_with("save 1", "save 2")


def stopped(editing):
    """SIGTERM to the editor. Its records."""
    editing.editor.kill(signal.SIGTERM)
    return records(edited(editing.editor).exits(1).out)


@test("a stop while somebody writes: nothing of that comes back", waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "wb", buffering=0) as file:
        file.write(b"half")
        equal([kind for kind, _, _ in stopped(editing)], [wire.DONE])


@test("a stop while somebody has paused for long in writing: that is said to be doubtful",
      waits=True)
def _(t):
    editing = Editing(t)
    with open(editing.file, "wb", buffering=0) as file:
        file.write(b"half or all")
        editing.looks(FOUND)
        equal(editing.got(), [])
        equal(stopped(editing)[0], (wire.SAVE, errno.EIO, b"half or all"))


# ---- Databases ----


def database(t, mode):
    """An editor of a database with this journal, and a connection to it that is kept open."""
    path = f"{t.top}/{mode}.db"
    made = sqlite3.connect(path)
    made.execute("create table t (x)")
    made.commit()
    made.close()
    editing = Editing(t, tree.read_bytes(path), name="file.db")
    opened = sqlite3.connect(editing.file, isolation_level=None)
    opened.execute(f"pragma journal_mode={mode}")
    return editing, opened


def rows(content, path):
    """How many rows a database has; it must be whole."""
    tree.write(path, content)
    connection = sqlite3.connect(path)
    try:
        equal(connection.execute("pragma integrity_check").fetchall(), [("ok",)])
        return connection.execute("select count(*) from t").fetchone()[0]
    finally:
        connection.close()


@test("a database that stays open: what is committed comes back, what is not stays there",
      waits=True)
def _(t):
    for mode in ("delete", "persist", "truncate"):
        editing, opened = database(t, mode)
        opened.execute("insert into t values (1)")
        wait_until(lambda: editing.got(), "a save")
        equal(rows(editing.got()[-1][1], f"{t.top}/came"), 1)
        before = len(editing.got())
        opened.execute("pragma cache_size=1")
        opened.execute("pragma cache_spill=1")
        opened.execute("begin")
        for _ in range(200):
            opened.execute("insert into t values (zeroblob(5000))")
        time.sleep(6)
        equal(len(editing.got()), before)
        opened.execute("commit")
        wait_until(lambda: len(editing.got()) > before, "another save")
        equal(rows(editing.got()[-1][1], f"{t.top}/came"), 201)
        opened.close()
        editing.end()


@test("a database with a write-ahead log comes back when its log has been written to it",
      waits=True)
def _(t):
    editing, opened = database(t, "wal")
    opened.execute("insert into t values (1)")
    time.sleep(5)
    equal(editing.got(), [])
    opened.close()
    wait_until(lambda: editing.got(), "a save")
    equal(rows(editing.got()[-1][1], f"{t.top}/came"), 1)
    editing.end()


@test("a database that was committed comes back at a stop, though it is open", waits=True)
def _(t):
    editing, opened = database(t, "delete")
    opened.execute("insert into t values (1)")
    time.sleep(0.8)
    kind, code, content = stopped(editing)[0]
    opened.close()
    equal((kind, code), (wire.SAVE, 0))
    equal(rows(content, f"{t.top}/came"), 1)


# ---- Bad saves ----


@test("a disk that is full there: what was cut off is said to be damaged, and the next save is not",
      waits=True)
def _(t):
    machine.need_mount_namespaces()
    # Within the namespace: fill the disk by a save, make room, and save again.
    tree.script(f"{t.top}/handler", f"""#!/bin/sh
head -c 3000000 /dev/zero >"$1" 2>/dev/null
sleep {UNHURRIED}
echo short >"$1"
sleep {UNHURRIED}
""")
    on_small_disk = 'mount -t tmpfs -o size=1m,mode=777 none "$TMPDIR"\nexec "$@"'
    end = t.run(*machine.IN_NAMESPACE, "sh", "-ec", on_small_disk, "sh", EDITOR,
                f"--handler={t.top}/handler", stdin=request("file", "first"),
                env={"TMPDIR": t.there})
    (kind, code, content), *others = records(end.exits(0).out)
    equal((kind, code), (wire.SAVE, errno.ENOSPC))
    check(0 < len(content) < 3000000, f"{len(content)} bytes came back")
    equal(others, [(wire.SAVE, 0, b"short\n"), (wire.DONE, 0, b"")])


WRITER = """
import os, sys
file = open(sys.argv[1], "wb", buffering=0)
for part in sys.argv[2:]:
    file.write(part.encode())
    input()
file.close()
print("closed", flush=True)
input()
"""


class Writer:
    """An application that ran already: no process of the handler's. It writes the parts of a
    content, each when it is told."""

    def __init__(self, path, *parts):
        self.program = subprocess.Popen([PYTHON, "-c", WRITER, path, *parts],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def go_on(self):
        self.program.stdin.write(b"\n")
        self.program.stdin.flush()

    def kill(self):
        self.program.kill()

    def wait(self):
        self.program.stdin.close()
        self.program.stdout.close()
        self.program.wait()


@test("an application that ran already and is killed in the middle of a save: what it has left is "
      "said to be damaged, and the next save is not", waits=True)
def _(t):
    editing = Editing(t)
    writer = Writer(editing.file, "the first part of much", "more")
    editing.looks(FOUND)
    writer.kill()
    editing.comes("the first part of much", code=errno.EIO)
    writer.wait()
    editing.app.replace("whole")
    wait_until(lambda: len(editing.got()) == 2, "the next save")
    equal(editing.got()[1], (0, b"whole"))
    editing.end()


@test("the same with another save behind it, before anything was sent: that one is whole",
      waits=True)
def _(t):
    editing = Editing(t)
    for content in ("whole", "whole again"):
        writer = Writer(editing.file, "a part", "more")
        editing.looks(FOUND)
        writer.kill()
        writer.wait()
        process.await_rest(editing.editor.pid)
        # This process starts others meanwhile, which have what it has open for a moment.
        if content == "whole":
            editing.app.replace(content)
        else:
            writer = Writer(editing.file, content)
            writer.go_on()
            equal(writer.program.stdout.readline(), b"closed\n")
        expected = 0, content.encode()
        wait_until(lambda last=expected: last in editing.got(), "the save behind it")
    writer.kill()
    writer.wait()
    editing.end()


@test("an application that ran already and has ended in some way with the file open: that is said "
      "to be doubtful", waits=True)
def _(t):
    editing = Editing(t, "a long content")
    writer = Writer(editing.file, "another conten", "t")
    editing.looks(FOUND)
    # Whoever waits for it knows how it ended, and that is over before anybody else can look.
    editing.editor.kill(signal.SIGSTOP)
    writer.kill()
    writer.wait()
    editing.editor.kill(signal.SIGCONT)
    editing.comes("another conten", code=errno.EIO)
    editing.end()


@test("an application that ran already, has saved, closed the file and ended at once: that is no "
      "damage", waits=True)
def _(t):
    editing = Editing(t, "a long content")
    for number, content in enumerate(("short", "a content that is longer")):
        writer = Writer(editing.file, content)
        editing.looks()
        writer.go_on()
        equal(writer.program.stdout.readline(), b"closed\n")
        wait_until(lambda count=number + 1: len(editing.got()) == count, "the save")
        writer.kill()
        writer.wait()
        equal(editing.got()[number], (0, content.encode()))
    editing.end()


MAPPER = """
import mmap, os, sys, time
with open(sys.argv[1], "r+b") as file:
    area = mmap.mmap(file.fileno(), 0)
while not os.path.exists(sys.argv[3]):
    time.sleep(0.05)
area[:8] = b"the part"
time.sleep(0.2)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), 9)
area.close()
time.sleep(1)
"""


@test("an application that writes to a mapping and is killed, or its launcher's: that is said to "
      "be doubtful; where it has unmapped the file, it is not", waits=True)
def _(t):
    tree.write(f"{t.top}/mapper.py", MAPPER)
    kinds = [("killed", "", errno.EIO), ("killed", "; sleep 1; exit 0", errno.EIO),
             ("unmaps", "", 0), ("unmaps", "; sleep 1; exit 0", 0)]
    editors = []
    for number, (how, after, _) in enumerate(kinds):
        tree.script(f"{t.top}/handler{number}", f"""#!/bin/sh
{PYTHON} {t.top}/mapper.py "$1" {how} {t.top}/go{after}
""")
        editors.append(t.start(EDITOR, f"--handler={t.top}/handler{number}",
                               stdin=request("file.txt", "as it was sent\n"),
                               env={"TMPDIR": t.there}))
    time.sleep(UNHURRIED)
    for editor in editors:
        process.await_rest(editor.pid)
    tree.write(f"{t.top}/go", "")
    for editor, (how, after, code) in zip(editors, kinds):
        saves = [record[:3] for record in records(edited(editor).out) if record[0] == wire.SAVE]
        equal((how, after, saves), (how, after, [(wire.SAVE, code, b"the parts sent\n")]))


# ---- Saved beside ----

JUNK = (".file.txt.swp", ".~lock.file.txt#", "#file.txt#", "file.txt~", "file.txt.bak", "file.bak",
        "file.orig", ".goutputstream-X1", "file.txt.tmp", "file.LOCK", "x.db-journal",
        "x.db-shm", ".file.hidden", "~$file.txt")
# They are for a moment, or not.
LATER = (".env", "Cargo.lock", "file.txt-wal", "x.part", "x.tmp")


@test("a database whose changes are only in its log when all is over: that is a failure, and both "
      "stay there", waits=True)
def _(t):
    t.handler(f"""{PYTHON} -c '
import os, sqlite3, sys
opened = sqlite3.connect(sys.argv[1], isolation_level=None)
opened.execute("insert into notes values(1)")
print(end="", flush=True)
os._exit(0)' "$file" """)
    with contextlib.closing(sqlite3.connect("it.db", isolation_level=None)) as opened:
        opened.execute("pragma journal_mode=wal")
        opened.execute("create table notes(text)")
    for flags in 0, TAKES_BESIDE:
        end = t.ask(request("it.db", tree.read_bytes("it.db"), flags)).exits(1)
        kind, code, text = records(end.out)[-1]
        equal((kind, code), (wire.DONE, errno.ENOTEMPTY))
        has(text, b"changes to it are only in its journal there")
        directory, = os.listdir(t.there)
        check({"it.db", "it.db-wal"} <= set(os.listdir(f"{t.there}/{directory}")), "not kept")
        shutil.rmtree(f"{t.there}/{directory}")


@test("a database beside the file that a crash has left with its log: that is said to be doubtful",
      waits=True)
def _(t):
    t.handler(f"""cd "$(dirname "$file")" && {PYTHON} -c '
import os, sqlite3
opened = sqlite3.connect("x.db", isolation_level=None)
opened.execute("pragma journal_mode=wal")
opened.execute("create table notes(text)")
os._exit(0)'""")
    end = t.ask(request("file.txt", "first", TAKES_BESIDE))
    equal([code for kind, code, payload in records(end.out)
           if kind == BESIDE and payload.startswith(b"x.db\0")], [errno.EIO])


@test("what is saved beside the file comes back under its name, and again when it has changed",
      waits=True)
def _(t):
    editing = Editing(t, flags=TAKES_BESIDE)

    def beside(*expected):
        wait_until(lambda: len(editing.got(BESIDE)) >= len(expected), f"{len(expected)} files")
        equal(sorted(editing.got(BESIDE)), sorted(
            (0, name.encode().ljust(256, b"\0") + content) for name, content in expected))
    for name in (*JUNK, *LATER):
        tree.write(f"{editing.directory}/{name}", "x")
    tree.write(f"{editing.directory}/empty.lock")
    os.mkfifo(f"{editing.directory}/fifo")
    os.symlink("/etc/passwd", f"{editing.directory}/link")
    os.link(editing.file, f"{editing.directory}/the same")
    tree.write(f"{editing.directory}/moment", "x")
    tree.write(f"{editing.directory}/export.png", "1")
    time.sleep(1)
    os.unlink(f"{editing.directory}/moment")
    beside(("export.png", b"1"))
    tree.write(f"{editing.directory}/export.png", "22")
    with open(f"{editing.directory}/half", "wb", buffering=0) as file:
        file.write(b"half")
        beside(("export.png", b"1"), ("export.png", b"22"))
    os.unlink(f"{editing.directory}/half")
    # Of the same size and time, as some programs keep it; and then with another mode only.
    status = os.stat(f"{editing.directory}/export.png")
    tree.write(f"{editing.directory}/export.png", "33")
    os.utime(f"{editing.directory}/export.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    beside(("export.png", b"1"), ("export.png", b"22"), ("export.png", b"33"))
    os.chmod(f"{editing.directory}/export.png", 0o640)
    time.sleep(5)
    tree.write(f"{editing.directory}/at the end", "")
    before = len(editing.got(BESIDE))
    found = [record for record in editing.end() if record[0] == BESIDE]
    equal(sorted(payload for _, _, payload in found[before:]),
          sorted([b"at the end".ljust(256, b"\0"),
                  *(name.encode().ljust(256, b"\0") + b"x" for name in LATER)]))


@test("what is saved beside the file and kept open: a document that is shown comes back, and what "
      "is being written does not before the end", waits=True)
def _(t):
    editing = Editing(t, flags=TAKES_BESIDE)

    def got():
        return sorted((code, payload[256:]) for code, payload in editing.got(BESIDE))
    kept = [open(f"{editing.directory}/{name}", mode, buffering=0)
            for name, mode in (("shown", "w+b"), ("written", "wb"), ("locked", "w+b"))]
    fcntl.lockf(kept[2], fcntl.LOCK_EX, 10)
    began = time.monotonic()
    for file in kept:
        file.write(b"one")
    wait_until(got, "the document")
    equal(got(), [(0, b"one")])
    check(time.monotonic() - began > 9, "it came as soon as one that nobody keeps open")
    kept[0].write(b", two")
    wait_until(lambda: len(got()) == 2, "it again")
    equal(got(), [(0, b"one"), (0, b"one, two")])
    editing.editor.kill(signal.SIGTERM)
    edited(editing.editor).exits(1)
    equal(got(), [(0, b"one"), (0, b"one, two"), (errno.EIO, b"one"), (errno.EIO, b"one")])
    for file in kept:
        file.close()


@test("a stop finds what was saved beside the file and is kept open, and not what was emptied",
      waits=True)
def _(t):
    editing = Editing(t, flags=TAKES_BESIDE)
    kept = [open(f"{editing.directory}/{name}", "w+b", buffering=0) for name in ("shown", "empty")]
    kept[0].write(b"shown")
    time.sleep(8)
    editing.editor.kill(signal.SIGTERM)
    edited(editing.editor).exits(1)
    (code, payload), = editing.got(BESIDE)
    equal(payload, b"shown".ljust(256, b"\0") + b"shown")
    # On a busy machine it was quiet for longer.
    check(code in (0, errno.EIO), f"it was sent with {code}")
    for file in kept:
        file.close()
    check(os.path.exists(f"{editing.directory}/empty"), "what was not sent has gone")


@test("what cannot be sent of it to who takes it: kept, named there, and a failure", waits=True)
def _(t):
    def play(app):
        app.look()
        os.mkdir(f"{app.directory}/export")
        tree.write(f"{app.directory}/export/page", "x")
    t.played_handler(play)
    end = t.ask(request("file", "first", TAKES_BESIDE)).exits(1)
    end.records(("done", errno.ENOTEMPTY, '"export/" was saved beside the file there, and is kept '
                                          'there: it was not sent back, as no directory is'))
    directory, = os.listdir(t.there)
    equal(tree.read(f"{t.there}/{directory}/export/page"), "x")


@test("nothing of it goes to who does not take it, or only looks: it is kept, and named there",
      waits=True)
def _(t):
    directories = []

    def play(app):
        directories.append(app.directory)
        app.read()
        tree.write(f"{app.directory}/export", "x")
    t.played_handler(play)
    # Flag 1: for viewing only.
    for end in t.ask_all(request("file", "first"), request("file", "first", TAKES_BESIDE | 1)):
        # Others that run on this machine may be asked about in a note.
        equal([record for record in records(end.out) if record[0] != wire.NOTE],
              [(wire.DONE, 0, b'"export" was saved beside the file there, and is kept there: it '
                              b'was not sent back')])
    equal([tree.read(f"{directory}/export") for directory in directories], ["x", "x"])


# ---- Version 1 ----


@test("version 1: half of a save does not come back at a stop, a whole one does", waits=True)
def _(t):
    t.played_handler()
    editors = [t.start_editor(old_request(name, "first")) for name in ("half", "whole")]
    apps = [t.application() for _ in editors]
    kept = []
    for app in apps:
        if app.name == "half":
            kept.append(open(app.file, "wb", buffering=0))
            kept[0].write(b"half")
        else:
            exchange_with(app, "whole")
    outs = []
    for editor in editors:
        editor.kill(signal.SIGTERM)
        outs.append(edited(editor).exits(1).out)
    kept[0].close()
    equal(outs, [b"", b"whole"])


def exchange_with(app, content):
    tree.write(f"{app.file}.new", content)
    exchange(f"{app.file}.new", app.file)
