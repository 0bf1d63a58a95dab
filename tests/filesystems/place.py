# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A directory on a disk, and the programs that work in it.

The cases look at the disk as the account that receives, since root may be nobody special there.
"""
import contextlib
import errno
import os
import re
import subprocess

import stream
from disks import RECEIVER
from expect import check, equal, has, wait_until
from settings import UNPACKER

STAGING = ".qfile-incoming-"
LOST = re.compile(b"\0lost=([^\0]*)\0")


@contextlib.contextmanager
def effective(uid):
    """Who this process is meanwhile; in truth it stays root."""
    before = os.geteuid()
    os.seteuid(0)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before)
        os.seteuid(before)


def start(command, user=0, **how):
    """A program of root's or of the account's."""
    with effective(0):
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, user=user, group=user, extra_groups=[],
                                **how)


class Ended:
    def __init__(self, program, stdin=b""):
        self.out, err = program.communicate(stdin)
        self.status, self.said = program.returncode, err.decode(errors="replace")

    def exits(self, status):
        check(self.status == status, f"exit status {self.status}, expected {status}: {self.said}")
        return self


class Place:
    """`incoming`: a directory that is delivered to; `home`: that of the account, which /etc/passwd
    names meanwhile; `scratch`: a directory on this machine's own disk, open to all."""

    def __init__(self, disk, at, scratch):
        self.disk, self.incoming, self.home = disk, f"{at}/in", f"{at}/home"
        self.scratch = scratch

    def run(self, *command, user=RECEIVER, stdin=b"", **environment):
        """To its end, as the account, which is at home there."""
        return Ended(start(command, user, cwd=self.scratch,
                           env={"PATH": os.environ["PATH"], "HOME": self.home,
                                "LC_ALL": "C.UTF-8", **environment}), stdin)

    def command(self, *options):
        return [UNPACKER, *options, str(RECEIVER), self.incoming]

    def receive(self, *entries, options=()):
        """Deliver. Returns the code of the result."""
        done = Ended(start(self.command(*options)), stream.delivery(*entries))
        self.said = done.said
        check(len(done.out) >= 16, f"no result: {self.said}")
        code = int.from_bytes(done.out[:4], "little")
        self.lost = LOST.search(done.out)
        equal(done.status == 0, code == 0)
        self.has_cleaned_up()
        return code

    def has_cleaned_up(self):
        """Nothing of ours stays there; or that it does is told."""
        if self.disk.removes:
            wait_until(lambda: not self.left(), "the staging directory to be removed")
        else:
            has(self.said, "what a broken delivery left could not be removed")

    def left(self):
        return [name for name in self.names()
                if name.startswith((STAGING, ".fuse_hidden", ".nfs"))]

    def names(self):
        try:
            return sorted(os.listdir(self.incoming))
        except FileNotFoundError:
            return []

    def visible(self):
        return [name for name in self.names() if not name.startswith(".")]

    def is_code(self, code, *entries, options=()):
        before = self.visible()
        got = self.receive(*entries, options=options)
        check(got == code, f"code {errno.errorcode.get(got, got)} "
              f"in place of {errno.errorcode.get(code, code)}: {self.said}")
        if code:
            equal(self.visible(), before)

    def content(self, name):
        with open(f"{self.incoming}/{name}", "rb") as file:
            return file.read()
