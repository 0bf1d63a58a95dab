# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The unpacking child's confinement, as it is said and as /proc shows it."""
import ctypes
import glob
import os
import re
import resource
import socket
import subprocess

import machine
import process
import stream as wire
import suite
import tree
from copying import STAGING, Answer, Copying
from expect import Broken, check, equal, has, lacks, wait_until
from settings import SANITIZED, UNPACKER
from tap import Skip

CLONE_NEWUSER = 0x10000000
LANDLOCK_CREATE_RULESET, LANDLOCK_CREATE_RULESET_VERSION = 444, 1

LIBC = ctypes.CDLL(None, use_errno=True)


class Confining(Copying):
    """begin() starts a delivery and stops in the middle: `child` is confined by then, and waits for
    more from its `monitor`'s stdin."""

    def begin(self, *options, **how):
        self.receiving = self.start_unpacker(*options, **how)
        self.receiving.write(wire.directory("begun"))
        self.receiving.wait_staged("begun")
        self.monitor, self.child = self.receiving.pid, self.receiving.child()

    def finish(self):
        """Let it end. Returns a Delivery."""
        self.receiving.write(wire.directory("begun"), wire.END)
        return self.receiving.wait().exits(0)

    def need_look(self):
        """/proc tells others only what the child cannot hide; root may look."""
        machine.need_root()
        try:
            os.listdir(f"/proc/{self.child}/fd")
        except OSError:
            raise Skip("this root may not look into processes") from None

    def staging_tree(self):
        """The path of the only one."""
        found = glob.glob(f"{self.incoming}/{STAGING}*/tree")
        check(len(found) == 1, f"staging: {found}")
        return found[0]

    def descriptors(self):
        """Of the child: each one's number, and where it leads to."""
        directory = f"/proc/{self.child}/fd"
        return {int(fd): os.readlink(f"{directory}/{fd}") for fd in os.listdir(directory)}


test = suite.cases(Confining)


def of_status(name, pid):
    """A field of /proc/PID/status, as a list of words."""
    for line in tree.read(f"/proc/{pid}/status").splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1:]
    raise Broken(f"no {name} in the status of {pid}")


def threads(child):
    """Its parser and its writer, as what names them below /proc."""
    tasks = sorted(os.listdir(f"/proc/{child}/task"), key=int)
    equal((len(tasks), tasks[0]), (2, str(child)))
    return [f"{child}/task/{task}" for task in tasks]


def limit_of(name, pid):
    """Soft and hard, as they are in /proc/PID/limits."""
    for line in tree.read(f"/proc/{pid}/limits").splitlines():
        columns = re.split("  +", line)
        if columns[0] == name:
            return columns[1], columns[2]
    raise Broken(f"no {name} in the limits of {pid}")


def same_file(one, other):
    """Whatever they are called."""
    one, other = os.stat(one), os.stat(other)
    equal((one.st_dev, one.st_ino), (other.st_dev, other.st_ino))


def mounts():
    return tree.read("/proc/self/mountinfo").splitlines()


@test("-v says which layers are in force, chroot always")
def _(t):
    t.begin("-v")
    said = t.finish().said
    for layer in ("chroot", "privileges", "resources", "descriptors"):
        has(said, layer)
    equal(said.count("confinement in force: "), 1)


@test("-v says that the namespaces and the mount are in force where they can be had")
def _(t):
    machine.need_mount_namespaces()
    t.begin("-v")
    said = t.finish().said
    has(said, "namespaces")
    has(said, "mount")


@test("-v says that a user namespace is in force where it can be had")
def _(t):
    if not machine.has_user_namespaces(t.uid) and not machine.has_user_namespaces(os.getuid()):
        raise Skip("no user namespaces here")
    t.begin("-v")
    has(t.finish().said, "user namespace")


@test("child and monitor have no capabilities and no way to new ones")
def _(t):
    def privileges_of(pid):
        return {name: of_status(name, pid)
                for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs")}
    none = {name: ["0000000000000000"] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    none["NoNewPrivs"] = ["1"]
    t.begin()
    for thread in threads(t.child):
        equal(privileges_of(thread), none)
        equal(of_status("CapBnd", thread), ["0000000000000000"])
    # The monitor drops what it has when there is a child, which may be faster.
    wait_until(lambda: privileges_of(t.monitor) == none,
               lambda: f"the monitor, which has {privileges_of(t.monitor)}")
    t.finish()


@test("child and monitor are the receiver, whatever they were started as")
def _(t):
    t.begin()
    for pid in (*threads(t.child), t.monitor):
        equal(of_status("Uid", pid), [str(t.uid)] * 4)
    t.finish()


@test("a receiver started by root keeps none of root's groups")
def _(t):
    machine.need_root()
    t.begin()
    equal(of_status("Gid", t.monitor), [str(t.uid)] * 4)
    equal(of_status("Groups", t.monitor), [str(t.uid)])
    for thread in threads(t.child):
        equal(of_status("Groups", thread), [str(t.uid)])
    t.finish()


@test("the child can start no process, dumps no core, and has few descriptors and little memory")
def _(t):
    t.begin()
    equal(limit_of("Max processes", t.child), ("0", "0"))
    equal(limit_of("Max core file size", t.child), ("0", "0"))
    equal(limit_of("Max open files", t.child), ("64", "64"))
    # The address sanitizer needs terabytes of addresses.
    check(SANITIZED or limit_of("Max address space", t.child) != ("unlimited", "unlimited"),
          "unlimited memory")
    t.finish()


@test("where an administrator allows less, the child is a single thread")
def _(t):
    # Limits that are lower than the child's own, and enough for one thread.
    lower = [("NOFILE", 63)] if SANITIZED else [("NOFILE", 63), ("AS", 255 << 20),
                                                ("DATA", 255 << 20)]
    for name, value in lower:
        number = getattr(resource, f"RLIMIT_{name}")
        t.begin("--on-conflict=rename",
                preexec_fn=lambda number=number, value=value: resource.setrlimit(number,
                                                                                 (value, value)))
        equal((name, os.listdir(f"/proc/{t.child}/task")), (name, [str(t.child)]))
        t.finish()


@test("others of the same user cannot look into the child")
def _(t):
    if machine.am_root():
        raise Skip("root may")
    t.begin()
    for look in (lambda: os.listdir(f"/proc/{t.child}/fd"),
                 lambda: os.readlink(f"/proc/{t.child}/root")):
        try:
            found = look()
        except PermissionError:
            continue
        raise Broken(f"seen: {found!r}")
    t.finish()


@test("the child has no descriptors but the stream, the report, stderr and its own directories")
def _(t):
    t.begin()
    t.need_look()
    to = t.descriptors()
    equal(to.pop(0), os.readlink(f"/proc/self/fd/{t.receiving.stdin.fileno()}"))
    has(to.pop(1), "pipe:")
    has(to[2], "pipe:")
    ours = os.readlink(f"/proc/self/fd/{t.receiving.err.fileno()}")
    check(to.pop(2) != ours, "it has our stderr")
    # As its own namespace names them: below the staging directory's tree.
    own = f"/|/begun|{re.escape(t.incoming)}/{re.escape(STAGING)}[^/]*/tree(/.*)?"
    equal([path for path in to.values() if not re.fullmatch(own, path)], [])
    t.finish()


def streams(t):
    """
    What a stream may come from beside a plain pipe: a name, a descriptor for stdin, one to write to
    it, and others to be closed.
    """
    os.mkfifo(f"{t.top}/fifo")
    fifo = f"{t.top}/fifo"
    yield "named pipe", os.open(fifo, os.O_RDWR), os.open(fifo, os.O_WRONLY), ()
    for name, blocking in ("socket", True), ("socket that does not block", False):
        one, other = socket.socketpair()
        one.setblocking(blocking)
        yield name, one.detach(), other.detach(), ()
    reading, writing = os.pipe()
    both = os.open(f"/proc/self/fd/{reading}", os.O_RDWR)
    yield "pipe open for writing", both, writing, (reading,)


def need_pipe(t, monitor, stdin):
    """What copies the stream has nothing else, and the child has not what stdin is."""
    t.child, = (pid for pid in process.children(monitor) if of_status("Seccomp", pid) == ["2"])
    t.need_look()
    copier, = set(process.children(monitor)) - {t.child}
    equal(sorted(os.listdir(f"/proc/{copier}/fd")), ["0", "1"])
    equal(os.readlink(f"/proc/{copier}/fd/1"), t.descriptors()[0])
    same_file(f"/proc/{copier}/fd/0", stdin)


@test("the child reads a pipe that the monitor made, whatever the stream comes from")
def _(t):
    stream = wire.delivery(wire.file("file", b"x" * 5000))
    for name, stdin, writing, others in streams(t):
        receiving = t.start(*t.receiver("--on-conflict=rename"), stdin=stdin)
        os.write(writing, stream[:100])
        wait_until(lambda: t.staged("file"), f"a file from a {name}", by=[receiving])
        equal(len(process.children(receiving.pid)), 2)
        if machine.am_root() and os.path.exists("/proc/sys/kernel/seccomp/actions_avail"):
            need_pipe(t, receiving.pid, stdin)
        os.write(writing, stream[100:])
        receiving.wait().exits(0)
        for fd in (stdin, writing, *others):
            os.close(fd)
    equal(len(os.listdir(t.incoming)), 4)


@test("a stream from a file arrives")
def _(t):
    tree.write(f"{t.top}/stream", wire.delivery(wire.file("file")))
    with open(f"{t.top}/stream", "rb") as stdin:
        t.run(*t.receiver(), stdin=stdin).exits(0)
    t.arrived("file")


@test("a stream that cannot be read is no stream that ended early: the reason is said")
def _(t):
    fd = os.open(t.top, os.O_RDONLY | os.O_DIRECTORY)
    t.run(*t.receiver(), stdin=fd).exits(1).says("reading the stream", "Is a directory")
    os.close(fd)
    t.nothing_arrived()


@test("what the stream is copied by ends with the monitor")
def _(t):
    one, other = socket.socketpair()
    receiving = t.start(*t.receiver(), stdin=one.fileno())
    wait_until(lambda: len(process.children(receiving.pid)) == 2, "two children", by=[receiving])
    pids = process.children(receiving.pid)
    receiving.kill()
    for pid in pids:
        wait_until(lambda: process.ended(pid), f"the end of {pid}")
    one.close()
    other.close()


@test("descriptors that the unpacker inherits are not the child's")
def _(t):
    machine.need_root()
    with open(__file__, "rb") as file:
        t.begin(pass_fds=[file.fileno()])
    t.need_look()
    equal([path for path in t.descriptors().values() if os.path.basename(__file__) in path], [])
    t.finish()


@test("the staging directory is the child's whole file system")
def _(t):
    t.begin()
    t.need_look()
    equal(os.listdir(f"/proc/{t.child}/root/"), ["begun"])
    same_file(f"/proc/{t.child}/root", t.staging_tree())
    same_file(f"/proc/{t.child}/cwd", t.staging_tree())
    t.finish()


@test("the child has one mount, and nothing on it can be run, set an ID or be a device")
def _(t):
    machine.need_mount_namespaces()
    t.begin()
    t.need_look()
    lines = tree.read(f"/proc/{t.child}/mountinfo").splitlines()
    equal(len(lines), 1)
    options = lines[0].split()[5].split(",")
    for option in ("nosuid", "nodev", "noexec"):
        has(options, option)
    t.finish()


@test("the child has namespaces of its own")
def _(t):
    machine.need_mount_namespaces()
    t.begin()
    t.need_look()
    for name in ("mnt", "net", "ipc", "uts", "cgroup", "pid"):
        if os.path.exists(f"/proc/self/ns/{name}"):
            check(os.readlink(f"/proc/{t.child}/ns/{name}") != os.readlink(f"/proc/self/ns/{name}"),
                  f"shares {name}")
    equal(of_status("NSpid", t.child)[-1], "1")
    t.finish()


@test("the child's network has no way out")
def _(t):
    machine.need_mount_namespaces()
    t.begin()
    t.need_look()
    devices = tree.read(f"/proc/{t.child}/net/dev").splitlines()[2:]
    equal([line.partition(":")[0].strip() for line in devices], ["lo"])
    equal(tree.read(f"/proc/{t.child}/net/route").splitlines()[1:], [])
    t.finish()


@test("no mount is left behind")
def _(t):
    # Somebody else may mount something at the same moment, but not each time.
    for _ in range(5):
        before = mounts()
        t.begin()
        meanwhile = mounts()
        t.finish()
        after = mounts()
        lacks("\n".join(meanwhile + after), t.top)
        if before == meanwhile == after:
            return
        os.rmdir(t.into("begun"))
    equal(meanwhile, before)
    equal(after, before)


def forbid_user_namespaces():
    """
    In a process that is to become a program: from now on it is root of a namespace below which
    there can be no more of them, and stays who it is: every user is mapped to itself, which
    unshare(1) cannot do. Somebody outside has to write these maps.
    """
    ready, say_ready = os.pipe()
    writer = os.fork()
    if writer == 0:
        os.close(say_ready)
        if os.read(ready, 1):
            for kind in ("uid", "gid"):
                with open(f"/proc/{os.getppid()}/{kind}_map", "w", encoding="ascii") as file:
                    file.write("0 0 4294967295")
        os._exit(0)
    done = LIBC.unshare(CLONE_NEWUSER) == 0
    if done:
        os.write(say_ready, b"x")
    os.close(ready)
    os.close(say_ready)
    os.waitpid(writer, 0)
    if not done:
        raise OSError(ctypes.get_errno(), "unshare")
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as setting:
        setting.write("0")


@test("root needs no user namespaces")
def _(t):
    machine.need_root()
    stream = wire.delivery(wire.file("file"))
    try:
        end = t.deliver(stream, "-v", preexec_fn=forbid_user_namespaces)
    except subprocess.SubprocessError:
        raise Skip("cannot forbid them here") from None
    said = end.arrives("file").said
    lacks(said, "user namespace")
    has(said, "namespaces, mount, chroot")
    t.arrived("file")


@test("without user namespaces a plain user is refused, and told what is in the way")
def _(t):
    # As root of a namespace below which there can be but one more, for a plain user to be in.
    plain = ["unshare", "-Urm", "sh", "-c",
             'echo 1 >/proc/sys/user/max_user_namespaces && exec "$@"', "sh", "unshare", "-U",
             "--map-user=12", "--map-group=12"]
    if not machine.works(*plain, "true"):
        raise Skip("cannot forbid them here")
    if machine.am_root():
        os.chown(t.incoming, 0, 0)
    end = t.run(*plain, UNPACKER, "-v", "12", t.incoming,
                stdin=wire.delivery(wire.file("file"))).exits(1)
    has(end.said, "none, nothing was read")
    has(end.said, "user namespaces")
    has(end.said, "start it as root")
    check(Answer(end.out).code != 0, "answered with success")
    t.nothing_arrived()


@test("without /proc the root of a container is refused, and told what is missing")
def _(t):
    bare = ["unshare", "-Urm", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
    if not machine.works(*bare, "true"):
        raise Skip("cannot take /proc away here")
    if machine.am_root():
        os.chown(t.incoming, 0, 0)
    end = t.run(*bare, UNPACKER, "-v", "0", t.incoming,
                stdin=wire.delivery(wire.file("file"))).exits(1)
    has(end.said, "/proc is not mounted here")
    t.nothing_arrived()


def chroot_command(root, below):
    """The words before two directories and a command, for a plain user in a chroot that has these.
    Something is mounted on `root`; the chroot is the directory `below` it."""
    made = '''
mount --make-rprivate / && mount -t tmpfs none "$0" && root=$0/$1 && shift && mkdir -p $root &&
for name in bin lib lib32 lib64 usr etc dev proc sys; do
    if [ -L /$name ]; then ln -s "$(readlink /$name)" $root/$name
    elif [ -d /$name ]; then mkdir $root/$name && mount --rbind /$name $root/$name
    fi || exit
done
for name in "$1" "$2"; do mkdir -p "$root$name" && mount --rbind "$name" "$root$name" || exit; done
shift 2
exec chroot $root setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
'''
    return ["unshare", "-m", "sh", "-c", made, root, below]


@test("in a chroot a plain user is told that it is the chroot, where user namespaces are allowed")
def _(t):
    machine.need_root()
    machine.need_mount_namespaces()
    os.mkdir(f"{t.top}/root")
    programs = os.path.dirname(UNPACKER)
    for below, hint in (("plain", "it runs in a chroot"), ("", "as it does in a chroot")):
        command = [*chroot_command(f"{t.top}/root", below), t.incoming, programs]
        if not machine.works(*command, "true"):
            raise Skip("cannot make a chroot here")
        end = t.run(*command, UNPACKER, "-v", "65534", t.incoming,
                    stdin=wire.delivery(wire.file("file"))).exits(1)
        has(end.said, hint)
        lacks(end.said, "allow them")
        t.nothing_arrived()


@test("the child has its list of system calls where the kernel has seccomp")
def _(t):
    if not os.path.exists("/proc/sys/kernel/seccomp/actions_avail"):
        raise Skip("no seccomp here")
    t.begin("-v")
    equal(of_status("Seccomp", t.child), ["2"])
    equal(of_status("NoNewPrivs", t.child), ["1"])
    has(t.finish().said, "system calls")


@test("Landlock is in force where the kernel has it")
def _(t):
    if LIBC.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1:
        raise Skip("no Landlock here")
    t.begin("-v")
    has(t.finish().said, "Landlock")
