# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""libqfile as other programs know it: the examples of its manual page, its binary interface, and
what it exports."""
import errno
import platform
import re
import shlex

import machine
import suite
import tree
from copying import Copying
from expect import check, equal, exists, has, missing
from settings import BUILD, TOP
from tap import Skip

test = suite.cases(Copying, once=True)

LIBRARY = BUILD / "lib/libqfile.so"


def need_ordinary_build():
    if BUILD != TOP / "build":
        raise Skip("only programs with the flags of the ordinary build can be linked to it here")


def example(beginning):
    """The program in libqfile(3) whose first line begins so, as the page shows it."""
    displays = tree.read(TOP / "man/libqfile.3").split("\n.Bd -literal -offset indent\n")
    text, = [display.partition(".Ed\n")[0] for display in displays
             if display.startswith(f"/* {beginning}")]
    return text.replace(r"\e", "\\")


class Examples(Copying):
    """Both programs of the page, built as ./send and ./receive. `home` is that of the account
    "user"."""

    def build(self):
        need_ordinary_build()
        machine.need("cc")
        self.need_account()
        self.environment |= {"LD_LIBRARY_PATH": str(BUILD / "lib")}
        for name, beginning in (("send", "Send one"), ("receive", "Receive from")):
            tree.write(f"{name}.c", example(beginning))
            self.run("cc", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/include", "-o", name,
                     f"{name}.c", f"-L{BUILD}/lib", "-lqfile").exits(0)

    def send_example(self, command, name):
        return self.run(*self.with_account(), "./send", command, name)

    def receive_example(self, source):
        machine.need_receiver()
        return shlex.join(["./receive", "user", source])

    def into(self, name):
        return f"{self.home}/PedOSIncoming/laptop/{name}"


test_examples = suite.cases(Examples)


@test_examples("the examples of libqfile(3) compile without a warning, and copy a tree")
def _(t):
    t.build()
    tree.write("notes", "hello\n")
    t.send_example(t.receive_example("laptop"), "notes").exits(0).says_nothing()
    equal(tree.read(t.into("notes")), "hello\n")
    t.send_example(t.receive_example("laptop"), "notes").exits(0).says_nothing()
    equal(tree.read(t.into("notes (2)")), "hello\n")


@test_examples("doc/send.c says how it is used")
def _(t):
    t.build()
    t.run("cc", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/include", "-o", "send",
          f"{TOP}/doc/send.c", f"-L{BUILD}/lib", "-lqfile").exits(0)
    for arguments in ((), ("one", "two")):
        t.run("./send", *arguments).exits(2).says("Usage: pedos-rpc VM PedOS.Filecopy ./send FILE")


@test_examples("the examples of libqfile(3) say what failed, on either side")
def _(t):
    t.build()
    tree.write("notes", "hello\n")
    t.send_example("exit 0", "missing").exits(1).says('"missing": No such file or directory')
    t.send_example("exit 127", "notes").exits(1).says("connection was lost")
    # What concerns only the receiver's side is for its log: the sender is told no more than this.
    equal(t.send_example(t.receive_example("no/name"), "notes").exits(1).said,
          f"receiver: error {errno.EPERM} at ")
    missing(t.into("notes"))


@test("libqfile(3) shows every function as the header declares it")
def _(t):
    machine.need("mandoc")
    page = re.sub(".\b", "", t.run("mandoc", "-Tascii", TOP / "man/libqfile.3").exits(0).told)
    synopsis = page.partition("\nSYNOPSIS\n")[2].partition("\nDESCRIPTION\n")[0]
    shown, declared = prototypes(synopsis), prototypes(tree.read(TOP / "include/qfile.h"))
    equal((sorted(declared - shown), sorted(shown - declared)), ([], []))


def prototypes(text):
    """Those of all functions, each without blanks."""
    found = re.findall(r"^ *([a-z][a-z_ *]*\s*qfile_[a-z_]+\([^;()]*\));", text, re.MULTILINE)
    check(found, f"no function in:\n{text}")
    return {re.sub(r"\s", "", each) for each in found}


# ---- The binary interface ----

BASELINE = TOP / "tests/abi/libqfile.abi"


@test("programs built on an earlier libqfile can use this one: "
      "its binary interface is that of tests/abi")
def _(t):
    need_ordinary_build()
    machine.need("abidiff")
    exists(BASELINE)
    if platform.machine() != "x86_64":
        raise Skip("the interface in tests/abi is that of x86-64")
    if b".debug_info" not in tree.read_bytes(LIBRARY):
        raise Skip("built without -g, the library does not tell its types")
    # Not with --headers-dir: types whose place the baseline does not tell would not be compared.
    difference = t.run("abidiff", "--no-default-suppression", "--fail-no-debug-info", BASELINE,
                       LIBRARY)
    check(difference.status == 0, f"""\
{difference.told}
{difference.said}
A struct that grows, a function that goes or changes: programs that are built already would break. \
That needs another SOVERSION.
What only adds to the interface, or came before the first release, is taken over with make abi.""")


@test("the recorded binary interface holds no path of the machine that made it")
def _(t):
    baseline = tree.read(BASELINE)
    has(baseline, "soname='libqfile.so.1'")
    equal([line for line in baseline.splitlines()
           if "='/" in line or "comp-dir" in line or "filepath" in line], [])


# ---- What is in it ----


@test("the header is C++, too")
def _(t):
    if BUILD != TOP / "build":
        raise Skip("this program would need the other build's flags")
    machine.need("c++")
    tree.write("program.cc",
               '#include <qfile.h>\nint main() { return qfile_vm_name_ok("work") ? 0 : 1; }\n')
    t.run("c++", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/include", "-o", "program", "program.cc",
          f"-L{BUILD}/lib", "-lqfile").exits(0)
    t.run("./program", env={"LD_LIBRARY_PATH": f"{BUILD}/lib"}).exits(0)


@test("the library exports only what its header declares")
def _(t):
    machine.need("nm")
    header = tree.read(TOP / "include/qfile.h")
    listed = t.run("nm", "-D", "--defined-only", f"{BUILD}/lib/libqfile.so").exits(0).told
    symbols = [line.split() for line in listed.splitlines()]
    exported = {name.partition("@")[0] for _, kind, name in symbols
                if kind.isupper() and kind != "A"}
    check(exported, "nothing is exported")
    check(len(exported) <= 40, f"{len(exported)} names are exported: the library is to stay small")
    listed = t.run("nm", "--defined-only", "--extern-only", f"{BUILD}/lib/libqfile.a").exits(0).told
    archive = [line.split() for line in listed.splitlines()]
    equal(sorted(words[2] for words in archive if len(words) == 3), sorted(exported))
    equal([name for name in sorted(exported)
           if not re.search(rf"\b{re.escape(name)}\(", header)], [])
    declared = re.findall(r"^[a-z].*\b(qfile_[a-z_]+)\(", header, re.MULTILINE)
    check(declared, "nothing is declared")
    equal([name for name in declared if name not in exported], [])


@test("the programs of the rpc have nothing of the library in them")
def _(t):
    machine.need("nm")
    programs = [BUILD / "bin" / name for name in ("pedos-rpc", "pedos-rpcd", "pedos-rpc-dom0")]
    programs = [program for program in programs if program.exists()]
    check(len(programs) >= 2, f"so few programs: {programs}")
    for program in programs:
        names = [line.split()[-1] for line in t.run("nm", program).exits(0).told.splitlines()]
        check("vm_name_ok" in names, f"{program} was stripped")
        equal([name for name in names if name.startswith("qfile_")], [])
