# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""pedos-rpc @dispvm where no hypervisor makes one: a sandbox on this machine."""
import os
import random
import shlex
import signal
import socket
import subprocess
import time

import machine
import process
import sample
import suite
import tap
import tree
from expect import check, equal, has, lacks, wait_until
from sandboxing import Sandboxing, SandboxingOnDisk, need_python
from settings import BIN, PYTHON, RPC

test = suite.cases(Sandboxing, once=True)
on_disk = suite.cases(SandboxingOnDisk, once=True)

FAILED = 125  # pedos-rpc's status, where that is not the service's
TRIES = 12  # killings at random moments


@test("stdin, stdout and the status are those of the service; it sees the end of stdin")
def _(t):
    data = os.urandom(1 << 20)
    end = t.shell('cat; echo "$?"; exit 7', stdin=data).exits(7)
    check(end.out == data + b"0\n", "what came back is something else")
    end.says_nothing()
    t.shell('kill -TERM $$').exits(128 + signal.SIGTERM)
    t.shell('exit 255').exits(255)
    t.nothing_left()


@test("a service that ends early, or never reads, ends the call")
def _(t):
    caller = t.start_rpc("@dispvm", t.service("test.Early", "exit 4").rpartition("/")[2],
                         stdin=subprocess.PIPE)
    caller.wait().exits(4)
    t.shell("sleep 0.1; exit 5", stdin=bytes(1 << 20)).exits(5)
    t.shell("exec sh -c 'sleep 1000 & exit 6'").exits(6)
    t.nothing_left()


@test("what it writes to stderr is shown line by line, with its name, and controls no terminal")
def _(t):
    end = t.shell(r"""printf 'one\033[2J\nt\x77o\r\xff\x9b31m\n' >&2; printf 'pedos-rpc: four' >&2;
                  exit 1""").exits(1)
    equal([line.partition(": ")[0] for line in end.said.split("\n")], ["@dispvm"] * 4)
    check(not any(byte < 32 and byte != 10 or byte > 126 for byte in end.err),
          f"control characters: {end.err!r}")


@test("a service that is not there has status 127; others may not have written one")
def _(t):
    t.rpc("@dispvm", "test.None").exits(127).says("@dispvm refuses test.None",
                                                  "there is no such service: install it first",
                                                  f"Looked in {t.services}")
    os.chmod(t.service("test.Open", "true"), 0o777)
    t.rpc("@dispvm", "test.Open").exits(FAILED).says("others than root and you may change it")
    t.nothing_left()


@test("where a directory of services cannot be searched, none of the next is taken instead")
def _(t):
    second = f"{t.top}/second"
    os.mkdir(second)
    t.service("test.Shell", "echo ran", second)
    t.rpc(f"--services={second}", "@dispvm", "test.Shell").exits(0)
    os.chmod(t.services, 0)
    t.rpc(f"--services={second}", "@dispvm", "test.Shell").exits(FAILED).says(
        "looking for its program", "Permission denied")
    os.chmod(t.services, 0o755)
    t.nothing_left()


@test("where root has no number, whose program it is cannot be told, and that is said")
def _(t):
    t.account = [*t.account, "unshare", "--map-user=1000", "--map-group=1000"]
    if not machine.works(*t.account, "true"):
        raise tap.Skip("no user namespace without root can be made here")
    t.shell("echo ran").exits(FAILED).says("in this user namespace root has no number",
                                           "call from outside of it")
    t.nothing_left()


@test("a service gets its argument, and knows who calls and as what")
def _(t):
    t.service("test.Say", 'echo "$1 $QREXEC_SERVICE_FULL_NAME $QREXEC_SERVICE_ARGUMENT '
              '$QREXEC_REMOTE_DOMAIN $HOME $(id -un) $(pwd)"')
    end = t.rpc("@dispvm", "test.Say+a+b").exits(0)
    equal(end.told, "a+b test.Say+a+b a+b user /home/user user /home/user")


@test("root gets none")
def _(t):
    machine.need_root()
    t.account = []
    t.shell("echo ran").exits(126).says("root gets no sandbox", "runuser")
    equal(t.rpc("--list").exits(0).told, "")


@test("without bubblewrap there is none, and none of the working directory is taken")
def _(t):
    os.chdir(t.bin)
    tree.script(f"{t.bin}/bwrap", "#!/bin/sh\ntouch ran\n")
    t.environment["PATH"] = ".:/nowhere::bin"
    t.shell("echo ran").exits(FAILED).says("bubblewrap is not installed")
    equal(t.rpc("--list").exits(0).told, "")
    equal(os.listdir(t.bin), ["bwrap"])


@test("what bubblewrap says is why there is none")
def _(t):
    t.with_programs(bwrap="#!/bin/sh\necho 'No permissions to \33[31mcreate a namespace' >&2\n"
                    "exit 1\n")
    end = t.shell("echo ran").exits(FAILED).says("no sandbox could be made: No permissions to")
    lacks(end.said, "\33")
    t.nothing_left()


# ---- Templates ----


@test("a wrong template is refused, with its file and line")
def _(t):
    for text, *parts in (("network=yes\nnetwork=perhaps\n", "x.conf:2: network is yes or no"),
                         ("\n\nuid=0", "x.conf:3: there is no such key"),
                         ("bind=/a/../b", "x.conf:1: bind is"),
                         ("#" * 65537, "x.conf: it is larger than 64 KiB"),
                         ("memory=1M", "x.conf:1: memory is a size of at least 32M")):
        t.shell("echo ran", target=t.template("x", text)).exits(FAILED).says(*parts)
    os.chmod(f"{t.templates}/x.conf", 0o666)
    t.rpc("@dispvm:x", "test.Shell").exits(FAILED).says("x.conf: others than root and you may")
    os.chmod(f"{t.templates}/x.conf", 0o644)
    os.chmod(t.templates, 0o777)
    t.rpc("@dispvm:x", "test.Shell").exits(FAILED).says("or a directory on the way to it")
    os.chmod(t.templates, 0o755)
    t.rpc("@dispvm:y", "test.Shell").exits(FAILED).says("there is no template y: make y.conf in",
                                                   t.templates)
    os.mkdir(f"{t.templates}/dir.conf")
    t.rpc("@dispvm:dir", "test.Shell").exits(FAILED).says("dir.conf: it is no regular file")
    tree.write(f"{t.top}/real", "network=x")
    os.symlink(f"{t.top}/real", f"{t.templates}/link.conf")
    t.rpc("@dispvm:link", "test.Shell").exits(FAILED).says("link.conf:1: network is")
    os.chmod(f"{t.top}/real", 0o666)
    t.rpc("@dispvm:link", "test.Shell").exits(FAILED).says("link.conf: others than root")


@test("a template of the default's name counts for @dispvm; one of somebody else's home does not")
def _(t):
    t.template("default", "network=x")
    t.shell("echo ran").exits(FAILED).says("default.conf:1: network is")
    if machine.am_root():
        os.chown(t.home, 0, 0)
        equal(t.rpc("@dispvm", "test.Shell").exits(0).told, "ran")


@on_disk("a template limits space, memory and processes, and shows files read-only")
def _(t):
    os.mkdir(f"{t.home}/data")
    tree.write(f"{t.home}/data/file", "to be seen")
    os.symlink(f"{t.home}/data", f"{t.home}/link")
    target = t.template("x", f"space=4M\nmemory=100M\nprocesses=40\nbind={t.home}/link\n")
    end = t.shell(f"""cat {t.home}/link/file; echo
                  (echo x >>{t.home}/link/file) 2>/dev/null || echo cannot
                  ls {t.home}
                  ulimit -d
                  ulimit -p 2>/dev/null || ulimit -u
                  for place in /tmp "$HOME" /dev/shm; do
                      head -c 5000000 /dev/zero 2>/dev/null >$place/x; stat -c %s $place/x
                  done""", target=target).exits(0)
    equal(end.told.split("\n"), ["to be seen", "cannot", "link", str(100 << 10), "40",
                                 *["4194304"] * 3])
    equal(tree.read(f"{t.home}/data/file"), "to be seen")


@test("a bind that would hide the home directory of the sandbox is refused")
def _(t):
    t.shell("echo ran", target=t.template("x", "bind=/home\n")).exits(FAILED).says(
        "bind=/home would hide the sandbox's own home directory")
    t.nothing_left()


@on_disk("binds that would be a way out are refused, also through links, and such as are not there")
def _(t):
    os.symlink("/proc", f"{t.home}/processes")
    os.symlink("/", f"{t.home}/root")
    for path in ("/", "/proc", "/proc/self/cwd", "/sys/kernel", "/dev/shm", "/run", "/run/user",
                 "/var/run", "/tmp", "/tmp/.X11-unix", f"{t.home}/processes", f"{t.home}/root",
                 "//", "/./proc", t.runtime, t.home):
        target = t.template("x", f"bind={path}\n")
        t.shell("echo ran", target=target).exits(FAILED).says(f"bind={path} ", "a way out")
    target = t.template("x", f"bind={t.home}/none\n")
    t.shell("echo ran", target=target).exits(FAILED).says(f"bind={t.home}/none: No such file")
    t.nothing_left()


@test("--list names the templates; nothing is stored in a sandbox")
def _(t):
    for name in ("web", "default", "a.b", "office"):
        t.template(name, "")
    tree.write(f"{t.templates}/other", "")
    names = t.rpc("--list").exits(0).told.split("\n")
    check({"@dispvm", "@dispvm:web", "@dispvm:office"} <= set(names), f"names: {names}")
    check(not {"@dispvm:a.b", "@dispvm:default", "@dispvm:other"} & set(names), f"names: {names}")
    for service in ("PedOS.Filecopy", "PedOS.Filecopy+rename"):
        lacks(t.rpc("--list", service).exits(0).told, "@dispvm")
        t.rpc("@dispvm", service).exits(126).says("is gone when the call ends",
                                                  "qopen-in-vm @dispvm FILE")


@test("--kind tells a sandbox from an account, and both from the VMs of a guest")
def _(t):
    for name, kind in ("@dispvm", "sandbox"), ("@dispvm:web", "sandbox"), ("work", "account"):
        equal(t.rpc("--kind", name).exits(0).told, kind)
    for words, said in ((["--kind=@default"], "@dispvm:TEMPLATE only"),
                        (["--kind=-"], "no VM's name"), (["--kind=work", "x"], "nothing else"),
                        (["--kind=work", "--list"], "nothing else"),
                        (["--kind=work", "--user=x"], "--user is for a call")):
        t.rpc(*words).exits(FAILED).says(said)
    for name, kind in ("@dispvm:web", "disposable"), ("work", "vm"):
        end = t.run(RPC, "--transport=xen", f"--kind={name}")
        if "--transport takes" not in end.said:  # it was built without Xen
            equal(end.exits(0).told, kind)


@test("which application the user has chosen for a type is known there, as a copy; no long list is")
def _(t):
    os.makedirs(f"{t.home}/.config", exist_ok=True)
    chosen = f"{t.home}/.config/mimeapps.list"
    tree.write(chosen, "[Default Applications]\ntext/plain=mine.desktop\n")
    show = "cat ~/.config/mimeapps.list && ls ~/.config && echo x >~/.config/mimeapps.list"
    end = t.shell(show)
    equal(end.told, f"{tree.read(chosen)}mimeapps.list")
    check(end.status != 0, "it can be written")
    tree.write(chosen, "#" * 65536)
    equal(t.shell("ls -A ~").exits(0).told, "")
    os.unlink(chosen)
    equal(t.shell("ls -A ~").exits(0).told, "")


@test("--list: that no daemon has run matters to nobody who may call a sandbox")
def _(t):
    unserved = f"--sockets={t.top}/none"
    end = t.rpc(unserved, "--list", "PedOS.OpenInVM").exits(0)
    equal(end.told, "@dispvm")
    end.says_nothing()
    t.rpc(unserved, "--list", "PedOS.Filecopy").exits(125).says("nobody serves any VM")


@test("without a limit of core dumps that can be raised, none are made, or nothing starts")
def _(t):
    t.service("test.Limit", "ulimit -c")
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as pattern:
        handed_on = pattern.read(1) in "|@"
    end = t.run("prlimit", "--core=0:0", *t.caller("@dispvm", "test.Limit"))
    if handed_on:
        end.exits(FAILED).says("hands core dumps to a program", "raise the hard limit")
    else:
        equal(end.exits(0).told, "0")
    t.nothing_left()


@test("accounts and names of callers have no meaning there")
def _(t):
    for option in ("--user=root", "--as=work"):
        t.shell("echo ran", option).exits(FAILED).says("leave out --user and --as")


# ---- What is inside ----


@test("nothing of the caller's environment and descriptors is inside, nor anything else of theirs")
def _(t):
    t.environment.update(SECRET="word-of-ours", LANG="x" * 100)
    end = t.shell("""tr '\\0' '\\n' </proc/1/environ
                  env | sort
                  ls /proc/self/fd /proc/1/fd
                  ls -A "$HOME" /run /tmp /dev/shm
                  for pid in /proc/[0-9]*; do echo "$pid"; done
                  cat /proc/keys /proc/key-users /proc/net/unix | grep -v ^Num
                  hostname 2>/dev/null || cat /proc/sys/kernel/hostname""").exits(0)
    lacks(end.told, "word-of-ours")
    lacks(end.told, t.top)
    has(end.told, "LANG=C.UTF-8\n")
    check(end.told.endswith("\nsandbox"), "the machine's name")


@test("/dev cannot be filled, and /var/tmp and the directory for sockets can be written")
def _(t):
    t.shell("""! (touch /dev/x) 2>/dev/null && ! (touch /run/x) 2>/dev/null &&
            touch /var/tmp/x "$XDG_RUNTIME_DIR/x" && test -d "$XDG_RUNTIME_DIR" &&
            stat -c %a "$XDG_RUNTIME_DIR" """).exits(0)


@test("the caller's umask and working directory mean nothing there")
def _(t):
    t.service("test.Mask", 'umask; pwd; touch x && cat x', directory=t.top)
    os.chdir(t.top)
    os.umask(0o777)
    end = t.run(*t.account, RPC, "--services=.", "@dispvm", "test.Mask")
    os.umask(0o022)
    equal(end.exits(0).told, "0022\n/home/user")


@test("20 at once have nothing in common")
def _(t):
    t.service("test.Twenty", """for place in /tmp "$HOME" /dev/shm; do
                  ! test -e "$place/it" || echo there
                  cat >>"$place/it" && cat "$place/it"
              done""")
    callers = [t.start_rpc("@dispvm", "test.Twenty", stdin=f"{number}\n".encode())
               for number in range(20)]
    for number, caller in enumerate(callers):
        equal(caller.wait().exits(0).told, str(number))
    t.nothing_left()


# ---- Ends ----


def kill_something(t, names, number, chosen):
    """Start a call, and send this to one of the processes that are called so, at some moment."""
    caller = t.start_rpc("@dispvm", "test.Stay", stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(chosen.random() * 0.2)
    found = [pid for pid in [caller.pid, *process.children(caller.pid)]
             for pid in (pid, *process.children(pid)) if process.name_of(pid) in names]
    process.kill(chosen.choice(found) if found else caller.pid, number)
    end = caller.wait()
    caller.close()
    check(end.status != 0, f"it ended well; SEED={sample.SEED}")
    t.nothing_left(f"SEED={sample.SEED}")


@test("whichever of its processes is ended, at whatever moment: nothing is left")
def _(t):
    t.service("test.Stay", "sleep 1000 & setsid sleep 1000 & cat; wait")
    chosen = random.Random(f"{sample.SEED} sandbox")
    for _ in range(TRIES):
        number = chosen.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
        # The 15 letters that the kernel keeps.
        kill_something(t, [chosen.choice(["pedos-rpc", "pedos-rpc-sandb"])], number, chosen)


@test("both processes of a sandbox end what the other leaves when it is killed")
def _(t):
    t.service("test.Ready", "sleep 1000 & echo ready; cat; wait")
    for which in ("guard", "worker"):
        caller = t.start_rpc("@dispvm", "test.Ready", stdin=subprocess.PIPE)
        wait_until(lambda: caller.told() == "ready", "the service", by=[caller])
        [guard] = process.children(caller.pid)
        [worker] = process.children(guard)
        process.kill(guard if which == "guard" else worker)
        caller.wait().exits(FAILED).says("connection to @dispvm was lost: the sandbox has ended")
        caller.close()
        t.nothing_left()


@test("what asks pedos-rpc to stop ends the sandbox before it has ended itself")
def _(t):
    t.service("test.Ready", "trap '' TERM INT HUP; echo ready; while :; do sleep 1000; done")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        caller = t.start_rpc("@dispvm", "test.Ready")
        wait_until(lambda: caller.told() == "ready", "the service", by=[caller])
        caller.kill(number)
        caller.wait().exits(128 + number)
        check(not process.something_runs(), "something is left")


# ---- Helpers that may be there ----


RECORDS = """#!/bin/sh
printf '%s\\n' "$@" >"$NOTES/words"
/usr/bin/env | /usr/bin/sort >"$NOTES/environment"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


@test("where the user's systemd runs, it limits the sandbox as a whole, and sees no environment")
def _(t):
    os.mkdir(f"{t.runtime}/systemd")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{t.runtime}/systemd/private")
    listener.listen()
    os.chmod(f"{t.runtime}/systemd/private", 0o666)
    t.with_programs("bwrap", "env", systemd_run=RECORDS.replace("$NOTES", t.notes))
    t.environment["SECRET"] = "word-of-ours"
    target = t.template("x", "memory=123M\nprocesses=77\n")
    end = t.shell("ulimit -d; tr '\\0' '\\n' </proc/1/environ | wc -l", target=target).exits(0)
    equal(end.told.split(), ["unlimited", "0"])
    words = t.note("words").split("\n")
    equal(words[:words.index("--")],
          ["--user", "--scope", "--quiet", "--collect", f"--property=MemoryMax={123 << 20}",
           "--property=MemorySwapMax=0", "--property=TasksMax=77"])
    equal([line for line in t.note("environment").split("\n")
           if not line.startswith(("PWD=", "_=", "SHLVL=", "OLDPWD="))],
          [f"XDG_RUNTIME_DIR={t.runtime}"])
    t.nothing_left()


@test("a network comes from slirp4netns alone, and is refused without it")
def _(t):
    t.with_programs("bwrap")
    target = t.template("x", "network=yes\n")
    t.shell("echo ran", target=target).exits(FAILED).says("slirp4netns is not installed",
                                                     "network=no")
    t.nothing_left()
    t.with_programs(slirp4netns="#!/bin/sh\nexit 1\n")
    t.shell("echo ran", target=target).exits(FAILED).says("the network of the sandbox does not")
    t.nothing_left()


@test("with a network, what listens on this machine alone is not reached")
def _(t):
    machine.need("slirp4netns")
    if not os.path.exists("/dev/net/tun"):
        raise tap.Skip("needs /dev/net/tun")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    end = t.shell(f"""cat /etc/resolv.conf; grep -c tap0 /proc/net/dev
                  for host in 127.0.0.1 10.0.2.2 10.0.2.15; do
                      /usr/bin/python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], {port}), 5)' $host 2>/dev/null && echo reached
                  done; exit 0""", target=t.template("x", "network=yes\n")).exits(0)
    equal(end.told, "nameserver 10.0.2.3\n1")
    t.nothing_left()


# ---- Opening ----


@test("qopen-in-vm @dispvm: what is saved in a sandbox comes back")
def _(t):
    tree.write(f"{t.home}/file", "first text\n")
    t.own()
    end = t.start_opener("sed -i s/first/second/", "@dispvm").wait().exits(0)
    equal(tree.read(f"{t.home}/file"), "second text\n")
    has(end.said, "1 save, at")
    t.nothing_left()


LATER = """
import time
path = input()
open(path).read()
time.sleep(5)
open(path, "w").write("second text\\n")
"""


@test("an application that its starter leaves in the background, and that keeps nothing open, "
      "is waited for in a sandbox, too", waits=True)
def _(t):
    need_python()
    tree.write(f"{t.home}/file", "first text\n")
    t.own()
    background = f'echo "$0" | {shlex.join([PYTHON, "-c", LATER])} & sleep 1'
    has(t.start_opener(shlex.join(["sh", "-c", background]), "@dispvm").wait().exits(0).said,
        "goes on and may still save it")
    equal(tree.read(f"{t.home}/file"), "second text\n")
    t.nothing_left()


@test("of an application that ends at once, and has not opened the file, that is said")
def _(t):
    tree.write(f"{t.home}/file", "first text\n")
    t.own()
    for option in ([], ["--view-only"]):
        has(t.start_opener("true", *option, "@dispvm").wait().exits(0).said,
            "no application has opened the file there")
        lacks(t.start_opener("cat >/dev/null", *option, "@dispvm").wait().exits(0).said,
              "has opened")
    t.nothing_left()


@test("a file for which a sandbox has too little space: where that is set is said")
def _(t):
    tree.write(f"{t.home}/file", "x" * (3 << 20))
    t.own()
    t.template("small", "space=1M\n")
    end = t.start_opener("true", "@dispvm:small").wait().exits(1)
    has(end.said, "@dispvm:small could not do it: the disk of the VM that opens the file is full")
    has(end.said, "where @dispvm:small is a sandbox, its template says how much space it has")
    t.nothing_left()


@test("what an application leaves in a sandbox is not said to stay there")
def _(t):
    tree.write(f"{t.home}/file", "first text\n")
    t.own()
    said = t.start_opener("sh -c 'rm \"$0\"; mkdir \"$0\"'", "@dispvm").wait().exits(1).said
    has(said, "is kept there")
    has(said, "@dispvm is gone, and what was kept there with it")
    lacks(t.start_opener("false", "@dispvm").wait().exits(1).said, "is gone")
    equal(tree.read(f"{t.home}/file"), "first text\n")
    t.nothing_left()


@test("qopen-in-vm --view-only @dispvm: nothing comes back")
def _(t):
    tree.write(f"{t.home}/file", "first text\n")
    t.own()
    t.start_opener("sh -c 'test -r \"$0\" && chmod u+w \"$0\" && echo x >\"$0\"'", "--view-only",
                   "@dispvm").wait().exits(0)
    equal(tree.read(f"{t.home}/file"), "first text\n")
    t.nothing_left()


@test("a command line of its own: --help, --version, and what is wrong")
def _(t):
    program = str(BIN / "pedos-rpc-sandbox")
    has(t.run(program, "--help").exits(0).told, "Usage: pedos-rpc-sandbox")
    has(t.run(program, "--version").exits(0).told, "pedos-rpc-sandbox (qfilecopy)")
    for words in ([], ["a", "b"], ["../x"], ["--list", "x"], ["--nonsense"],
                  [*["--services=x"] * 16, "a"]):
        t.run(program, *words).exits(2)
    t.run(*t.account, program, "default").exits(2).says("no call comes by stdin", "pedos-rpc")
    has(t.run(RPC, "--help").exits(0).told, "@dispvm")
