# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send on a desktop, and a VM that is called through the real pedos-rpc and pedos-rpcd."""
import os
import re
import shlex

import machine
import tree
from desktop import Desktop, need_desktop
from settings import BIN, EDITOR, RPC, TOP
from tap import Skip

SEND = BIN / "qfile-send"
# What qfile-send puts around names, so that they reorder nothing.
ISOLATES = re.compile("[\u2068\u2069]")
# What no label may have, whoever has written it: control and format characters, and what reorders.
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2067"
                    "\u206a-\u206f\ufeff\ufff9-\ufffb]")


def plain(text):
    """As it is read."""
    return ISOLATES.sub("", text)


class Sending(Desktop):
    """
    `t.open_desktop()` first. `t.serve()` makes the VM "work", which receives to `incoming` and is
    allowed everything; `t.send(...)` starts qfile-send.
    """

    def __init__(self):
        need_desktop()
        if not os.access(SEND, os.X_OK):
            raise Skip("qfile-send is not built: it needs GTK 3 and json-glib")
        super().__init__()
        tree.write("report.txt", "content\n")

    def serve(self, *domains, wrap="{}"):
        """wrap: the service's command, where {} stands for the real one."""
        self.served_as = "root" if machine.am_root() else self.served_as
        self.service("PedOS.Filecopy", f"""case $1 in
rename) set -- --on-conflict=rename ;;
esac
exec {wrap.replace("{}", self.via() + ' "$@"')}""")
        self.start_daemon(domains=domains or ("work",))
        self.environment["PEDOS_RPC_CLIENT"] = self.client()

    def serve_editor(self, handler):
        """"work" opens files with this shell command, which gets the path of the file as $1."""
        script = tree.script(f"{self.top}/handler", f"#!/bin/sh\n{handler}\n")
        temporary = f"{self.top}/temporary"
        os.mkdir(temporary)
        os.chmod(temporary, 0o1777)
        self.service("PedOS.OpenInVM", f"TMPDIR={shlex.quote(temporary)}; export TMPDIR\n"
                     f"exec {EDITOR} --handler={shlex.quote(script)}")
        self.start_daemon()
        self.environment["PEDOS_RPC_CLIENT"] = self.client()

    def client(self):
        """pedos-rpc, as the VM "home"."""
        command = shlex.join([RPC, f"--sockets={self.sockets}", "--as=home"])
        return tree.script(f"{self.top}/client", f'#!/bin/sh\nexec {command} "$@"\n')

    def qrexec(self, body):
        """A client of qrexec's name, which is this shell script."""
        os.makedirs(f"{self.top}/qrexec", exist_ok=True)
        self.environment["PEDOS_RPC_CLIENT"] = tree.script(
            f"{self.top}/qrexec/qrexec-client-vm", f"#!/bin/sh\n{body}\n")

    def send(self, *arguments, **how):
        return self.start(SEND, *arguments, **how)

    def answer_prompt(self, name):
        """A policy's question, by this button. A click is lost where the window gets the keys just
        then: it is deaf anew."""
        def answered():
            node = self.find(name, "push button")
            if node and "sensitive" in node.states:
                self.ask(do="act", path=node.path, action=node.actions[0])
            return not node
        self.until(answered, f"{name} to be the answer")

    def find(self, name, role=None):
        """Names are found as they are written, without what isolates them."""
        def matches(node):
            words = plain(node.words)
            return ((role is None or node.role == role)
                    and (name.search(words) if isinstance(name, re.Pattern)
                         else name in (plain(node.name), plain(node.text))))
        return next(filter(matches, self.look()), None)

    def all_words(self):
        """Of everything that is shown."""
        return "\n".join(node.words for node in self.look())

    def nothing_is_shown(self):
        return not [node for node in self.look() if node.role == "dialog"]
