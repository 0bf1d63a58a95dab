# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""One attempt: run it, and look at what came of it from outside."""
import collections
import errno
import fcntl
import os
import select
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import termios

import outside
import settings

PROGRAM = settings.BUILD / "tests/escape/escape"
settings.need_built(PROGRAM)
LONG = 1800  # seconds, for a monitor that hangs; none takes a thousandth of it
MEMORY = 64 << 10  # KiB, far above what a monitor needs, of whatever it is told
SPECIAL_BITS = 0o7000

Attempt = collections.namedtuple("Attempt", "name what escape bare lawful")
HONEST = Attempt("nothing", "", "", "", True)


def every():
    listed = subprocess.run([PROGRAM, "-l"], stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in listed.splitlines():
        *texts, lawful = line.split("\t")
        yield Attempt(*texts, lawful == "1")


def drain(fd):
    with open(fd, "rb") as file:
        return file.read()


class Standard:
    """
    The stdin and stderr of the program: what an attempt is called after, as "stdin-file-read", else
    nothing. An attempt that is called "endless" has a stream that has ended, since its sender is
    done, and the child is not.
    """

    def __init__(self, one, home):
        self.home = home
        self.opened = []
        self.stderr = tempfile.TemporaryFile(dir=os.path.dirname(home.path))
        self.streams = {"stdin": subprocess.DEVNULL, "stderr": self.stderr}
        self.written = lambda: b""  # what has arrived where nobody but an attack writes to
        which, _, rest = one.name.partition("-")
        if which in self.streams:
            self.streams[which] = getattr(self, rest.partition("-")[0])()
        elif which == "endless":
            self.streams["stdin"], end = os.pipe()
            self.opened.append(self.streams["stdin"])
            os.close(end)

    def __enter__(self):
        return self

    def said(self):
        """What programs say that an attack has run."""
        self.stderr.seek(0)
        return self.stderr.read().decode(errors="replace")

    def __exit__(self, *_):
        self.stderr.close()
        for each in self.opened:
            os.close(each)

    def watched(self, fd):
        """All that can be read from it by now is what was written."""
        def read():
            os.set_blocking(fd, False)
            try:
                return os.read(fd, 4096)
            except OSError:
                return b""
        self.written = read

    def keep(self, *fds):
        self.opened += fds
        return fds[0]

    def terminal(self):
        """Of its own, as the one of the shell that it was started from. Somebody types a secret."""
        master, slave = os.openpty()
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        os.write(master, f"{self.home.word} is typed\n".encode())
        self.streams["preexec_fn"] = lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        self.watched(master)
        return self.keep(slave, master)

    def opened_file(self, name, flags):
        """Behind what it holds already."""
        fd = os.open(f"{self.home.path}/{name}", flags)
        os.lseek(fd, 0, os.SEEK_END)
        return self.keep(fd)

    def file(self):
        return self.opened_file("stream", os.O_RDWR)

    def log(self):
        return self.opened_file("log", os.O_WRONLY)

    def append(self):
        return self.opened_file("log", os.O_WRONLY | os.O_APPEND)

    def both(self):
        return self.opened_file("log", os.O_RDWR)

    def fifo(self):
        fd = self.keep(os.open(f"{self.home.path}/fifo", os.O_RDWR))
        self.watched(fd)
        return fd

    def socket(self):
        """The other end sends a secret."""
        one, other = socket.socketpair()
        other.send(f"{self.home.word} is sent\n".encode())
        self.watched(other.fileno())
        return self.keep(one.detach(), other.detach())

    def epoll(self):
        """It waits for something that is there."""
        reading, writing = os.pipe()
        os.write(writing, b"x")
        fd = os.dup((poll := select.epoll()).fileno())
        poll.register(reading, select.EPOLLIN)
        poll.close()
        return self.keep(fd, reading, writing)

    def directory(self):
        return self.keep(os.open(self.home.path, os.O_RDONLY | os.O_DIRECTORY))


# What begins the monitor's account of what it could not do itself, and what a sender may know of it
# all the same.
OWN = ("verifying", "listening", "confining", "ending", "making", "reading", "entering", "leaving",
       "looking", "committing", "syncing")
KNOWN = (errno.EEXIST, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)


class Run:
    """What can be seen of an attempt, during it and afterwards."""

    def __init__(self, one, configuration, home, world):
        self.one, self.home = one, home
        answers, answer = os.pipe()
        outs, out = os.pipe()
        with Standard(one, home) as standard:
            arguments = [configuration, one.name, world.user, home.path, outside.SOURCE,
                         world.victim.pid, world.port, world.key, answer, out]
            self.status = self.start(arguments, (answer, out), standard)
            os.close(answer)
            os.close(out)
            self.written = standard.written()
            said = standard.said()
        self.answer = drain(answers)
        seen, _, told = drain(outs).decode(errors="surrogateescape").partition("told\n")
        self.seen = dict(line.split(" ", 1) for line in seen.splitlines())
        self.told = "\n".join((told, said, self.seen.get("stderr", "")))
        self.reached = world.touched(home)
        self.changes = home.changes()
        self.arrived = home.arrived()
        self.unlawful = [name for name in self.arrived
                         if self.lawless(os.path.join(os.fsencode(home.incoming), name))]
        # A monitor that was killed tells nothing.
        self.began = "began" in self.told or not self.seen

    @staticmethod
    def start(arguments, fds, standard):
        """Run the program to its end. Returns its exit status."""
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   pass_fds=fds, start_new_session=True, **standard.streams)
        try:
            return process.wait(LONG)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"killed, since it did not end: {process.wait()}"

    @property
    def layers(self):
        return int(self.seen.get("layers", 0))

    @property
    def result(self):
        return int(self.seen.get("result", 0))

    @property
    def says(self):
        return self.seen.get("says", f"the monitor died, {self.status}")

    @property
    def child(self):
        """How the child ended, as waitpid(2) has it; 0 where there was none."""
        return max(int(self.seen.get("status", 0)), 0)

    @property
    def killed_by(self):
        """The signal that ended the child, but for the monitor's own; or None."""
        return (os.WTERMSIG(self.child) if os.WIFSIGNALED(self.child)
                and os.WTERMSIG(self.child) != signal.SIGKILL else None)

    def lawless(self, path):
        """Is there anything in this that no delivery may have? Only asked where it may hold
        something at all."""
        status = os.lstat(path)
        if (not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode)
            or status.st_mode & SPECIAL_BITS):
            return True
        return (stat.S_ISDIR(status.st_mode) and self.one.lawful
                and os.access(path, os.R_OK | os.X_OK)
                and any(self.lawless(os.path.join(path, name)) for name in os.listdir(path)))

    def answer_is_wrong(self):
        """
        The sender must have got one answer, the monitor's, and not learn from it what that saw.
        """
        if len(self.answer) < 20:
            return True
        code, _, _, length = struct.unpack_from("<IIQI", self.answer)
        if len(self.answer) != 20 + length:
            return True
        if self.says.split(" ")[0].rstrip(":") in OWN and -self.result not in KNOWN:
            return (code, length) != (errno.EPERM, 0)
        return code != -self.result & 0xffffffff

    def evidence(self, layers):
        """Of an escape: sentences."""
        found = list(self.reached)
        if "ESCAPED" in self.told:
            said = [line for line in self.told.split("\n")
                    if line and line.strip() not in ("began", "ESCAPED")]
            found.append(f"it says so{': ' if said else ''}{'; '.join(said)}")
        if self.home.word in self.told or self.home.word.encode() in self.answer:
            found.append("the secret came out")
        if self.written:
            found.append(f"written to what it was started with: {self.written!r}")
        if self.changes:
            found.append(f"changed outside: {', '.join(sorted(self.changes))}")
        if not self.seen:
            return [*found, f"the monitor died: {self.status}"]
        if any(name.startswith(b".qfile-incoming-") for name in self.arrived):
            found.append("a staging directory was left behind")
        if self.arrived and not self.one.lawful or self.unlawful:
            found.append(f"delivered: {', '.join(map(repr, self.arrived))}")
        if (self.result == -errno.ECANCELED and "failed" not in self.told
            and "ESCAPED" not in self.told):
            found.append("the monitor believes that it is to stop")
        if self.result == -errno.EFAULT:
            found.append("the monitor read beyond its memory")
        if self.result == 0 and not self.one.lawful:
            found.append("the monitor believed it")
        if self.answer_is_wrong():
            found.append("the sender got another answer")
        if self.began and self.layers != layers:
            found.append(
                f"the monitor was told of other layers: {self.layers:#x} instead of {layers:#x}")
        if self.seen["early"] != "0":
            found.append("the commit began before the child's end")
        if self.seen["host"] != "0":
            found.append("the host has another name")
        if int(self.seen["memory"]) > MEMORY:
            found.append(f"the monitor grew to {self.seen['memory']} KiB")
        if os.WCOREDUMP(self.child):
            found.append("it dumped core")
        return found

    def how_it_failed(self):
        lines = [line.strip() for line in self.told.splitlines()]
        failed = [line[len("failed "):] for line in lines if line.startswith("failed ")]
        if failed:
            return failed[-1]
        if self.killed_by:
            return f"killed by {signal.Signals(self.killed_by).name}"
        return f"the monitor says: {self.says}"
