# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Opening files in another VM: what cases with qopen-in-vm and vm-file-editor work with."""
import contextlib
import fcntl
import os
import shlex
import struct
import termios

import edit_wire as wire
import process
import tree
from calling import Calling
from copying import OnDisk
from expect import Broken, check, equal, wait_until
from named import editor_named
from settings import EDITOR, OPENER

# Among them is how an application of whoever runs the tests can be handed a file: an editor would
# wait for it.
UNSET = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "TMPDIR", "XDG_STATE_HOME",
         "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR")


class Opening(Calling):
    """`home`: of the opener's user; `there`: the temporary directory of the other VM. Files to be
    opened are in `sent`, where the case begins."""

    def __init__(self):
        super().__init__()
        for name in UNSET:
            self.environment.pop(name, None)
        self.home, self.there = f"{self.top}/home", f"{self.top}/there"
        self.environment["HOME"] = self.home
        self.applications = None
        os.mkdir(self.home)
        os.mkdir(self.there)

    # ---- The opener, with the editor's part played here ----

    def editor(self, play):
        """The command of an editor whose part `play` has: a function of a Peer, in a thread of this
        process."""
        return editor_named(self.stand_in(lambda role: play(Peer(role))).command)

    def open_file(self, play, *arguments, **how):
        """Open with an editor that `play` plays. A process.End."""
        return self.run(OPENER, f"--via={self.editor(play)}", *arguments, **how)

    def start_opener(self, play, *arguments, **how):
        """The same in the background."""
        return self.start(OPENER, f"--via={self.editor(play)}", *arguments, **how)

    def start_with_peer(self, *arguments, through=(), via="{}", **how):
        """
        The same with the editor's part played by the case itself, step by step: the program, and a
        Peer that is to be ended. `through`: the words of a command that starts the program; `via`:
        what starts the editor, where {} stands for the command of that.
        """
        stand_in = self.stand_in()
        command = editor_named(via.replace("{}", stand_in.command))
        opener = self.start(*through, OPENER, f"--via={command}", *arguments, **how)

        def role():
            found = stand_in.started()
            check(found or opener.runs(),
                  f"it has ended without starting an editor: {opener.said()}")
            return found
        return opener, Peer(wait_until(role, "the editor"))

    def beside(self, *names):
        """The path of the only entry of `sent` but these."""
        others = [name for name in os.listdir(self.sent) if name not in names]
        check(len(others) == 1, f"beside {names}: {others}")
        return f"{self.sent}/{others[0]}"

    def nothing_beside(self, *names):
        """Besides these ("file" if none is named) nothing is in `sent`, hidden or not."""
        equal(tree.names_in(self.sent), sorted(names or ["file"]))

    def nothing_kept(self):
        """No version is in the place for what can be put nowhere else."""
        equal(files_below(self.home), [])

    # ---- The real editor, with a scripted application ----

    def handler(self, body):
        """
        A shell script that vm-file-editor starts: the file is "$file". `look` opens it for writing,
        and changes nothing: then it is plain that this was the application, and no other one is
        waited for. `stay` goes on until the case ends it. One that runs already is not changed.
        """
        tree.script(f"{self.top}/handler", f"""#!/bin/sh
T={shlex.quote(self.top)} SENT={shlex.quote(self.sent)}
THERE={shlex.quote(self.there)} NOTES={shlex.quote(self.notes)}
file=$1
look() {{ : <>"$file"; }}
stay() {{ exec sleep 99999; }}
{body}
""")

    def played_handler(self, play=None):
        """
        An application whose part `play` has: a function of an Application, which may return an exit
        status. It reads and writes the file by this process, which never has it open for longer
        than that. Where it matters that the application itself has the file open, handler() is what
        to use. Several are played one after another. Without `play`, application() is each that was
        started, and goes on until the case ends it.
        """
        self.applications = self.stand_in(play and (lambda role: play(Application(role))))
        tree.script(f"{self.top}/handler", f'#!/bin/sh\n{self.applications.command} "$@"\n')

    def application(self, stand_in=None):
        """Wait for the next one, or for that of another stand-in that a handler starts."""
        def next_start():
            waits = any(program.runs() for program in process.started)
            role = (stand_in or self.applications).started()
            if not role and not waits:
                raise Broken("no application was started; "
                             f"said: {[program.said() for program in process.started]}")
            return role
        return Application(wait_until(next_start, "the application"))

    def real_editor(self, *options):
        """The command of a real editor with the handler."""
        return (f"TMPDIR={shlex.quote(self.there)} exec "
                f"{shlex.join([EDITOR, f'--handler={self.top}/handler', *options])}")

    def start_editor(self, stream, *options, env=(), **how):
        """The real editor on a stream, in the background. `stream`: bytes, or what process.Program
        takes."""
        return self.start(EDITOR, f"--handler={self.top}/handler", *options, stdin=stream,
                          env={"TMPDIR": self.there, **dict(env)}, **how)

    def ask(self, stream, *options, **how):
        """The same to its end: an Edited."""
        return edited(self.start_editor(stream, *options, **how))

    def ask_for(self, name, content, *options, **how):
        """With a request of version 2 for this content."""
        return self.ask(request(name, content), *options, **how)

    def ask_old(self, name, content, *options, **how):
        """With one of version 1."""
        return self.ask(old_request(name, content), *options, **how)

    def ask_all(self, *streams):
        """With each of these streams, at the same time: a list of Edited, all of which have exited
        with 0."""
        editors = [self.start_editor(stream) for stream in streams]
        return [edited(each).exits(0) for each in editors]

    def ask_each(self, *names, content=b"first"):
        """The same with a request of version 2 for each of these names."""
        return self.ask_all(*(request(name, content) for name in names))

    def nothing_there(self):
        """Nothing of the editor's is left in the other VM."""
        equal(tree.names_in(self.there), [])


class OpeningOnDisk(OnDisk, Opening):
    """The same on a disk."""


def as_bytes(text):
    return text.encode(errors="surrogateescape") if isinstance(text, str) else text


def files_below(path):
    """The paths of all files in a directory and those below it, from there."""
    return sorted(os.path.relpath(os.path.join(where, name), path)
                  for where, _, names in os.walk(path) for name in names)


def request(name, content, flags=0):
    """One of version 2, and the content behind it."""
    content = as_bytes(content)
    return wire.request(as_bytes(name), len(content), flags) + content


def old_request(name, content):
    """One of version 1. Of a long name, old programs send the last 255 bytes, without regard for
    characters."""
    return wire.old_request(as_bytes(name)[-255:]) + as_bytes(content)


class Peer:
    """An editor whose part is played: take() the request, save() and done()."""

    def __init__(self, role):
        self.role, self.request, self.content = role, None, None

    def take(self):
        """All that the opener sends."""
        self.request = self.role.read(256)
        self.content = self.role.read_all()
        return self

    def send(self, *data):
        """That nobody reads any more is no fault."""
        with contextlib.suppress(BrokenPipeError):
            self.role.write(*data)

    def wait_taken(self):
        """Wait for the opener to have read all that was sent."""
        def left():
            return struct.unpack("i", fcntl.ioctl(self.role.stdout, termios.FIONREAD, bytes(4)))[0]
        wait_until(lambda: left() == 0, "what was sent to be read")

    def save(self, content):
        self.send(wire.save(as_bytes(content)))

    def damaged(self, content):
        """A save whose checksum says that it was changed while it was sent."""
        self.send(wire.save(as_bytes(content), flipped=0xffffffff))

    def done(self, code=0, message=b""):
        self.send(wire.done(as_bytes(message), code))

    def end(self, status=0):
        self.role.end(status)


def answering(*data):
    """The part of an editor that takes what the opener sends, answers with these bytes, and has
    gone."""
    def play(peer):
        peer.take()
        peer.send(*data)
    return play


def saving(*contents):
    """The part of one that saves these, one after another, and is done."""
    return answering(*(wire.save(as_bytes(content)) for content in contents), wire.done())


class Application:
    """A handler whose part is played: `file` is the path of its file."""

    def __init__(self, role):
        self.role, self.file = role, role.arguments[-1]
        self.directory, self.name = os.path.split(self.file)

    def look(self):
        """Open it for writing, and change nothing: then it is plain that this was the application,
        and no other one is waited for."""
        os.close(os.open(self.file, os.O_RDWR))

    def write(self, content):
        """In place, truncated before."""
        tree.write(self.file, as_bytes(content))

    def append(self, content):
        tree.append(self.file, as_bytes(content))

    def replace(self, content):
        """By another file that is renamed over it."""
        tree.write(f"{self.file}.new", as_bytes(content))
        os.rename(f"{self.file}.new", self.file)

    def read(self):
        return tree.read(self.file)

    def say(self, text):
        """On stderr, a line."""
        self.role.stderr.write(as_bytes(text) + b"\n")

    def end(self, status=0):
        self.role.end(status)


def many_saves(application):
    """200 in a row: 500 lines, each the save's number."""
    for number in range(1, 201):
        application.replace(f"{number}\n" * 500)


class Edited(process.End):
    """How an editor's session ended: its answer is `out`."""

    def records(self, *expected):
        """
        The answer has exactly these: ("save", CONTENT), ("doubtful", CODE, CONTENT), or ("damaged",
        CONTENT) where the checksum says so, ("done", CODE, MESSAGE); and at the end "lost" where
        it does not end with a done, or "more" where something follows that.
        """
        got = records_of(self.out)
        equal(got, [each if isinstance(each, str)
                    else tuple(as_bytes(part) if isinstance(part, str) and i else part
                               for i, part in enumerate(each))
                    for each in expected])
        return self

    def saved(self, *contents):
        """These contents came back, none if none is named, and all was well."""
        return self.exits(0).records(*(("save", content) for content in contents), ("done", 0, b""))

    def unopened(self):
        """Nothing came back, and it is said that nobody has looked at it."""
        return self.exits(0).records(("done", 0, "no application has opened the file there"))

    def came_back(self, content):
        """It ended well, and the last save has this content."""
        got = records_of(self.exits(0).out)
        equal(got[-1:], [("done", 0, b"")])
        check(len(got) > 1, "nothing came back")
        equal(got[-2][1], as_bytes(content))
        return self


def edited(program):
    end = program.wait()
    return Edited(end.status, end.out, end.err)


def records_of(answer):
    """The records of an answer of version 2, read strictly: what Edited.records() compares."""
    found = []
    while record := wire.first(answer):
        kind, code, payload, whole, answer = record
        if kind == wire.DONE:
            found.append(("done" if whole else "damaged done", code, payload))
            return [*found, "more"] if answer else found
        if kind == wire.NOTE and whole:
            if not payload:  # what an editor begins with
                check(not found, "an empty note in the middle")
                continue
            found.append(("note", payload))
            continue
        check(kind == wire.SAVE, f"a record of kind {kind} with code {code}")
        if code:
            found.append(("doubtful", code, payload))
            continue
        found.append(("save" if whole else "damaged", payload))
    check(len(answer) < 24 or answer.startswith(wire.MARK), f"no record: {answer[:24]!r}")
    return [*found, "lost"]
