# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
vm-file-editor, whose command line is in options_editor.py: requests that make no sense,
applications that fail, somebody who wants to stop, an opener that has gone.
"""
import os
import select
import signal
import subprocess

import edit_wire as wire
import machine
import process
import suite
import tree
from copying import ECANCELED, EDQUOT, EIO, ENODATA, ENOSPC
from expect import check, equal, has, wait_until
from opening import Opening, edited, old_request, records_of, request
from settings import EDITOR

test = suite.cases(Opening)


class Refusing(Opening):
    """An editor that should start no application."""

    def __init__(self):
        super().__init__()
        self.called = []
        self.played_handler(self.called.append)

    def nothing_opened(self):
        equal(self.called, [])
        self.nothing_there()

    def refused(self, end, code):
        """The answer is a failure, in one sentence here, and no application was started."""
        end.exits(1).says("nothing was opened")
        (kind, got, message), = records_of(end.out)
        equal((kind, got), ("done", code))
        check(message, "the opener's user is told nothing")
        self.nothing_opened()

    def silently_refused(self, end):
        """The same where nobody knows whether the opener understands records."""
        end.exits(1).says("nothing was opened")
        self.nothing_opened()


refusing = suite.cases(Refusing)


# ---- Requests ----


@refusing("a request that is too short")
def _(t):
    whole = wire.request(b"file", 0)
    for size in (0, 1, 231, 232, 240, 255):
        t.silently_refused(t.ask(whole[:size]))


@refusing("a content that is too short")
def _(t):
    t.refused(t.ask(wire.request(b"file", 5) + b"hell"), ENODATA)
    t.refused(t.ask(wire.request(b"file", 1000000)), ENODATA)


@refusing("a request that is malformed")
def _(t):
    # A flag that nobody knows, a length beyond all, a checksum that is wrong, a name without an
    # end, none.
    for stream in (wire.request(b"file", 0, flags=4), wire.request(b"file", 2**64 - 1),
                   wire.request(b"file", 0, flipped=1), b"n" * 256, bytes(256)):
        t.silently_refused(t.ask(stream))


@refusing("--max-bytes: the announcement is enough, and under version 1 what comes is counted",
          waits=True)
def _(t):
    t.refused(t.ask(wire.request(b"file", 1 << 62), "--max-bytes=1T"), EDQUOT)
    t.refused(t.ask_for("file", "123456", "--max-bytes=5"), EDQUOT)
    for content, limit in ((b"123456", "5"), (bytes(5000000), "1M")):
        end = t.ask_old("file", content, f"--max-bytes={limit}")
        t.silently_refused(end)
        equal(end.out, b"")

    def play(app):
        app.say(app.read())
        app.look()
    t.played_handler(play)
    equal(t.ask_for("file", "12345", "--max-bytes=5").exits(0).said, "12345")


@refusing("a length beyond the disk is refused by that, not by filling it")
def _(t):
    # There are file systems that do not say how large they are.
    t.refused(t.ask(wire.request(b"file", 1 << 61)),
              ENOSPC if os.statvfs(t.there).f_blocks else ENODATA)


@refusing("a disk that is full is said to the opener's user")
def _(t):
    machine.need_mount_namespaces()
    on_small_disk = (
        'mount -t tmpfs -o size=1m,mode=777 none "$TMPDIR"\n"$@" && exit 99\nls -A "$TMPDIR" >&2')
    end = t.run(*machine.IN_NAMESPACE, "sh", "-ec", on_small_disk, "sh", EDITOR,
                f"--handler={t.top}/handler", stdin=request("file", bytes(3000000)),
                env={"TMPDIR": t.there}).exits(0)
    end.says("nothing was opened")
    (kind, _, message), = records_of(end.out)
    equal(kind, "done")
    has(message, b"full")
    t.nothing_opened()


@refusing("a temporary directory that is none")
def _(t):
    t.ask_for("file", "x", env={"TMPDIR": f"{t.top}/none"}).exits(1).says(f"{t.top}/none")
    t.nothing_opened()


# ---- Applications that fail ----


def failed(t, end, *parts):
    """The answer ends with a failure, and its message has these parts. Returns the records
    before."""
    *before, (kind, code, message) = records_of(end.exits(1).out)
    equal(kind, "done")
    check(code != 0, "it ended with code 0")
    for part in parts:
        has(message.decode(), part)
    t.nothing_there()
    return before


@test("an application that fails is told of, with its status")
def _(t):
    t.played_handler(lambda app: 5)
    equal(failed(t, t.ask_for("file.txt", "first"), "status 5"), [])
    t.played_handler(lambda app: process.kill(app.role.pid))
    # That may be the shell that starts it, or the shell tells of it.
    end = t.ask_for("file.txt", "first")
    equal(failed(t, end), [])
    check(b"signal 9" in end.out or b"status 137" in end.out, end.out)


@test("what it saved before it failed comes first", waits=True)
def _(t):
    def play(app):
        app.replace("changed")
        return 5
    t.played_handler(play)
    equal(failed(t, t.ask_for("file.txt", "first"), "status 5"), [("save", b"changed")])


@test("it fails while it writes, without a signal: what it has left may be a part", waits=True)
def _(t):
    # It is open until the end: what has been closed for a while is a save.
    t.handler('exec >"$file"; printf half; exit 5')
    equal(failed(t, t.ask_for("file.txt", "first"), "status 5"), [("doubtful", EIO, b"half")])


@test("no xdg-open here")
def _(t):
    os.mkdir(f"{t.top}/bin")
    os.symlink(machine.need("sh"), f"{t.top}/bin/sh")
    failed(t, edited(t.start(EDITOR, stdin=request("file.xyz", "x"),
                             env={"PATH": f"{t.top}/bin", "TMPDIR": t.there})),
           "xdg-open is not installed")


@test("version 1: an application that fails sends nothing back but what is whole")
def _(t):
    t.played_handler(lambda app: 5)
    equal(t.ask_old("file.txt", "first").exits(1).out, b"")
    t.nothing_there()


# ---- Stopped, or left alone ----


def left_there(t):
    """The names in the one private directory that is left."""
    name, = os.listdir(t.there)
    return tree.names_in(f"{t.there}/{name}")


class Staying:
    """An editor with an application that stays, and that has a child in a session of its own. What
    it does meanwhile is done here."""

    def __init__(self, t, stream, **how):
        started = t.stand_in()
        t.handler(f'setsid sleep 99999 &\n{started.command} $! "$file"')
        self.case, self.editor = t, t.start_editor(stream, **how)
        self.app = t.application(started)
        self.pids = [self.app.role.pid, int(self.app.role.arguments[0])]

    def go_on(self, *names):
        """Wait for the end of the editor. Nobody else is ended, and the file stays with a notice,
        and these others. Returns an Edited."""
        end = edited(self.editor).exits(1)
        check(not any(process.ended(pid) for pid in self.pids), "somebody was ended")
        equal(left_there(self.case),
              sorted(["NOT SENT BACK - file.txt.txt", "file.txt", *names]))
        return end

    def cleaned_up(self):
        """When all of it have ended, and all had arrived, nothing is left."""
        for pid in self.pids:
            process.kill(pid)
        self.app.end()
        wait_until(lambda: not os.listdir(self.case.there), "the private directory to be removed")


@test("a signal to stop: what was saved last is sent, the application goes on, and its file stays "
      "until it has ended", waits=True)
def _(t):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        staying = Staying(t, request("file.txt", "first"))
        tree.write(f"{staying.app.directory}/.lock")
        staying.app.write("changed")
        staying.editor.kill(number)
        *saves, (kind, code, message) = records_of(staying.go_on(".lock").out)
        equal(saves, [("save", b"changed")])
        equal((kind, code), ("done", ECANCELED))
        has(message, b"an application there may still have the file")
        staying.cleaned_up()


@test("what is saved after the end stays for ever, and the notice says so", waits=True)
def _(t):
    staying = Staying(t, request("file.txt", "first"))
    staying.editor.kill(signal.SIGTERM)
    staying.go_on()
    staying.app.write("too late")
    for pid in staying.pids:
        process.kill(pid)
    staying.app.end()
    notice = f"{staying.app.directory}/NOT SENT BACK - file.txt.txt"
    has(tree.read(notice), "is not sent back")
    wait_until(lambda: "No application uses it any more" in tree.read(notice), "the notice")
    equal(tree.read(staying.app.file), "too late")


@refusing("a signal to stop while the content comes")
def _(t):
    editor = t.start_editor(subprocess.PIPE)
    editor.write(wire.request(b"file.txt", 1000) + b"first")
    wait_until(lambda: any(os.path.exists(f"{t.there}/{name}/file.txt")
                           for name in os.listdir(t.there)), "the file")
    editor.kill(signal.SIGTERM)
    edited(editor).exits(1)
    t.nothing_opened()


@test("the opener has gone: the application goes on, and its file stays until it has ended",
      waits=True)
def _(t):
    staying = Staying(t, request("file.txt", "first"), stdout=subprocess.PIPE)
    staying.editor.stdout.close()
    staying.go_on()
    staying.cleaned_up()


@test("the opener has gone with a save that nobody takes: it is kept", waits=True)
def _(t):
    staying = Staying(t, request("file.txt", "first"), stdout=subprocess.PIPE)
    staying.app.write(bytes(3000000))
    # It is on its way, and more than a pipe holds.
    select.select([staying.editor.stdout], [], [])
    staying.editor.stdout.close()
    staying.go_on()
    equal(os.path.getsize(staying.app.file), 3000000)


@test("version 1: the opener has gone", waits=True)
def _(t):
    staying = Staying(t, old_request("file.txt", "first"), stdout=subprocess.PIPE)
    staying.app.write("changed")
    staying.editor.stdout.close()
    staying.go_on()
    equal(staying.app.read(), "changed")


@test("several at once do not know of each other", waits=True)
def _(t):
    t.played_handler()
    names = [f"file-{number}" for number in (1, 2, 3, 4)]
    editors = [t.start_editor(request(name, "x")) for name in names]
    apps = [t.application() for _ in names]
    for app in apps:
        app.write(f"{app.name} there")
    for app in apps:
        app.end()
    for editor, name in zip(editors, names):
        edited(editor).saved(f"{name} there")
    t.nothing_there()
