# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""When the session of an editor is over: what is known, and what is not and is told."""
import os
import signal
import socket
import time

import process
import suite
import tree
from expect import check, equal, has, wait_until
from opening import Opening, edited, records_of, request
from settings import PYTHON

test = suite.cases(Opening)

# An application that runs already: it is handed a path through a socket, reads the file, and keeps
# nothing open. It appends each line that comes on its stdin, and ends with that.
INSTANCE = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("PREFIX" + os.environ["HOME"] + "/instance")
listener.listen()
channel, _ = listener.accept()
path = channel.recv(4096).decode()
open(path).close()
channel.close()
print(path, flush=True)
for line in sys.stdin:
    with open(path, "a") as file:
        file.write(line)
"""

# What hands the path over, and has ended.
HAND_OVER = """
import os, socket, sys
channel = socket.socket(socket.AF_UNIX)
channel.connect("PREFIX" + os.environ["HOME"] + "/instance")
channel.send(sys.argv[1].encode())
channel.recv(1)
"""


class Handing(Opening):
    """An editor whose handler hands the file over to an instance that runs already."""

    instance_code = INSTANCE
    instance_name = "instance"
    prefix = ""  # of its socket's name: "\\0" where that is nowhere in the files
    handing_over = 'exec PYTHON hand-over.py "$file"'

    def __init__(self):
        super().__init__()
        tree.write(f"{self.top}/hand-over.py", HAND_OVER.replace("PREFIX", self.prefix))
        self.handler(self.handing_over.replace("PYTHON", PYTHON)
                     .replace("hand-over.py", f"{self.top}/hand-over.py"))
        os.symlink(PYTHON, f"{self.top}/{self.instance_name}")
        self.instance = self.start(f"{self.top}/{self.instance_name}", "-c",
                                   self.instance_code.replace("PREFIX", self.prefix),
                                   stdin=process.subprocess.PIPE)
        wait_until(lambda: f"{self.home}/instance" in tree.read("/proc/net/unix"),
                   "the instance to listen")

    def begin(self):
        """The editor, once it has told what it does not know, and the file."""
        editor = self.start_editor(request("file.txt", "first\n"))
        wait_until(lambda: records(editor) and records(editor)[-1][0] == "note", "a note",
                   by=[editor])
        _, text = records(editor)[-1]
        has(text, b"does not show when it closes it")
        has(text, b"press Ctrl-C")
        return editor, self.instance.told()


handing = suite.cases(Handing)


class Converting(Handing):
    """The handler saves the file before an application that takes files is handed it."""

    handing_over = 'echo converted > "$file"; sleep 0.5; exec PYTHON hand-over.py "$file"'


class ConvertingForServer(Converting):
    """Only its name says that the application takes files."""

    instance_name = "emacs"
    prefix = "\\0"


class Beside(Converting):
    """Nothing is handed to it."""

    handing_over = 'echo saved > "$file"; sleep 1.5'


class Scanning(Handing):
    """The handler reads it for long before."""

    instance_name = "emacs"
    handing_over = 'sleep 3 < "$file"; exec PYTHON hand-over.py "$file"'


def records(editor):
    """Those that the editor has sent whole."""
    return [each for each in records_of(process.written(editor.out)) if each != "lost"]


@test("nobody can have it: over, whether the handler failed or not")
def _(t):
    t.handler("exit 0")
    t.ask_for("file.txt", "first").unopened().says_nothing()
    t.handler("exit 3")
    (kind, code, _), = records_of(t.ask_for("file.txt", "first").exits(1).out)
    equal(kind, "done")
    check(code != 0, "the failure is not told")
    t.nothing_there()


# Listens on a socket that is nowhere in the files, and shows no file.
LISTENER = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0" + sys.argv[1])
listener.listen()
print("listens", flush=True)
sys.stdin.read()
"""


def listen(t, name):
    """A process of this name that does. It ends with its stdin."""
    os.symlink(PYTHON, f"{t.top}/{name}")
    listener = t.start(f"{t.top}/{name}", "-c", LISTENER, f"{t.top}/{name}",
                       stdin=process.subprocess.PIPE)
    wait_until(listener.told, "it to listen")
    return listener


# Goes on with nothing but a variable of its environment when its parent has ended, and saves when a
# line comes.
HEIR = """
import os, sys
if sys.argv[1:] == ["save"]:
    with open(os.environ["NOTES"] + "/saves") as orders:
        for line in orders:
            with open(os.environ["QOPEN_FILE"], "w") as file:
                file.write(line)
    os._exit(0)
# What is written in place when a handler fails may be a part.
with open(sys.argv[1] + "~", "w") as file:
    file.write("by the first")
os.rename(sys.argv[1] + "~", sys.argv[1])
if os.fork() == 0:
    os.setsid()
    os.chdir("/")
    os.execv(sys.executable, [sys.executable, __file__, "save"])
os._exit(int(sys.argv[2]))
"""


@test("what the handler has started goes on in the background, and saves again, after the handler "
      "saved or failed: that is waited for and told", waits=True)
def _(t):
    tree.write(f"{t.top}/heir.py", HEIR)
    os.mkfifo(f"{t.notes}/saves")
    os.chmod(f"{t.notes}/saves", 0o666)
    for status in (0, 3):
        t.handler(f'export NOTES; exec {PYTHON} {t.top}/heir.py "$file" {status}')
        editor = t.start_editor(request("file.txt", "first"))
        # It waits for the orders, and has nothing else open.
        with open(f"{t.notes}/saves", "w", encoding="utf-8") as orders:
            wait_until(lambda it=editor: len(records(it)) == 2, "a note")
            equal(records(editor)[0], ("save", b"by the first"))
            has(records(editor)[1][1], b"was started to open the file, goes on and may still save")
            orders.write("by the heir")
        end = edited(editor).exits(int(status != 0))
        equal(records_of(end.out)[2], ("save", b"by the heir"))
        t.nothing_there()


@test("an early end while what the handler has started goes on: its file stays", waits=True)
def _(t):
    tree.write(f"{t.top}/heir.py", HEIR)
    os.mkfifo(f"{t.notes}/saves")
    os.chmod(f"{t.notes}/saves", 0o666)
    t.handler(f'export NOTES; exec {PYTHON} {t.top}/heir.py "$file" 0')
    editor = t.start_editor(request("file.txt", "first"))
    with open(f"{t.notes}/saves", "w", encoding="utf-8") as orders:
        wait_until(lambda: len(records(editor)) == 2, "a note")
        editor.kill(signal.SIGTERM)
        edited(editor).exits(1)
        directory, = os.listdir(t.there)
        # The process that stays behind looks once a second.
        time.sleep(3)
        orders.write("late")
    wait_until(lambda: tree.read(f"{t.there}/{directory}/file.txt") == "late", "the late save")


@test("something that is no process has it open for writing: that is said, and waited for",
      waits=True)
def _(t):
    t.played_handler()
    editor = t.start_editor(request("file.txt", "first"))
    app = t.application()
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with one, other:
        # A descriptor that is on its way is nobody's.
        with open(app.file, "r+b") as file:
            socket.send_fds(one, [b"x"], [file.fileno()])
        app.end()
        wait_until(lambda: records(editor), "a note")
        (kind, text), = records(editor)
        equal(kind, "note")
        has(text, b"it cannot be seen what")
        check(editor.runs(), "it is over")
        _, (fd,), _, _ = socket.recv_fds(other, 1, 1)
    with open(fd, "r+b") as file:
        file.write(b"later")
    equal([record for record in records_of(edited(editor).exits(0).out) if record[0] != "note"],
          [("save", b"later"), ("done", 0, b"")])
    t.nothing_there()


@test("nobody can have it, though a process listens elsewhere", waits=True)
def _(t):
    t.handler("exit 0")
    listen(t, "some-daemon")
    t.ask_for("file.txt", "first").unopened().says_nothing()
    t.nothing_there()


@handing("an instance that keeps nothing open is waited for, each save comes back, and its end is "
         "the end", waits=True)
def _(t):
    editor, path = t.begin()
    for number in (1, 2):
        t.instance.write(b"%d\n" % number)
        wait_until(lambda count=number: len(records(editor)) > count, "the save")
    check(editor.runs(), "it was not waited for")
    t.instance.close().wait()
    _, *rest = records_of(edited(editor).exits(0).out)
    equal(rest, [("save", b"first\n1\n"), ("save", b"first\n1\n2\n"), ("done", 0, b"")])
    check(not os.path.exists(path), "the file is left")
    t.nothing_there()


def waited_for(first):
    """The instance is waited for. What it appends comes back, to this content."""
    def run(t):
        editor, path = t.begin()
        t.instance.write(b"1\n")
        t.instance.close().wait()
        *_, save, done = records_of(edited(editor).exits(0).out)
        equal((save, done), (("save", first + b"1\n"), ("done", 0, b"")))
        check(not os.path.exists(path), "the file is left")
        t.nothing_there()
    return run


suite.cases(Converting)("a file that the handler converts first, and then hands over: the instance "
                        "is waited for", waits=True)(waited_for(b"converted\n"))
suite.cases(ConvertingForServer)("the same where the instance listens nowhere in the files, and is "
                                 "called as servers are", waits=True)(waited_for(b"converted\n"))
suite.cases(Scanning)("a file that the handler scans for long, and then hands over: the instance "
                      "is waited for", waits=True)(waited_for(b"first\n"))


@suite.cases(Beside)("an application saves and ends beside an instance that was handed nothing: it "
                     "is over, and our own reading is not taken for the instance's", waits=True)
def _(t):
    end = t.ask(request("file.txt", "first\n")).exits(0)
    equal(records_of(end.out), [("save", b"saved\n"), ("done", 0, b"")])
    check(t.instance.runs(), "the instance has ended")


@handing("the user says that it is over: the instance goes on, and the file stays as long",
         waits=True)
def _(t):
    editor, path = t.begin()
    editor.kill(signal.SIGTERM)
    edited(editor).exits(1)
    check(t.instance.runs(), "the application was ended")
    equal(tree.names_in(os.path.dirname(path)), ["NOT SENT BACK - file.txt.txt", "file.txt"])
    t.instance.close().wait()
    wait_until(lambda: not os.listdir(t.there), "the private directory to be removed")


@handing("what the instance saves after the end is kept", waits=True)
def _(t):
    editor, path = t.begin()
    editor.kill(signal.SIGTERM)
    edited(editor).exits(1)
    t.instance.write(b"late\n")
    t.instance.close().wait()
    notice = f"{os.path.dirname(path)}/NOT SENT BACK - file.txt.txt"
    wait_until(lambda: "No application uses it any more" in tree.read(notice), "the notice")
    equal(tree.read(path), "first\nlate\n")


# An application that runs already, and watches the files that it shows and their directories. Each
# line on its stdin is what it does next.
WATCHER = """
import ctypes, os, socket, sys
libc = ctypes.CDLL(None)
def watch(path):
    return libc.inotify_add_watch(inotify, path.encode(), 0x3c6)  # what changes it
inotify = libc.inotify_init()
listener = socket.socket(socket.AF_UNIX)
listener.bind(os.environ["HOME"] + "/instance")
listener.listen()
channel, _ = listener.accept()
path = channel.recv(4096).decode()
file, _ = watch(path), watch(os.path.dirname(path))
channel.close()
print(path, flush=True)
for line in sys.stdin:
    if line == "replace\\n":
        open(path + ".new", "w").write("second")
        os.rename(path + ".new", path)
        file = watch(path)
    elif line == "close\\n":
        libc.inotify_rm_watch(inotify, file)
"""


class Watching(Handing):
    """The same, with an application that watches the file."""
    instance_code = WATCHER


watching = suite.cases(Watching)


@watching("an application that closed the file, and still watches its directory: told, waited for, "
          "and its end is the end", waits=True)
def _(t):
    editor = t.start_editor(request("file.txt", "first"))
    wait_until(t.instance.told, "the application to show it")
    t.instance.write(b"replace\n")
    wait_until(lambda: records(editor), "the save")
    time.sleep(5)  # longer than until the words about one that has closed it
    equal(records(editor), [("save", b"second")])
    t.instance.write(b"close\n")
    wait_until(lambda: len(records(editor)) > 1, "a note")
    kind, text = records(editor)[1]
    equal(kind, "note")
    has(text, b"may have closed the file")
    has(text, b"press Ctrl-C")
    check(editor.runs(), "it was not waited for")
    t.instance.close().wait()
    equal(records_of(edited(editor).exits(0).out)[2:], [("done", 0, b"")])
    t.nothing_there()


@test("for viewing only: that it was changed nevertheless is told to both sides", waits=True)
def _(t):
    def play(app):
        os.chmod(app.file, 0o600)
        app.write("changed")
    t.played_handler(play)
    end = edited(t.start_editor(request("file.txt", "first", flags=1))).exits(0)
    told = "it was opened for viewing only: what was changed there is not sent back"
    equal(end.said, f"vm-file-editor: {told}")
    end.records(("done", 0, told))
