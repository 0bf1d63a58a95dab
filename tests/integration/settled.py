# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A machine with settings of its own: what cases of /etc/qfilecopy.conf work with."""
import os
import shlex
import shutil
import subprocess

import machine
import tree
from copying import Copying
from opening import Opening
from settings import AGENT, EDITOR, OPENER, UNPACKER

# What programs look at in /etc.
KEPT = "group", "ld.so.cache", "nsswitch.conf", "localtime"


class WithSettings(Copying):
    """`conf`: the settings. What settled() runs is root, in a namespace of a plain user if need be,
    where /etc has these, and little else."""

    def __init__(self):
        super().__init__()
        machine.need_mount_namespaces()
        self.etc = f"{self.top}/etc"
        self.conf = f"{self.etc}/qfilecopy.conf"
        os.mkdir(self.etc)
        for name in KEPT:
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", self.etc)

    def set(self, *lines, mode=0o644):
        tree.write(self.conf, "".join(f"{line}\n" for line in lines), mode=mode)

    def settled(self, *command):
        """The words of a command that runs there."""
        return [*machine.IN_NAMESPACE, "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', self.etc,
                *command]

    def run_settled(self, *command, **how):
        return self.run(*self.settled(*command), **how)


class Settled(WithSettings, Opening):
    """There, root has the home `home`. `called` gets the words with which the programs call an rpc
    client."""

    def __init__(self):
        super().__init__()
        self.called = f"{self.top}/called"
        tree.write(f"{self.etc}/passwd", f"root:x:0:0::{self.home}:/bin/sh\n")
        self.environment["PEDOS_RPC_CLIENT"] = tree.script(
            f"{self.top}/client", f"#!/bin/sh\necho \"$*\" >{shlex.quote(self.called)}\n")

    def receive(self, stream, *arguments, **how):
        """An unpacker, called by rpc from the VM "work", where no directory is named."""
        return self.run_settled(UNPACKER, *arguments, "0", stdin=stream,
                                env={"QREXEC_REMOTE_DOMAIN": "work"}, **how)

    def joined(self, sending, receiving):
        """What a sender in the VM "laptop" says, to which rpc has given a receiver in "work". These
        words are before the programs; the sender sends "file"."""
        receiver = self.start(*receiving, UNPACKER, "0", stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env={"QREXEC_REMOTE_DOMAIN": "laptop"})
        sender = self.start(*sending, AGENT, "file", stdin=receiver.stdout, stdout=receiver.stdin,
                            env={"QREXEC_REMOTE_DOMAIN": "work"})
        receiver.stdin.close()
        receiver.stdout.close()
        end = sender.wait()
        receiver.process.wait()
        return end.said

    def at_home(self):
        """What is at home, as paths."""
        return sorted(os.path.relpath(f"{directory}/{name}", self.home)
                      for directory, _, files in os.walk(self.home) for name in files)

    def each_program(self):
        """What each of the programs says to a call that it would begin: a process.End, by its
        name."""
        tree.write("file", "x")
        return {"qfile-agent": self.run_settled(AGENT, "--vm=work", "file"),
                "qfile-unpacker": self.receive(b"", "-v"),
                "qopen-in-vm": self.run_settled(OPENER, "work", "file"),
                "vm-file-editor": self.run_settled(EDITOR, "-v")}
