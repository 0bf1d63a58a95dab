# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The whole way: from the menu of a file manager to a notice in the session of another account,
through the real qfile-send, pedos-rpc, pedos-rpcd and qfile-notify."""
import os

import suite
from expect import equal
from known import sampled
from managers import NAMES, Managed
from notified import Session, need_session
from settings import UNPACKER
from sending import SEND
from tap import Skip

WORK = 12346  # the second account
# Without the one that no receiver accepts.
ACCEPTED = [name for name in NAMES if "\n" not in name]


class Whole(Session, Managed):
    def __init__(self):
        need_session()
        if not os.access(SEND, os.X_OK):
            raise Skip("qfile-send is not built: it needs GTK 3 and json-glib")
        super().__init__()

    def serve(self):
        """The account "work" receives, and its desktop tells it."""
        self.served_as = None
        self.service("PedOS.Filecopy", f"exec {UNPACKER}")
        self.start_daemon(domains=("work",), through=self.in_accounts())
        runtime = f"{self.top}/run-of-work"
        os.mkdir(runtime, 0o700)
        os.chown(runtime, WORK, WORK)
        self.begin_session(self.as_user("work"), f"{self.top}/homes/work", runtime)


test = suite.cases(Whole)

for manager in sampled():
    @test(f"files with hostile names go from {manager.program} to another account, which is told")
    def _(t, manager=manager):
        t.open_manager(manager, ACCEPTED, others=["work"])
        t.serve()
        t.click_entry("copy")
        t.sees("work", "table cell")
        t.window("Copy to another VM")
        t.press("Return")
        (summary, _), = t.wait_notices(1)
        equal(summary, f"{len(ACCEPTED)} files from user")
        there = f"{t.top}/homes/work/PedOSIncoming/user"
        equal(sorted(os.listdir(there)), sorted(ACCEPTED))
        t.do("choose", id=1, action="show")
        t.until(lambda: t.called("ShowItems"), "the file manager there", by=[t.notify])
        equal(len(t.called("ShowItems")[0][0]), len(ACCEPTED))
