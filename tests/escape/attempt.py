# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""One attempt: run it, and look at what came of it from outside."""
import collections
import errno
import fcntl
import os
import signal
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


class Run:
    """What can be seen of an attempt, during it and afterwards."""

    def __init__(self, one, configuration, home, world):
        self.one, self.home = one, home
        answers, answer = os.pipe()
        outs, out = os.pipe()
        with tempfile.TemporaryFile(dir=os.path.dirname(home.path)) as stderr:
            arguments = [configuration, one.name, world.user, home.path, outside.SOURCE,
                         world.victim.pid, world.port, world.key, answer, out]
            terminal, status = self.start(one, arguments, (answer, out), stderr)
            os.close(answer)
            os.close(out)
            stderr.seek(0)
            self.stderr = stderr.read() + terminal
        self.status = status
        self.answer = drain(answers)
        self.seen = dict(line.split(" ", 1) for line in drain(outs).decode().splitlines())
        self.reached = world.touched(home)
        self.changes = home.changes()
        self.arrived = home.arrived()
        self.unlawful = [name for name in self.arrived
                         if self.lawless(os.path.join(os.fsencode(home.incoming), name))]
        self.began = b"began" in self.stderr

    @staticmethod
    def start(one, arguments, fds, stderr):
        """Run the program. Returns what it wrote to its terminal, if it has one, and its exit
        status."""
        master = slave = None
        streams = {"stdin": subprocess.DEVNULL, "stderr": stderr}
        if one.name.startswith("tty-"):
            master, slave = os.openpty()
            streams[one.name[len("tty-"):]] = slave
            # Its own, as the one of the shell that it was started from.
            streams["preexec_fn"] = lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        elif one.name.startswith("endless"):  # the sender is done, and the child is not
            streams["stdin"], end = os.pipe()
            os.close(end)
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                                   pass_fds=fds, start_new_session=True, **streams)
        try:
            status = process.wait(LONG)
        except subprocess.TimeoutExpired:
            process.kill()
            status = f"killed, since it did not end: {process.wait()}"
        if one.name.startswith("endless"):
            os.close(streams["stdin"])
        if master is None:
            return b"", status
        os.set_blocking(master, False)
        try:
            text = os.read(master, 4096)
        except OSError:
            text = b""
        os.close(master)
        os.close(slave)
        return text, status

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
        """The sender must have got one answer, the monitor's."""
        if len(self.answer) < 20:
            return True
        code, _, _, length = struct.unpack_from("<IIQI", self.answer)
        return len(self.answer) != 20 + length or code != -self.result & 0xffffffff

    def evidence(self, layers):
        """Of an escape: sentences."""
        found = list(self.reached)
        if b"ESCAPED" in self.stderr:
            said = [line for line in self.stderr.decode(errors="replace").split("\n")
                    if line and line.strip() not in ("began", "ESCAPED")]
            found.append(f"it says so{': ' if said else ''}{'; '.join(said)}")
        if self.home.word.encode() in self.stderr + self.answer:
            found.append("the secret came out")
        if self.changes:
            found.append(f"changed outside: {', '.join(sorted(self.changes))}")
        if not self.seen:
            return [*found, f"the monitor died: {self.status}"]
        if any(name.startswith(b".qfile-incoming-") for name in self.arrived):
            found.append("a staging directory was left behind")
        if self.arrived and not self.one.lawful or self.unlawful:
            found.append(f"delivered: {', '.join(map(repr, self.arrived))}")
        if (self.result == -errno.ECANCELED and b"failed" not in self.stderr
            and b"ESCAPED" not in self.stderr):
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
        lines = [line.strip() for line in self.stderr.decode(errors="replace").splitlines()]
        failed = [line[len("failed "):] for line in lines if line.startswith("failed ")]
        if failed:
            return failed[-1]
        if self.killed_by:
            return f"killed by {signal.Signals(self.killed_by).name}"
        return f"the monitor says: {self.says}"
