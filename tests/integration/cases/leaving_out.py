# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is left out of a delivery: what cannot be read, what is excluded, and how it is told."""
import errno
import json
import os
import shlex

import machine
import suite
import tree
from copying import Copying
from expect import equal, has, lacks, missing
from settings import AGENT
from tap import Skip

test = suite.cases(Copying)


def called(t):
    """A file that is there when watched() has called the receiver."""
    return f"{t.top}/called"


def watched(t, *arguments):
    return t.run(AGENT, f"--via=: >{shlex.quote(called(t))}; {t.via()}", *arguments)


def root_reads_everything():
    if machine.am_root():
        raise Skip("root reads everything")


def make(*names):
    """Files with their own names as content, and directories where a name ends in a slash."""
    for name in names:
        os.makedirs(name if name[-1] == "/" else os.path.dirname(name) or ".", exist_ok=True)
        if name[-1] != "/":
            tree.write(name, name)


def names_below(top):
    """All paths below a directory, sorted."""
    return sorted(os.path.relpath(os.path.join(where, name), top)
                  for where, directories, files in os.walk(top) for name in directories + files)


# ---- What cannot be read ----

@test("all that cannot be read is named before anybody is called: ten, then a count")
def _(t):
    root_reads_everything()
    make("file1", "dir/good")
    for number in range(14):
        tree.write(f"dir/{number}", mode=0)
    os.mkdir("dir/shut", 0)
    end = watched(t, "dir", "file1").exits(1)
    equal(end.said.count('cannot read "dir/'), 10)
    has(end.said, "cannot read 5 more")
    has(end.said, "Permission denied")
    has(end.said, "nothing was copied. Use --skip-unreadable")
    missing(called(t))
    os.chmod("dir/shut", 0o700)


@test("one that cannot be read is named, and nothing is delivered")
def _(t):
    root_reads_everything()
    os.mkdir("dir")
    tree.write("dir/file", mode=0)
    for how in ("--progress=none", "--progress=json"):
        has(t.send(how, "dir").exits(1).said, 'cannot read "dir/file": Permission denied')
        t.nothing_arrived()


@test("--skip-unreadable sends the rest, and lists at the end what was left out")
def _(t):
    root_reads_everything()
    make("dir/good", "other")
    tree.write("secret", mode=0)
    tree.write("dir/file", mode=0)
    os.mkdir("dir/shut", 0)
    said = t.send("--skip-unreadable", "dir", "secret", "other").exits(3).said
    for name in ("dir/file", "dir/shut", "secret"):
        has(said, f'left out "{name}": Permission denied')
    equal(names_below(t.incoming), ["dir", "dir/good", "other"])
    os.chmod("dir/shut", 0o700)


@test("--skip-unreadable with --move keeps what was left out, and removes the rest")
def _(t):
    root_reads_everything()
    make("dir/good")
    tree.write("dir/file", mode=0)
    has(t.send("--move", "--skip-unreadable", "dir").exits(3).said, 'left out "dir/file"')
    equal(names_below("."), ["dir", "dir/file"])


@test("where nothing can be read nothing is sent, with --skip-unreadable, too")
def _(t):
    root_reads_everything()
    tree.write("secret", mode=0)
    has(watched(t, "--skip-unreadable", "secret").exits(1).said, "nothing is left to send")
    missing(called(t))


@test("what can be opened, but not read, is named by root's agent, too")
def _(t):
    make("dir/good")
    # Reading it fails, whoever reads.
    os.symlink("/proc/self/mem", "dir/mem")
    has(t.send("-L", "dir").exits(1).said, 'cannot read "dir/mem"')
    t.nothing_arrived()
    has(t.send("-L", "--skip-unreadable", "dir").exits(3).said, 'left out "dir/mem"')
    equal(names_below(t.incoming), ["dir", "dir/good"])


@test("-L names every link that leads nowhere, and --skip-unreadable leaves them out")
def _(t):
    make("dir/good")
    os.symlink("nowhere", "dir/one")
    os.symlink("nowhere", "dir/other")
    os.symlink(".", "dir/round")
    said = t.send("-L", "dir").exits(1).said
    for name in ("one", "other", "round"):
        has(said, f'cannot read "dir/{name}"')
    t.send("-L", "--skip-unreadable", "dir").exits(3)
    equal(names_below(t.incoming), ["dir", "dir/good"])


# ---- What is excluded ----

@test("--exclude leaves out what matches, with everything in it")
def _(t):
    make("top/a.o", "top/a.c", "top/sub/b.o", "top/sub/build/x", "top/build", "top/sub/top",
         "top/x/y/z", "top/x/z")
    for patterns, expected in (
            (["*.o"], "a.c build sub sub/build sub/build/x sub/top x x/y x/y/z x/z"),
            (["/top/*.o"], "a.c build sub sub/b.o sub/build sub/build/x sub/top x x/y x/y/z x/z"),
            (["build/"], "a.c a.o build sub sub/b.o sub/top x x/y x/y/z x/z"),
            (["build"], "a.c a.o sub sub/b.o sub/top x x/y x/y/z x/z"),
            (["/top/x/**"], "a.c a.o build sub sub/b.o sub/build sub/build/x sub/top x"),
            (["x/**/z"], "a.c a.o build sub sub/b.o sub/build sub/build/x sub/top x x/y"),
            (["sub", "x", "*.[oc]"], "build")):
        options = [f"--exclude={pattern}" for pattern in patterns]
        t.send(*options, "top").exits(0).says("copied ")
        equal((patterns, names_below(t.into("top"))), (patterns, expected.split()))
        tree.remove(t.into("top"))


@test("--exclude does not look at what it leaves out")
def _(t):
    make("dir/good")
    os.mkdir("dir/shut", 0)
    os.symlink("nowhere", "dir/dangling")
    os.mkfifo("dir/fifo")
    t.send("-L", "--exclude=shut/", "--exclude=dangling", "--exclude=fifo",
           "dir").exits(0).says("copied ")
    equal(names_below(t.incoming), ["dir", "dir/good"])
    os.chmod("dir/shut", 0o700)


@test("an argument that is excluded is left out and named, and nothing is sent without others")
def _(t):
    make("a.o", "b")
    has(t.send("--exclude=*.o", "a.o", "b").exits(3).said, 'left out "a.o": it is an argument')
    t.arrived("b")
    for options in (["--exclude=*.o", "a.o"], ["--exclude=/*", "a.o", "b"]):
        has(watched(t, *options).exits(1).said, "nothing is left to send")
        missing(called(t))


@test("--ignore-symlinks with nothing but a link sends nothing, and says so")
def _(t):
    os.symlink("x", "link")
    said = watched(t, "--ignore-symlinks", "link").exits(1).said
    has(said, 'left out "link"')
    has(said, "nothing is left to send")
    missing(called(t))


@test("--exclude with --move keeps what was left out")
def _(t):
    make("dir/a.o", "dir/b")
    t.send("--move", "--exclude=*.o", "dir").exits(0).says("moved ")
    equal(names_below("."), ["dir", "dir/a.o"])


@test("--exclude without a pattern is wrong usage")
def _(t):
    make("x")
    for pattern in ("", "/", "//"):
        t.run(AGENT, "--via=false", f"--exclude={pattern}", "x").exits(2)


@test("--exclude counts characters, not bytes")
def _(t):
    make("dir/\u00e4", "dir/ab")
    os.mkdir(b"dir/\xff\xfe")
    t.send("--exclude=[a-z][a-z]", "--exclude=?", "--exclude=" + os.fsdecode(b"\xff*"),
           "dir").exits(0)
    equal(names_below(t.incoming), ["dir"])


@test("arguments that cannot be read are named with all others, and can be left out like them")
def _(t):
    root_reads_everything()
    make("dir/good")
    tree.write("dir/secret", mode=0)
    tree.write("secret", mode=0)
    os.mkdir("shut", 0)
    said = watched(t, "secret", "shut", "dir").exits(1).said
    for name in "secret", "shut", "dir/secret":
        has(said, f'cannot read "{name}": Permission denied')
    has(said, "nothing was copied. Use --skip-unreadable")
    missing(called(t))
    said = t.send("--exclude=secret", "--skip-unreadable", "secret", "shut", "dir").exits(3).said
    has(said, 'left out "shut": Permission denied')
    has(said, 'left out "secret": it is an argument')
    equal(names_below(t.incoming), ["dir", "dir/good"])
    os.chmod("shut", 0o700)


# ---- --dry-run ----

@test("--dry-run counts what would be sent, and calls nobody")
def _(t):
    make("dir/one", "dir/sub/other", "dir/left.o")
    end = watched(t, "--dry-run", "--exclude=*.o", "dir").exits(0).says_nothing()
    equal(end.told, "would send 4 entries with 20 bytes")
    make("alone")
    equal(t.run(AGENT, "--vm=nobody", "--dry-run", "alone",
                env={"PEDOS_RPC_CLIENT": "/bin/false"}).exits(0).told,
          "would send 1 entry with 5 bytes")
    equal(t.run(AGENT, "--dry-run", "alone").exits(0).told, "would send 1 entry with 5 bytes")
    missing(called(t))
    equal(names_below("."), ["alone", "dir", "dir/left.o", "dir/one", "dir/sub", "dir/sub/other"])


@test("--dry-run names what would be left out")
def _(t):
    make("dir/file")
    os.mkfifo("dir/fifo")
    tree.set_mtime("dir/file", -86400)
    end = t.run(AGENT, "--dry-run", "-v", "dir").exits(3)
    has(end.said, 'would leave out "dir/fifo"')
    has(end.said, 'would arrive with another time: "dir/file"')
    equal(end.told, "would send 2 entries with 8 bytes")


@test("--dry-run names what a receiver would refuse")
def _(t):
    make("dir/bad\nname")
    os.symlink("/etc/passwd", "dir/escape")
    end = t.run(AGENT, "--dry-run", "dir").exits(1)
    has(end.said, 'the receiver would refuse "dir/bad?name"')
    has(end.said, 'the receiver would refuse "dir/escape"')
    equal(end.told, "")
    has(end.said, "would refuse 2 entries; nothing would be copied. The first one: ")
    end = t.run(AGENT, "--dry-run", "--vm=work", "--allow-all-names", "dir").exits(1)
    lacks(end.said, "bad?name")
    has(end.said, 'would refuse "dir/escape": the link points outside of what is copied; nothing '
        "would be copied. Use --dereference")


@test("--dry-run with --allow-all-names knows what is refused nevertheless")
def _(t):
    via = f"--via={t.via()}"
    os.makedirs("a/.qfile-incoming-1")
    os.makedirs("b")
    os.symlink("/etc/passwd", "b/bad\nname")
    os.makedirs("c")
    os.symlink("/bad\ntarget", "c/link")
    os.makedirs("good")
    os.symlink("bad\ntarget", "good/bad\nname")
    for name, words in (("a", "the receiver's own"), ("b", "points outside"),
                        ("c", "points outside")):
        has(t.run(AGENT, via, "--dry-run", "--allow-all-names", name).exits(1).said, words)
        t.run(AGENT, via, "--allow-all-names", name).exits(1)
    t.run(AGENT, via, "--dry-run", "--allow-all-names", "good").exits(0)
    t.run(AGENT, via, "--allow-all-names", "good").exits(0)
    # Without the option, it is never given as what helps.
    said = t.run(AGENT, via, "--dry-run", "a").exits(1).said
    has(said, "--exclude='.qfile-incoming-*'")
    lacks(said, "allow-all-names")


@test("--dry-run names what cannot be read")
def _(t):
    root_reads_everything()
    make("dir/good")
    tree.write("dir/secret", mode=0)
    has(t.run(AGENT, "--dry-run", "dir").exits(1).said, 'cannot read "dir/secret"')
    end = t.run(AGENT, "--dry-run", "--skip-unreadable", "dir").exits(3)
    has(end.said, 'would leave out "dir/secret"')
    equal(end.told, "would send 2 entries with 8 bytes")


def last_of_dry_run(t, status, *arguments):
    said = t.run(AGENT, "--dry-run", "--progress=json", *arguments).exits(status).said
    return json.loads(said.split("\n")[-1])


@test("--dry-run ends as sending would, for programs too")
def _(t):
    make("dir/file")
    os.mkfifo("dir/fifo")
    last = last_of_dry_run(t, 3, "dir")
    equal((last["outcome"], last["entries"], last["files"], last["directories"]),
          ("possible", 2, 1, 1))
    equal((last["left_out_count"], last["left_out"][0]["name"]), (1, "dir/fifo"))
    os.unlink("dir/fifo")
    tree.set_mtime("dir/file", -86400)
    has(t.run(AGENT, "--dry-run", "--move", "dir").exits(3).said, 'would keep here "dir/file": '
        "its time is before 1970")
    t.run(AGENT, "--dry-run", "--move", "--any-time", "dir").exits(0)
    make("bad\u202ename")
    last = last_of_dry_run(t, 1, "bad\u202ename")
    equal((last["outcome"], last["code"], last["entry"], last["help"]),
          ("failed", errno.EILSEQ, "bad\u202ename", ["allow-all-names"]))
    has(t.run(AGENT, "--dry-run", "bad\u202ename").exits(1).said, "it has U+202E as character 4")
