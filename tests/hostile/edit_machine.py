# SPDX-License-Identifier: GPL-2.0-or-later
"""The real vm-file-editor with a hostile opener, or the real qopen-in-vm with a hostile editor; and what there is before and after."""
import contextlib
import dataclasses
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import time

import home as homes

BIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..", os.environ.get("QFILE_BUILD", "build"), "bin")
PATIENCE = 120  # seconds, for a program that hangs. No case takes a tenth of it
EARLIER = 1234567890_123456789
BEFORE = b"as it was\n"

# Notes what it is shown, and fails: nobody is waited for then who might still open the file.
HANDLER = """#!/bin/sh
[ -e "$0.ran" ] && echo twice >>"$0.ran" && exit 9
stat -c '%a %h' "$1" >"$0.ran"
stat -c %a "${1%/*}" >>"$0.ran"
printf %s "$1" >"$0.path"
cat "$1" >"$0.content"
exit 7
"""

running = set()  # process groups, to be ended with us


def end_all():
    for pid in list(running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


@dataclasses.dataclass
class End:
    """How a program ended."""
    status: int
    answer: bytes
    said: bytes
    left: bool  # a process of it is still there


class Machine:
    """Directories for a case, with files in them that are nobody's business: `with Machine() as it`."""

    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="qfile-edit.")
        self.top = os.fsencode(self.directory.name)
        self.path = self.top + b"/seen"  # what is pictured
        self.incoming = self.path + b"/here"  # of which only the times may change
        self.handler = self.top + b"/handler"
        # What is kept nowhere else is kept in the last of these.
        for path in self.path, self.incoming, self.path + b"/home", self.path + b"/home/qopen-in-vm":
            os.mkdir(path, 0o700)
        self.add(b"neighbour.txt", b"nobody else's\n", 0o600)
        write(self.handler, HANDLER.encode(), 0o755)
        home = self.path + b"/home"
        self.environment = os.environ | {"TMPDIR": self.incoming, "HOME": home, "XDG_DATA_HOME": home, "XDG_RUNTIME_DIR": home}
        self.environment.pop("QREXEC_REMOTE_DOMAIN", None)
        return self

    def __exit__(self, *_):
        self.directory.cleanup()

    def add(self, name, content, mode):
        path = self.incoming + b"/" + name
        write(path, content, mode)
        homes.set_attribute(path)
        os.utime(path, ns=(EARLIER, EARLIER))
        return path

    def picture(self, leave_out=()):
        return homes.picture(self, leave_out)

    def run(self, program, *options, feed=lambda process: None, **environment):
        """Start it, and let `feed` talk to it; what it has not read from stdout is read then, up to the end."""
        with tempfile.TemporaryFile() as said, subprocess.Popen(
                [f"{BIN}/{program}", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, bufsize=0, start_new_session=True,
                env=self.environment | environment, cwd=self.incoming) as process:
            running.add(process.pid)
            guard = threading.Timer(PATIENCE, kill_group, [process.pid])
            guard.start()
            try:
                feed(process)
                answer = b"" if process.stdout.closed else process.stdout.read()
                process.wait()
            finally:
                guard.cancel()
                left = kill_group(process.pid)
                running.discard(process.pid)
            said.seek(0)
            return End(process.returncode, answer, said.read(), left)

    def shown(self):
        """What the handler saw: the file's path, mode and links, its directory's mode, its content; None: it did not run."""
        if not os.path.exists(self.handler + b".ran"):
            return None
        ran = read(self.handler + b".ran").split()
        return read(self.handler + b".path"), *ran, read(self.handler + b".content")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content, mode):
    with open(path, "xb") as file:
        file.write(content)
    os.chmod(path, mode)


def kill_group(pid):
    """Returns whether there was one."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
        return True
    return False


def wait_for(path, process):
    """Until it is there, or the program that brings it there has ended."""
    while not os.path.exists(path) and process.poll() is None:
        time.sleep(0.01)


def unread(pipe):
    """Bytes in it that its reader has not taken yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def is_text(said):
    """Lines, and nothing in them that a terminal would take for anything but text."""
    return all(0x20 <= byte <= 0x7e or byte == 0x0a for byte in said)


def kept(path):
    """What a file has whatever its content is."""
    status = os.lstat(path)
    return status.st_mode, status.st_uid, status.st_gid, homes.attributes(path, status)
