# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-agent's command line."""
import os
import re

import suite
import tree
from copying import Copying
from expect import equal, exists, has, lacks
from settings import AGENT, OPENER, RPC, RPCD

test = suite.cases(Copying, once=True)

OPTIONS = ("--allow-all-names --any-time --dereference --dry-run --exclude --help "
           "--ignore-symlinks --move --progress --progress-fd --quiet --rename --service "
           "--skip-unreadable --ssh --verbose --version --via --vm")


def wrong_usage(t, part, *arguments):
    """Exit 2, one clear sentence with `part` in it, and how to get help; nothing else."""
    run = t.run(AGENT, *arguments).exits(2).says(part).says("Try 'qfile-agent --help'.")
    equal(run.out, b"")


@test("--help and -h say what there is, and no more than these tests try")
def _(t):
    long = t.run(AGENT, "--help").exits(0).says_nothing()
    equal(" ".join(sorted(set(re.findall("--[a-z][a-z-]+", long.told)))), OPTIONS)
    equal(t.run(AGENT, "-h").exits(0).out, long.out)


@test("--version and -V name the program and its version")
def _(t):
    for option in ("--version", "-V"):
        told = t.run(AGENT, option).exits(0).says_nothing().told
        equal(len(re.findall(r"^qfile-agent .*[0-9]+\.[0-9]+\.[0-9]+$", told, re.MULTILINE)), 1)


@test("help that cannot be written is a failure, and said")
def _(t):
    with open("/dev/full", "wb") as full:
        for program, status in ((AGENT, 1), (RPC, 125), (RPCD, 1)):
            for option in ("--help", "--version"):
                t.run(program, option, stdout=full).exits(status).says(
                    "writing to stdout: No space left on device")


@test("an option that does not exist, or lacks its value, is refused")
def _(t):
    wrong_usage(t, "--no-such-option", "--no-such-option", "x")
    wrong_usage(t, "'Z'", "-Z", "x")
    wrong_usage(t, "--vm", "--vm")
    wrong_usage(t, "--via", "--via")
    wrong_usage(t, "--service", "--service")
    wrong_usage(t, "--progress", "--progress")
    wrong_usage(t, "--rename", "--rename=yes", "x")


@test("a file that is called like an option is told how to be named")
def _(t):
    for name in ("-dash", "-x", "-qz", "--unknown=1", "-\33z"):
        tree.write(name, "x")
        for program in (AGENT, OPENER):
            end = t.run(program, "--vm=work", name).exits(2)
            has(end.said, 'for the file that is called so, write "./' + name.replace("\33", "?"))
            equal(len(end.said.splitlines()), 3)
        os.unlink(name)
        lacks(t.run(AGENT, "--vm=work", name).exits(2).said, "./")


@test("nothing to send is refused")
def _(t):
    wrong_usage(t, "nothing to send", "--via=true")
    wrong_usage(t, "nothing to send", "--vm=work")
    wrong_usage(t, "nothing to send")


@test("options that contradict each other are refused")
def _(t):
    tree.write("file")
    wrong_usage(t, "--ignore-symlinks and --dereference", "--via=true", "--ignore-symlinks", "-L",
                "file")


@test("--progress-fd refuses what is no descriptor of its own")
def _(t):
    tree.write("file", "x")
    for value in ("", "x", "-1", "0", "1", "2", "9", "3x", "99999999999"):
        wrong_usage(t, "--progress-fd takes the number of a descriptor",
                    "--via=true", f"--progress-fd={value}", "file")
    with open("progress", "wb") as file:
        number = file.fileno()
        equal(
            t.run(AGENT, "--via=true", "--progress=tty", f"--progress-fd={number}", "file",
                  pass_fds=[number]).exits(2).out, b"")
    with open("progress", "rb") as file:
        number = file.fileno()
        has(t.run(AGENT, "--via=true", f"--progress-fd={number}", "file",
                  pass_fds=[number]).exits(2).said, "that is open for writing")


@test("--progress refuses what it does not know, gui included")
def _(t):
    tree.write("file")
    for value in ("gui", "TTY", "", "yes"):
        wrong_usage(t, "--progress takes auto, tty, json or none", "--via=true",
                    f"--progress={value}", "file")


@test("without a receiver, a terminal is refused in its place")
def _(t):
    tree.write("file")
    # Typed by hand, without --vm or --via, all the program could do is to write bytes onto the
    # screen.
    status, shown = t.run_on_terminal(AGENT, "file")
    equal(status, 2)
    has(shown.split("\n")[0], "use --vm=NAME, --ssh=HOST or --via=COMMAND")
    lacks(shown, "\0")


@test("without --vm and --via it speaks on stdin and stdout")
def _(t):
    tree.write("file", "hello")
    (stream, to_receiver), (answer, to_sender) = os.pipe(), os.pipe()
    receiver = t.start(*t.receiver(), stdin=stream, stdout=to_sender)
    agent = t.start(AGENT, "file", stdin=answer, stdout=to_receiver)
    for fd in (stream, to_receiver, answer, to_sender):
        os.close(fd)
    agent.wait().exits(0)
    receiver.wait().exits(0)
    tree.same_tree("file", t.into("file"))


@test("a name that looks like an option can be sent behind --")
def _(t):
    tree.write("--move")
    t.send("--", "--move").exits(0)
    t.arrived("--move")
    exists("--move")


@test("--via runs its command with a shell")
def _(t):
    tree.write("file", "hello")
    shell = f"{t.top}/shell"
    t.run(AGENT, f"--via=exec 5>'{shell}' && echo $((6 * 7)) >&5 && {t.via()}", "file").exits(0)
    equal(tree.read(shell), "42\n")
    tree.same_tree("file", t.into("file"))


@test("--via's command keeps stderr and the environment")
def _(t):
    tree.write("file")
    sent = t.run(AGENT, "-q", f"--via=echo said $QFILE_TEST >&2; {t.via()}", "file",
                 env={"QFILE_TEST": "kept"}).exits(0)
    equal(sent.said, "said kept")
