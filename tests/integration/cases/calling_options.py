# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The options that say whom to call: the same for qfile-agent and qopen-in-vm."""
import os
import shlex

import suite
import tree
from copying import Copying, answer
from expect import equal, has, lacks
from settings import AGENT, OPENER

test = suite.cases(Copying, once=True)

CALLERS = AGENT, OPENER


def each_refuses(t, part, *arguments, callers=CALLERS):
    """Wrong usage, said in one sentence with `part` in it, and how to get help."""
    tree.write("file")
    for caller in callers:
        end = t.run(caller, *arguments, "file").exits(2).says(part)
        has(end.said, f"Try '{os.path.basename(caller)} --help'")
        equal(end.told, "")


def client(t, body='printf "%s\\\\n" "$@" >"$CALLS"'):
    """An rpc client that notes its arguments, a line each."""
    t.environment["PEDOS_RPC_CLIENT"] = tree.script(f"{t.top}/client", f"#!/bin/sh\n{body}\n")
    t.environment["CALLS"] = f"{t.top}/calls"


def called(t, caller, *arguments):
    """The words that the client was started with."""
    t.run(caller, *arguments).exits(0).says_nothing()
    return tree.read(f"{t.top}/calls").splitlines()


def played_ssh(t, body='printf "%s\\\\n" "$@" >"$CALLS"'):
    """An ssh that is the first in PATH, and does this."""
    os.mkdir(f"{t.top}/played")
    tree.script(f"{t.top}/played/ssh", f"#!/bin/sh\n{body}\n")
    t.environment["PATH"] = f"{t.top}/played:{os.environ['PATH']}"
    t.environment["CALLS"] = f"{t.top}/calls"


# ---- What is refused ----


@test("only one says whom to call")
def _(t):
    for pair in (("--vm=work", "--via=true"), ("--vm=work", "--ssh=host"),
                 ("--ssh=host", "--via=true")):
        each_refuses(t, "--vm, --ssh and --via exclude each other", *pair)
    each_refuses(t, "says already where to", "--via=true", "work", callers=[OPENER])


@test("an empty command of --via is refused")
def _(t):
    for command in ("", " ", "\n"):
        each_refuses(t, "--via takes a command", f"--via={command}")


@test("--quiet and --verbose contradict each other")
def _(t):
    each_refuses(t, "--quiet and --verbose contradict", "--via=true", "-q", "-v")


@test("--service needs a VM")
def _(t):
    each_refuses(t, "--service needs a VM", "--via=true", "--service=x")
    each_refuses(t, "--service needs a VM", "--ssh=host", "--service=x")
    each_refuses(t, "--service needs a VM", "--service=x")


@test("what is neither a VM's name nor a keyword of qrexec is refused, quoted")
def _(t):
    for name in ("", "1st", "_x", "-x", ".x", "a b", "a/b", "../x", "a;b", f"a{'0' * 63}", "@",
                 "@other", "@dispvm:", "@dispvm:1", "@dispvm:a b", "@dispvms", "@Default",
                 "@defaultx", "@dispvm:@dispvm", "dom0:x"):
        each_refuses(t, f'"{name}" is no VM\'s name', f"--vm={name}")
    for name, shown in (("ä", "??"), ("a\nb", "a?b"), ("\033[31mred", "?[31mred")):
        each_refuses(t, f'"{shown}" is no VM\'s name', f"--vm={name}")


@test("what ssh could take for something else than [USER@]HOST is refused, quoted")
def _(t):
    for host in ("", "-oProxyCommand=sh", "-", "user@", "@host", "user@-host", "-x@host", "a b",
                 "user@a b", "us er@host", "$(id)", "`id`@host", "a;b", "a|b", "a&b", "a>b", "h'",
                 'h"', "host\\", "user\\@host", "{a}", "u(s)@h", "\tx"):
        shown = host.replace("\t", "?")
        each_refuses(t, f'"{shown}" is no host for --ssh', f"--ssh={host}")
    for host, shown in (("ho\nst", "ho?st"), ("\033[0m", "?[0m"), ("h\x7f", "h?")):
        each_refuses(t, f'"{shown}" is no host for --ssh', f"--ssh={host}")


@test("wishes are refused where a command of --via has no place for them")
def _(t):
    for command in ("true", "ssh host", "ssh host my-receiver", "ssh host 'qfile-unpacker'",
                    "xqfile-unpacker", "qfile-unpacker-2", "qfile-unpacker.old",
                    "qfile-unpacker | qfile-unpacker"):
        for wish in ("--rename", "--allow-all-names"):
            each_refuses(t, "--on-conflict=rename", f"--via={command}", wish, callers=[AGENT])


# ---- What is called ----


@test("VMs and qrexec's keywords go to the client as they are")
def _(t):
    tree.write("file", "x")
    client(t)
    for target in ("work", "dom0", "a", f"a{'0' * 62}", "w.o_r-k", "@default", "@dispvm",
                   "@dispvm:work"):
        equal(called(t, AGENT, f"--vm={target}", "file")[:2], [target, "PedOS.Filecopy"])
        equal(called(t, OPENER, f"--vm={target}", "file")[:2], [target, "PedOS.OpenInVM"])
        equal(called(t, OPENER, target, "file")[:2], [target, "PedOS.OpenInVM"])


@test("with a VM, wishes are the argument of the service, in their one order")
def _(t):
    tree.write("file", "x")
    client(t)
    for options, service in (
            (["--rename"], "PedOS.Filecopy+rename"),
            (["--allow-all-names"], "PedOS.Filecopy+allow-all-names"),
            (["--rename", "--allow-all-names"], "PedOS.Filecopy+allow-all-names+rename"),
            (["--rename", "--service=test.In"], "test.In+rename")):
        equal(called(t, AGENT, "--vm=work", *options, "file")[1], service)
    # The editor opens every file under a name of its own, in a directory of its own.
    equal(called(t, OPENER, "--vm=work", "--rename", "--allow-all-names", "file")[1],
          "PedOS.OpenInVM")


@test("what a caller was given is passed on to itself behind the client")
def _(t):
    tree.write("file", "x")
    client(t)
    given = ["--rename", "--allow-all-names", "--quiet", "--progress=none"]
    for caller in CALLERS:
        words = called(t, caller, "--vm=work", *given, "file")[3:]
        equal([word for word in words if word in given], given)
        equal(words[-2:], ["--", "file"])
        words = called(t, caller, "--vm=work", "-v", "file")
        equal(("--quiet" in words, "--verbose" in words), (False, True))


@test("ssh gets the host as one word behind its options, and our program as the command")
def _(t):
    tree.write("file", "x")
    played_ssh(t)
    hosts = {host: host for host in (
        "host", "alice@host", "alice@example.org@host", "::1", "fe80::1%eth0",
        "ssh://alice@host:2222", "ssh://alice@[::1]", "CORP\\alice@host")}
    # Brackets around an address, as other programs want them.
    hosts |= {"[::1]": "::1", "alice@[fe80::1%eth0]": "alice@fe80::1%eth0"}
    for host, taken in hosts.items():
        for caller, command in ((AGENT, "qfile-unpacker"), (OPENER, "vm-file-editor")):
            t.run(caller, f"--ssh={host}", "file")
            words = tree.read(f"{t.top}/calls").splitlines()
            equal(words[-3:], ["--", taken, command])
            # Nothing that was set up for typing on that host gets between, or reaches it.
            equal(words[:-3], ["-T", "-a", "-x", "-oPermitLocalCommand=no",
                               "-oClearAllForwardings=yes", "-oRemoteCommand=none"])


@test("with ssh, wishes are the receiver's options")
def _(t):
    tree.write("file", "x")
    played_ssh(t)
    t.run(AGENT, "--ssh=host", "--rename", "--allow-all-names", "file")
    equal(tree.read(f"{t.top}/calls").splitlines()[-1],
          "qfile-unpacker --allow-all-names --on-conflict=rename")
    t.run(OPENER, "--ssh=host", "--rename", "file")
    equal(tree.read(f"{t.top}/calls").splitlines()[-1], "vm-file-editor")


@test("with a command that names the receiver, wishes are the receiver's options")
def _(t):
    tree.write("it's", "old")
    t.send("it's").exits(0)
    t.run(AGENT, f"--via={t.via()}", "--rename", "it's").exits(0)
    t.arrived("it's", "it's (2)")
    # In quotes for another shell, too, and with more behind it.
    inner = shlex.quote(f"exec {t.via()} -v")
    t.run(AGENT, f"--via=sh -c {inner}", "--rename", "it's").exits(0)
    t.arrived("it's", "it's (2)", "it's (3)")
    tree.write("bad\nname", "x")
    t.send("bad\nname").exits(1)
    t.run(AGENT, f"--via={t.via()}; exit 0", "--allow-all-names", "--rename", "bad\nname").exits(0)
    t.arrived("bad\nname", "it's", "it's (2)", "it's (3)")


# ---- Wishes that the other side does not know ----


def refused_wish(t, answer_code, option, *arguments):
    """What is said where a receiver behind a client answers with this code, though asked."""
    reply = f"{t.top}/reply"
    tree.write(reply, answer(answer_code, 0, "file"))
    client(t, 'shift 2; exec 3<"$REPLY"; cat /dev/null | "$@" <&3 | cat >/dev/null')
    t.environment["REPLY"] = reply
    return t.run(AGENT, "--vm=work", option, "file", *arguments).said


@test("a receiver that does not do what it was asked for is told in words")
def _(t):
    tree.write("file", "x")
    said = refused_wish(t, 17, "--rename")
    has(said, "does not do what --rename asks for")
    has(said, "nothing was copied")
    lacks(said, "Use --rename")
    has(refused_wish(t, 84, "--allow-all-names"), "though --allow-all-names was given")


@test("a service that ends because of what it was asked for is told in words")
def _(t):
    tree.write("file", "x")
    client(t, 'shift 2; "$@" </dev/null | cat >/dev/null')
    has(t.run(AGENT, "--vm=work", "--rename", "file").said, "It may not know --rename: try without")
    lacks(t.run(AGENT, "--vm=work", "file").said, "may not know")
