# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A sender and a receiver: what cases of copying work with."""
import contextlib
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import tempfile
import termios
import zlib

import machine
import process
import tap
import tree
from expect import check, equal, wait_until
from named import receiver_named
from settings import AGENT, UNPACKER
from standin import StandIn

# Numbers of errors on the wire. They are Linux's, the same on every machine that these programs run
# on.
EPERM, ENOENT, EIO, EEXIST, ENODEV, ENOTDIR, EINVAL, ENOSPC, ENAMETOOLONG, ENODATA, ENOLINK = (
    1, 2, 5, 17, 19, 20, 22, 28, 36, 61, 67)
EILSEQ, ETIMEDOUT, EDQUOT, ECANCELED, ETRUNCATED = 84, 110, 122, 125, 31415926

UNSET = ("SSH_CONNECTION", "PROGRESS_TYPE", "FILECOPY_TOTAL_BYTES", "SAVED_FD_1",
         "PEDOS_RPC_CLIENT", "QREXEC_REMOTE_DOMAIN", "QREXEC_SERVICE_ARGUMENT")

STAGING = ".qfile-incoming-"


class Copying:
    """
    Directories of a case's own, which is in `sent` when it begins: `top` with all of them, `sent`
    with what the sender has, `incoming` where the receiver delivers to. `uid`: the receiver's.
    `environment`: of all programs that it starts.
    """

    where = None  # they are in the usual temporary directory

    def __init__(self):
        # Passable for others, and short: the path of a socket has a hundred bytes.
        self.top = tempfile.mkdtemp(prefix="qf-", dir=self.where)
        os.chmod(self.top, 0o755)
        self.sent, self.incoming = f"{self.top}/sent", f"{self.top}/incoming"
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in UNSET} | {"LC_ALL": "C.UTF-8"}
        # After su(1) some may be root's: a shell says "denied" then, not "not found".
        self.environment["PATH"] = ":".join(directory for directory in os.get_exec_path()
                                            if os.access(directory, os.X_OK))
        # Root receives for somebody who is not root: then a mistake with privileges shows.
        self.uid = 65534 if machine.am_root() else os.getuid()
        self.stand_ins = []
        os.umask(0o022)
        os.mkdir(self.sent)
        os.mkdir(self.incoming)
        self.place = os.path.realpath(self.incoming)  # as a sender is told
        if machine.am_root():
            os.chown(self.incoming, self.uid, self.uid)
        os.chdir(self.sent)

    def __enter__(self):
        return self

    def __exit__(self, failed, *_):
        try:
            process.end_all()
            for each in self.stand_ins:
                each.close(failed)
        finally:
            os.chdir("/")
            tree.remove(self.top)

    # ---- Programs ----

    def start(self, *command, env=(), **how):
        """A process.Program in `sent`. env: variables of its own besides."""
        return process.Program([str(word) for word in command],
                               env={**self.environment, **dict(env)}, **how)

    def run(self, *command, **how):
        """The same to its end: a process.End."""
        return self.start(*command, **how).run_out()

    def run_on_terminal(self, *command, columns=80, **how):
        """The same where stdin, stdout and stderr are a terminal: the exit status, and what is on
        its screen."""
        machine.need_terminal()
        screen, terminal = pty.openpty()
        with open(screen, "rb", buffering=0) as screen:
            with open(terminal, "wb", buffering=0) as terminal:
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
                os.write(screen.fileno(), b"\4")  # nobody types anything: who reads gets to the end
                program = self.start(*command, stdin=terminal, stdout=terminal, stderr=terminal,
                                     **how)
            shown = b""
            with contextlib.suppress(OSError):  # how a terminal that nobody has any more ends
                while more := screen.read(65536):
                    shown += more
        return program.wait().status, process.text(shown.replace(b"\r\n", b"\n"))

    def passing_on(self, look):
        """The command of the receiver, for --via, to which this process hands the stream on: `look`
        gets each part of it before."""
        def play(role):
            receiving = self.start(*self.receiver(), stdin=subprocess.PIPE, stdout=role.stdout,
                                   stderr=role.stderr)
            while data := role.stdin.read(65536):
                look(data)
                receiving.write(data)
            return receiving.close().wait().status
        return self.peer(play)

    def receiver(self, *options):
        """The command of a receiver, as a list."""
        machine.need_receiver()
        return [UNPACKER, *options, str(self.uid), self.incoming]

    def via(self, *options):
        """The same for --via."""
        return shlex.join(self.receiver(*options))

    def send(self, *arguments, **how):
        """Send with the agent to the unpacker."""
        return self.run(AGENT, f"--via={self.via()}", *arguments, **how)

    def deliver(self, stream, *options, **how):
        """What an old sender would send, to the unpacker: a Delivery."""
        return Delivery(self, self.run(*self.receiver(*options), stdin=stream, **how), stream)

    def start_unpacker(self, *options, **how):
        """An unpacker on a stream that stays open: a Receiving, to which more is written."""
        return Receiving(self, *options, **how)

    def stand_in(self, play=None):
        """A program whose part is played here: a StandIn that is closed with the case."""
        path = f"{self.top}/stand-in-{len(self.stand_ins)}"
        self.stand_ins.append(StandIn(path, play).__enter__())
        return self.stand_ins[-1]

    def peer(self, play):
        """The command of a receiver, for --via, whose part `play` has: a function of a
        standin.Role."""
        return receiver_named(self.stand_in(play).command)

    # ---- An account of the case's own making ----

    def need_account(self):
        """Make `home`, the home of an account "user", which has the number `account`. Skips where
        this user cannot have one."""
        self.home = f"{self.top}/homes/user"
        self.account, group = (12345, 12345) if machine.am_root() else (os.getuid(), os.getgid())
        os.makedirs(self.home)
        os.chown(self.home, self.account, group)
        tree.write(f"{self.top}/passwd",
                   f"root:x:0:0::/:/bin/sh\nuser:x:{self.account}:{group}::{self.home}:/bin/sh\n")
        if not machine.works(*self.with_account(), "true"):
            raise tap.Skip("this user cannot have accounts of its own making")

    def with_account(self):
        """The words before a command that runs where the machine's accounts are root and that one,
        as the same user as here."""
        bind = 'mount --bind "$0" /etc/passwd && exec "$@"'
        if machine.am_root():
            return ["unshare", "-m", "sh", "-c", bind, f"{self.top}/passwd"]
        return ["unshare", "-Urm", "sh", "-c", bind, f"{self.top}/passwd",
                "unshare", "-U", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"]

    # ---- What is there ----

    def arrived(self, *names):
        """Exactly these are in the incoming directory, hidden ones, too."""
        equal(tree.names_in(self.incoming), sorted(names))

    def nothing_arrived(self):
        """Nothing is visible, and nothing is left behind either."""
        self.arrived()

    def into(self, name):
        """The path of something that arrived."""
        return os.path.join(self.incoming, name)

    def incoming_picture(self):
        """To be compared later: tree.same_picture(t.incoming_picture(), before)."""
        return tree.picture(self.incoming, below=True)

    def staged(self, name):
        """Is a file of this name in the staging directory of somebody?"""
        for staging in os.listdir(self.incoming):
            if (staging.startswith(STAGING)
                and os.path.lexists(os.path.join(self.incoming, staging, "tree", name))):
                return True
        return False


class OnDisk:
    """To be inherited from before a world: its directories are on a disk, which may have what a
    file system in memory has not."""

    where = os.environ.get("QFILE_DISK") or None


REMARKS = re.compile(rb"\0place=([^\0]*)\0(?:\0lost=[^\0]*\0)?\Z")


class Answer:
    """What an unpacker answers, to the byte."""

    def __init__(self, data):
        check(len(data) >= 20, f"an answer of {len(data)} bytes: {data!r}")
        self.code, self.padding, self.checksum, length = struct.unpack_from("<IIQI", data)
        self.name = data[20:]
        equal((self.padding, length), (0, len(self.name)))
        remarks = REMARKS.search(self.name)
        self.place = remarks and os.fsdecode(remarks[1])
        # They stand in place of the last name, but behind new ones.
        if remarks:
            self.name = self.name[:remarks.start()]


class Delivery(process.End):
    """How a delivery ended."""

    def __init__(self, case, end, stream):
        super().__init__(end.status, end.out, end.err)
        self.case, self.stream = case, stream

    def answered(self, code, name):
        """Where the code is 0, with the checksum of the stream, too."""
        answer = Answer(self.out)
        name = name.encode(errors="surrogateescape") if isinstance(name, str) else name
        if answer.place:
            check(code == 0, "a failure with a place")
            name = name if b"\0" in name else b""
        equal((answer.code, answer.name), (code, name))
        check(answer.checksum >> 32 == 0, "the checksum has 32 bits of its 64")
        if code == 0:
            equal(answer.checksum, zlib.crc32(self.stream))
        return self

    def arrives(self, name=""):
        """All is well; `name` is the last one of the answer."""
        return self.exits(0).answered(0, name)

    def refused(self, code, name=""):
        """It ended so, and nothing of it is visible."""
        self.exits(1).answered(code, name)
        self.case.nothing_arrived()
        return self


class Receiving(process.Program):
    """An unpacker to which the case writes, bit by bit."""

    def __init__(self, case, *options, **how):
        self.case, self.stream = case, b""
        how["env"] = {**case.environment, **dict(how.get("env", ()))}
        super().__init__(case.receiver(*options), stdin=subprocess.PIPE, **how)

    def write(self, *data):
        self.stream += b"".join(data)
        super().write(*data)

    def wait_staged(self, name):
        """Wait for a file of this name in the staging directory."""
        wait_until(lambda: self.case.staged(name),
                   lambda: f"{name} to be staged; said: {self.said()}", by=[self])

    def child(self):
        """The confined child's PID."""
        found = process.children(self.pid)
        check(len(found) == 1, f"children: {found}")
        return found[0]

    def answer_is_there(self):
        return len(process.written(self.out)) >= 20

    def wait(self):
        """For its end, while its stream stays as it is. Returns a Delivery."""
        return Delivery(self.case, super().wait(), self.stream)


# ---- The other side of an agent ----


def length_of_delivery(name, size):
    """Of a stream with one regular file. A sender does not close its end before it has the answer,
    so that a receiver has to know when to stop."""
    return 32 + len(os.fsencode(name)) + 1 + size + 32


def take(role):
    """What a sender of the one file "file" sends."""
    return role.read(length_of_delivery("file", os.path.getsize("file")))


def take_and_go(role):
    """A receiver that reads everything, and gives no result."""
    take(role)


def old_answer(code, checksum):
    """What a receiver from before the last-name extension answers."""
    return struct.pack("<IIQ", code, 0, checksum)


def answer(code, checksum, name=b""):
    name = name.encode() if isinstance(name, str) else name
    return old_answer(code, checksum) + struct.pack("<I", len(name)) + name
