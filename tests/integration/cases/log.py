# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
Who is told what: the sender by the result, this side by its log, a terminal only what its own user
asked for.
"""
import os
import re
import socket

import machine
import process
import stream as wire
import suite
from copying import EEXIST, ENOTDIR, EPERM, Copying, Delivery
from expect import check, equal, has, lacks
from settings import EDITOR, UNPACKER

ONE_FILE = wire.delivery(wire.file("file", b"x"))


class Logged(Copying):
    """Its programs have a /dev of their own, whose log the case reads."""

    def __init__(self):
        super().__init__()
        machine.need_mount_namespaces()
        self.dev = f"{self.top}/dev"
        os.makedirs(f"{self.dev}/shm")
        open(f"{self.dev}/null", "wb").close()
        self.log = None
        self.environment["QREXEC_REMOTE_DOMAIN"] = "work"

    def open_log(self):
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.log.bind(f"{self.dev}/log")
        os.chmod(f"{self.dev}/log", 0o666)

    def __exit__(self, *failed):
        if self.log:
            self.log.close()
        super().__exit__(*failed)

    @property
    def within(self):
        """
        The words before a command for which that is /dev. A plain user becomes itself again there.
        """
        # What is in memory, as the case itself may be, is there, too. A plain user may mount a
        # directory elsewhere only with all that is mounted below it.
        mount = ('mount --bind /dev/null "$0/null" && mount --rbind /dev/shm "$0/shm" && '
                 'mount --rbind "$0" /dev && exec "$@"')
        again = ["unshare", "-U", f"--map-user={os.getuid()}", f"--map-group={os.getgid()}"]
        again = [] if machine.am_root() else again
        return [*machine.IN_NAMESPACE, "sh", "-c", mount, self.dev, *again]

    def receiver(self, *options):
        return [*self.within, *super().receiver(*options)]

    def logged(self):
        """The texts of the log's lines, without what stands in front of them, which is checked."""
        lines = []
        while True:
            try:
                lines.append(self.log.recv(4096).decode())
            except BlockingIOError:
                return [self.text_of(line) for line in lines]

    def text_of(self, line):
        found = re.fullmatch(r"<84>\w{3} [ \d]\d \d\d:\d\d:\d\d ([-a-z]+)\[\d+\]: "
                             r"from work, for uid (\d+): ([ -~]*)\0", line)
        check(found, f"a line of the log: {line!r}")
        self.program, uid, text = found.groups()
        equal(int(uid), self.uid)
        return text


test = suite.cases(Logged)


def kill_child(t, *options, **how):
    """
    A receiver whose child dies of a signal, as one does that leaves its list of system calls. How
    that ended.
    """
    receiving = t.start_unpacker(*options, **how)
    receiving.write(wire.file("file"))
    receiving.wait_staged("file")
    process.kill(receiving.child())
    return receiving.wait().exits(1)


BLAND = ("qfile-unpacker: the receiver could not do its work: the log there says why; "
         "nothing was received")


def gone():
    """A pipe that nobody reads any more: the sender cannot be told."""
    reading, writing = os.pipe()
    os.close(reading)
    return os.fdopen(writing, "wb", buffering=0)


@test("a child that dies is an alarm in the log; the sender learns only that nothing was received")
def _(t):
    t.open_log()
    # Whoever reads its stderr also has its result, and is told once.
    kill_child(t).answered(EPERM, "").says_nothing()
    equal(t.logged(), ["listening to the unpacking process: it ended before it was done"])
    equal(t.program, "qfile-unpacker")
    t.nothing_arrived()


@test("where there is no log, that is said, and --verbose tells the reason")
def _(t):
    kill_child(t).answered(EPERM, "").says_nothing()
    with gone() as out:
        lacks(kill_child(t, stdout=out).says("could not do its work", "there is no log").said,
              "unpacking")
    has(kill_child(t, "-v").said, "listening to the unpacking process: it ended before it was done")


@test("a place that cannot be opened is a line of the log; the sender is told only why")
def _(t):
    t.open_log()
    os.rmdir(t.incoming)
    os.symlink("/etc", t.incoming)
    end = t.deliver(ONE_FILE).exits(1).answered(ENOTDIR, "")
    end.says_nothing()
    logged = t.logged()
    equal(len(logged), 1)
    has(logged[0], f'opening the directory "{t.incoming}": ')


@test("a sender that no result can reach is told on stderr that there is a reason in the log")
def _(t):
    t.open_log()
    with gone() as out:
        equal(kill_child(t, stdout=out).said, BLAND)
    equal(len(t.logged()), 1)


@test("where there is no log, a reason that is no alarm is said on stderr, and not what the sender "
      "says")
def _(t):
    end = t.run(*t.within, UNPACKER, "nobody-here", t.incoming, stdin=ONE_FILE).exits(1)
    Delivery(t, end, ONE_FILE).answered(EPERM, "").says('receiving for "nobody-here"')
    lacks(end.said, "nothing was received")
    # This one the result has told.
    os.rmdir(t.incoming)
    os.symlink("/etc", t.incoming)
    t.deliver(ONE_FILE).exits(1).answered(ENOTDIR, "").says_nothing()


@test("a missing user is a line of the log, made printable")
def _(t):
    t.open_log()
    end = t.run(*t.within, UNPACKER, "--", "no\n\x1b[2Juser", t.incoming, stdin=ONE_FILE)
    Delivery(t, end, ONE_FILE).refused(EPERM).says_nothing()
    t.uid = os.getuid()
    equal(t.logged(), ['receiving for "no??[2Juser": there is no such account: '
                       "name another one as USER"])


@test("what the sender did is for the sender: nothing is logged, and nothing told twice")
def _(t):
    t.open_log()
    t.deliver(ONE_FILE).arrives("file").says_nothing()
    t.deliver(ONE_FILE).exits(1).answered(EEXIST, "file").says_nothing()
    t.deliver(ONE_FILE[:40]).exits(1).says_nothing()
    t.deliver(wire.delivery(wire.file("../file"))).exits(1).says_nothing()
    has(t.deliver(ONE_FILE, "-v").exits(1).said,
        '"file": the name is there already; nothing was received')
    equal(t.logged(), [])


@test("a terminal of the receiver's own user gets the alarm")
def _(t):
    machine.need_terminal()
    t.open_log()
    screen, terminal = os.openpty()
    with (open(screen, "rb", buffering=0) as screen,
          open(terminal, "wb", buffering=0) as terminal):
        kill_child(t, stderr=terminal)
        has(screen.read(4096), b"listening to the unpacking process: it ended before it was done")
    equal(len(t.logged()), 1)


@test("an editor that can have no private directory tells its log which, and nobody else")
def _(t):
    t.open_log()
    t.uid = os.getuid()
    request = b"report.txt".ljust(256, b"\0")
    end = t.run(*t.within, EDITOR, stdin=request, env={"TMPDIR": f"{t.top}/missing"}).exits(1)
    equal(end.said, "vm-file-editor: the editor could not do its work: its log says why; "
                    "nothing was opened")
    equal(t.logged(),
          [f'making a private directory in "{t.top}/missing": No such file or directory'])
    equal(t.program, "vm-file-editor")
