# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Programs whose part a case plays itself: what is started in their stead hands over its stdin,
stdout and stderr, and ends as it is told."""
import array
import contextlib
import os
import shlex
import socket
import struct
import threading

import expect
import settings

LATE = 30  # seconds, for one who plays a part to end after the programs

PROGRAM = os.path.join(settings.BUILD, "tests/standin")


class Role:
    """One start of the program: `stdin`, `stdout`, `stderr` are files, `arguments` those of its
    command line, `pid` its own number."""

    def __init__(self, channel):
        self.channel = channel
        self.pid = struct.unpack("3i",
                                 channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        text, rights, _, _ = channel.recvmsg(65536, socket.CMSG_SPACE(12))
        fds = array.array("i")
        for _, _, data in rights:
            fds.frombytes(data)
        expect.equal(len(fds), 3)
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(fd, mode, buffering=0) for fd, mode in zip(fds, ("rb", "wb", "wb")))
        self.arguments = [os.fsdecode(part) for part in text.split(b"\0")[1:-1]]

    def read(self, size):
        """So many bytes, fewer only at the end."""
        data, length = bytearray(size), 0
        while length < size and (more := self.stdin.readinto(memoryview(data)[length:])):
            length += more
        return bytes(data[:length])

    def read_all(self):
        return self.stdin.read()

    def write(self, *data):
        for each in data:
            view = memoryview(each)
            while view:
                view = view[self.stdout.write(view):]

    def close(self):
        """All its descriptors; it goes on."""
        for file in (self.stdin, self.stdout, self.stderr):
            file.close()

    def end(self, status=0):
        self.close()
        with contextlib.suppress(OSError):
            self.channel.send(bytes([status]))
        self.channel.close()


class StandIn:
    """
    `command` is what to start, for a shell; `words` the same as a list. take() waits for the next
    start. With a function to play the part, `with StandIn(path, play):` has that done by another
    thread for each start, one after another; it gets the Role, which ends when it returns.
    """

    def __init__(self, path, play=None):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen()
        self.words = [PROGRAM, path]
        self.command = f"exec {shlex.join(self.words)}"
        self.play, self.failure, self.starts, self.thread = play, None, 0, None

    def take(self):
        channel, _ = self.listener.accept()
        self.starts += 1
        return Role(channel)

    def started(self):
        """Is there a start that nobody has taken yet?"""
        self.listener.setblocking(False)
        try:
            channel, _ = self.listener.accept()
        except BlockingIOError:
            return None
        finally:
            self.listener.setblocking(True)
        self.starts += 1
        return Role(channel)

    def play_all(self):
        while True:
            try:
                role = self.take()
            except OSError:  # the case is over
                return
            try:
                status = self.play(role)
                role.end(status or 0)
            except BaseException as failure:
                self.failure = failure
                role.end(98)

    def __enter__(self):
        if self.play:
            self.thread = threading.Thread(target=self.play_all, daemon=True)
            self.thread.start()
        return self

    def __exit__(self, failed, *_):
        self.close(failed)

    def close(self, failed=None):
        """
        At the end of a case, whose programs have ended. Raises what the one who played it has
        raised. Nothing is waited for where the case has `failed` already: its exception, or None.
        """
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        if self.thread:
            if not failed:
                self.thread.join(LATE)
            failure = self.failure  # what follows says no more than that it was given up
            expect.give_up(self.thread)
            self.thread.join(LATE if failed else None)
            self.thread = None
            if failed:
                self.failure = failure
        self.listener.close()
        if self.failure and failed is not SystemExit:
            failure, self.failure = self.failure, None
            raise failure
