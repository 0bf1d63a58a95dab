# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Calls with pedos-rpc and pedos-rpcd on one machine: what cases of calling work with."""
import contextlib
import os
import pwd
import shlex
import signal

import machine
import process
import tree
from copying import Copying
from expect import check, equal, wait_until
from settings import RPC, RPCD
from tap import Skip

UNSET = ("PEDOS_RPC_SOCKETS", "LISTEN_PID", "LISTEN_FDS", "JOURNAL_STREAM")


def served_as():
    """Root serves as somebody who is not root: then a mistake with privileges shows. None for a
    user without a name."""
    if machine.am_root():
        return "nobody"
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return None


class Calling(Copying):
    """
    `sockets`, `services`, `policy`: the daemon's directories; `notes`: where services leave
    something for the case, under the same name in their environment. `served_as`: the account that
    services run as, where the daemon is told one. Everybody may call everything, unless rule() says
    otherwise.
    """

    def __init__(self):
        super().__init__()
        for name in UNSET:
            self.environment.pop(name, None)
        self.sockets, self.services, self.policy, self.notes = (
            f"{self.top}/{name}" for name in ("sockets", "services", "policy", "notes"))
        for path in (self.services, self.policy, self.notes):
            os.mkdir(path)
        os.chmod(self.notes, 0o777)
        self.daemon, self.served_as = None, served_as()
        self.rule("*", "*", "@anyvm", "@anyvm", "allow")

    def __exit__(self, *failed):
        # Daemons that are asked to end also end their services; what does not is killed.
        for program in process.started:
            if isinstance(program, Daemon) and program.runs():
                program.kill(signal.SIGTERM)
                with contextlib.suppress(Exception):
                    program.process.wait(10)
        super().__exit__(*failed)

    # ---- What is served ----

    def rule(self, *columns):
        """The policy's only line."""
        tree.write(f"{self.policy}/50-test.policy", " ".join(columns) + "\n")

    def service(self, name, body, directory=None, shell="/bin/sh"):
        """A shell script. It finds $NOTES."""
        return tree.script(f"{directory or self.services}/{name}",
                           f"#!{shell}\nNOTES={shlex.quote(self.notes)}\n{body}\n")

    def served_here(self, name, play):
        """A service whose part `play` has: a function of a standin.Role, in a thread of this
        process."""
        return tree.script(f"{self.services}/{name}",
                           f"#!/bin/sh\n{self.stand_in(play).command} \"$@\"\n")

    def make_staying_service(self):
        """test.Stay says who it is, has a child in its process group, and stays."""
        self.service("test.Stay", """sleep 1000 &
echo $! >"$NOTES/child"
echo $$ >"$NOTES/service.new" && mv "$NOTES/service.new" "$NOTES/service"
wait""")

    def note(self, name):
        """What a service has left, as text without the last newline; None where there is
        nothing."""
        try:
            return tree.read(f"{self.notes}/{name}").rstrip("\n")
        except FileNotFoundError:
            return None

    def wait_note(self, name):
        """Wait for a service to leave something, a whole line of it, and return that. Where neither
        callers nor services are left, nothing comes any more."""
        return wait_until(lambda: (self.note(name) or None) if (tree_end(f"{self.notes}/{name}"))
                          else None, lambda: f"the note {name}; log: {self.daemon.said()}",
                          by=[self.daemon], acts=lambda: process.something_runs([self.daemon]))

    def service_is_gone(self):
        return process.ended(int(self.note("service"))) and process.ended(int(self.note("child")))

    # ---- The daemon ----

    def daemon_options(self):
        return ["--foreground", "--transport=unix", f"--sockets={self.sockets}",
                f"--policy={self.policy}", f"--services={self.services}",
                *([f"--user={self.served_as}"] if self.served_as else [])]

    def start_daemon(self, *options, domains=("work",), through=(), serves=None, **how):
        """A daemon that serves these domains and is ready. `through`: the words of a command that
        starts it in its own place; `serves`: how many, where that does not follow from
        `domains`."""
        self.daemon = Daemon(self, [*through, RPCD, *self.daemon_options(), *options, *domains],
                             **how)
        wait_until(lambda: self.daemon.is_ready(serves or len(domains) or 1),
                   lambda: f"the daemon; it said: {self.daemon.said()}")
        return self.daemon

    def reload(self):
        """Have it read the policy again, and wait until it has."""
        before = self.daemon.said().count("read the policy again")
        self.daemon.kill(signal.SIGHUP)
        wait_until(lambda: self.daemon.said().count("read the policy again") > before, "the policy",
                   by=[self.daemon])

    def no_calls(self):
        return not process.children(self.daemon.pid)

    def process_of_call(self):
        """Of the only call that there is."""
        found = process.children(self.daemon.pid)
        check(len(found) == 1, f"processes of calls: {found}")
        return found[0]

    def serves_on(self):
        """The daemon serves the next call."""
        self.service("test.Next", "echo served")
        equal(self.rpc("work", "test.Next").exits(0).told, "served")

    # ---- Calls ----

    def caller(self, *arguments):
        """The command of a call as the VM "home"."""
        return [RPC, f"--sockets={self.sockets}", "--as=home", *arguments]

    def rpc(self, *arguments, **how):
        """Call; nothing on stdin unless said. A process.End."""
        return self.run(*self.caller(*arguments), **how)

    def start_rpc(self, *arguments, **how):
        return self.start(*self.caller(*arguments), **how)


def tree_end(path):
    """Does a file end with a whole line?"""
    try:
        return tree.read_bytes(path).endswith(b"\n")
    except FileNotFoundError:
        return False


class Daemon(process.Program):
    """A pedos-rpcd. Its log is what it said."""

    def __init__(self, case, command, env=(), **how):
        super().__init__(command, env={**case.environment, **dict(env)}, **how)

    def is_ready(self, domains=1):
        """It serves this many, for each of which it writes a line."""
        check(self.runs(), f"the daemon has ended: {self.said()}")
        return self.said().count(": ready for calls to ") == domains

    def logged(self, text):
        """Waits for it."""
        wait_until(lambda: text in self.said(), lambda: f"{text!r} in the log: {self.said()}",
                   by=[self])

    def stop(self):
        """Ask it to end, and wait: a process.End."""
        self.kill(signal.SIGTERM)
        return self.wait()


# ---- Accounts of a case's own making, for root ----


class WithAccounts(Calling):
    """A machine with accounts of its own: `t.accounts("work", "home")` makes them; what runs
    through in_accounts() sees them."""

    def accounts(self, *names):
        """Accounts with homes in `top`/homes and numbers from 12345 on, and as_user() for each."""
        machine.need_root()
        passwd = ["root:x:0:0::/root:/bin/sh", "nobody:x:65534:65534::/:/bin/sh"]
        group = ["root:x:0:", "nogroup:x:65534:"]
        os.makedirs(f"{self.top}/homes", exist_ok=True)
        for number, name in enumerate(names, 12345):
            home = f"{self.top}/homes/{name}"
            os.mkdir(home)
            os.chown(home, number, number)
            passwd.append(f"{name}:x:{number}:{number}::{home}:/bin/sh")
            group.append(f"{name}:x:{number}:")
        tree.write(f"{self.top}/passwd", "\n".join(passwd) + "\n")
        tree.write(f"{self.top}/group", "\n".join(group) + "\n")
        machine.need_mount_namespaces()
        bind = ('mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && '
                'touch "$0/mounted" && exec sleep 99999')
        self.keeper = self.start("unshare", "-m", "sh", "-c", bind, self.top)
        wait_until(lambda: os.path.exists(f"{self.top}/mounted"), "the accounts",
                   by=[self.keeper])
        if not machine.works(*self.as_user(names[0]), "test", "-x", RPC):
            raise Skip("other accounts cannot reach this build")

    def in_accounts(self):
        """The words before a command that runs where these accounts are, as root."""
        return ["nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt", f"--wd={os.getcwd()}"]

    def as_user(self, name):
        """The words before a command that runs as one of them."""
        return [*self.in_accounts(), "setpriv", f"--reuid={name}", f"--regid={name}",
                "--clear-groups"]
