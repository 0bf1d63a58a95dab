# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""An sshd of a case's own, on the loopback: what cases of ssh work with."""
import os
import shlex
import socket

import machine
import process
import tree
from expect import check, wait_until
from opening import Opening
from settings import BIN
from tap import Skip

SSHD = "/usr/sbin/sshd"
LOCAL = "127.0.0.1"


class OverSsh(Opening):
    """
    After serve(), `ssh` is the first in the PATH, and leads to the account "user" of that sshd, by
    whatever name of a host, but by these: "closed", where nobody listens; "stranger", with another
    key of the host; "locked", where the account does not know the key of the user. `received` is
    where files from here arrive. `there_bin` is the first in PATH there.
    """

    def serve(self, shell="/bin/sh", path=f"{BIN}:/usr/bin:/bin"):
        if not os.access(SSHD, os.X_OK):
            raise Skip("no sshd here: make check-ssh installs it")
        self.need_account()
        machine.need_receiver()
        if not machine.has_user_namespaces(self.account):
            raise Skip("no user namespaces for the account that receives")
        accounts = tree.read(f"{self.top}/passwd").replace(f"{self.home}:/bin/sh",
                                                           f"{self.home}:{shell}")
        tree.write(f"{self.top}/passwd", f"{accounts}sshd:x:12346:65534::/:/bin/false\n")
        self.received = f"{self.home}/PedOSIncoming/ssh-{LOCAL}"
        self.there_bin = f"{self.top}/there-bin"
        os.mkdir(self.there_bin)
        for key in ("host", "key", "other"):
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                     f"{self.top}/{key}").exits(0)
        tree.write(f"{self.top}/authorized", tree.read(f"{self.top}/key.pub"))
        self.start_sshd(f"{self.there_bin}:{path}")
        self.make_client()

    def start_sshd(self, path):
        """On a port that was free a moment before."""
        directory = ("mount -t tmpfs none /run && mkdir /run/sshd && " if machine.am_root() else "")
        while True:
            with socket.create_server((LOCAL, 0)) as found:
                self.port = found.getsockname()[1]
            tree.write(f"{self.top}/sshd_config", f"""\
Port {self.port}
ListenAddress {LOCAL}
HostKey {self.top}/host
AuthorizedKeysFile {self.top}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PidFile none
SetEnv "PATH={path}" "TMPDIR={self.there}"
""")
            sshd = self.start(*self.with_account(), "sh", "-c",
                              f'{directory}exec {SSHD} -D -e -f "$0"', f"{self.top}/sshd_config")
            # Another one may have taken the port.
            wait_until(lambda: "Server listening" in sshd.said() or not sshd.runs(), "sshd")
            if sshd.runs():
                break
            check("in use" in sshd.said(), f"sshd: {sshd.said()}")
        self.sshd = sshd
        os.chmod(self.there, 0o1777)

    def make_client(self):
        known = f"[{LOCAL}]:{self.port} {tree.read(f'{self.top}/host.pub')}"
        tree.write(f"{self.top}/known", known)
        tree.write(f"{self.top}/stranger",
                   f"[{LOCAL}]:{self.port} {tree.read(f'{self.top}/other.pub')}")
        with socket.create_server((LOCAL, 0)) as found:
            closed = found.getsockname()[1]
        tree.write(f"{self.top}/ssh_config", f"""\
Host closed
    Port {closed}
Host stranger
    UserKnownHostsFile {self.top}/stranger
Host locked
    IdentityFile {self.top}/other
Host * !locked
    IdentityFile {self.top}/key
Host *
    HostName {LOCAL}
    Port {self.port}
    User user
    HostKeyAlias [{LOCAL}]:{self.port}
    IdentitiesOnly yes
    IdentityAgent none
    UserKnownHostsFile {self.top}/known
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    RequestTTY force
    RemoteCommand echo this must not run
""")
        os.mkdir(f"{self.top}/here-bin")
        tree.script(f"{self.top}/here-bin/ssh",
                    f'#!/bin/sh\nexec /usr/bin/ssh -F {self.top}/ssh_config "$@"\n')
        self.environment["PATH"] = f"{self.top}/here-bin:{BIN}:{os.environ['PATH']}"

    def program_there(self, name, body):
        """A shell script of the account, before others of this name."""
        tree.script(f"{self.there_bin}/{name}", f"#!/bin/sh\n{body}\n")

    def clients(self):
        """The PIDs of all ssh that lead there, and live."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            words = process_words(pid)
            if words[:1] == ["/usr/bin/ssh"] and f"{self.top}/ssh_config" in words:
                found.append(int(pid))
        return [pid for pid in found if not process.ended(pid)]

    def staged_there(self):
        """Is a delivery under way?"""
        return os.path.isdir(self.received) and any(
            name.startswith(".qfile-incoming-") for name in os.listdir(self.received))

    def plainly(self, *words):
        """The command of a plain ssh to the account, without what is configured for typing."""
        return shlex.join(["ssh", "-T", "-oRemoteCommand=none", "host", *words])


def process_words(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return process.text(file.read()).split("\0")
    except OSError:
        return []
