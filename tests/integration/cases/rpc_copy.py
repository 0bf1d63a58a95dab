# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Copying with qfile-agent through pedos-rpc."""
import errno
import itertools
import json
import os
import shlex
import signal
import socket

import machine
import process
import rpc_wire
import suite
import tree
from calling import WithAccounts
from expect import check, equal, exists, has, missing, wait_until
from settings import AGENT, BIN, RPC, TOP
from tap import Skip

test = suite.cases(WithAccounts)


def install_service(t, programs):
    """The service PedOS.Filecopy as it is installed, with its programs in that directory."""
    body = (TOP / "qfile-unpacker/PedOS.Filecopy.in").read_text()
    tree.script(f"{t.services}/PedOS.Filecopy", body.replace("@BINDIR@", str(programs)))


def make_client(t, *options):
    """What the agent is to take for its rpc client."""
    return tree.script(
        f"{t.top}/client",
        f'#!/bin/sh\nexec {shlex.join([RPC, f"--sockets={t.sockets}", *options])} "$@"\n')


def serve_copies(t):
    """With a receiver that delivers to `incoming`. Root's runs as root, as it would there."""
    os.mkdir(f"{t.top}/bin")
    tree.script(f"{t.top}/bin/qfile-unpacker", f'#!/bin/sh\nexec {t.via()} "$@"\n')
    install_service(t, f"{t.top}/bin")
    if machine.am_root():
        t.served_as = "root"
    t.environment["PEDOS_RPC_CLIENT"] = make_client(t, "--as=home")
    t.start_daemon()


def copy(t, *arguments):
    return t.run(AGENT, "--vm=work", *arguments)


@test("a tree arrives as it was")
def _(t):
    serve_copies(t)
    os.makedirs("tree/below")
    tree.write("tree/large", os.urandom(5000000))
    tree.write("tree/below/empty")
    os.symlink("large", "tree/link")
    copy(t, "tree").exits(0).says(
        "copied 2 files, 2 directories and 1 link (4.8 MiB) to PedOSIncoming of work")
    tree.same_tree("tree", t.into("tree"))
    wait_until(t.no_calls, "the end of the call")
    t.daemon.logged("ended with 0")


@test("the status of a copy that is not everything comes back through the client")
def _(t):
    serve_copies(t)
    os.mkdir("dir")
    tree.write("dir/file", "x")
    tree.write("dir/left.o", "x")
    os.mkfifo("dir/fifo")
    has(copy(t, "--exclude=*.o", "--skip-unreadable", "-v", "dir").exits(3).said,
        'left out "dir/fifo"')
    equal(tree.names_in(t.into("dir")), ["file"])


@test("--rename keeps both, --move leaves nothing here")
def _(t):
    serve_copies(t)
    tree.write("file", "first")
    copy(t, "file").exits(0)
    tree.write("file", "second")
    has(copy(t, "file").exits(1).said, "is there already")
    equal(tree.read(t.into("file")), "first")
    end = copy(t, "--rename", "--move", "file").exits(0)
    equal(end.said, 'moved 1 file (6 B) to PedOSIncoming of work\n'
                    '"file" arrived as "file (2)"')
    equal(tree.read(t.into("file (2)")), "second")
    t.arrived("file", "file (2)")
    missing("file")


@test("--move keeps here what was refused there")
def _(t):
    serve_copies(t)
    t.rule("PedOS.Filecopy", "+", "@anyvm", "@anyvm", "deny")
    t.reload()
    tree.write("file", "content")
    has(copy(t, "--move", "file").exits(126).said,
        "work refuses PedOS.Filecopy: the policy denies it")
    equal(tree.read("file"), "content")
    t.nothing_arrived()


@test("a VM that nobody serves, and a service that there is not, are said")
def _(t):
    serve_copies(t)
    tree.write("file", "content")
    os.unlink(f"{t.services}/PedOS.Filecopy")
    has(copy(t, "file").exits(127).said, "there is no such service")
    t.daemon.stop().exits(0)
    has(copy(t, "file").exits(125).said, "nobody serves work on this machine")
    t.nothing_arrived()


@test("a name that the receiver refuses is named")
def _(t):
    serve_copies(t)
    name = "bad\x01name"
    tree.write(name, "content")
    has(copy(t, name).exits(1).said, "bad?name")
    t.nothing_arrived()
    copy(t, "--allow-all-names", name).exits(0)
    exists(t.into(name))


@test("a wish that the policy denies cannot be had in another spelling")
def _(t):
    serve_copies(t)
    tree.write(f"{t.policy}/50-test.policy", """
PedOS.Filecopy +       @anyvm @anyvm allow
PedOS.Filecopy +rename @anyvm @anyvm allow
PedOS.Filecopy *       @anyvm @anyvm deny
""")
    t.reload()
    names = "allow-all-names", "rename"
    wishes = {
        "+".join(words)
        for many in range(1, 4)
        for words in itertools.product(("", *names), repeat=many)
    } - {"rename"}
    for wish in sorted(wishes):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(f"{t.sockets}/work")
            # By hand: pedos-rpc itself does not ask for what has no right spelling.
            caller.sendall(rpc_wire.GREETING + rpc_wire.call(f"PedOS.Filecopy+{wish}"))
            received = b""
            while rpc_wire.REFUSED not in [kind for kind, _ in rpc_wire.split(received)[0]]:
                check(more := caller.recv(4096), f"{wish}: {received}")
                received += more
                check(rpc_wire.ACCEPTED not in [kind for kind, _ in rpc_wire.split(received)[0]],
                      f"{wish} was accepted")
    tree.write("file", "content")
    copy(t, "file").exits(0)
    copy(t, "--rename", "file").exits(0)
    copy(t, "--allow-all-names", "file").exits(126)
    t.arrived("file", "file (2)")


@test("a graphical wrapper reads the bytes so far from the client's stdout")
def _(t):
    serve_copies(t)
    tree.write("file", bytes(1000))
    end = t.run(AGENT, "--vm=work", "file", env={"PROGRESS_TYPE": "gui"}).exits(0)
    equal((end.told.split("\n")[0], end.told.split("\n")[-1]), ("0", "1000"))
    end.says("copied 1 file (1.0 KiB) to PedOSIncoming of work")


def names_of_objects(text):
    """No other name than that of the file is in them, and the last one is the last."""
    said = [json.loads(line) for line in text.splitlines()]
    equal({each.get("name", "") for each in said} - {""}, {"file"})
    equal([each["phase"] for each in said].index("done"), len(said) - 1)


@test("progress for programs: the other VM cannot write where it is, and what it says on "
      "stderr is no object")
def _(t):
    serve_copies(t)
    forged = '{"bytes":1,"entries":1,"seconds":0.1,"name":"forged"}'
    real = tree.read(f"{t.services}/PedOS.Filecopy")
    tree.script(f"{t.services}/PedOS.Filecopy",
                real.replace("#!/bin/sh\n", f"#!/bin/sh\nprintf '\\r%s\\n' '{forged}' >&2\n", 1))
    tree.write("file", bytes(1000))
    with open("progress", "w+b") as file:
        end = t.run(AGENT, f"--progress-fd={file.fileno()}", "--vm=work", "file",
                    pass_fds=[file.fileno()]).exits(0)
        file.seek(0)
        names_of_objects(file.read().decode())
    equal([line for line in end.said.split("\n") if line and not line.startswith("work: ")],
          ["copied 1 file (1.0 KiB) to PedOSIncoming of work"])
    has(end.said, f"work: {forged}")
    # On stderr, too, a line that begins as one of ours does is ours.
    end = copy(t, "--progress=json", "--rename", "file").exits(0)
    names_of_objects("\n".join(line for line in end.said.split("\n") if line.startswith("{")))


def objects_of(t, status, *arguments, **how):
    """All objects of a call, of which the last one is the only one of its kind."""
    with open("progress", "w+b") as file:
        t.run(AGENT, f"--progress-fd={file.fileno()}", "--vm=work", *arguments,
              pass_fds=[file.fileno()], **how).exits(status)
        file.seek(0)
        said = [json.loads(line) for line in file.read().decode().splitlines()]
    equal([each["phase"] for each in said].index("done"), len(said) - 1)
    return said


@test("progress for programs: there is one last object, also if no call is made, or it is lost")
def _(t):
    tree.write("file", "x")
    t.environment["PEDOS_RPC_CLIENT"] = make_client(t, "--as=home")
    last = objects_of(t, 125, "file")[-1]
    equal((last["outcome"], last["code"], last["entry"]), ("failed", errno.ECONNRESET, ""))
    has(last["message"], "status 125")
    t.environment["PEDOS_RPC_CLIENT"] = f"{t.top}/missing"
    equal(objects_of(t, 125, "file")[-1]["outcome"], "failed")
    # A client that kills what it runs, which waits for an answer, and one that never runs it.
    os.mkfifo(f"{t.top}/silent")
    killing = f"shift 2; \"$@\" <>{t.top}/silent & kill -9 $!; exit 9"
    for body, status in ((killing, 9), ("exit 7", 7)):
        t.environment["PEDOS_RPC_CLIENT"] = tree.script(f"{t.top}/odd", f"#!/bin/sh\n{body}\n")
        last = objects_of(t, status, "file")[-1]
        equal((last["outcome"], last["code"], last["message"]),
              ("unknown", errno.ECONNRESET,
               f"the rpc client ended with status {status}, and no report has come"))


@test("progress for programs: a call that succeeds, and one that is stopped, are reported once")
def _(t):
    serve_copies(t)
    tree.write("file", "x")
    said = objects_of(t, 0, "file")
    equal(said[-1]["outcome"], "copied")
    check({"calling", "sending", "confirming"} <= {each["phase"] for each in said}, said)
    has(objects_of(t, 1, "file")[-1]["message"], "there already")


def free_space():
    status = os.statvfs(".")
    return status.f_bavail * status.f_frsize


@test("a sender that is stopped leaves nothing there")
def _(t):
    serve_copies(t)
    # It takes longer than any machine needs to stop it; a receiver refuses what it has no room for.
    tree.sparse("file", max(300000000, min(10**12, free_space() // 2)))
    call = t.start(AGENT, "--vm=work", "--move", "file")
    wait_until(lambda: t.staged("file"), "the file to be staged", by=[call])
    senders = process.children(call.pid)
    call.kill(signal.SIGTERM)
    call.wait().exits(143)
    wait_until(lambda: all(process.ended(pid) for pid in senders), "the sender's end")
    wait_until(t.no_calls, "the end of the call")
    wait_until(lambda: not os.listdir(t.incoming), "nothing to be left behind")
    exists("file")
    tree.write("file", "content")
    copy(t, "file").exits(0)
    equal(tree.read(t.into("file")), "content")


@test("two accounts copy to each other, each under the name that the kernel knows them by")
def _(t):
    numbers = {"alice": 12345, "bob": 12346}
    t.accounts(*numbers)
    if not machine.has_user_namespaces(numbers["alice"]):
        raise Skip("accounts cannot make user namespaces here")
    install_service(t, BIN)
    t.served_as = None
    t.start_daemon(domains=numbers, through=t.in_accounts())
    client = make_client(t)
    os.chdir(f"{t.top}/homes")
    for sender, receiver in ("alice", "bob"), ("bob", "alice"):
        tree.write(f"{sender}/file", f"from {sender}")
        t.run(*t.as_user(sender), AGENT, f"--vm={receiver}", f"{sender}/file",
              env={"PEDOS_RPC_CLIENT": client}).exits(0)
        arrived = f"{receiver}/PedOSIncoming/{sender}/file"
        equal(tree.read(arrived), f"from {sender}")
        equal(os.stat(arrived).st_uid, numbers[receiver])
