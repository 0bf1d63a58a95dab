# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-notify on a machine with settings."""
import os

import machine
import suite
import tree
from expect import has
from notified import NOTIFY, Notified


class Settled(Notified):
    """/etc has what is in `etc`, too."""

    def __init__(self):
        machine.need_root()
        super().__init__()
        self.etc = f"{self.top}/etc"
        os.mkdir(self.etc)

    def with_account(self):
        lay = ('mount -t overlay overlay -o lowerdir="$0/etc:/etc" /etc && '
               'mount --bind "$0/passwd" /etc/passwd && exec "$@"')
        return ["unshare", "-m", "sh", "-c", lay, self.top]


test = suite.cases(Settled, once=True)


@test("the directory that is set is watched, and what arrives there is shown")
def _(t):
    tree.write(f"{t.etc}/qfilecopy.conf", "incoming = QubesIncoming\n")
    t.open_session()
    tree.write("one", "x")
    t.send_as("work", "one").exits(0)
    t.notice(1, "1 file from work", "one")
    has(str(tree.names_in(t.home)), "QubesIncoming")


@test("with wrong settings it does not start, and says why")
def _(t):
    tree.write(f"{t.etc}/qfilecopy.conf", "incoming = /tmp\n")
    t.need_account()
    t.run(*t.as_account(), NOTIFY).exits(1).says("/etc/qfilecopy.conf:1: incoming is the name")
