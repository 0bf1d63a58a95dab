# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""pedos-rpc --list: whom one may call, and the name that somebody meant."""
import contextlib
import os
import signal
import socket
import threading

import rpc_wire as wire
import suite
import tree
from calling import WithAccounts
from expect import equal, lacks, wait_until
from settings import AGENT, RPC

test = suite.cases(WithAccounts)

DOMAINS = ("vault", "work", "play", "a.b-c_d")


def make_policy(t, *rules):
    tree.write(f"{t.policy}/50-test.policy", "".join(f"{rule}\n" for rule in rules))


def vms(told):
    """The names without those of sandboxes, which some machines can make for a plain user."""
    return [name for name in told.split("\n") if name and not name.startswith("@dispvm")]


def listed(t, *arguments, **how):
    """The names, where all is known."""
    end = t.rpc("--list", *arguments, **how).exits(0)
    equal(end.said, "")
    return vms(end.told)


@test("it lists those that the policy lets one call, for one service or any, sorted, and runs "
      "nothing")
def _(t):
    t.service("test.A", 'echo ran >"$NOTES/ran"')
    make_policy(t,
                "test.A  +secret  @anyvm  @anyvm  deny",
                "test.A  *        home    work    allow",
                "test.A  *        home    play    ask",
                "test.A  *        other   vault   allow",
                "test.B  *        home    a.b-c_d allow",
                "test.C  *        @anyvm  vault   deny",
                "test.C  *        home    vault   allow")
    t.start_daemon(domains=DOMAINS)
    equal(listed(t), ["a.b-c_d", "play", "work"])
    equal(listed(t, "test.A"), ["play", "work"])
    equal(listed(t, "test.A+open"), ["play", "work"])
    equal(listed(t, "test.A+secret"), [])
    equal(listed(t, "test.B"), ["a.b-c_d"])
    equal(listed(t, "test.C"), [])
    end = t.run(RPC, f"--sockets={t.sockets}", "--as=other", "--list").exits(0)
    equal(vms(end.told), ["vault"])
    equal(t.note("ran"), None)
    # What was asked is no call, and no refused one.
    lacks(t.daemon.said(), "refused")
    lacks(t.daemon.said(), "test.A")


@test("a policy that was read again counts at once, and a daemon that has ended is not listed")
def _(t):
    make_policy(t, "* * home work allow")
    t.start_daemon(domains=DOMAINS)
    equal(listed(t), ["work"])
    make_policy(t, "* * home vault allow")
    t.reload()
    equal(listed(t), ["vault"])
    t.daemon.kill(signal.SIGKILL)
    t.daemon.wait()
    equal(sorted(os.listdir(t.sockets)), sorted(DOMAINS))
    equal(listed(t), [])


@test("a question by hand: one answer, and the end, whatever else is said; one for no service that "
      "can be is no question")
def _(t):
    make_policy(t, "test.A * home work allow")
    t.service("test.A", 'echo ran >"$NOTES/ran"')
    t.start_daemon()
    for said, answer in ((wire.question("test.A"), wire.ACCEPTED),
                         (wire.question("") + wire.call("test.A"), wire.ACCEPTED),
                         (wire.question("test.B") + wire.question("test.A"), wire.REFUSED),
                         (wire.question("no/service"), wire.REFUSED)):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(f"{t.sockets}/work")
            caller.sendall(wire.GREETING + said)
            heard = b""
            with contextlib.suppress(ConnectionResetError):
                while part := caller.recv(1000):
                    heard += part
        frames, rest = wire.split(heard)
        equal(([kind for kind, _ in frames], rest), ([wire.HELLO, answer], b""))
    wait_until(t.no_calls, "the end of the calls")
    equal(t.note("ran"), None)


@test("nobody is listed themselves, nor offered for a name that is like theirs, but they may call "
      "themselves")
def _(t):
    t.service("test.A", "echo served")
    make_policy(t, "* * @anyvm @anyvm allow")
    t.start_daemon(domains=("home", "work"))
    equal(listed(t), ["work"])
    lacks(t.rpc("hmoe", "test.A").exits(125).said, "did you mean")
    equal(t.rpc("home", "test.A").exits(0).told, "served")


@test("what is no VM's socket is not asked")
def _(t):
    t.start_daemon()
    os.mkdir(f"{t.sockets}/directory")
    tree.write(f"{t.sockets}/file", "")
    os.symlink("work", f"{t.sockets}/link")
    for name in ("-dash", ".hidden", "new\nline", "\033[31m"):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(f"{t.sockets}/{name}")
    equal(listed(t), ["work"])


@test("a VM that cannot be asked is named, with the reason, and is neither yes nor no: the others "
      "are listed, and the status is not 0")
def _(t):
    t.start_daemon()
    strange = socket.socket(socket.AF_UNIX)
    strange.bind(f"{t.sockets}/strange")
    strange.listen()

    def answer(what):
        peer, _ = strange.accept()
        with peer:
            peer.recv(1000)
            peer.sendall(what)
    for what, why in ((b"", "its pedos-rpcd has hung up"),
                      (b"what?" * 20, "its pedos-rpcd is of another version"),
                      (wire.GREETING + wire.frame(wire.EXIT, bytes(4)),
                       "its pedos-rpcd is of another version"),
                      (wire.GREETING + wire.frame(wire.ASKING),
                       "its pedos-rpcd is of another version"),
                      (wire.GREETING + wire.refused(16, b"busy \033[31m"),
                       "it has too many calls")):
        thread = threading.Thread(target=answer, args=(what,))
        thread.start()
        end = t.rpc("--list").exits(125)
        end.says(f"asking whether strange may be called: {why}")
        thread.join()
        equal(vms(end.told), ["work"])
        lacks(end.said, "\033")
    strange.close()


@test("where nobody serves anything, that is said, and a wrong command line, too")
def _(t):
    end = t.rpc("--list", "PedOS.Filecopy").exits(125)  # for which no sandbox is made
    end.says("nobody serves any VM on this machine: no pedos-rpcd listens in "
             f"{t.sockets}")
    t.start_daemon()
    for arguments, why in ((("test.A", "test.B"), "--list takes one service at most"),
                           (("no/service",), "that is no service's name"),
                           (("--user=x",), "--user is for a call, not for --list")):
        t.rpc("--list", *arguments).exits(125).says(why)
    end = t.run("sh", "-c", f"exec {' '.join(t.caller('--list'))} >/dev/full")
    end.exits(125).says("writing to stdout")


@test("a name that nobody serves: one that is like it and may be called is offered, no other")
def _(t):
    make_policy(t, "test.A * home work allow", "test.A * home wort deny",
                "test.B * home wort allow", "* * home personal allow")
    t.start_daemon(domains=("work", "wort", "personal"))
    for name, service, meant in (("wrok", "test.A", "work"), ("Work", "test.A", "work"),
                                 ("worl", "test.B", "wort"), ("presnoal", "test.A", "personal")):
        end = t.rpc(name, service).exits(125)
        end.says(f"nobody serves {name} on this machine: no pedos-rpcd listens at "
                 f"{t.sockets}/{name}; did you mean {meant}?")
    for name in ("vault", "wo", "x"):
        end = t.rpc(name, "test.A").exits(125)
        end.says(f"/{name}; start one, or choose a VM that pedos-rpc --list names")
        lacks(end.said, "did you mean")
    lacks(t.rpc("worz", "test.C").exits(125).said, "did you mean")


@test("qfile-agent --vm passes on what was meant")
def _(t):
    t.start_daemon()
    tree.write("file", "x")
    t.environment["PATH"] = f"{os.path.dirname(RPC)}:{t.environment['PATH']}"
    t.environment["PEDOS_RPC_SOCKETS"] = t.sockets
    t.run(AGENT, "--vm=wrok", "file").says("did you mean work?")


@test("an account is listed what it may call, by the name that the kernel gives it")
def _(t):
    t.accounts("work", "home", "play")
    make_policy(t, "test.A * home work allow", "test.A * play work deny",
                "test.A * play home allow", "test.A * work work allow")
    t.start_daemon(domains=("work", "home", "play"), through=t.in_accounts())
    for account, expected in (("home", ["work"]), ("play", ["home"]), ("work", [])):
        end = t.run(*t.as_user(account), RPC, f"--sockets={t.sockets}",
                    "--list")
        equal((account, vms(end.exits(0).told)), (account, expected))
