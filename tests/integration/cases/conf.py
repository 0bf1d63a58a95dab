# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The settings of a machine, /etc/qfilecopy.conf: names, default options, and wrong files."""
import os
import shlex

import machine
import stream as wire
import suite
import tree
from copying import EDQUOT, EPERM, Answer
from expect import check, equal, has, missing
from settings import AGENT, BIN, EDITOR, OPENER, UNPACKER
from settled import Settled
from tap import Skip

test = suite.cases(Settled)

ONE_FILE = wire.delivery(wire.file("file", b"hello"))
NAMES = "incoming = QubesIncoming", "copy-service=qubes.Filecopy", "open-service=qubes.OpenInVM"
PROGRAMS = {"qfile-agent": "nothing was copied", "qfile-unpacker": "nothing was received",
            "qopen-in-vm": "nothing was sent", "vm-file-editor": "nothing was opened"}


@test("a delivery arrives in the directory that is set, and the sender is told its name")
def _(t):
    t.set(*NAMES)
    end = t.receive(ONE_FILE).exits(0)
    equal(t.at_home(), ["QubesIncoming/work/file"])
    equal(Answer(end.out).place, "QubesIncoming")


@test("without a setting, or with the usual one, a sender by rpc is told no name")
def _(t):
    equal(Answer(t.receive(ONE_FILE).exits(0).out).place, None)
    t.set("incoming = PedOSIncoming")
    equal(Answer(t.receive(ONE_FILE, "--on-conflict=rename").exits(0).out).place, None)
    equal(t.at_home(), ["PedOSIncoming/work/file", "PedOSIncoming/work/file (2)"])


@test("what receivers that were killed have left there is swept up")
def _(t):
    t.set(*NAMES)
    left = f"{t.home}/QubesIncoming/mail/.qfile-incoming-0123456789abcdef"
    os.makedirs(left)
    os.chmod(left, 0o1700)
    t.receive(ONE_FILE).exits(0)
    missing(left)


@test("the services that are set are called")
def _(t):
    t.set(*NAMES)
    for program, service in ((AGENT, "qubes.Filecopy"), (OPENER, "qubes.OpenInVM")):
        tree.write("file", "x")
        t.run_settled(program, "--vm=work", "file").exits(0)
        equal(tree.read(t.called).split()[:2], ["work", service])
    t.run_settled(AGENT, "--vm=work", "--rename", "file").exits(0)
    equal(tree.read(t.called).split()[1], "qubes.Filecopy+rename")
    t.run_settled(AGENT, "--vm=work", "--service=PedOS.Filecopy", "file").exits(0)
    equal(tree.read(t.called).split()[1], "PedOS.Filecopy")


@test("messages name the directory that is meant")
def _(t):
    tree.write("file", "x")
    t.set(*NAMES)
    equal(t.joined(t.settled(), t.settled()), "copied 1 file (1 B) to QubesIncoming of work")
    has(t.joined(t.settled(), t.settled()),
        '"file" is there already, in QubesIncoming of work; nothing was copied')
    os.unlink(f"{t.home}/QubesIncoming/laptop/file")
    # The receiver tells it to a sender that does not know it.
    equal(t.joined([], t.settled()), 'copied 1 file (1 B) to "QubesIncoming" of work')


@test("--help names what is set, and works with a wrong file, as --version does")
def _(t):
    for name, words in (("qfile-agent", ["QubesIncoming there", "(default qubes.Filecopy)"]),
                        ("qfile-unpacker", ["service qubes.Filecopy", "~USER/QubesIncoming/$"]),
                        ("qopen-in-vm", ["(default qubes.OpenInVM)"]),
                        ("vm-file-editor", ["service qubes.OpenInVM"])):
        t.set(*NAMES)
        told = t.run_settled(BIN / name, "--help").exits(0).told
        for word in words:
            has(told, word)
        check("PedOS" not in told, told)
        t.set("nonsense")
        equal(t.run_settled(BIN / name, "--help").exits(0).told, t.run(BIN / name, "--help").told)
        t.run_settled(BIN / name, "--version").exits(0).says_nothing()


@test("limits and other options of the receiver: as they are set, if the command line says nothing")
def _(t):
    t.set("qfile-unpacker.max-bytes=4")
    equal(Answer(t.receive(ONE_FILE).exits(1).out).code, EDQUOT)
    equal(t.at_home(), [])
    t.receive(ONE_FILE, "--max-bytes=5").exits(0)
    t.set("qfile-unpacker.on-conflict = rename", "qfile-unpacker.max-files = 0")
    equal(Answer(t.receive(ONE_FILE).exits(1).out).code, EDQUOT)
    t.receive(ONE_FILE, "--max-files=1").exits(0)
    equal(t.at_home(), ["PedOSIncoming/work/file", "PedOSIncoming/work/file (2)"])
    t.set("qfile-unpacker.allow-all-names=yes", "qfile-unpacker.allow-unsafe-symlinks=yes")
    stream = wire.delivery(wire.file("a\x1b", b"x"), wire.link("b", "/etc"))
    t.receive(stream).exits(0)
    t.receive(stream, "--no-allow-all-names", "--on-conflict=rename").exits(1)
    t.receive(stream, "--no-allow-unsafe-symlinks", "--on-conflict=rename").exits(1)


@test("a limit of the editor: no larger file is opened")
def _(t):
    tree.write("file", "hello")
    t.set("vm-file-editor.max-bytes=4")
    editor = shlex.join(t.settled(EDITOR, "--handler=true"))
    t.run(OPENER, f"--via={editor}", "file").exits(1)
    t.set("vm-file-editor.max-bytes=5")
    t.run(OPENER, f"--via={editor}", "file").exits(0)


@test("a limit of the opener is handed to the one that the rpc client starts")
def _(t):
    tree.write("file", "hello")
    t.set("qopen-in-vm.max-bytes=1K")
    t.run_settled(OPENER, "work", "file").exits(0)
    has(tree.read(t.called), " --max-bytes=1024 ")


def refused(name, end, why):
    """The program has said one sentence, with this in it, and done nothing."""
    has(end.exits(1).said, why)
    check(end.said.endswith(f"; {PROGRAMS[name]}"), end.said)
    equal(end.said.count("\n"), 0)


WRONG = (
    (["# names", "incoming=a/b"], 2, "incoming is the name of a directory, without a path"),
    (["copy-service=qubes.Filecopy+rename"], 1, "copy-service is the name of a service"),
    (["qfile-unpacker.max-bytes=lots"], 1, "qfile-unpacker.max-bytes is a size such as 500M"),
    (["", "", "$(touch bad)"], 3, "a line is KEY=VALUE"),
    (["incoming=`touch bad`"], 1, "incoming is"),
    (["service=x"], 1, "there is no such key; qfilecopy.conf(5) lists those that there are"),
    (["#" * 1025], 1, "the line is too long"),
    (["incoming=a\0"], 1, "the line has a NUL"),
)


@test("a wrong line: nothing is done, and the message has its number and what to do")
def _(t):
    for lines, number, why in WRONG:
        t.set(*lines)
        ends = t.each_program()
        equal(set(ends), set(PROGRAMS))
        for name, end in ends.items():
            refused(name, end, f"/etc/qfilecopy.conf:{number}: {why}")
        answer = Answer(ends["qfile-unpacker"].out)
        equal((answer.code, answer.name), (EPERM, b""))
        equal(t.at_home(), [])
        missing(t.called)
    missing("bad")


@test("a file that others may change, that is no file or is too large: nothing is done")
def _(t):
    def all_refuse(why):
        for name, end in t.each_program().items():
            refused(name, end, f"/etc/qfilecopy.conf: {why}")
        equal(t.at_home(), [])
        missing(t.called)

    for mode in 0o664, 0o646:
        t.set("incoming=Other", mode=mode)
        all_refuse("others than root may change it: chmod go-w /etc/qfilecopy.conf")
    t.set(*["# " + "x" * 1000] * 17)
    all_refuse("it is larger than 16 KiB")
    os.unlink(t.conf)
    # There are settings, but they cannot be found.
    os.symlink("elsewhere", t.conf)
    for name, end in t.each_program().items():
        refused(name, end, "the settings in /etc/qfilecopy.conf cannot be read: No such file or "
                           "directory: it is a link that leads nowhere")
    os.unlink(t.conf)
    for make in os.mkdir, os.mkfifo:
        make(t.conf)
        all_refuse("it must be a file")
        (os.rmdir if make == os.mkdir else os.unlink)(t.conf)


@test("a file of somebody else is not believed; one of root's is, also in a user namespace",
      once=True)
def _(t):
    machine.need_root()
    t.set(*NAMES)
    os.chown(t.conf, 12345, 12345)
    for name, end in t.each_program().items():
        refused(name, end, "it must belong to root: chown root /etc/qfilecopy.conf")
    os.chown(t.conf, 65534, 65534)
    has(t.run_settled(AGENT, "--vm=work", "file").exits(1).said, "it must belong to root")
    os.chown(t.conf, 0, 0)
    # Where root has no number, its files seem to be those of 65534.
    plain = "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"
    os.chmod(t.top, 0o777)
    if not machine.works(*plain, "unshare", "-U", "true"):
        return
    t.run_settled(*plain, "unshare", "-U", AGENT, "--vm=work", "file").exits(0)
    equal(tree.read(t.called).split()[1], "qubes.Filecopy")


@test("a file that cannot be read is not taken for none", once=True)
def _(t):
    machine.need_root()
    tree.write("file", "x")
    t.set(*NAMES, mode=0o600)
    end = t.run_settled("setpriv", "--reuid=12345", "--clear-groups", AGENT, "--vm=work", "file")
    has(end.exits(1).said, "the settings in /etc/qfilecopy.conf cannot be read: Permission denied: "
                           "chmod a+r /etc/qfilecopy.conf; nothing was copied")


@test("the progress in JSON ends with what is wrong with the file")
def _(t):
    tree.write("file", "x")
    t.set("nonsense")
    end = t.run_settled(AGENT, "--progress=json", "--via=false", "file").exits(1)
    has(end.said, '"outcome":"failed"')
    has(end.said, "/etc/qfilecopy.conf:1: a line is KEY=VALUE")


@test("a disposable is not called by the name of the service that copies")
def _(t):
    call = BIN / "pedos-rpc", "--transport=unix", "@dispvm"
    t.set(*NAMES)
    has(t.run_settled(*call, "qubes.Filecopy+rename", "true").exits(126).said,
        "@dispvm is gone when the call ends, and the files with it")
    t.set("incoming=/")
    has(t.run_settled(*call, "PedOS.Filecopy", "true").exits(125).said,
        "/etc/qfilecopy.conf:1: incoming is the name of a directory")


@test("where there is no such file, a program tries to open it once", once=True)
def _(t):
    if not machine.works(machine.need("strace"), "true"):
        raise Skip("strace cannot trace here")
    for program in AGENT, UNPACKER, OPENER, EDITOR:
        t.run_settled("strace", "-f", "-qq", "-o", f"{t.top}/calls", "-e", "trace=file", program,
                      "--version").exits(0)
        calls = [line for line in tree.read(f"{t.top}/calls").split("\n")
                 if "qfilecopy.conf" in line]
        equal(len(calls), 2)
        has(calls[0], '"/etc/qfilecopy.conf", O_RDONLY')
        has(calls[1], "stat")  # is it a link that leads nowhere?


@test("no variable and no option names another file")
def _(t):
    t.set(*NAMES)
    tree.write(f"{t.top}/other", "incoming = Other\n")
    env = {name: f"{t.top}/other" for name in ("QFILECOPY_CONF", "SYSCONFDIR")} | {
        "QREXEC_REMOTE_DOMAIN": "work", "XDG_CONFIG_HOME": t.top}
    t.run_settled(UNPACKER, "0", stdin=ONE_FILE, env=env).exits(0)
    equal(t.at_home(), ["QubesIncoming/work/file"])
