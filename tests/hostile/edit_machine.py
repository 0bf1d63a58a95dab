# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The real vm-file-editor with a hostile opener, or the real qopen-in-vm with a hostile editor; and
what there is before and after."""
import fcntl
import os
import sys
import tempfile
import termios

import home as homes
import tree
from expect import wait_until
from program import Program

EARLIER = 1234567890_123456789
BEFORE = b"as it was\n"

# Notes what it is shown, and fails: nobody is waited for then who might still open the file.
HANDLER = """#!/bin/sh
[ -e "$0.ran" ] && echo twice >>"$0.ran" && exit 9
stat -c '%a %h' "$1" "${1%/*}" >"$0.ran"
printf %s "$1" >"$0.path"
cat "$1" >"$0.content"
exit 7
"""


class Machine:
    """Directories with files in them that are nobody's business."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="edit-").encode()
        self.top = self.directory + b"/seen"  # what is pictured
        self.incoming = self.top + b"/here"  # of which only the times may change
        self.handler = self.directory + b"/handler"
        # What is kept nowhere else is kept in the last of these.
        for path in self.top, self.incoming, self.top + b"/home", self.top + b"/home/qopen-in-vm":
            os.mkdir(path, 0o700)
        self.add(b"neighbour.txt", b"nobody else's\n", 0o600)
        tree.script(os.fsdecode(self.handler), HANDLER)
        home = self.top + b"/home"
        self.environment = os.environ | {"TMPDIR": self.incoming, "HOME": home,
                                         "XDG_DATA_HOME": home, "XDG_RUNTIME_DIR": home}
        self.environment.pop("QREXEC_REMOTE_DOMAIN", None)
        self.own = {path: set(os.listdir(path)) for path in (self.directory, self.incoming)}
        self.before = self.picture()

    def add(self, name, content, mode):
        path = self.incoming + b"/" + name
        tree.write(path, content, mode)
        homes.set_attribute(path)
        os.utime(path, ns=(EARLIER, EARLIER))
        return path

    def picture(self, leave_out=()):
        return homes.picture(self, leave_out)

    def tidy(self):
        """Remove what a case has added, where nothing else has changed."""
        for path, own in self.own.items():
            for name in set(os.listdir(path)) - own:
                homes.remove(path + b"/" + name)

    def run(self, command, *options, feed=lambda program: None, **environment):
        """Start it, and let `feed` talk to it; what it has not read from stdout is read then, up to
        the end."""
        os.chdir(self.incoming)
        with Program([command, *options], environment=self.environment | environment) as program:
            os.chdir("/")
            feed(program)
            return program.end()

    def shown(self):
        """What the handler saw: the file's path, mode and links, its directory's mode, its content;
        None: it did not run."""
        if not os.path.exists(self.handler + b".ran"):
            return None
        ran = tree.read_bytes(self.handler + b".ran").split()
        ran[3:4] = []  # how many links its directory has depends on the file system
        return (tree.read_bytes(self.handler + b".path"), *ran,
                tree.read_bytes(self.handler + b".content"))


free = []  # machines as they were made


def complaints_on(test):
    """Of a function of a machine. One where something was wrong is not used again."""
    machine = free.pop() if free else Machine()
    complaints = list(test(machine))
    if complaints:
        tree.remove(machine.directory)
    else:
        machine.tidy()
        free.append(machine)
    return complaints


def wait_for(path, program):
    """Until it is there, or the program that brings it there has ended."""
    wait_until(lambda: os.path.exists(path) or program.has_ended(), f"{path!r}")


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
