# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A session in which qfile-notify runs, and deliveries to its user: what cases of notices work
with."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess

import machine
import tree
from bus import message_bus
from calling import WithAccounts
from expect import check, wait_until
from settings import AGENT, BIN, PYTHON, UNPACKER
from tap import Skip

HERE = pathlib.Path(__file__).resolve().parent
NOTIFY = str(BIN / "qfile-notify")


def need_session():
    if not os.access(NOTIFY, os.X_OK):
        raise Skip("qfile-notify is not built: it needs libglib2.0-dev")
    if not shutil.which("dbus-daemon"):
        raise Skip("needs dbus-daemon")
    if not machine.works(PYTHON, "-c", "import gi; gi.require_version('Gio', '2.0')"):
        raise Skip("needs python3-gi")


class Session:
    """For a world, beside others: the session of an account in which qfile-notify runs. What shows
    notices there and the file manager are played."""

    def begin_session(self, prefix, home, runtime, **how):
        """prefix: the words before what runs as the account."""
        self.there, self.there_runtime = list(prefix), runtime
        address = f"unix:path={runtime}/bus"
        self.session = {"HOME": home, "XDG_RUNTIME_DIR": runtime,
                        "DBUS_SESSION_BUS_ADDRESS": address, "XDG_DATA_HOME": f"{self.top}/data",
                        "XDG_DATA_DIRS": f"{self.top}/data", "XDG_CONFIG_DIRS": self.top}
        started = f"{self.top}/started-there"
        os.mkdir(started)
        bus = self.start_there(*message_bus(started, address))
        wait_until(lambda: os.path.exists(f"{runtime}/bus"), "the message bus", by=[bus])
        self.bystander = self.start_there(PYTHON, "-B", HERE / "bystander.py",
                                          stdin=subprocess.PIPE)
        wait_until(lambda: self.told("begin"), "the bystander", by=[self.bystander])
        self.start_notify(**how)

    def start_there(self, *command, env=(), **how):
        return self.start(*self.there, *command, env={**self.session, **dict(env)}, **how)

    def start_notify(self, **how):
        self.notify = self.start_there(NOTIFY, **how)
        # It makes its socket when it watches.
        wait_until(lambda: os.path.exists(f"{self.there_runtime}/qfile-notify"), "qfile-notify",
                   by=[self.notify])

    def lines(self):
        """All that the bystander has written."""
        return [json.loads(line) for line in self.bystander.told().split("\n") if line]

    def told(self, what):
        return [each for each in self.lines() if each.get("done") == what]

    def do(self, what, **how):
        """Have the bystander do it."""
        count = len(self.told(what))
        self.bystander.write(json.dumps({"do": what, **how}).encode() + b"\n")
        wait_until(lambda: len(self.told(what)) > count, what, by=[self.bystander])

    def called(self, method):
        return [each["values"] for each in self.lines() if each.get("call") == method]

    def notices(self):
        """What was shown: the summary and the body of each."""
        return [(values[3], values[4]) for values in self.called("Notify")]

    def wait_notices(self, number):
        """Wait for this many, and return them."""
        wait_until(lambda: len(self.notices()) >= number,
                   lambda: f"notice {number}; there are {self.notices()}; {self.notify.said()}",
                   by=[self.notify, self.bystander])
        return self.notices()

    def notice(self, number, *expected):
        """Wait for this many notices. The last one says this."""
        shown = self.wait_notices(number)
        check(shown[-1] == expected and len(shown) == number,
              f"shown:    {shown}\nexpected as the last of {number}: {expected}")


class Notified(Session, WithAccounts):
    """
    `home`: of the account that receives, which is another one than root's. open_session() comes
    first.
    """

    def __init__(self):
        need_session()
        machine.need_receiver()
        super().__init__()
        self.runtime = f"{self.top}/run"
        os.mkdir(self.runtime, 0o700)

    def open_session(self, earlier=(), **how):
        """earlier: what is in PedOSIncoming before that; the names of directories end with "/"."""
        self.need_account()
        if not machine.has_user_namespaces(self.account):
            raise Skip("no user namespaces for the account that receives")
        for name in ["", *earlier] if earlier else []:
            path = f"{self.home}/PedOSIncoming/{name}"
            if path.endswith("/"):
                os.mkdir(path)
            else:
                tree.write(path, "earlier")
            os.chown(path, self.account, -1)
        os.chown(self.runtime, self.account, -1)
        self.begin_session(self.as_account(), self.home, self.runtime, **how)

    def as_account(self):
        """The words before what runs as the account."""
        if not machine.am_root():
            return []
        return [*self.with_account(), "setpriv", f"--reuid={self.account}",
                f"--regid={self.account}", "--clear-groups"]

    # ---- Deliveries ----

    def receiver_of(self, source, *options):
        """The command of a receiver for the account, for --via."""
        user = ["user"] if machine.am_root() else []
        return shlex.join([*self.with_account(), "env", f"QREXEC_REMOTE_DOMAIN={source}",
                           f"XDG_RUNTIME_DIR={self.runtime}", UNPACKER, *options, *user])

    def send_as(self, source, *arguments, options=()):
        """Send as this VM: how that ended."""
        return self.run(AGENT, "--quiet", f"--via={self.receiver_of(source, *options)}", *arguments)

    def incoming_of(self, source):
        return f"{self.home}/PedOSIncoming/{source}"
