# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What qfile-agent's arguments name, and what is wrong with them: found before anything is sent."""
import contextlib
import os
import shlex
import socket
import stat

import machine
import suite
import tree
from copying import Copying
from expect import equal, has, lacks, missing
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)


def called(t):
    """What watched() leaves."""
    return f"{t.top}/called"


def watched(t, *arguments, **how):
    """Send to a receiver that leaves a file when it is called."""
    return t.run(AGENT, f"--via=: >{shlex.quote(called(t))}; {t.via()}", *arguments, **how)


def refuses(t, part, *arguments):
    """Named in one sentence before a receiver is called."""
    end = watched(t, *arguments).exits(1).says(part)
    missing(called(t))
    t.nothing_arrived()
    return end


def root_reads_everything():
    if machine.am_root():
        raise Skip("root reads everything")


@test("a missing file is named before anything is sent")
def _(t):
    tree.write("there")
    refuses(t, '"missing": No such file', "there", "missing")
    refuses(t, '"missing/": No such file', "there", "missing/")
    refuses(t, '"there/": Not a directory', "there/")


@test("every missing file is named")
def _(t):
    said = watched(t, "missing1", "missing2").exits(1).said
    has(said, '"missing1"')
    has(said, '"missing2"')
    missing(called(t))


@test("an empty argument is named before anything is sent")
def _(t):
    tree.write("there")
    refuses(t, "an argument is empty", "there", "")


@test("the root directory has no name to be sent under")
def _(t):
    refuses(t, "root directory", "/")
    refuses(t, "root directory", "/..")


@test("two arguments with one base name are named before anything is sent")
def _(t):
    os.makedirs("a/same")
    os.mkdir("b")
    tree.write("a/file")
    tree.write("b/file")
    refuses(t, 'name "file"', "a/file", "b/file")
    refuses(t, 'name "a"', "a", "./a/")
    refuses(t, 'name "file"', "a/file", "b", "a/file")


@test("a missing file's name is sanitised")
def _(t):
    said = refuses(t, "?[31m?missing", "\033[31m\u202emissing").said
    lacks(said, "\033")
    lacks(said, "\u202e")


@test("what is neither file nor directory nor link is named before anything is sent")
def _(t):
    os.mkfifo("fifo")
    refuses(t, '"fifo": it is neither', "fifo")
    refuses(t, '"/dev/null": it is neither', "/dev/null")


@test(". and .. and dir/ and /x/ and x/. send a directory under its real name")
def _(t):
    real = f"{t.sent}/real"
    os.makedirs(f"{real}/inner")
    tree.write(f"{real}/file", "x")
    os.chdir(real)
    for argument in (".", f"{real}/", "../real/", "inner/..", f"{real}/inner/..", "./.",
                     f"{t.sent}//real//", real):
        t.send(argument).exits(0)
        t.arrived("real")
        tree.same_tree(real, t.into("real"))
        tree.remove(t.into("real"))
    os.chdir(f"{real}/inner")
    t.send("..").exits(0)
    t.arrived("real")
    tree.same_tree(real, t.into("real"))


@test("link/ sends the directory that it points to, under its real name")
def _(t):
    os.mkdir("real")
    tree.write("real/file", "x")
    os.symlink("real", "link")
    t.send("link/").exits(0)
    t.arrived("real")
    tree.same_tree("real", t.into("real"))


@test("sockets, fifos and devices in a directory are left out, and named")
def _(t):
    os.mkdir("dir")
    os.mkfifo("dir/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("dir/socket")
    tree.write("dir/file")
    with contextlib.suppress(PermissionError):
        os.mknod("dir/device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    said = t.send("dir").exits(3).said
    for name in set(os.listdir("dir")) - {"file"}:
        has(said, f'left out "dir/{name}": it is neither')
    equal(tree.names_in(t.into("dir")), ["file"])


@test("a file or directory that may not be read is named before anything is sent")
def _(t):
    root_reads_everything()
    tree.write("secret", "x\n", mode=0)
    os.mkdir("shut", 0)
    for argument in ("secret", "shut"):
        has(watched(t, argument).exits(1).said, f'cannot read "{argument}": Permission denied')
        missing(called(t))
