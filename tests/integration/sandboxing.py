# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Calls of @dispvm on a machine without a hypervisor: what cases of sandboxes work with."""
import contextlib
import os
import random
import shlex
import shutil
import socket

import machine
import process
import tree
from calling import Calling
from copying import OnDisk
from expect import equal, wait_until
from settings import BIN, COUNTED, OPENER, PYTHON, RPC, SANITIZED
from tap import Skip

UNSET = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_CONFIG_HOME", "XAUTHORITY", "TMPDIR")

# An X server as far as anybody asks: it is ready, says how it was started to who asks, and dies
# when it is told to.
SERVER = f"""#!{PYTHON}
import os, socket, sys, threading, time
number = next(word[1:] for word in sys.argv if word[:1] == ":" and word[1:].isdigit())
listener = socket.socket(socket.AF_UNIX)
listener.bind("/tmp/.X11-unix/X" + number)
listener.listen(100)
ready = int(sys.argv[sys.argv.index("-displayfd") + 1])
os.write(ready, number.encode())
time.sleep(0.1)  # as on a busy machine
os.write(ready, b"\\n")
def serve(client):
    said = client.recv(100)
    if said == b"die":
        os._exit(0)
    if said == b"say":
        words = [*sys.argv[1:], *sorted(os.environ), os.uname().nodename]
        client.sendall("\\n".join(words).encode())
        client.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""

# What a service does that asks it.
ASK = f"""exec {PYTHON} -c '
import os, socket, sys
screen = socket.socket(socket.AF_UNIX)
screen.connect("/tmp/.X11-unix/X0")
screen.sendall(b"{{word}}")
print(os.environ["DISPLAY"], screen.recv(65536).decode(), flush=True)
sys.exit(3)'"""


class Sandboxing(Calling):
    """
    Root has a plain account make the sandboxes. `account`: the words before a command of theirs;
    `home`: their directory, with `runtime`, which is their XDG_RUNTIME_DIR, and `templates`.
    """

    def __init__(self):
        super().__init__()
        machine.need_sandboxes()
        for name in UNSET:
            self.environment.pop(name, None)
        self.account = machine.as_plain_user()
        self.home, self.bin = f"{self.top}/home", f"{self.top}/bin"
        self.runtime = f"{self.home}/runtime"
        self.templates = f"{self.home}/.config/pedos-rpc/disposables"
        for path in (self.sockets, self.bin, self.runtime, self.templates):
            os.makedirs(path)
        self.own()
        self.environment.update(HOME=self.home, XDG_RUNTIME_DIR=self.runtime)
        self.screen = None
        if not machine.works(*self.account, "test", "-x", RPC):
            raise Skip("other accounts cannot reach this build")

    def __exit__(self, *failed):
        if self.screen:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.screen)
        super().__exit__(*failed)

    def own(self):
        """All in the home is the account's."""
        for top, directories, files in os.walk(self.home if machine.am_root() else "/nowhere"):
            for name in [".", *directories, *files]:
                os.lchown(os.path.join(top, name), machine.PLAIN_USER, machine.PLAIN_USER)

    # ---- Calls ----

    def caller(self, *arguments):
        return [*self.account, RPC, f"--sockets={self.sockets}", f"--services={self.services}",
                *arguments]

    def shell(self, body, *arguments, target="@dispvm", **how):
        """Call a service with this body."""
        self.service("test.Shell", body)
        return self.rpc(*arguments, target, "test.Shell", **how)

    def template(self, name, text):
        tree.write(f"{self.templates}/{name}.conf", text)
        self.own()
        return f"@dispvm:{name}"

    def nothing_left(self, how=""):
        """All that was started has ended, and no file is left of it. how: to see it again."""
        wait_until(lambda: not process.something_runs(),
                   lambda: f"all to end: {[process.name_of(pid) for pid in living()]} {how}",
                   acts=lambda: True)
        equal([name for name in os.listdir(self.runtime) if name.startswith("pedos-rpc")], [])

    # ---- Screens, and programs that make them ----

    def with_programs(self, *names, **scripts):
        """In PATH are only these programs of the machine, and these scripts."""
        for name in names:
            os.symlink(machine.need(name), f"{self.bin}/{name}")
        for name, body in scripts.items():
            tree.script(f"{self.bin}/{name.replace('_', '-')}", body)
        self.environment["PATH"] = self.bin

    def has_screen(self):
        """The account has a screen, as far as its socket says."""
        with contextlib.suppress(FileExistsError):
            os.mkdir("/tmp/.X11-unix")
            os.chmod("/tmp/.X11-unix", 0o1777)
        number = random.randrange(1000, 100000)
        self.screen = f"/tmp/.X11-unix/X{number}"
        try:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self.screen)
        except OSError as error:
            raise Skip(f"no X server can be played here: {error}") from None
        listener.listen()
        self.environment["DISPLAY"] = f":{number}"

    def played_screen(self, server=SERVER):
        self.with_programs("bwrap", Xephyr=server)
        self.has_screen()

    # ---- Opening ----

    def start_opener(self, handler, *arguments):
        """Open "file" in the account's home with this handler."""
        if SANITIZED or COUNTED:
            raise Skip("a program of such a build needs more than a sandbox has")
        self.service("PedOS.OpenInVM",
                     f"exec {shlex.quote(str(BIN / 'vm-file-editor'))} "
                     f"--handler={shlex.quote(handler)}")
        client = tree.script(f"{self.top}/client", "#!/bin/sh\nexec "
                             f"{shlex.join([RPC, f'--services={self.services}'])} \"$@\"\n")
        return self.start(*self.account, OPENER, *arguments, f"{self.home}/file",
                          env={"PEDOS_RPC_CLIENT": client})


class SandboxingOnDisk(OnDisk, Sandboxing):
    """Where files can be shown in a sandbox: not in /dev/shm."""


def living():
    return [pid for pid in process.children(os.getpid()) if not process.ended(pid)]


def need_python():
    """In a sandbox there is no other one than the system's."""
    if not PYTHON.startswith("/usr/") or not shutil.which(PYTHON):
        raise Skip("needs Python in /usr")
