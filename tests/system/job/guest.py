# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What the cases in the machine work with: programs of its accounts, units of systemd, the
journal."""
import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import time

# What a case returns if the machine is to boot before the next one: ../guest/lab-job does it.
REBOOT = 77
# Seconds, for what never comes. No case takes a tenth of it.
FOREVER = 120
JOB = pathlib.Path(__file__).resolve().parent
POLICY = pathlib.Path("/etc/pedos-rpc/policy.d")


class Broken(Exception):
    """What should have happened did not."""


class Skip(Exception):
    """It cannot be tried here, for this reason."""


def check(condition, complaint):
    if not condition:
        raise Broken(complaint)


def equal(got, expected):
    check(got == expected, f"got:      {got!r}\nexpected: {expected!r}")


def has(text, part):
    check(part in text, f"got:            {text!r}\nexpected in it: {part!r}")


def wait_until(condition, what):
    end = time.monotonic() + FOREVER
    while not (result := condition()):
        check(time.monotonic() < end, f"waited in vain for {what}")
        time.sleep(0.05)
    return result


# ---- Programs ----


class End:
    def __init__(self, status, said):
        self.status, self.said = status, said

    def exits(self, status):
        check(self.status == status, f"exit status {self.status}, expected {status}: {self.said}")
        return self


def of(user):
    """How a program of this account is started."""
    if not user:
        return {"cwd": "/"}
    account = pwd.getpwnam(user)
    return {"user": user, "group": account.pw_gid, "extra_groups": [], "cwd": account.pw_dir,
            "env": {"HOME": account.pw_dir, "USER": user, "LC_ALL": "C.UTF-8",
                    "PATH": "/usr/local/bin:/usr/bin:/bin"}}


def run(*command, user=None, stdin=b""):
    """To its end. What it wrote to stdout and stderr is told."""
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **of(user))
    return End(done.returncode, done.stdout.decode(errors="replace").strip())


started = []


def start(*command, user=None):
    """In the background, with a stdin to be written to. It ends with the case."""
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, bufsize=0, **of(user))
    started.append(program)
    return program


def finish(program):
    """Its stdin ends; then it does. An End."""
    with contextlib.suppress(BrokenPipeError):
        program.stdin.close()
    said = program.stdout.read()
    return End(program.wait(), said.decode(errors="replace").strip())


def tidy_up():
    while started:
        program = started.pop()
        if program.poll() is None:
            program.kill()
        program.wait()


# ---- Accounts ----


def home(user, *names):
    return pathlib.Path("/home", user, *names)


def write(path, content, user):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    shutil.chown(path, user, user)
    return path


def incoming(user, source):
    """What is there, hidden or not."""
    try:
        return sorted(os.listdir(home(user, "PedOSIncoming", source)))
    except FileNotFoundError:
        return []


def copy(source, target, name, content="content"):
    """A file of this name and content is sent."""
    write(home(source, name), content, source)
    return run("qfile-agent", f"--vm={target}", name, user=source)


def arrived(source, target, name, content="content"):
    path = home(target, "PedOSIncoming", source, name)
    check(path.exists(), f"{path} is not there")
    equal((path.read_text("utf-8"), path.owner()), (content, target))


# ---- Units, policy, journal ----


def systemctl(*arguments, status=0):
    return run("systemctl", *arguments).exits(status).said


def unit(name, prop):
    return run("systemctl", "show", "--value", "-p", prop, name).said


def is_active(name):
    return unit(name, "ActiveState") == "active"


def allow(name, line):
    POLICY.mkdir(parents=True, exist_ok=True)
    (POLICY / f"{name}.policy").write_text(f"{line}\n", "ascii")


def journal(*matches, since):
    """Messages, after a number of seconds since 1970."""
    return run("journalctl", "-q", "--no-pager", "-o", "cat", f"--since=@{int(since)}",
               *matches).said.splitlines()


def now():
    return time.time()
