# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a receiver tells the desktop of its user, whose part is played here."""
import os
import socket
import struct

import machine
import stream as wire
import suite
import tree
from copying import EEXIST, EILSEQ, Copying
from expect import equal
from settings import UNPACKER
from tap import Skip

test = suite.cases(Copying)

OURS, LOGGED = 1, 4
TAG, SOURCE, NAME = b"Refused1", 64, 256


class Desktop:
    """The socket that qfile-notify has in the directory of a session."""

    def __init__(self, t):
        machine.need_receiver()
        t.need_account()
        if not machine.has_user_namespaces(t.account):
            raise Skip("no user namespaces for the account that receives")
        self.t, self.runtime = t, f"{t.top}/run"
        os.mkdir(self.runtime, 0o700)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(f"{self.runtime}/qfile-notify")
        for path in self.runtime, f"{self.runtime}/qfile-notify":
            os.chown(path, t.account, -1)

    def deliver(self, stream, *arguments, source="work"):
        """To the account, from this VM: how the receiver ended."""
        user = ["user"] if machine.am_root() else [str(self.t.account)]
        return self.t.run(*self.t.with_account(), "env", f"XDG_RUNTIME_DIR={self.runtime}",
                          f"QREXEC_REMOTE_DOMAIN={source}", UNPACKER, *user, *arguments,
                          stdin=stream)

    def told(self):
        """All that it was told until now: code, flags, source and name of each."""
        found = []
        while True:
            try:
                data = self.socket.recv(1000)
            except BlockingIOError:
                return found
            equal((data[:len(TAG)], len(data)), (TAG, len(TAG) + 8 + SOURCE + NAME))
            code, flags, source, name = struct.unpack_from(f"=II{SOURCE}s{NAME}s", data, len(TAG))
            found.append((code, flags, source.rstrip(b"\0"), name.rstrip(b"\0")))


@test("the desktop is told what was refused, and nothing of what arrives, breaks off or goes "
      "elsewhere")
def _(t):
    desktop = Desktop(t)
    whole = wire.file("report.pdf", b"x" * 100)
    desktop.deliver(whole + wire.END).exits(0)
    desktop.deliver(wire.file("other", b"x" * 100)[:50]).exits(1)
    equal(desktop.told(), [])
    desktop.deliver(whole + wire.END).exits(1)
    desktop.deliver(wire.file("a\nb") + wire.END, source="vault").exits(1)
    equal(desktop.told(), [(EEXIST, 0, b"work", b"report.pdf"), (EILSEQ, 0, b"vault", b"a\nb")])
    elsewhere = f"{t.home}/elsewhere"
    for status in 0, 1:
        desktop.deliver(whole + wire.END, elsewhere).exits(status)
    equal(desktop.told(), [])


@test("of a long name the desktop is told the end, and of this side's own trouble no name")
def _(t):
    desktop = Desktop(t)
    name = "/".join(["d" * 200] * 3)
    stream = wire.directory("d" * 200) + wire.directory("/".join(["d" * 200] * 2))
    desktop.deliver(stream + wire.file(f"{name}\n")).exits(1)
    (code, flags, source, told), = desktop.told()
    equal((code, flags, source), (EILSEQ, 0, b"work"))
    equal(told, f"{name}\n".encode()[-NAME + 1:])
    tree.write(f"{t.home}/PedOSIncoming/other", "no directory")
    desktop.deliver(wire.END, source="other").exits(1)
    (_, flags, source, told), = desktop.told()
    equal((flags & ~LOGGED, source, told), (OURS, b"other", b""))


@test("a desktop that takes nothing, or that others have made, delays and changes nothing")
def _(t):
    desktop = Desktop(t)
    whole = wire.file("report.pdf") + wire.END
    desktop.deliver(whole).exits(0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as full:
        try:
            while True:
                full.sendto(b"x", f"{desktop.runtime}/qfile-notify")
        except BlockingIOError:
            pass
    end = desktop.deliver(whole).exits(1)
    equal(struct.unpack_from("<I", end.out), (EEXIST,))
    desktop.socket.close()
    desktop.deliver(whole).exits(1)
    os.unlink(f"{desktop.runtime}/qfile-notify")
    os.symlink(f"{t.home}/victim", f"{desktop.runtime}/qfile-notify")
    desktop.deliver(whole).exits(1)
    equal(os.path.exists(f"{t.home}/victim"), False)
