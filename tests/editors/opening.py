# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""One file, opened by the real qopen-in-vm and vm-file-editor, with everything of its own: home,
temporary directory, environment."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import time

from expect import check, equal, wait_until
from settings import BUILD

PROGRAMS = [BUILD / "bin" / name for name in ("qopen-in-vm", "vm-file-editor")]
RESULTS = BUILD / "tests/results"

def wait(condition, what, state=lambda: ""):
    """Wait for what `condition` returns to be true, and return it. `what` completes "waited in vain
    for", `state` tells what there was instead."""
    return wait_until(condition, lambda: f"{what}\n{state()}")


def processes_in(directory):
    """Those that live in a test's directory: whatever it started, and however far that went away,
    has the directory's name in its environment."""
    mark = f"={directory}/".encode()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                yield int(process.name)
        except OSError:  # somebody else's, or gone
            pass


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # gone
        return None


def end_all(directory):
    """End whatever lives in a test's directory."""
    while left := list(processes_in(directory)):
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)


def guard(top):
    """However this process ends, nothing that it started and made outlives it: another sees its end
    of a pipe closed, and tidies up."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        os.setsid()  # what is meant for us all does not reach it
        os.read(reading, 1)
        end_all(top)
        shutil.rmtree(top, ignore_errors=True)
        os._exit(0)
    os.close(reading)  # `writing` stays open, as long as we live


class Opening:
    """A file to be opened, `self.file`, and once start() was called, the session."""

    def __init__(self, directory, content="first line\nlast line\n", name="notes.txt"):
        """`directory`: an empty one."""
        self.directory = pathlib.Path(directory)
        self.home, self.sent, self.temporary, self.runtime = (
            self.directory / each for each in ("home", "sent", "tmp", "run"))
        for each in (self.home, self.sent, self.temporary, self.runtime):
            each.mkdir(mode=0o700)
        self.file = self.sent / name
        self.file.write_text(content)
        self.before = self.picture()
        self.stderr = self.directory / "stderr"
        self.opener, self.has_ended = None, False
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.temporary),
            "XDG_RUNTIME_DIR": str(self.runtime), "LC_ALL": "C.UTF-8",
            "QREXEC_REMOTE_DOMAIN": "work",
        }

    def another(self, name):
        """A second file, for another session in the same surroundings."""
        directory = self.directory / name
        directory.mkdir()
        other = Opening(directory, name=name)
        other.environment = {**self.environment, "TMPDIR": str(other.temporary)}
        return other

    def script(self, text):
        """A shell script for a handler. Returns the command that runs it: to be run itself, nobody
        may have it open for writing, and what another test starts at this moment has, for a
        moment."""
        path = self.directory / "script"
        path.write_text(f"{text}\n")
        return f"sh {path}"

    def start(self, handler=None, *options):
        """Open the file. handler: of vm-file-editor; its default if there is none."""
        opener, editor = PROGRAMS
        via = shlex.join([str(editor)] + ([f"--handler={handler}"] if handler else []))
        with self.stderr.open("w") as stderr:
            self.opener = subprocess.Popen(
                [opener, "--verbose", f"--via={via}", *options, self.file], env=self.environment,
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr)

    def said(self):
        return f"it said:\n{self.stderr.read_text()}" if self.opener else ""

    def running(self):
        return self.opener.poll() is None

    def wait(self, condition, what, state=lambda: ""):
        """Wait for something while the file is open, or once its end was seen."""
        def happened():
            return condition() or check(self.has_ended or self.running(),
                                        f"it ended, with {self.opener.returncode}, before {what}\n"
                                        f"{state()}\n{self.said()}")
        return wait(happened, what, state)

    def comes_back(self, content):
        """Wait for a version to be in the file's place, which must be while the editor has it
        open."""
        self.wait(lambda: self.file.read_text() == content, f"{content!r} to come back",
                  lambda: f"there is {self.file.read_text()!r}")
        check(self.running(), "it ended with the save")

    def stays_open(self):
        """For longer than anybody waits who cannot see that the editor lives, or that it has the
        file."""
        time.sleep(3)
        check(self.running(),
              f"it ended, with {self.opener.returncode}, while the file was open\n{self.said()}")

    def copy(self):
        """The file that the editor works on."""
        return self.wait(lambda: next(self.temporary.glob(f"qopen-*/{self.file.name}"), None),
                         "the editor's file")

    def kill_opener(self):
        """It has ended then, and the application may go on."""
        self.opener.kill()
        self.opener.wait()
        self.has_ended = True

    def stop_editor(self):
        """As its machine does when it shuts down."""
        os.kill(next(pid for pid in processes_in(self.directory)
                     if name_of(pid) == PROGRAMS[1].name), signal.SIGTERM)

    def leaves_nothing(self):
        """Wait for all that it made and started to be gone."""
        wait(lambda: not os.listdir(self.temporary) and not list(processes_in(self.directory)),
             "everything to be gone")

    def picture(self):
        """What changes when something is written over the file, or beside it."""
        status = self.file.stat()
        return (sorted(os.listdir(self.sent)), self.file.read_text(), status.st_ino,
                status.st_mtime_ns)

    def ends(self, status=0, stays=False):
        """Wait for the end, after which nothing of it is left; or, if an application has the file
        still, that and a notice. Returns what was said."""
        wait(lambda: not self.running(), "the end", self.said)
        self.has_ended = True
        check(self.opener.returncode == status,
              f"it ended with {self.opener.returncode}, should have with {status}\n{self.said()}")
        name = self.file.name
        equal(sorted(path.name for path in self.temporary.glob("*/[!.]*")),
              [f"NOT SENT BACK - {name}.txt", name] if stays else [])
        check(stays or not os.listdir(self.temporary), "the private directory is left")
        equal(os.listdir(self.sent), [name])
        return self.stderr.read_text()

    def ends_with(self, content, saves=1, status=0, stays=False):
        """`saves`: how many versions came back in all."""
        said = self.ends(status, stays)
        equal(self.file.read_text(), content)
        equal(re.findall(r"^qopen-in-vm: save (\d+) is in", said, re.MULTILINE),
              [str(number) for number in range(1, saves + 1)])

    def ends_unchanged(self, status=0, stays=False):
        said = self.ends(status, stays)
        equal(self.picture(), self.before)
        return said
