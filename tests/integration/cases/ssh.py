# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Copying and opening through a real ssh, to a real sshd. SSH=long, which make check-ssh sets, adds
what takes longer."""
import os
import shlex
import signal

import process
import suite
import tree
from copying import OnDisk
from expect import check, equal, exists, has, lacks, missing, wait_until
from over_ssh import OverSsh
from settings import AGENT, OPENER
from tap import Skip

test = suite.cases(OverSsh, once=True)
user_test = suite.cases(OverSsh)

CALLERS = AGENT, OPENER


class OverSshOnDisk(OnDisk, OverSsh):
    """The same on a disk."""


disk_test = suite.cases(OverSshOnDisk)

# A shell that reads these as commands leaves a trace.
HOSTILE = ("it's", 'say "hi"', "a b", "$(touch traced)", "`touch traced`", "; touch traced",
           "| touch traced", "& touch traced", "-rf", "--rename", "#", "*", "~", "$HOME", "\\",
           "ä", "> traced")


def sends(t, *arguments, **how):
    return t.run(AGENT, *arguments, **how)


# ---- Copying ----


@user_test("a tree with names that a shell would understand arrives as it is")
def _(t):
    t.serve()
    os.mkdir("dir")
    for name in HOSTILE:
        tree.write(f"dir/{name}", f"echo {name}; touch traced\n")
        tree.write(name, "touch traced\n")
    sends(t, "--ssh=host", "--", "dir", *HOSTILE).exits(0)
    for name in ("dir", *HOSTILE):
        tree.same_tree(name, f"{t.received}/{name}")
    equal(tree.names_in(t.received), sorted(["dir", *HOSTILE]))
    missing(f"{t.home}/traced")
    equal(t.clients(), [])


@user_test("user@host is the account there")
def _(t):
    t.serve()
    tree.write("file", "x")
    sends(t, "--ssh=user@host", "file").exits(0)
    exists(f"{t.received}/file")
    end = sends(t, "--ssh=nobody-of-this-name@host", "file").exits(1)
    has(end.said, "Permission denied")
    has(end.said, "ssh failed with status 255")
    has(end.said, "nothing was copied")


@test("--rename and --allow-all-names are asked of the receiver there")
def _(t):
    t.serve()
    tree.write("file", "x")
    tree.write("bad\nname", "x")
    sends(t, "--ssh=host", "file").exits(0)
    has(sends(t, "--ssh=host", "file").exits(1).said, "Use --rename")
    sends(t, "--ssh=host", "--rename", "file").exits(0)
    sends(t, "--ssh=host", "bad\nname").exits(1)
    sends(t, "--ssh=host", "--rename", "--allow-all-names", "bad\nname", "file").exits(0)
    equal(tree.names_in(t.received), sorted(["bad\nname", "file", "file (2)", "file (3)"]))


@test("--via with a plain ssh works, also to a receiver that it does not name")
def _(t):
    t.serve()
    t.program_there("other", 'echo called >>"$HOME/calls"; exec qfile-unpacker')
    tree.write("file", "x")
    sends(t, f"--via={t.plainly('qfile-unpacker')}", "file").exits(0)
    sends(t, f"--via={t.plainly('qfile-unpacker')}", "--rename", "file").exits(0)
    tree.write("second", "x")
    sends(t, f"--via={t.plainly('other')}", "second").exits(0)
    equal(tree.names_in(t.received), ["file", "file (2)", "second"])
    equal(tree.read(f"{t.home}/calls"), "called\ncalled\n")


@test("the other way round: what is there is fetched")
def _(t):
    t.serve()
    tree.write(f"{t.home}/there", "from there")
    fetch = (f"mkfifo back; {t.plainly('qfile-agent', 'there')} <back | "
             f"{shlex.join(t.receiver())} >back")
    t.run("bash", "-o", "pipefail", "-c", fetch).exits(0)
    tree.same_tree(f"{t.home}/there", t.into("there"))


@disk_test("1 GiB arrives")
def _(t):
    if os.environ.get("SSH") != "long":
        raise Skip("takes longer: make check-ssh does it")
    t.serve()
    block = os.urandom(1 << 20)
    with open("large", "wb") as file:
        for number in range(1024):
            file.write(number.to_bytes(4, "little") + block[4:])
    sends(t, "--ssh=host", "large").exits(0)
    tree.same_tree("large", f"{t.received}/large")


# ---- What goes wrong ----


def nothing_copied(t, host, *parts, caller=AGENT):
    tree.write("file", "touch traced\n")
    end = t.run(caller, f"--ssh={host}", "file").exits(1)
    for part in parts:
        has(end.said, part)
    if caller == AGENT:
        # Our own sentence is the last, and the only one of ours.
        ours = [line for line in end.said.splitlines() if line.startswith("qfile-agent: ")]
        equal(len(ours), 1)
        has(ours[0], "nothing was copied")
        lacks(end.said, "100%")
    equal(t.clients(), [])
    missing(f"{t.home}/traced")
    return end


@test("a host that is not there, has another key or does not know the user's key")
def _(t):
    t.serve()
    for caller in CALLERS:
        words = "ssh failed with status 255, for the reason that it has given"
        for host, reason in (("closed", "Connection refused"),
                             ("stranger", "key verification failed"),
                             ("locked", "Permission denied")):
            said = nothing_copied(t, host, reason, words, caller=caller).said
            check(said.index(reason) < said.index(words), said)
    missing(t.received)


@test("a receiver that is not installed there")
def _(t):
    t.serve(path="/nosuch")
    nothing_copied(t, "host", "qfile-unpacker was not found there: install qfilecopy")
    nothing_copied(t, "host", "vm-file-editor was not found there: install qfilecopy",
                   caller=OPENER)


@test("a receiver that does not know its options")
def _(t):
    t.serve()
    t.program_there("qfile-unpacker", '[ $# = 0 ] || { echo "unknown option $1" >&2; exit 2; }\n'
                    f"exec {os.path.realpath(shlex.split(t.via())[0])}")
    tree.write("file", "x")
    said = sends(t, "--ssh=host", "--rename", "file").exits(1).said
    has(said, "unknown option --on-conflict=rename")
    has(said, "did not understand its options); nothing was copied")
    has(said, "It may not know --rename: try without")
    sends(t, "--ssh=host", "file").exits(0)
    # A login script that ends, for example.
    t.program_there("qfile-unpacker", "exit 0")
    lacks(sends(t, "--ssh=host", "--rename", "file").exits(1).said, "may not know")


@test("a receiver that ends after it has read everything is not known to have failed")
def _(t):
    t.serve()
    tree.write("file", "x" * 100)
    size = 32 + len("file\0") + 100 + 32
    t.program_there("qfile-unpacker", f"head -c {size} >$HOME/stream; exit 255")
    said = sends(t, "--ssh=host", "file").exits(1).said
    equal(os.path.getsize(f"{t.home}/stream"), size)
    has(said, "before the receiver confirmed")
    has(said, "Look in PedOSIncoming of host whether")
    lacks(said, "nothing was copied")


@test("a login script that writes to stdout is named so")
def _(t):
    t.serve(shell="/bin/bash")
    tree.write(f"{t.home}/.bashrc", "echo 'Welcome, stranger'\n")
    tree.write("file", "x")
    has(sends(t, "--ssh=host", "file").exits(1).said, "such as a login script (~/.bashrc)")
    has(t.run(OPENER, "--ssh=host", "file").exits(1).said, "makes no sense")
    equal((tree.read("file"), tree.names_in(".")), ("x", ["file"]))
    # One that writes to stderr, or is quiet for others than people, does no harm.
    tree.write(f"{t.home}/.bashrc", "echo 'Welcome, stranger' >&2\n")
    sends(t, "--ssh=host", "--rename", "file").exits(0)


@test("what the other machine says is made safe to show, and comes before our own sentence")
def _(t):
    t.serve()
    tree.write("file", "x")
    loud = """printf 'red \\033[31m\\007 und gr\\303\\274n\\r\\n' >&2
head -c 2500 /dev/zero | tr '\\0' x >&2
printf '\\nqfile-agent: \\rlast' >&2; exit 9"""
    for program in "qfile-unpacker", "vm-file-editor":
        t.program_there(program, loud)
    for caller in CALLERS:
        said = t.run(caller, "--ssh=host", "file").exits(1).said
        lines = said.split("\n")
        equal(lines[:5], ["ssh: red ?[31m? und grün", f"ssh: {'x' * 1000}", f"ssh: {'x' * 1000}",
                          f"ssh: {'x' * 500}", "ssh: qfile-agent: last"])
        # Nobody else can speak in our name.
        has(lines[5], f"{os.path.basename(caller)}: ")
        has(lines[5], "ssh ended with status 9")
        check("\033" not in said and "\r" not in said, said)
    t.program_there("qfile-unpacker", "echo hello >&2; exit 9")
    status, shown = t.run_on_terminal(AGENT, "--progress=tty", "--ssh=host", "file")
    equal(status, 1)
    has(shown, "\r\033[Kssh: hello\n")


@test("a shell there gets nothing typed into it")
def _(t):
    t.serve()
    tree.write("file", "touch traced\n")
    for caller in CALLERS:
        for there in ((), ("sh",), ("sh", "-s"), ("cat",), ("true",)):
            has(t.run(caller, f"--via={t.plainly(*there)}", "file").exits(1).said,
                "answered")
    missing(f"{t.home}/traced")
    missing("traced")


# ---- Stopped, or killed ----


def start_large(t, *arguments):
    """A transfer that is under way."""
    tree.sparse("large", 1 << 30)
    agent = t.start(AGENT, *arguments, "large", start_new_session=True,
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    wait_until(t.staged_there, lambda: f"a delivery; said: {agent.said()}", by=[agent])
    return agent


def is_over(t):
    """Nothing of the transfer is left, here or there."""
    wait_until(lambda: not t.clients(), "ssh to end")
    wait_until(lambda: tree.names_in(t.received) == [], "the receiver to tidy up")


@test("Ctrl-C in the middle ends both sides")
def _(t):
    t.serve()
    agent = start_large(t, "--ssh=host")
    os.killpg(agent.pid, signal.SIGINT)
    has(agent.wait().exits(128 + signal.SIGINT).said, "stopped; nothing was copied")
    is_over(t)


@test("a signal to the sender alone ends ssh, too, also behind a shell")
def _(t):
    t.serve()
    for call in ("--ssh=host", f"--via={t.plainly('qfile-unpacker')}",
                 f"--via={t.plainly('qfile-unpacker')} && echo done >&2"):
        agent = start_large(t, call)
        agent.kill(signal.SIGTERM)
        said = agent.wait().exits(128 + signal.SIGTERM).said
        has(said, "stopped; nothing was copied")
        equal(t.clients(), [])
        is_over(t)


@test("an ssh that is killed in the middle: nothing was copied, and that is said")
def _(t):
    t.serve()
    agent = start_large(t, "--ssh=host")
    pids = t.clients()
    check(len(pids) == 1, f"ssh: {pids}")
    process.kill(pids[0])
    has(agent.wait().exits(1).said,
        "the connection was lost: ssh was killed by signal 9 (Killed); nothing was copied")
    is_over(t)


# ---- Opening ----


@test("a file is opened there, and what is saved comes back")
def _(t):
    t.serve()
    t.program_there("xdg-open", 'echo "$DISPLAY" >$HOME/display; exec sed -i s/old/new/ "$1"')
    for name in ("file.txt", *HOSTILE[:5]):
        tree.write(name, "the old text\n")
        t.run(OPENER, "--ssh=host", "--", name).exits(0)
        equal(tree.read(name), "the new text\n")
    missing(f"{t.home}/traced")
    # On the screen of that machine.
    equal(tree.read(f"{t.home}/display"), ":0\n")
    equal(tree.names_in(t.there), [])
    equal(t.clients(), [])


@test("the other machine is named by its host")
def _(t):
    t.serve()
    t.program_there("xdg-open", "exit 3")
    tree.write("file.txt", "x")
    has(t.run(OPENER, "--ssh=user@host", "file.txt").exits(1).said, "host could not do it")
