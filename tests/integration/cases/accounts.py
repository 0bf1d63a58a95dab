# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Whom a delivery is for, and where it goes when no directory is named."""
import os

import machine
import stream as wire
import suite
import tree
from copying import ENOENT, EPERM, Answer, Copying, Delivery
from expect import equal, has, lacks, missing
from settings import UNPACKER
from tap import Skip

EACCES = 13

ONE_FILE = wire.delivery(wire.file("file", b"x"))


class Accounts(Copying):
    """What is delivered to the account of need_account()."""

    def deliver_home(self, *arguments, source=None, ssh=None):
        """Deliver one file where no directory is named: from the VM `source`, or from somewhere
        over ssh. A Delivery."""
        given = ("QREXEC_REMOTE_DOMAIN", source), ("SSH_CONNECTION", ssh)
        env = {name: value for name, value in given if value is not None}
        end = self.run(*self.with_account(), UNPACKER, *arguments, stdin=ONE_FILE, env=env)
        return Delivery(self, end, ONE_FILE)

    @property
    def at_home(self):
        return f"{self.home}/PedOSIncoming"

    def has_from(self, source):
        """The file is there, from this source."""
        equal(tree.read(f"{self.at_home}/{source}/file"), "x")

    def make_at_home(self, mode=0o755):
        """The directory, made by its owner earlier."""
        os.mkdir(self.at_home)
        os.chmod(self.at_home, mode)
        os.chown(self.at_home, self.account, -1)

    def make_outside(self):
        """A directory into which everybody may write, and nothing should go."""
        os.mkdir(f"{self.top}/outside")
        os.chmod(f"{self.top}/outside", 0o777)
        return f"{self.top}/outside"


test = suite.cases(Accounts)


def owned(path):
    """Mode and owner."""
    return tree.mode_of(path), os.lstat(path).st_uid


@test("without arguments it delivers to PedOSIncoming/SOURCE, made 0700, of user or the caller")
def _(t):
    t.need_account()
    os.umask(0)
    t.deliver_home(source="work").arrives("file")
    t.has_from("work")
    equal(owned(t.at_home), (0o700, t.account))
    equal(owned(f"{t.at_home}/work"), (0o700, t.account))
    equal(os.lstat(f"{t.at_home}/work/file").st_uid, t.account)
    equal(tree.names_in(t.home), ["PedOSIncoming"])


@test("an account can be named, or numbered")
def _(t):
    t.need_account()
    for number, name in enumerate(("user", t.account), 1):
        t.deliver_home(name, source=f"vm{number}").arrives("file")
        t.has_from(f"vm{number}")


@test("a sender over ssh is named by its address, unless a name is given")
def _(t):
    t.need_account()
    t.deliver_home(ssh="192.0.2.7 40000 192.0.2.1 22").arrives("file")
    t.has_from("ssh-192.0.2.7")
    t.deliver_home(ssh="fe80::1%eth0 40000 fe80::2%eth0 22").arrives("file")
    t.has_from("ssh-fe80--1")
    t.deliver_home(ssh="192.0.2.7 40000 192.0.2.1 22", source="work").arrives("file")
    t.has_from("work")
    equal(tree.names_in(t.at_home), ["ssh-192.0.2.7", "ssh-fe80--1", "work"])


@test("root that has logged in by ssh receives for itself where there is no account user")
def _(t):
    machine.need_root()
    t.need_account()
    tree.write(f"{t.top}/passwd", f"root:x:0:0::{t.home}:/bin/sh\n")
    os.chown(t.home, 0, 0)
    t.deliver_home(ssh="192.0.2.7 40000 192.0.2.1 22").arrives("file")
    t.has_from("ssh-192.0.2.7")
    t.deliver_home(ssh="192.0.2.7 40000 192.0.2.1 22", source="work").exits(1)
    t.deliver_home("user", ssh="192.0.2.7 40000 192.0.2.1 22").exits(1)
    equal(tree.names_in(t.at_home), ["ssh-192.0.2.7"])


@test("PedOSIncoming keeps the mode that its owner gave it")
def _(t):
    t.need_account()
    t.make_at_home(0o755)
    t.deliver_home(source="work").arrives("file")
    equal(tree.mode_of(t.at_home), 0o755)


@test("a source that is no VM's name is refused")
def _(t):
    t.need_account()
    for source in ("", ".", "..", "../x", "a/b", "1st", "_x", "-x", ".x", "a b", "a;b",
                   f"a{'0' * 63}"):
        # What is wrong on this side is not for the sender.
        refused = t.deliver_home("-v", source=source).exits(1).answered(EPERM, "")
        has(refused.said, "must be a VM's name")
        equal(tree.names_in(t.home), [])
    refused = t.deliver_home("-v").exits(1).answered(EPERM, "")
    has(refused.said, "QREXEC_REMOTE_DOMAIN is not set")
    equal(tree.names_in(t.home), [])


@test("a VM's name of 63 characters, and of every kind of them, is accepted")
def _(t):
    t.need_account()
    for source in ("x", f"a{'0' * 62}", "sys-net", "Work_1.b-C"):
        t.deliver_home(source=source).arrives("file")
        t.has_from(source)


@test("a link in place of PedOSIncoming or of the source's directory is not followed")
def _(t):
    t.need_account()
    outside = t.make_outside()
    os.symlink(outside, t.at_home)
    has(t.deliver_home("-v", source="work").exits(1).said, "not a link")
    equal(tree.names_in(outside), [])
    os.unlink(t.at_home)
    t.make_at_home()
    os.symlink(outside, f"{t.at_home}/work")
    has(t.deliver_home("-v", source="work").exits(1).said, "not a link")
    equal(tree.names_in(outside), [])


@test("a named directory is made where it is missing, and not followed where it is a link")
def _(t):
    os.rmdir(t.incoming)
    if machine.am_root():
        t.uid = 0
    t.deliver(ONE_FILE).arrives("file")
    equal(owned(t.incoming), (0o700, t.uid))
    outside = t.make_outside()
    tree.remove(t.incoming)
    os.symlink(outside, t.incoming)
    has(t.deliver(ONE_FILE, "-v").exits(1).said, "not a link")
    equal(tree.names_in(outside), [])


@test("a directory whose parent is missing is refused")
def _(t):
    os.rmdir(t.incoming)
    parent = t.incoming
    t.incoming = t.into("deeper")
    has(t.deliver(ONE_FILE, "-v").exits(1).answered(ENOENT, "").said, "No such file")
    missing(parent)


@test("directories above need to be searched only, not read")
def _(t):
    os.chmod(t.top, 0o711 if machine.am_root() else 0o100)
    for place in ("", "/new"):
        t.incoming = f"{t.top}/incoming{place}"
        t.deliver(ONE_FILE).arrives("file")
    os.chmod(t.top, 0o755)
    t.need_account()
    for source in ("work", "other"):
        t.deliver_home(source=source).arrives("file")
        os.chmod(t.home, 0o311)
        os.chmod(t.at_home, 0o311)
        t.deliver_home("--on-conflict=rename", source=source).exits(0)
        equal(tree.names_in(f"{t.at_home}/{source}"), ["file", "file (2)"])


@test("one word that is no account: it may be meant as the directory")
def _(t):
    end = t.run(UNPACKER, "-v", "inbox", stdin=ONE_FILE).exits(1)
    end.says('receiving for "inbox": there is no such account: the first argument is USER, and a '
             "DIRECTORY comes behind it")
    lacks(end.said, "No such file")


@test("a user who does not exist is refused")
def _(t):
    for user in ("no-such-user-here", "", "4294967295", "99999999999", "-1x"):
        end = t.run(UNPACKER, "-v", "--", user, t.incoming, stdin=ONE_FILE)
        Delivery(t, end, ONE_FILE).refused(EPERM).says(
            "there is no such account: name another one as USER")


@test("where an account is known, but has no number, it is not said that there is none")
def _(t):
    inside = ["unshare", "--map-root-user"]
    if not machine.works(*inside, "true"):
        raise Skip("no user namespace can be made here")
    end = t.run(*inside, UNPACKER, "-v", "nobody", t.incoming, stdin=ONE_FILE).exits(1)
    end.says("root may not become that account here")
    lacks(end.said, "no such account")


@test("a plain user receives for nobody else")
def _(t):
    if machine.am_root():
        raise Skip("root may")
    for user in (0, "root", t.uid + 1):
        t.uid = user
        t.deliver(ONE_FILE, "-v").refused(EPERM).says("only root can receive for somebody else")


@test("root delivers only where the user may write")
def _(t):
    machine.need_root()
    os.chown(t.incoming, 0, 0)
    equal(Answer(t.deliver(ONE_FILE).exits(1).out).code, EACCES)
    t.nothing_arrived()


@test("root as receiver for a user keeps no group of their own")
def _(t):
    machine.need_root()
    # Writable for root's group alone.
    os.chown(t.incoming, 0, 0)
    os.chmod(t.incoming, 0o770)
    has(t.deliver(ONE_FILE, "-v", extra_groups=[0]).exits(1).answered(EACCES, "").said,
        "opening the directory")
    t.nothing_arrived()
