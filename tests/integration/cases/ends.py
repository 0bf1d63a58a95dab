# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file ends where reading it ends, whatever its size is said to be."""
import os

import machine
import suite
import tree
from copying import Copying
from expect import check, equal, has, lacks
from lying import File, Lying
from tap import Skip

test = suite.cases(Copying)

# More than the sender reads at once.
LARGE = 2**18


def constant_file(t, paths, large=False):
    """The first of these that is there, can be read twice with the same content, and is as large
    as that or small. Returns path and content."""
    for path in paths:
        try:
            content = tree.read_bytes(path)
            if content == tree.read_bytes(path) and (len(content) > LARGE) == large:
                return path, content
        except OSError:
            continue
    raise Skip("no such file here")


def arrives_whole(t, path, content):
    t.send(path).exits(0).says("copied ")
    equal(tree.read_bytes(t.into(os.path.basename(path))), content)


@test("a file of /proc whose size is 0 arrives whole")
def _(t):
    path, content = constant_file(t, ["/proc/version", "/proc/filesystems", "/proc/cmdline"])
    equal(os.stat(path).st_size, 0)
    arrives_whole(t, path, content)


@test("a file of /sys that is shorter than its size arrives whole")
def _(t):
    path, content = constant_file(t, ["/sys/kernel/mm/transparent_hugepage/enabled",
                                      "/sys/kernel/uevent_seqnum", "/sys/power/state",
                                      "/sys/devices/system/cpu/possible"])
    check(os.stat(path).st_size > len(content), "its size is too large")
    arrives_whole(t, path, content)


@test("a large file whose size is 0 is read twice, and arrives whole")
def _(t):
    path, content = constant_file(t, ["/proc/kallsyms", "/proc/config.gz"], large=True)
    equal(os.stat(path).st_size, 0)
    arrives_whole(t, path, content)


@test("many files of size 0 that share a stream with others arrive whole")
def _(t):
    path, content = constant_file(t, ["/proc/version", "/proc/filesystems", "/proc/cmdline"])
    for number in range(20):
        os.symlink(path, f"{number}-link")
        tree.write(f"{number}-file", bytes([number]) * (number * 8000))
    names = os.listdir(".")
    t.send("-L", *names).exits(0)
    for name in names:
        equal(tree.read_bytes(t.into(name)), tree.read_bytes(name))


@test("files of every size around the buffer's arrive whole")
def _(t):
    os.mkdir("dir")
    for size in (0, 1, LARGE - 45, LARGE - 44, LARGE - 43, LARGE - 42, LARGE - 41, LARGE - 40,
                 LARGE - 1, LARGE, LARGE + 1, 2 * LARGE, 2 * LARGE + 1):
        tree.write(f"dir/{size:07}", os.urandom(size))
    t.send("dir").exits(0).says("copied ")
    tree.same_tree("dir", t.into("dir"))


@test("--move does not remove a file of /proc, and says that it was copied")
def _(t):
    path, content = constant_file(t, ["/proc/version", "/proc/filesystems", "/proc/cmdline"])
    has(t.send("--move", path).exits(3).said, f'copied; kept here: "{path}"')
    equal(tree.read_bytes(t.into(os.path.basename(path))), content)


# ---- File systems that lie ----

def mounted(t, files, **lies):
    """A file system with these files, in the directory "lying"."""
    machine.need_root()
    os.mkdir("lying")
    return Lying("lying", files, **lies)


@test("a move does not say that something was removed which the file system only says so of")
def _(t):
    files = {"a": File(5, b"hello"), "b": File(5, b"world"), "c": File(1, b"x")}
    with mounted(t, files, stays=("a", "b")):
        said = t.send("--move", "lying").exits(3).said
        for name in ("a", "b"):
            has(said, f'kept here: "lying/{name}": its file system says that it was removed, but')
        lacks(said, "lying/c")
        equal(os.listdir("lying"), ["a", "b"])
        equal(sorted(os.listdir(t.into("lying"))), ["a", "b", "c"])
        # And what is named itself.
        said = t.send("--move", "lying/a").exits(3).said
        has(said, 'kept here: "lying/a": its file system says that it was removed, but')


LIES = {
    "none": File(5, b"hello"),
    "nothing-is-said": File(0, b"hello"),
    "in-pieces": File(0, b"hello" * 100, piece=7),
    "large": File(0, bytes(range(250)) * 4000),
    "large-in-pieces": File(0, bytes(range(250)) * 4000, piece=999),
    "as-large-as-the-buffer": File(0, b"x" * LARGE),
    "too-small": File(3, b"hello" * 100),
    "too-small-at-its-piece": File(7, b"hello" * 100, piece=7),
    "much-too-small": File(3, b"hello" * 100000),
    "too-large": File(4096, b"hello"),
    "much-too-large": File(10**9, b"hello"),
    "large-and-too-small": File(LARGE * 2, b"hello" * 200000),
    "large-and-too-large": File(LARGE * 8, b"hello" * 200000),
    "empty-and-too-large": File(LARGE * 8, b""),
}


@test("whatever size a file system tells, files arrive whole, and --move removes those alone")
def _(t):
    with mounted(t, LIES) as lying:
        t.send("lying").exits(0).says("copied ")
        equal(tree.names_in(t.into("lying")), sorted(LIES))
        for name, file in LIES.items():
            check(tree.read_bytes(t.into(f"lying/{name}")) == file.content(1), name)
        tree.remove(t.into("lying"))
        t.send("--move", *(f"lying/{name}" for name in LIES)).exits(0).says("moved ")
        equal(lying.files, {})
        for name, file in LIES.items():
            check(tree.read_bytes(t.into(name)) == file.content(1), name)


def changes_at_third(before, after):
    """Of a large file: it is read to see that it does not fit, to be counted, and to be sent."""
    return lambda reading: before if reading < 3 else after


@test("a file that ends elsewhere when it is read again is named, and nothing is delivered")
def _(t):
    large = b"x" * (LARGE * 2)
    for after, ticking in ((large + b"more", False), (large + b"more", True), (b"less", False),
                           (large[:-1], True)):
        file = File(0, changes_at_third(large, after), ticking=ticking)
        with mounted(t, {"file": file}) as lying:
            said = t.send("--move", "lying/file").exits(1).said
            has(said, 'reading "file": it changed in the meantime (it became')
            equal(list(lying.files), ["file"])
            t.nothing_arrived()
        os.rmdir("lying")
