# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Programs under test, started in the cheapest way there is: there are thousands of them."""
import contextlib
import fcntl
import functools
import os
import signal
import typing

import process

PIPE_HOLDS = 1 << 16
PIPE_MOST = 1 << 20  # what everybody may make it hold


class End(typing.NamedTuple):
    """How a program ended. `status`: negative where a signal ended it; `left`: processes of it are
    still there."""
    status: int
    answer: bytes
    said: bytes
    left: bool


def keep_descriptors():
    """No program inherits what we have inherited ourselves."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            with contextlib.suppress(OSError):
                os.set_inheritable(int(name), False)


def spawn(command, stdin, stdout, stderr, environment):
    """Start it in a session of its own, as from a shell: Python ignores these signals. Returns its
    PID."""
    actions = [(os.POSIX_SPAWN_DUP2, fd, number)
               for number, fd in enumerate((stdin, stdout, stderr))]
    return os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True,
                          setsigdef=(signal.SIGPIPE, signal.SIGXFSZ))


@functools.cache
def null():
    """A descriptor of it."""
    return os.open("/dev/null", os.O_RDWR)


@functools.cache
def stderr_file():
    """For one program after another."""
    return os.memfd_create("stderr")


def emptied(fd):
    os.ftruncate(fd, 0)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def put_in(pipe, data):
    """As much as the pipe holds while nobody reads. Returns the rest."""
    if len(data) > PIPE_HOLDS:
        with contextlib.suppress(PermissionError):  # somebody has too many large ones
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_MOST)
    os.set_blocking(pipe, False)
    view = memoryview(data)
    with contextlib.suppress(BlockingIOError):
        while view:
            view = view[os.write(pipe, view):]
    os.set_blocking(pipe, True)
    return view


def read_all(fd):
    return b"".join(iter(lambda: os.read(fd, 1 << 16), b""))


def any_left():
    """Is a process still there that a program has left behind? It has become a child of ours, and
    is ended."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # the cheapest answer: we have none at all
        return False
    left = set(process.children(os.getpid())) - process.kept
    process.end_all()
    return bool(left)


class Program:
    """
    One that runs. Its stdin and stdout are pipes, whose other ends are `stdin` and `stdout`; its
    stderr is a file. `ready`: what stands in the pipe before it begins, so that it never waits for
    that; `rest`: what the pipe did not hold. packets: it reads each write by itself.
    """

    def __init__(self, command, ready=b"", packets=False, environment=os.environ):
        reading, self.stdin = os.pipe2(os.O_CLOEXEC | (os.O_DIRECT if packets else 0))
        self.stdout, writing = os.pipe()
        self.open, self.status = {self.stdin, self.stdout}, None
        try:
            self.rest = put_in(self.stdin, ready)
            self.pid = spawn(command, reading, writing, emptied(stderr_file()), environment)
        except BaseException:
            self.__exit__()
            raise
        finally:
            os.close(reading)
            os.close(writing)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in list(self.open):
            self.close(fd)

    def close(self, fd):
        self.open.remove(fd)
        os.close(fd)

    def write(self, data):
        """All of it. Returns whether it was wanted: a program that has seen enough closes its end,
        which is no fault."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.stdin, view):]
        except BrokenPipeError:
            return False
        return True

    def kill(self, number):
        if not self.has_ended():
            os.kill(self.pid, number)

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def end(self):
        """What it has not said yet, to its end, which is waited for."""
        answer = read_all(self.stdout) if self.stdout in self.open else b""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return End(self.status, answer, os.pread(stderr_file(), os.fstat(stderr_file()).st_size, 0),
                   any_left())
