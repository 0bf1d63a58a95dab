# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a service finds, and which services pedos-rpcd runs."""
import os

import machine
import process
import suite
import tap
import tree
from calling import Calling
from expect import check, equal, lacks, wait_until

test = suite.cases(Calling)


def status_of(text):
    """What /proc/PID/status says, as a dictionary."""
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def signals_in(mask):
    """The numbers in one of its masks, without 32 and 33, which are the C library's: it has what it
    starts ignore them."""
    return [number for number in range(1, 65)
            if int(mask, 16) >> number - 1 & 1 and number not in (32, 33)]


def environment_of(end):
    """What the service test.Env has told: its arguments, counted; and its environment, as a
    dictionary."""
    lines = end.exits(0).told.split("\n")
    return lines[0], dict(line.split("=", 1) for line in lines[1:])


@test("a service finds who calls and how, and nothing else of the daemon's environment")
def _(t):
    t.service("test.Env", "printf '%s,' \"$#\" \"$@\"; echo; exec env")
    t.start_daemon("--setenv=DISPLAY=:7", env={"SECRET_OF_THE_DAEMON": "x", "LANG": "C.UTF-8"})
    arguments, found = environment_of(t.rpc("work", "test.Env+some+thing"))
    equal(arguments, "1,some+thing,")
    # The shell's own are not the daemon's, and there are accounts without a name.
    # Only who is logged in has such a directory.
    runtime = f"/run/user/{os.getuid()}"
    equal(found.get("XDG_RUNTIME_DIR"), runtime if os.path.exists(runtime) else None)
    equal(sorted(found.keys() - {"PWD", "OLDPWD", "SHLVL", "_", "USER", "LOGNAME",
                                 "XDG_RUNTIME_DIR"}),
          ["DISPLAY", "HOME", "LANG", "PATH", "QREXEC_REMOTE_DOMAIN", "QREXEC_SERVICE_ARGUMENT",
           "QREXEC_SERVICE_FULL_NAME", "SHELL"])
    equal(found["QREXEC_REMOTE_DOMAIN"], "home")
    equal(found["QREXEC_SERVICE_FULL_NAME"], "test.Env+some+thing")
    equal(found["QREXEC_SERVICE_ARGUMENT"], "some+thing")
    equal(found["DISPLAY"], ":7")
    equal(found["LANG"], "C.UTF-8")
    arguments, found = environment_of(t.rpc("work", "test.Env"))
    equal((arguments, found["QREXEC_SERVICE_ARGUMENT"]), ("0,", ""))


@test(
    "a service has no descriptors but its three, no signals blocked or ignored, and a usual umask")
def _(t):
    t.service("test.List", "exec ls /proc/self/fd")
    # No shell: that may set signals right before it starts anything.
    tree.script(f"{t.services}/test.Look", f"#!{machine.need('cat')} /proc/self/status\n")
    unusual = "trap '' HUP QUIT USR1; umask 077; exec \"$@\" 7</dev/null"
    t.start_daemon(through=("sh", "-c", unusual, "sh"))
    lacks([os.readlink(f"/proc/{t.daemon.pid}/fd/{fd}")
          for fd in os.listdir(f"/proc/{t.daemon.pid}/fd") if fd != "0"], "/dev/null")
    # The fourth one is the directory that ls reads.
    equal(t.rpc("work", "test.List").exits(0).told, "0\n1\n2\n3")
    status = status_of(t.rpc("work", "test.Look").exits(0).told)
    equal((signals_in(status["SigBlk"]), signals_in(status["SigIgn"]), status["Umask"]),
          ([], [], "0022"))
    # it leads its process group and its session
    equal((status["NSpgid"], status["NSsid"]), (status["NSpid"], status["NSpid"]))


@test("a PROGRAM has no descriptors of the caller's, and no signals blocked or ignored")
def _(t):
    looks = []

    def look(role):
        """Its streams are here now; what it has besides is its connection to this process."""
        status = status_of(tree.read(f"/proc/{role.pid}/status"))
        environment = tree.read_bytes(f"/proc/{role.pid}/environ").decode().split("\0")
        saved = {each.split("=")[1] for each in environment if each.startswith("SAVED_FD_1=")}
        looks.append((set(os.listdir(f"/proc/{role.pid}/fd")) - {"0", "1", "2", *saved},
                      signals_in(status["SigBlk"]), signals_in(status["SigIgn"])))
    t.service("test.Hi", "exec cat")
    t.start_daemon()
    program = t.stand_in(look).words
    t.run(*program).exits(0)
    t.rpc("work", "test.Hi", *program).exits(0)
    equal(looks[1], looks[0])
    equal(looks[1][:2], ({"3"}, []))


@test("a service begins in the home of its account")
def _(t):
    t.need_account()
    # In a user namespace without root, what is root's is nobody's.
    owner = int(t.run(*t.with_account(), "stat", "-c", "%u", "/").exits(0).told)
    if owner not in (0, t.account):
        raise tap.Skip("root has no number where this user can have accounts")
    t.service("test.Where", 'pwd; echo "$HOME $USER $LOGNAME $SHELL"; exec id -u')
    t.served_as = "user"
    t.start_daemon(through=t.with_account())
    equal(t.rpc("work", "test.Where").exits(0).told.split("\n"),
          [t.home, f"{t.home} user user /bin/sh", str(t.account)])


@test("a service of the whole name comes before one without the argument, "
      "and the first directory before the next")
def _(t):
    first, second = f"{t.top}/first", f"{t.top}/second"
    os.mkdir(first)
    os.mkdir(second)
    t.service("test.S", 'echo first "$@"', first)
    t.service("test.S", 'echo second "$@"', second)
    t.service("test.S+special", 'echo special "$@"', second)
    t.service("test.T", 'echo only second "$@"', second)
    os.rmdir(t.services)
    t.services = first
    t.start_daemon(f"--services={second}")
    for called, told in (("test.S", "first"), ("test.S+other", "first other"),
                         ("test.S+special", "special special"), ("test.T+a+b", "only second a+b"),
                         ("test.S+special+more", "first special+more")):
        equal(t.rpc("work", called).exits(0).told, told)


def make_wrong_services(t):
    """What is not to be run."""
    for name in "Group", "World", "Mode":
        t.service(f"test.{name}", "echo must not run")
    os.chmod(f"{t.services}/test.Group", 0o775)
    os.chmod(f"{t.services}/test.World", 0o757)
    os.chmod(f"{t.services}/test.Mode", 0o644)
    os.mkdir(f"{t.services}/test.Directory")
    os.mkfifo(f"{t.services}/test.Fifo")
    tree.script(f"{t.services}/test.Broken", "#!/no/such/interpreter\n")
    if machine.am_root():
        os.chown(t.service("test.Foreign", "echo must not run"), 12345, -1)


@test("a service that others may change, or that is none, is not run; only the log says which")
def _(t):
    make_wrong_services(t)
    t.start_daemon()
    for name in tree.names_in(t.services):
        end = t.rpc("work", name).exits(125).says(
            f"work refuses {name}: the service cannot be started there; the log there says why")
        lacks(end.said, t.services)
        equal(end.out, b"")
        t.daemon.logged(f"{t.services}/{name} ")
    t.serves_on()


def is_not_run(t, name, at):
    t.rpc("work", name).exits(125).says(
        "the service cannot be started there; the log there says why")
    t.daemon.logged(f"{at} is no file, or others than root may change it or a directory on its way")


@test("a service in a directory that others may change is not run, however far above it that is")
def _(t):
    above, place, linked = f"{t.top}/above", f"{t.top}/above/place", f"{t.top}/linked"
    os.makedirs(place)
    os.mkdir(linked)
    t.service("test.Far", "echo ran", place)
    t.service("test.Here", "echo ran", place)
    t.service("test.Real", "echo ran", linked)
    os.symlink(f"{linked}/test.Real", f"{place}/test.Link")
    t.start_daemon(f"--services={place}")
    for name in "test.Far", "test.Link":
        equal(t.rpc("work", name).exits(0).told, "ran")
    for changed, name in ((above, "test.Far"), (place, "test.Here"), (linked, "test.Link")):
        for mode in 0o777, 0o775, 0o757:
            os.chmod(changed, mode)
            is_not_run(t, name, f"{place}/{name}")
        # There each may remove only what is theirs.
        os.chmod(changed, 0o1777)
        equal(t.rpc("work", name).exits(0).told, "ran")
        if machine.am_root():
            os.chmod(changed, 0o755)
            os.chown(changed, 12345, -1)
            is_not_run(t, name, f"{place}/{name}")
            os.chown(changed, 0, -1)
        os.chmod(changed, 0o755)
    # What is not there is looked for in the next directory, whoever may change this one.
    os.chmod(place, 0o777)
    t.rpc("work", "test.None").exits(127)


@test("a service behind another account's link is not run, and one whose links lead "
      "nowhere is none")
def _(t):
    t.service("test.Real", "echo ran")
    for name, target in (("test.Loop", "test.Loop"), ("test.Nowhere", "no/such"),
                         ("test.Chain", "test.Link"), ("test.Link", "../services/./test.Real"),
                         ("test.Through", "test.Real/x")):
        os.symlink(target, f"{t.services}/{name}")
    t.start_daemon()
    for name in "test.Loop", "test.Nowhere", "test.Through":
        t.rpc("work", name).exits(127)
    for name in "test.Chain", "test.Link":
        equal(t.rpc("work", name).exits(0).told, "ran")
    if machine.am_root():
        os.chown(f"{t.services}/test.Link", 12345, -1, follow_symlinks=False)
        for name in "test.Chain", "test.Link":
            is_not_run(t, name, f"{t.services}/{name}")


@test("what is started in the background and holds no stream does not hold the call")
def _(t):
    t.service("test.Leave", 'setsid sleep 1000 <&- >&- 2>&- & echo $! >"$NOTES/left"; echo done')
    t.start_daemon()
    equal(t.rpc("work", "test.Leave").exits(0).told, "done")
    wait_until(t.no_calls, "the end of the call")
    check(not process.ended(int(t.note("left"))), "it was ended with the call")
