# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The service PedOS.Filecopy, and calling it on a VM."""
import os
import re
import shlex
import subprocess

import machine
import settings
import stream as wire
import suite
import tree
from copying import EEXIST, Copying, Delivery
from expect import check, equal, exists, has, lacks, missing
from settings import AGENT
from tap import Skip

SOURCE = settings.TOP / "qfile-unpacker/PedOS.Filecopy.in"
# Where the agent or the machine's PATH may find another client than that of a test.
QREXEC = [f"{directory}/qrexec-client-vm"
          for directory in ("/usr/lib/qubes", "/usr/lib/pedos", "/usr/bin", "/usr/local/bin")]


def fill_in(path, directory):
    """The service file as it would be installed for programs in this directory."""
    return tree.script(path, tree.read(SOURCE).replace("@BINDIR@", str(directory)))


class Serving(Copying):
    """
    The service as it would be installed, where the unpacker has its user and directory by itself,
    and notes its options; and an rpc client that joins the service and the local program, and notes
    in `called` how it was called.
    """

    def __init__(self):
        super().__init__()
        self.called = []

    def make_service(self):
        os.mkdir(f"{self.top}/bin")
        tree.script(f"{self.top}/bin/qfile-unpacker",
                    f'#!/bin/sh\nprintf "%s\\n" "$@" >{shlex.quote(self.top)}/options\n'
                    f'exec {self.via()} "$@"\n')
        fill_in(f"{self.top}/PedOS.Filecopy", f"{self.top}/bin")

    def options(self):
        """Those that the unpacker got last, in order."""
        return sorted(tree.read(f"{self.top}/options").split())

    def serve(self, stream, *arguments, **how):
        """Run the service on a stream: a Delivery."""
        return Delivery(
            self, self.run(f"{self.top}/PedOS.Filecopy", *arguments, stdin=stream, **how), stream)

    def join(self, role):
        """What the client does. It ends as the local program does."""
        _, service, *local = self.called = role.arguments
        service, _, argument = service.partition("+")
        serving = self.start(f"{self.top}/{service}", argument, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=role.stderr)
        calling = self.start(*local, stdin=serving.stdout, stdout=serving.stdin, stderr=role.stderr)
        serving.stdin.close()
        serving.stdout.close()
        role.close()
        status = calling.wait().status
        serving.process.wait()
        return status

    def call(self, *arguments):
        """Send through the client."""
        client = f"{self.top}/client"
        if not os.path.exists(client):
            tree.script(client, f'#!/bin/sh\n{self.peer(self.join)} "$@"\n')
        return self.run(AGENT, *arguments, env={"PEDOS_RPC_CLIENT": client})


test = suite.cases(Serving)


def need_no_qrexec():
    if any(map(os.path.exists, QREXEC)):
        raise Skip("qrexec is installed")


@test("the service without an argument receives")
def _(t):
    t.make_service()
    stream = wire.delivery(wire.file("file"))
    t.serve(stream).arrives("file")
    t.arrived("file")
    equal(t.options(), [])
    t.serve(stream, "").exits(1).answered(EEXIST, "file")


@test("the service turns its argument into options")
def _(t):
    t.make_service()
    stream = wire.delivery(wire.file("a\nb"))
    t.serve(stream, "rename").exits(1)
    equal(t.options(), ["--on-conflict=rename"])
    t.serve(stream, "allow-all-names").exits(0)
    equal(t.options(), ["--allow-all-names"])
    t.serve(stream, "allow-all-names+rename").exits(0)
    equal(t.options(), ["--allow-all-names", "--on-conflict=rename"])
    t.arrived("a\nb", "a\nb (2)")


@test("the service takes its argument from the environment, too")
def _(t):
    t.make_service()
    stream = wire.delivery(wire.file("file"))
    for _ in range(2):
        t.serve(stream, env={"QREXEC_SERVICE_ARGUMENT": "rename"}).exits(0)
    t.arrived("file", "file (2)")


@test("the service refuses any other argument, and runs nothing")
def _(t):
    t.make_service()
    stream = wire.delivery(wire.file("file"))
    for argument in ("verbose", "--allow-unsafe-symlinks", "allow-unsafe-symlinks",
                     "rename+other", "*", "rename allow-all-names", "$(id)", "rename;id",
                     "rename+allow-all-names", "allow-all-names+", "+allow-all-names",
                     "allow-all-names+allow-all-names", "rename+rename", "rename+", "+", "++",
                     "allow-all-names++rename", "allow-all-names+rename+",
                     "allow-all-names+rename+rename", "Rename", "rename\n", " rename", "rename "):
        has(t.serve(stream, argument).exits(2).said, "nothing else")
        missing(f"{t.top}/options")
        t.nothing_arrived()


@test("the service file runs the installed program")
def _(t):
    path = settings.BUILD / "services/PedOS.Filecopy"
    text = tree.read(path)
    lacks(text, "@BINDIR@")
    equal(len(re.findall(r'^exec /.*/qfile-unpacker "\$@"$', text, re.MULTILINE)), 1)
    check(os.access(path, os.X_OK), "cannot be run")


@test("--vm calls PedOS.Filecopy with itself as the local program")
def _(t):
    t.make_service()
    tree.write("file", "hello")
    t.call("--vm=work", "file").exits(0)
    tree.same_tree("file", t.into("file"))
    equal(t.called[:3], ["work", "PedOS.Filecopy", AGENT])


@test("--rename and --allow-all-names become the service's argument, joined with +")
def _(t):
    t.make_service()
    tree.write("file", "hello")
    for _ in range(2):
        t.call("--vm=work", "--rename", "file").exits(0)
        equal(t.called[1], "PedOS.Filecopy+rename")
    t.arrived("file", "file (2)")
    tree.write("a\x01", "x")
    t.call("--vm=work", "--allow-all-names", "a\x01").exits(0)
    equal(t.called[1], "PedOS.Filecopy+allow-all-names")
    t.call("--vm=work", "--rename", "--allow-all-names", "a\x01").exits(0)
    equal(t.called[1], "PedOS.Filecopy+allow-all-names+rename")
    equal(len(tree.names_in(t.incoming)), 4)


@test("--service names another service")
def _(t):
    t.make_service()
    os.rename(f"{t.top}/PedOS.Filecopy", f"{t.top}/my.Service")
    tree.write("file", "hello")
    t.call("--vm=work", "--service=my.Service", "file").exits(0)
    equal(t.called[1], "my.Service")
    exists(t.into("file"))


@test("--vm hands on what is for the sender: --move, -L, --ignore-symlinks, --progress")
def _(t):
    t.make_service()
    os.mkdir("dir")
    tree.write("file", "hello")
    os.symlink("../file", "dir/link")
    said = t.call("--vm=work", "--move", "-L", "--progress=json", "dir").exits(0).said
    missing("dir")
    exists("file")
    equal(tree.read(t.into("dir/link")), "hello")
    has(said, '"bytes":5')
    os.mkdir("other")
    os.symlink("/", "other/link")
    t.call("--vm=work", "--ignore-symlinks", "other").exits(0)
    equal(tree.names_in(t.into("other")), [])


@test("--vm sends names that look like options")
def _(t):
    t.make_service()
    tree.write("--help")
    t.call("--vm=work", "--", "--help").exits(0)
    t.arrived("--help")


@test("a failure of the service's is the agent's")
def _(t):
    t.make_service()
    tree.write("file", "hello")
    t.call("--vm=work", "file").exits(0)
    said = t.call("--vm=work", "file").exits(1).said
    has(said, "is there already")
    has(said, "--rename")


@test("--vm names a missing file before the client is called")
def _(t):
    t.call("--vm=work", "missing").exits(1).says('"missing"')
    equal(t.called, [])


@test("without PEDOS_RPC_CLIENT, qrexec-client-vm and then pedos-rpc are looked for in PATH")
def _(t):
    need_no_qrexec()
    tree.write("file")
    for directory, client, word in (("one", "pedos-rpc", "pedos-rpc"),
                                    ("two", "qrexec-client-vm", "qrexec")):
        os.mkdir(f"{t.top}/{directory}")
        tree.script(f"{t.top}/{directory}/{client}", f'#!/bin/sh\necho {word} "$1"\n')
    for directories, told in ((("one",), "pedos-rpc work"), (("one", "two"), "qrexec work")):
        path = ":".join(
            [*(f"{t.top}/{directory}" for directory in directories), os.environ["PATH"]])
        equal(t.run(AGENT, "--vm=work", "file", env={"PATH": path}).exits(0).told, told)


@test("without any rpc client it says what to install or use instead")
def _(t):
    need_no_qrexec()
    tree.write("file")
    t.run(AGENT, "--vm=work", "file",
          env={"PATH": f"{t.top}/nothing"}).exits(1).says(
              "no rpc client in PATH: install qrexec or pedos-rpc", "--via=")


@test("a client that cannot be run is named")
def _(t):
    tree.write("file")
    t.run(AGENT, "--vm=work", "file",
          env={"PEDOS_RPC_CLIENT": "/no/such/client"}).exits(1).says("/no/such/client")


@test("the service delivers to PedOSIncoming by the source's name")
def _(t):
    machine.need_receiver()
    t.need_account()
    service = fill_in(f"{t.top}/PedOS.Filecopy", settings.BIN)
    stream = wire.delivery(wire.file("file"))
    end = t.run(*t.with_account(), service, "rename", stdin=stream,
                env={"QREXEC_REMOTE_DOMAIN": "personal"})
    Delivery(t, end, stream).arrives("file")
    equal(tree.read(f"{t.home}/PedOSIncoming/personal/file"), "x")
