# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""pedos-rpcd as a daemon: its sockets, the background, its end; and both programs' command
lines."""
import os
import pwd
import re
import signal
import socket
import subprocess
import tempfile

import machine
import process
import suite
import tree
from calling import Calling, Daemon
from expect import check, equal, exists, has, missing, wait_until
from settings import RPC, RPCD, TOP
from tap import Skip

test = suite.cases(Calling)


@test("--help and --version go to stdout, a wrong command line to stderr")
def _(t):
    version = re.search(r"^VERSION = (.*)$", (TOP / "Makefile").read_text(), re.M).group(1)
    for program in RPC, RPCD:
        name = os.path.basename(program)
        end = t.run(program, "--help").exits(0).says_nothing()
        has(end.told, f"Usage: {name} [OPTION]...")
        equal([line for line in end.told.split("\n") if len(line) > 100], [])
        equal(t.run(program, "--version").exits(0).told, f"{name} (qfilecopy) {version}")
        with open("/dev/full", "wb") as full:
            check(t.run(program, "--help", stdout=full).status != 0,
                  "--help cannot be written, and that is a success")


def misuses(t, status, sentence, program, *arguments):
    end = t.run(program, *arguments).exits(status).says(
        sentence, f"Try '{os.path.basename(program)} --help'.")
    equal(end.out, b"")


@test("pedos-rpc refuses a wrong command line with 125 and one sentence")
def _(t):
    misuses(t, 125, "a VM and a service must be named", RPC)
    misuses(t, 125, "a VM and a service must be named", RPC, "work")
    for name in ("", "1work", "--", "../work", "wo/rk", "wo rk", "work;id", "work\n",
                 "w" + 63 * "0", "wörk"):
        misuses(t, 125, "that is no VM's name", RPC, "--", name, "test.A")
    for name in ("@default", "@dispvm:", "@dispvm:1", "@dispvms"):
        misuses(t, 125, "others, such as @default, have a meaning for qrexec", RPC, name, "test.A")
    for name in ("", "1test", "+x", "/etc/passwd", "../x", "test A", "test;id", "test*", "test\n",
                 "test+", "test++a", "test+a+", "test+a++b", "t" + 63 * "0", "tést"):
        misuses(t, 125, "that is no service's name", RPC, "work", name)
    for option, sentence in (("--user=-x", "--user: that is no account's name"),
                             ("--user=", "--user: that is no account's name"),
                             ("--as=1", "--as: that is no VM's name"),
                             ("--transport=tcp", "--transport takes unix or xen"),
                             ("--no-such-option", "unrecognized option")):
        misuses(t, 125, sentence, RPC, option, "work", "test.A")


@test("pedos-rpcd refuses a wrong command line with 2 and one sentence")
def _(t):
    for text in "", "0", "-1", "10001", "1x", "99999999999999999999":
        misuses(t, 2, "--max-calls takes a number", RPCD, f"--max-calls={text}")
    misuses(t, 2, "--setenv takes NAME=TEXT", RPCD, "--setenv=DISPLAY")
    misuses(t, 2, "--setenv takes NAME=TEXT", RPCD, "--setenv==x")
    misuses(t, 2, "--user: that is no account's name", RPCD, "--user=a b")
    misuses(t, 2, "--transport takes unix or xen", RPCD, "--transport=tcp")
    misuses(t, 2, "a DOMAIN is a name", RPCD, "--transport=unix", "work", "../x")
    misuses(t, 2, "unrecognized option", RPCD, "--no-such-option")


@test("options behind the service are PROGRAM's")
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon()
    starts = []
    program = t.stand_in(lambda role: starts.append(role.arguments)).words
    t.rpc("work", "test.Hi", *program, "--user=x", "--as=y", "-V").exits(0)
    equal(starts, [["--user=x", "--as=y", "-V"]])


@test("the longest names there are can be called")
def _(t):
    domain, service, argument = "w" + 62 * "0", "t" + 30 * "0", 31 * "0"
    t.service(service, 'echo "$1"')
    t.start_daemon(domains=[domain])
    equal(t.rpc(domain, f"{service}+{argument}").exits(0).told, argument)


@test("the daemon serves the domains that are named, or that of its own account")
def _(t):
    t.service("test.Hi", "echo hi")
    t.start_daemon(domains=("work", "play"))
    equal(tree.names_in(t.sockets), ["play", "work"])
    t.rpc("play", "test.Hi").exits(0)
    t.daemon.stop().exits(0)
    try:
        own = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as none:
        raise Skip("this user has no account") from none
    tree.remove(t.sockets)
    t.start_daemon(domains=())
    equal(tree.names_in(t.sockets), [own])


@test("a socket that a killed daemon left behind is taken over")
def _(t):
    t.start_daemon()
    t.daemon.kill()
    t.daemon.wait()
    exists(f"{t.sockets}/work")
    t.rpc("work", "test.Next").exits(125).says("nobody serves work on this machine", "; start one")
    t.start_daemon()
    t.serves_on()


@test("a second daemon for the same domain does not start, and does not harm the first")
def _(t):
    t.start_daemon()
    t.run(RPCD, *t.daemon_options(), "other", "work").exits(1).says(
        f"{t.sockets}/work: another pedos-rpcd serves it: end that one first, or send it SIGHUP")
    missing(f"{t.sockets}/other")
    t.serves_on()


@test("what is no socket of a daemon's is not removed")
def _(t):
    work = f"{t.sockets}/work"
    os.makedirs(work)
    t.run(RPCD, *t.daemon_options(), "work").exits(1).says(f"{work}: it is no socket: remove it")
    check(os.path.isdir(work), "the directory is gone")
    os.rmdir(work)
    tree.write(work, "precious")
    t.run(RPCD, *t.daemon_options(), "work").exits(1).says(f"{work}: it is no socket: remove it")
    equal(tree.read(work), "precious")


@test("a directory of sockets that cannot be made is said")
def _(t):
    t.run(RPCD, *t.daemon_options(), f"--sockets={t.top}/no/such", "work").exits(1).says(
        f"making the directory of sockets {t.top}/no/such: No such file or directory")
    t.run(RPCD, *t.daemon_options(), "--sockets=/dev/null",
          "work").exits(1).says("opening the directory of sockets /dev/null: Not a directory")


@test("a directory of sockets that this user may not make is said with what to do")
def _(t):
    if machine.am_root():
        raise Skip("root may")
    os.mkdir(f"{t.top}/closed", 0o555)
    t.run(RPCD, *t.daemon_options(), f"--sockets={t.top}/closed/sockets", "work").exits(1).says(
        "Permission denied; start it as root, or name a directory of your own with --sockets")


NOT_YOURS = "must belong to root or to you, and nobody else may write to it"


@test("a directory of sockets in which others can exchange what is in it is not used, nor "
      "is what is there touched")
def _(t):
    tree.write(f"{t.top}/victim", "precious")
    os.chmod(f"{t.top}/victim", 0o600)
    os.mkdir(t.sockets)
    os.symlink(f"{t.top}/victim", f"{t.sockets}/work")

    def is_refused():
        t.run(RPCD, *t.daemon_options(),
              "work").exits(1).says(f"the directory of sockets {t.sockets} {NOT_YOURS}")
        equal(os.readlink(f"{t.sockets}/work"), f"{t.top}/victim")
        equal((tree.read(f"{t.top}/victim"),
              os.stat(f"{t.top}/victim").st_mode & 0o777), ("precious", 0o600))
    for mode in 0o777, 0o775, 0o757, 0o2775:
        os.chmod(t.sockets, mode)
        is_refused()
    if machine.am_root():
        os.chmod(t.sockets, 0o755)
        os.chown(t.sockets, 12345, -1)
        is_refused()
        os.chmod(t.sockets, 0o1755)
        is_refused()


@test("a directory of sockets that everybody may write to is used where each can remove "
      "only what is theirs")
def _(t):
    os.mkdir(t.sockets)
    os.chmod(t.sockets, 0o1777)
    t.start_daemon()
    t.serves_on()


@test("a link in the place of the directory of sockets, or of a socket, is not followed")
def _(t):
    os.mkdir(f"{t.top}/elsewhere")
    os.symlink("elsewhere", t.sockets)
    t.run(RPCD, *t.daemon_options(),
          "work").exits(1).says(f"opening the directory of sockets {t.sockets}: Not a directory")
    equal(tree.names_in(f"{t.top}/elsewhere"), [])
    os.unlink(t.sockets)
    os.mkdir(t.sockets)
    for target in f"{t.top}/victim", f"{t.top}/elsewhere/new":
        tree.write(f"{t.top}/victim", "precious")
        os.chmod(f"{t.top}/victim", 0o600)
        os.symlink(target, f"{t.sockets}/work")
        t.run(RPCD, *t.daemon_options(),
              "work").exits(1).says("/work: it is no socket: remove it")
        equal(os.stat(f"{t.top}/victim").st_mode & 0o777, 0o600)
        os.unlink(f"{t.sockets}/work")
    equal(tree.names_in(f"{t.top}/elsewhere"), [])


@test("a link that takes the place of a socket while that is being made has nothing "
      "changed behind it")
def _(t):
    os.mkdir(t.sockets)
    tree.write(f"{t.top}/victim", "precious")
    os.chmod(f"{t.top}/victim", 0o600)
    os.symlink(f"{t.top}/victim", f"{t.top}/link")
    # Each call that may come behind the one that makes the socket waits until the link is there.
    slowly = ("strace", "-f", "-qq", "-o", f"{t.top}/strace", "-e", "trace=listen,/chmod", "-e",
              "inject=listen,/chmod:delay_enter=500000")
    if not machine.works(machine.need("strace"), "true"):
        raise Skip("nothing can be traced here")
    swap = t.start(
        "sh", "-c",
        f'cd {t.sockets}; while ! test -S work; do :; done; ln -s "$0" new; mv -Tf new work',
        f"{t.top}/victim")
    daemon = Daemon(t, [*slowly, RPCD, *t.daemon_options(), "work"])
    swap.wait().exits(0)
    wait_until(lambda: not daemon.runs() or daemon.is_ready(), "the daemon")
    equal((tree.read(f"{t.top}/victim"),
          os.stat(f"{t.top}/victim").st_mode & 0o777), ("precious", 0o600))


@test("a socket can be called by everybody, whatever the umask")
def _(t):
    for mask in "077", "0", "777":
        t.start_daemon(through=("sh", "-c", f'umask {mask}; exec "$@"', "sh"), domains=("work",))
        equal(os.stat(f"{t.sockets}/work").st_mode & 0o777, 0o666)
        t.daemon.stop().exits(0)
        os.chmod(t.sockets, 0o755)


def bare(t, *options):
    """The command of a daemon that nobody has told whom services run as."""
    return [RPCD, "--transport=unix", f"--policy={t.policy}", f"--services={t.services}", *options]


NOBODY = "nosuchaccount"


@test("a daemon for an account that does not exist refuses before it makes a socket")
def _(t):
    no_account = f"there is no account {NOBODY} on this machine"
    for mode in ["--foreground"], []:
        if machine.am_root():
            t.run(*bare(t, *mode, f"--sockets={t.sockets}", "nobody",
                        NOBODY)).exits(1).says(no_account)
        else:
            t.run(*bare(t, *mode, NOBODY)).exits(1).says(no_account)
            t.run(*bare(t, *mode, "root")).exits(1).says("only root can serve the account root")
        t.run(*bare(t, *mode, f"--sockets={t.sockets}", f"--user={NOBODY}",
                    "work")).exits(1).says(f"--user: {no_account}")
    missing(t.sockets)
    if not machine.am_root():
        t.run(*bare(t, f"--sockets={t.sockets}", "--user=root", "work")).exits(1).says(
            "--user: only a pedos-rpcd that root started can run services as root")


@test("a socket that the starter has opened for an account that does not exist is refused")
def _(t):
    machine.need_root()
    os.mkdir(t.sockets)
    with listener(NOBODY) as passed:
        t.run(*PASS_ONE, *bare(t, "--foreground"), stdin=passed).exits(1).says(
            f"there is no account {NOBODY} on this machine")
    exists(f"{t.sockets}/{NOBODY}")


@test("a plain user may give themselves any name in a directory of sockets of their own")
def _(t):
    if machine.am_root():
        raise Skip("root is no plain user")
    daemon = Daemon(t, bare(t, "--foreground", f"--sockets={t.sockets}", NOBODY))
    wait_until(daemon.is_ready, "the daemon")
    t.service("test.Who", "id -u")
    equal(t.rpc(NOBODY, "test.Who").exits(0).told, str(os.geteuid()))


@test("when it is ready it says for whom, where, and as whom services run")
def _(t):
    t.start_daemon(domains=("work", "play"))
    equal(t.daemon.said().split("\n"),
          [f"pedos-rpcd: ready for calls to {domain} ({t.sockets}/{domain}); "
           f"services run as {t.served_as or 'this user'}" for domain in ("work", "play")])
    if machine.am_root():
        daemon = Daemon(t, bare(t, "--foreground", f"--sockets={t.top}/others", "nobody"))
        daemon.logged(f"ready for calls to nobody ({t.top}/others/nobody); services run as nobody")


def in_background(t):
    """The command of a daemon for "work" that goes to the background."""
    options = t.daemon_options()
    options.remove("--foreground")
    return [RPCD, *options, "work"]


def daemon_of_starter():
    """Its starter has ended: it has become this process's child."""
    daemons = process.children(os.getpid())
    equal([process.name_of(pid) for pid in daemons], ["pedos-rpcd"])
    return daemons[0]


@test("in the background it has none of its starter's pipes, and finds what relative paths name")
def _(t):
    t.service("test.Exit", "exit 3")
    ends = os.pipe()
    starter = t.start(*(word.replace(t.top, "..") for word in in_background(t)),
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      pass_fds=ends)
    equal(starter.process.wait(), 0)
    daemon = daemon_of_starter()
    theirs = {os.fstat(fd).st_ino for fd in (*ends, *(
        pipe.fileno() for pipe in (starter.stdin, starter.stdout, starter.stderr)))}
    held = [os.stat(f"/proc/{daemon}/fd/{fd}").st_ino for fd in os.listdir(f"/proc/{daemon}/fd")]
    equal([inode for inode in held if inode in theirs], [])
    # Nobody else can write to these any more.
    equal(starter.stdout.read(), b"")
    has(process.text(starter.stderr.read()), "ready for calls to work (../sockets/work)")
    equal(os.readlink(f"/proc/{daemon}/cwd"), "/")
    t.rpc("work", "test.Exit").exits(3)
    process.kill(daemon, signal.SIGHUP)
    t.rpc("work", "test.Exit").exits(3)
    process.kill(daemon, signal.SIGTERM)
    wait_until(lambda: process.ended(daemon), "the daemon's end")
    missing(f"{t.sockets}/work")


@test("in the background it is ready when its starter ends, has no terminal or directory of "
      "theirs, and ends on SIGTERM")
def _(t):
    t.service("test.Exit", "exit 3")
    t.run(*in_background(t)).exits(0)
    daemon = daemon_of_starter()
    t.rpc("work", "test.Exit").exits(3)
    equal([os.readlink(f"/proc/{daemon}/fd/{fd}") for fd in (0, 1, 2)], 3 * ["/dev/null"])
    group, session, terminal = process.stat_of(daemon)[2:5]
    equal((group, session, terminal), (str(daemon), str(daemon), "0"))
    process.kill(daemon, signal.SIGTERM)
    wait_until(lambda: process.ended(daemon), "the daemon's end")
    missing(f"{t.sockets}/work")


@test("in the background, too, a daemon that cannot start says so and fails")
def _(t):
    t.start_daemon()
    t.run(*in_background(t)).exits(1).says("another pedos-rpcd serves it")


# The words of a command that passes its stdin and stdout on as a starter of daemons passes sockets.
PASS_ONE, PASS_TWO = (
    ("sh", "-c",
     f'export LISTEN_PID=$$ LISTEN_FDS={count}; exec "$@" {passed} </dev/null >/dev/null', "sh")
    for count, passed in ((1, "3<&0"), (2, "3<&0 4<&1")))


def listener(domain):
    """A socket there. The path, unlike that of a directory of sockets, must be short."""
    made = socket.socket(socket.AF_UNIX)
    made.bind(f"../sockets/{domain}")
    made.listen()
    return made


@test("sockets that the starter has opened are served, and left behind")
def _(t):
    t.service("test.Hi", 'echo "$QREXEC_REMOTE_DOMAIN"; exec ls /proc/self/fd')
    os.mkdir(t.sockets)
    with listener("work") as work, listener("play") as play:
        t.start_daemon(domains=["ignored-domain"], through=PASS_TWO, serves=2, stdin=work,
                       stdout=play)
    missing(f"{t.sockets}/ignored-domain")
    for domain in "work", "play":
        # The fourth descriptor is the directory that ls reads.
        equal(t.rpc(domain, "test.Hi").exits(0).told, "home\n0\n1\n2\n3")
    t.daemon.stop().exits(0)
    exists(f"{t.sockets}/work")
    t.rpc("work", "test.Hi").exits(125)


@test("a descriptor that the starter passes and that is no listening socket of a domain is refused")
def _(t):
    for passed in (open("/dev/null", "rb"), socket.socket(socket.AF_INET),
                   socket.socket(socket.AF_UNIX)):
        with passed:
            t.run(*PASS_ONE, RPCD, *t.daemon_options(), stdin=passed).exits(1).says("descriptor 3")


@test("with a wrong policy a daemon that was passed sockets refuses all, until it is read again")
def _(t):
    t.service("test.A", "echo A")
    tree.write(f"{t.policy}/50-test.policy", "* * @anyvm @anyvm allow\nwrong\n")
    os.mkdir(t.sockets)
    with listener("work") as work:
        t.start_daemon(domains=[], through=PASS_ONE, stdin=work)
    t.daemon.logged("every call is refused until the policy is right")
    t.rpc("work", "test.A").exits(126).says("the policy denies it")
    t.rule("*", "*", "@anyvm", "@anyvm", "allow")
    t.reload()
    equal(t.rpc("work", "test.A").exits(0).told, "A")


@test("LISTEN_FDS for another process is not for us")
def _(t):
    t.start_daemon(env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    t.serves_on()


@test("the log says of each call who, what, as whom and how it ended")
def _(t):
    t.service("test.Exit", "head -c 7; printf 12345; exit 3")
    t.start_daemon()
    equal(t.rpc("work", "test.Exit+x", stdin=b"1234567").exits(3).out, b"123456712345")
    t.daemon.logged(f"pedos-rpcd: home -> work test.Exit+x as {t.served_as or 'this user'}: "
                    "allowed; ended with 3; 7 bytes in, 12 out, ")
    t.rpc("work", "test.None").exits(127)
    t.daemon.logged("pedos-rpcd: home -> work test.None: refused: there is no such service")


@test("for the journal a line begins with its priority")
def _(t):
    tree.write(f"{t.policy}/50-test.policy", "wrong\n")
    command = [RPCD, *t.daemon_options(), f"--policy={t.top}/none", "work"]
    with tempfile.TemporaryFile(buffering=0) as journal:
        status = os.fstat(journal.fileno())
        daemon = t.start(*command, stderr=journal,
                         env={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
        wait_until(lambda: process.written(journal).count(b"\n") == 2, "the log", by=[daemon])
        first, second = process.text(process.written(journal)).split("\n")
    equal(first, f"<4>there is no policy in {t.top}/none: every call is refused")
    has(second, "<6>ready for calls to work")
    daemon.kill(signal.SIGTERM)
    daemon.wait().exits(0)


@test("for the journal, what is wrong at the start has a priority, too")
def _(t):
    tree.write(f"{t.policy}/50-test.policy", "wrong\n")
    for options, beginning in (((), "<3>the policy is wrong: "), (("--user=",), "<3>--user: "),
                               (("--user=no-such-account",), "<3>")):
        with tempfile.TemporaryFile(buffering=0) as journal:
            status = os.fstat(journal.fileno())
            t.start(RPCD, *t.daemon_options(), *options, "work", stderr=journal,
                    env={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}).wait()
            said = process.text(process.written(journal))
        check(said.startswith(beginning), said)


@test("a terminal is not taken for the journal, whatever the environment says")
def _(t):
    t.start_daemon(env={"JOURNAL_STREAM": "1:1"})
    has(t.daemon.said(), "pedos-rpcd: ready for calls to work")
