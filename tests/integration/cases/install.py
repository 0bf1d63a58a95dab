# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What make install puts where, and what works from there."""
import fcntl
import os
import re
import shlex
import shutil
import tempfile

import machine
import suite
import tree
from calling import Calling, Daemon
from copying import Copying
from expect import check, equal, exists, has, lacks, missing, wait_until
from settings import BUILD, TOP
from tap import Skip

test = suite.cases(Copying, once=True)
called_test = suite.cases(Calling, once=True)
user_test = suite.cases(Copying)

# What another make, or who called it, has in the environment is not for this one.
OWN_MAKE = [f"--unset={name}" for name in (
    "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "DESTDIR", "PREFIX", "BINDIR", "SBINDIR",
    "LIBDIR", "INCLUDEDIR", "DATADIR", "MANDIR", "ZSHDIR", "UNITDIR", "SYSCONFDIR", "CFLAGS",
    "CPPFLAGS", "LDFLAGS", "XEN", "B", "V", "WERROR", "SUITE", "TEST")]

# Of all cases of this file. It is made before there are workers, and the process that made it
# removes it.
SHARED = tempfile.TemporaryDirectory(prefix="qf-install-")
os.chmod(SHARED.name, 0o755)  # services run as somebody else

# Files that others put beside what is installed.
STRANGERS = ["/bin/qfile-agent-of-others", "/etc/pedos-rpc/Others.Service",
             "/lib/pkgconfig/others.pc", "/share/man/man1/others.1"]


class Made:
    """
    What make made in a copy of the source tree: nobody else's build is in the way, nor is ours in
    theirs. `usr`: what is installed with a DESTDIR and PREFIX=/usr; `own`: a PREFIX without
    DESTDIR, installed with a umask of 077, in which strangers were before, `said`: what was said
    then; `left`, `gone`: what uninstall left of `own` and of `usr`; `without_xen`: what XEN=0 would
    do; `cleaned`: the copy itself after make clean, in another place.
    """

    def __init__(self, top):
        self.top = top
        (self.usr, self.own, self.said, self.left, self.gone, self.without_xen, self.source,
         self.cleaned) = (
             f"{top}/{name}" for name in ("usr", "own", "said", "left", "gone", "without-xen",
                                          "source", "cleaned"))

    def make_all(self, t):
        def make(*words):
            end = t.run("env", *OWN_MAKE, "make", "--no-print-directory", "-C", self.source, *words)
            check(end.status == 0, f"make {' '.join(words)}:\n{end.told}\n{end.said}")
            return end.told
        copy_source(self.source)
        xen = tree.read(f"{self.source}/build/rpc/xen").strip()
        make("install", f"XEN={xen}", f"DESTDIR={self.usr}", "PREFIX=/usr")
        shutil.copytree(self.usr, self.gone, symlinks=True)
        make("uninstall", f"XEN={xen}", f"DESTDIR={self.gone}", "PREFIX=/usr")
        for name in STRANGERS:
            write_at(self.own + name, "not ours")
        before = os.umask(0o077)
        tree.write(self.said, make("install", f"XEN={xen}", f"PREFIX={self.own}"))
        os.umask(before)
        shutil.copytree(self.own, f"{self.top}/copy", symlinks=True)
        make("uninstall", "XEN=0", f"PREFIX={self.own}")
        os.rename(self.own, self.left)
        os.rename(f"{self.top}/copy", self.own)
        # Where the build is one without Xen there is nothing to be done, unless it is to be done
        # anew.
        tree.write(self.without_xen, make("XEN=0", "-n", *(["-B"] if xen == "0" else [])))
        make("clean")
        os.rename(self.source, self.cleaned)


def write_at(path, text):
    """A file, and the directories that it needs."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    tree.write(path, text)


def copy_but(left_out, source, to):
    """Copy a tree without the entries of its top directory whose names are left out."""
    def ignored(directory, names):
        return {name for name in names if directory == str(source) and left_out(name)}
    shutil.copytree(source, to, symlinks=True, ignore=ignored)


def copy_source(to):
    copy_but(lambda name: name in (".git", "tests") or name.startswith("build"), TOP, to)
    # What is built already is as good.
    copy_but(lambda name: name in ("tests", "demo", "fuzz", "xen"), BUILD, f"{to}/build")


def made(t):
    """By the first case that needs it. The others wait for that one."""
    if BUILD != TOP / "build":
        raise Skip("only the ordinary build is installed")
    machine.need("make")
    result = Made(f"{SHARED.name}/made")
    with open(f"{SHARED.name}/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(f"{SHARED.name}/done"):
            shutil.rmtree(result.top, ignore_errors=True)
            os.mkdir(result.top)
            result.make_all(t)
            tree.write(f"{SHARED.name}/done")
    return result


def files_below(root):
    """The paths of all but directories, as they are where `root` is the root directory."""
    return [os.path.join(directory, name).removeprefix(root)
            for directory, directories, files in os.walk(root)
            for name in files + [each for each in directories
                                 if os.path.islink(os.path.join(directory, each))]]


def lines_with(path, beginning):
    return [line for line in tree.read(path).splitlines() if line.startswith(beginning)]


# The first of those that wait for what is made here: were it to begin later, they would hold all
# workers.
@test("make install puts everything below PREFIX", waits=True)
def _(t):
    root = made(t).own
    for name in ("bin/qfile-agent", "bin/qfile-unpacker", "include/qfile.h", "lib/libqfile.so",
                 "lib/libqfile.so.1", "lib/pkgconfig/libqfile.pc", "etc/pedos-rpc/PedOS.Filecopy"):
        exists(f"{root}/{name}")
    service = f"{root}/etc/pedos-rpc/PedOS.Filecopy"
    equal(len(lines_with(service, f"exec {root}/bin/qfile-unpacker ")), 1)
    check(os.access(service, os.X_OK), "cannot be run")


@test("with PREFIX=/usr the service goes to /etc; DESTDIR is before all, and in no file")
def _(t):
    root = made(t).usr
    exists(f"{root}/etc/pedos-rpc/PedOS.Filecopy")
    equal(len(lines_with(f"{root}/etc/pedos-rpc/PedOS.Filecopy", "exec /usr/bin/qfile-unpacker ")),
          1)
    installed = files_below(root)
    equal([path for path in installed if not path.startswith(("/usr/", "/etc/"))], [])
    for path in installed:
        if path.endswith((".pc", ".service")) or os.path.basename(path).startswith("PedOS."):
            lacks(tree.read(root + path), SHARED.name)


@test("completions are where each shell looks, for every program that is installed")
def _(t):
    result = made(t)
    for root, zsh in ((result.own, "site-functions"),
                      (f"{result.usr}/usr", "vendor-completions" if os.path.isdir(
                          "/usr/share/zsh/vendor-completions") else "site-functions")):
        programs = os.listdir(f"{root}/bin") + os.listdir(f"{root}/sbin")
        for program in programs:
            if program not in map(os.path.basename, STRANGERS):
                for path in (f"bash-completion/completions/{program}",
                             f"fish/vendor_completions.d/{program}.fish"):
                    has(tree.read(f"{root}/share/{path}"), program)
                has(lines_with(f"{root}/share/zsh/{zsh}/_qfilecopy", "#compdef")[0], program)


@test("make uninstall removes all that make install put there, and nothing else")
def _(t):
    result = made(t)
    equal(sorted(files_below(result.left)), STRANGERS)
    of_strangers = {"", *(name[:at] for name in STRANGERS for at, c in enumerate(name) if c == "/")}
    equal(sorted(directory.removeprefix(result.left) for directory, *_ in os.walk(result.left)),
          sorted(of_strangers))
    for name in ("sbin", "lib/pkgconfig", "lib/systemd/system", "include", "share/man/man8"):
        exists(f"{result.own}/{name}")
    equal(os.listdir(result.gone), [])


@user_test("directories that every system has stay when make uninstall empties them")
def _(t):
    machine.need_mount_namespaces()
    kept = ["bin", "sbin", "lib", "include", "etc", "share/man"]
    ours = ["lib/pkgconfig", "lib/systemd/system", "share/man/man1", "etc/pedos-rpc"]
    environment = {"DESTDIR": "", "PREFIX": "/usr/local"}
    script = f"""
        mount -t tmpfs none /usr/local && cd /usr/local && mkdir -p {' '.join(kept + ours)}
        sh {TOP}/lib/installed.sh tidy {' '.join(f'/usr/local/{name}' for name in kept + ours)}
        find . -mindepth 1 -type d | sort"""
    left = t.run(*machine.IN_NAMESPACE, "sh", "-c", script, env=environment).exits(0).told
    equal(left.split(), sorted(f"./{name}" for name in [*kept, "share"]))


def mode_of(path):
    return os.stat(path).st_mode & 0o7777


@test("what is installed has the modes that everybody needs, whatever the umask")
def _(t):
    root = made(t).own
    modes = {mode_of(path) for directory, names, files in os.walk(root)
             for path in (f"{directory}/{name}" for name in names + files)
             if not os.path.islink(path)}
    equal(sorted(modes), [0o644, 0o755])
    for name in ("etc/pedos-rpc/PedOS.Filecopy", "sbin/pedos-rpcd"):
        equal(mode_of(f"{root}/{name}"), 0o755)


@test("make install and uninstall refuse paths that could not be used")
def _(t):
    machine.need("make")
    for variable in ("PREFIX=relative", "PREFIX=", "SYSCONFDIR=a b", "BINDIR=/a b",
                     "PREFIX=/a'b", "LIBDIR=/a;b", "MANDIR=/a(b", "UNITDIR=/a$$b"):
        for target in "install", "uninstall":
            end = t.run("env", *OWN_MAKE, "make", "-n", "-C", TOP, target, f"B={t.top}/none",
                        variable, f"DESTDIR={t.top}/to")
            check(end.status != 0, f"make {target} {variable} is no failure")
            has(end.said, f"{variable.partition('=')[0]} must be an absolute path without spaces")


@user_test("make install says in a sentence that its user may not write there")
def _(t):
    machine.need("make")
    if machine.am_root():
        raise Skip("root may")
    os.mkdir(f"{t.top}/closed", 0o555)
    end = t.run("env", *OWN_MAKE, "make", "-s", "-C", TOP, "check-writable",
                f"PREFIX={t.top}/closed/deep/er")
    check(end.status != 0, "no failure")
    equal(end.err.decode().split("\n")[0],
          f"You may not write to {t.top}/closed: use sudo make install, or set PREFIX= or DESTDIR= "
          "to a directory of yours.")
    t.run("env", *OWN_MAKE, "make", "-s", "-C", TOP, "check-writable", "PREFIX=/usr",
          f"DESTDIR={t.top}/own").exits(0)
    # A relative one is below the directory that make runs in.
    os.mkdir(f"{t.top}/mine")
    t.run("env", *OWN_MAKE, "make", "-s", "-C", f"{t.top}/mine", "-f", TOP / "Makefile",
          f"-I{TOP}", "check-writable", "PREFIX=/usr", "DESTDIR=not/there").exits(0)


@user_test("make clean removes what the demo has left, its sealed directories, too")
def _(t):
    machine.need("make")
    sealed = f"{t.top}/mine/build/demo/work/home/headers/sealed"
    os.makedirs(sealed)
    tree.write(f"{sealed}/note")
    os.chmod(sealed, 0o500)
    t.run("env", *OWN_MAKE, "make", "-C", f"{t.top}/mine", "-f", TOP / "Makefile", f"-I{TOP}",
          "clean", "B=build").exits(0)
    missing(f"{t.top}/mine/build")


@test("a suite that does not exist is refused before anything is built")
def _(t):
    machine.need("make")
    for target in "check", "test":
        end = t.run("env", *OWN_MAKE, "make", "-C", TOP, target, "SUITE=unit nosuch",
                    f"B={t.top}/none")
        check(end.status != 0, f"make {target} is no failure")
        has(end.said, "There is no suite nosuch. There are: unit ")
        equal(os.path.exists(f"{t.top}/none"), False)


class Linker:
    """A played ldconfig, which knows nothing before it has been asked to look."""

    def __init__(self, t):
        self.t, self.notes = t, f"{t.top}/asked"
        write_at(f"{t.top}/lib/libqfile.so.1", "")
        os.mkdir(f"{t.top}/bin")
        tree.script(f"{t.top}/bin/ldconfig", f"""#!/bin/sh
echo "ldconfig $*" >>{self.notes}
[ "$1" = -p ] || exit 0
grep -qx "ldconfig " {self.notes} || [ -n "$KNOWS" ] || exit 0
echo "	libqfile.so.1 (libc6,x86-64) => {t.top}/bin/../lib/libqfile.so.1"
""")

    def found(self, **variables):
        """What is said when the library was installed."""
        tree.write(self.notes, "")
        environment = {"PATH": f"{self.t.top}/bin:{os.environ['PATH']}", "DESTDIR": "",
                       "PREFIX": self.t.top, "LIBDIR": f"{self.t.top}/lib", "KNOWS": "",
                       "UNITDIR": "/usr/lib/systemd/system", **variables}
        return self.t.run("sh", TOP / "lib/installed.sh", "found", "libqfile.so.1",
                          env=environment).exits(0).says_nothing().told

    def asked(self):
        return tree.read(self.notes).split("\n")[:-1]


@user_test("make install makes the library known to the dynamic linker as root, and says whether "
           "it is")
def _(t):
    linker = Linker(t)
    known = f"The dynamic linker knows {t.top}/lib/libqfile.so.1."
    unknown = f"The dynamic linker does not know {t.top}/lib/libqfile.so.1"
    if machine.am_root():
        has(linker.found(), known)
        equal(linker.asked(), ["ldconfig ", "ldconfig -p"])
    else:
        said = linker.found()
        for part in unknown, f"-Wl,-rpath,{t.top}/lib", "run ldconfig":
            has(said, part)
        equal(linker.asked(), ["ldconfig -p"])
        has(linker.found(KNOWS="1"), known)
    # Another library of this name is not this one.
    write_at(f"{t.top}/others/libqfile.so.1", "")
    has(linker.found(LIBDIR=f"{t.top}/others", KNOWS="1"),
        f"does not know {t.top}/others/libqfile.so.1")
    equal(linker.found(DESTDIR=t.top), "")
    equal(linker.asked(), [])


@test("make install says what else does not find it, and how it does")
def _(t):
    result = made(t)
    said = tree.read(result.said)
    has(said, f"PKG_CONFIG_PATH={result.own}/lib/pkgconfig")
    has(said, f"systemd does not look into {result.own}/lib/systemd/system")
    linker = Linker(t)
    lacks(linker.found(LIBDIR="/usr/local/lib"), "PKG_CONFIG_PATH")
    lacks(linker.found(), "systemd")


@test("make help names all that can be made, and all that can be set")
def _(t):
    machine.need("make")
    told = t.run("env", *OWN_MAKE, "make", "-s", "-C", TOP, "help").exits(0).told
    makefiles = tree.read(TOP / "Makefile") + tree.read(TOP / "tests/tests.mk")
    targets = {word for line in re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefiles, re.MULTILINE)
               for word in line.replace("\\\n", " ").split()}
    check("install" in targets and "bench" in targets, f"targets: {targets}")
    targets -= {"all", "always", "check-paths", "check-suite", "check-writable", "help"}
    equal([name for name in sorted(targets) if not re.search(rf"make {name}\b", told)], [])
    variables = set(re.findall(r"^([A-Z]+) \?=", tree.read(TOP / "Makefile"), re.MULTILINE))
    check({"PREFIX", "DESTDIR", "XEN"} <= variables, f"variables: {variables}")
    equal([name for name in sorted(variables) if not re.search(rf"\b{name}\b", told)], [])


@called_test("pedos-rpcd finds the services of its own installation, before those of the system")
def _(t):
    result = made(t)
    daemon = f"{result.own}/sbin/pedos-rpcd"
    shown = t.run(daemon, "--help").exits(0).told
    order = ("/run/pedos-rpc", f"{result.own}/etc/pedos-rpc", "/usr/local/etc/pedos-rpc",
             "/etc/pedos-rpc")
    equal([line.strip() for line in shown.split("\n") if line.strip() in order], list(order))
    options = [option for option in t.daemon_options() if not option.startswith("--services=")]
    running = Daemon(t, [daemon, *options, "work"])
    wait_until(running.is_ready, "the daemon")
    # This argument it refuses itself: no receiver is needed for that.
    end = t.rpc("work", "PedOS.Filecopy+nonsense").exits(2)
    has(end.said, "PedOS.Filecopy: the argument may be allow-all-names")


@test("pedos-rpcd of /usr looks for services where all look")
def _(t):
    shown = t.run(f"{made(t).usr}/usr/sbin/pedos-rpcd", "--help").exits(0).told
    lines = [line.strip() for line in shown.split("\n")]
    equal([line for line in lines if line.endswith("/pedos-rpc")],
          ["/run/pedos-rpc", "/usr/local/etc/pedos-rpc", "/etc/pedos-rpc"])


@test("what is installed works, wherever it is")
def _(t):
    result = made(t)
    missing(result.source)
    tree.write("file", "hello")
    _, *options = t.receiver()
    agent, unpacker = f"{result.usr}/usr/bin/qfile-agent", f"{result.usr}/usr/bin/qfile-unpacker"
    t.run(agent, f"--via={shlex.join([unpacker, *options])}", "file").exits(0)
    tree.same_tree("file", t.into("file"))


@test("nothing that is installed looks for libraries in places of its own")
def _(t):
    machine.need("readelf")
    root = made(t).usr
    programs = [path for path in files_below(root)
                if path.startswith(("/usr/bin/", "/usr/sbin/")) or ".so." in path]
    check(len(programs) >= 6, f"so few programs: {programs}")
    for path in programs:
        dynamic = t.run("readelf", "-d", root + path).exits(0).told
        has(dynamic, "NEEDED")
        equal([line for line in dynamic.splitlines() if "RUNPATH" in line or "RPATH" in line], [])


@test("a program can be built on the installed library")
def _(t):
    machine.need("cc")
    machine.need("pkg-config")
    root = made(t).usr
    tree.write("program.c", """\
#include <qfile.h>
#include <stdio.h>

int main(void)
{
	printf("%s %d\\n", qfile_version(), qfile_name_check("a/../b", 6, 0));
	return 0;
}
""")
    t.environment |= {"PKG_CONFIG_PATH": f"{root}/usr/lib/pkgconfig",
                      "PKG_CONFIG_SYSROOT_DIR": root, "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
                      "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1"}
    options = shlex.split(t.run("pkg-config", "--cflags", "--libs", "libqfile").exits(0).told)
    t.run("cc", "-Wall", "-Wextra", "-pedantic", "-Werror", "-o", "program", "program.c",
          *options).exits(0)
    version = t.run("pkg-config", "--modversion", "libqfile").exits(0).told
    equal(t.run("./program", env={"LD_LIBRARY_PATH": f"{root}/usr/lib"}).exits(0).told,
          f"{version} -22")
    # It asks for the library by the name that stays the same as long as the interface does.
    has(tree.read_bytes("program"), b"\0libqfile.so.1\0")
    others = shlex.split(
        t.run("pkg-config", "--static", "--cflags", "--libs", "libqfile").exits(0).told)
    static = [f"{root}/usr/lib/libqfile.a" if each == "-lqfile" else each for each in others]
    t.run("cc", "-o", "static", "program.c", *static).exits(0)
    lacks(tree.read_bytes("static"), b"\0libqfile.so.1\0")
    equal(t.run("./static").exits(0).told, f"{version} -22")


@test("make clean removes what was built")
def _(t):
    result = made(t)
    exists(f"{result.cleaned}/Makefile")
    missing(f"{result.cleaned}/build")


@test("make XEN=0 leaves nothing to be done that needs Xen")
def _(t):
    todo = tree.read(made(t).without_xen)
    for of_xen in ("-lxen", r"/xen.*\.h", "RPC_XEN", "vchan", "xenstore", "dom0"):
        equal([line for line in todo.splitlines() if re.search(of_xen, line)], [])
    has(todo, "LINK build/bin/pedos-rpc")
