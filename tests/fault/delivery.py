# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""One delivery from a real qfile-agent to a real qfile-unpacker, and what must be true of it
whatever happened to them."""
import ctypes
import errno
import os
import shlex
import signal
import subprocess
import tempfile

import trees
from expect import Broken
from named import receiver_named
from settings import AGENT, BUILD, UNPACKER

INJECT = f"{BUILD}/tests/fault/inject"
STAGING_PREFIX = ".qfile-incoming-"
# Root receives for somebody who is not root: then a mistake with privileges shows.
RECEIVER = (65534, 65534) if os.getuid() == 0 else (os.getuid(), os.getgid())
HANGS = 1200  # seconds until a delivery counts as one that would never end

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None, use_errno=True)


def settle_here():
    """Become the parent of every descendant that loses its own, so that none can be left unnoticed;
    end when our parent does."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGALRM, hanging)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.umask(0o022)


def stop(*_):
    if Delivery.current:
        Delivery.current.clean()
    os._exit(1)


def hanging(*_):
    raise Broken(f"a process is left after {HANGS} seconds")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants(pid):
    for child in children(pid):
        yield child
        yield from descendants(child)


def kill(pid):
    """Was there somebody to be killed?"""
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def wait_for_all():
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass


def clean_environment():
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8"}


def place_for_tests():
    """In memory where that can be: each delivery is synced, and there are thousands."""
    memory = "/dev/shm"
    return None if "TMPDIR" in os.environ or not os.access(memory, os.W_OK | os.X_OK) else memory


class Delivery:
    """A sender's directory, a receiver's directory with earlier deliveries, and a transfer between
    them. Use it with `with`."""

    current = None

    def __init__(self, plant, move=False):
        self.plant, self.move = plant, move
        self.status, self.agent = None, None

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="qfile-fault.", dir=place_for_tests())
        Delivery.current = self
        try:
            self.prepare()
        except BaseException:
            self.clean()
            raise
        return self

    def __exit__(self, *_):
        self.clean()

    def prepare(self):
        os.chmod(self.top, 0o755)
        self.source, self.incoming = f"{self.top}/source", f"{self.top}/incoming"
        self.log, self.answer_file = f"{self.top}/log", f"{self.top}/answer"
        os.mkdir(self.source)
        self.names = self.plant(self.source)
        self.sent = {name: trees.picture(f"{self.source}/{name}")[0] for name in self.names}
        self.place_incoming()

    def place_incoming(self):
        os.mkdir(self.incoming, 0o755)
        trees.plant_earlier(self.incoming)
        if os.getuid() == 0:
            trees.give_to(*RECEIVER, self.incoming)
        self.earlier = {name: trees.picture(f"{self.incoming}/{name}")
                        for name in os.listdir(self.incoming)}

    def clean(self):
        """Leave neither a process nor a file."""
        signal.alarm(0)
        while left := list(descendants(os.getpid())):
            for pid in left:
                kill(pid)
            wait_for_all()
        trees.remove(self.top)
        Delivery.current = None

    # ---- Running it ----

    def receiver(self, *inject):
        """The command of the receiver, under `inject` where there are arguments for that."""
        wrap = [INJECT, f"--log={self.log}", *inject] if inject else []
        return [*wrap, UNPACKER, str(RECEIVER[0]), self.incoming]

    def start(self, receiver=None, inject_agent=(), through=()):
        """Begin. `through`: a command between the two, which starts the receiver."""
        # What names the receiver is called once; the answer to a question would be taken for the
        # delivery's.
        via = receiver_named(f"{shlex.join([*through, *(receiver or self.receiver())])} | "
                             f"tee {shlex.quote(self.answer_file)}")
        wrap = [INJECT, "--alone", f"--log={self.log}", *inject_agent] if inject_agent else []
        command = [*wrap, AGENT, *(["--move"] if self.move else []), f"--via={via}", *self.names]
        signal.alarm(HANGS)
        with open(f"{self.top}/stderr", "ab") as stderr:
            self.agent = subprocess.Popen(command, cwd=self.source, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=stderr,
                                          env={**clean_environment(), "TMPDIR": self.top})

    def end(self):
        """Wait until no process of it is left."""
        self.status = self.agent.wait()
        wait_for_all()
        signal.alarm(0)

    def run(self, *inject, agent=False):
        if agent:
            self.start(inject_agent=inject)
        else:
            self.start(self.receiver(*inject))
        self.end()

    def log_lines(self):
        """What `inject` noted: calls, and a line with "#" for every fault that struck."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return [line.split() for line in file]

    def struck(self):
        return sum(words[0] == "#" for words in self.log_lines())

    def said(self):
        with open(f"{self.top}/stderr", encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    # ---- Judging it ----

    def code(self):
        """What the receiver answered: 0, why it failed, or None for no answer."""
        try:
            with open(self.answer_file, "rb") as file:
                answer = file.read()
        except FileNotFoundError:
            return None
        return int.from_bytes(answer[:4], "little") if len(answer) >= 16 else None

    def state(self):
        """"whole", "invisible" or "part"."""
        there = [name for name in self.names if os.path.lexists(f"{self.incoming}/{name}")]
        if not there:
            return "invisible"
        for name in self.names:
            entries, owners = trees.picture(f"{self.incoming}/{name}")
            if entries != self.sent[name] or owners != {RECEIVER}:
                return "part"
        return "whole"

    def leftovers(self):
        return [name for name in os.listdir(self.incoming) if name.startswith(STAGING_PREFIX)]

    def need(self, promise, text):
        if not promise:
            raise Broken(f"{text} (agent's status {self.status}, answer {self.code()}, "
                         f"{self.state()}, there: "
                         f"{sorted(os.listdir(self.incoming))}, said: {self.said()!r})")

    def check_earlier(self, *others):
        for name, before in self.earlier.items():
            self.need(trees.picture(f"{self.incoming}/{name}") == before,
                      f"the earlier delivery {name!r} changed")
        strange = (set(os.listdir(self.incoming)) - set(self.earlier) - set(self.names)
                   - set(self.leftovers()) - set(others))
        self.need(not strange, f"nobody sent {sorted(strange)}")

    def check_source(self):
        """What was sent is all there still, unless it was to be moved and has been delivered."""
        now = {name: trees.picture(f"{self.source}/{name}")[0] for name in self.names}
        if self.move and self.code() == 0 and self.state() == "whole":
            self.need(self.status != 0 or not any(now.values()),
                      "the agent is content, but something is still here")
            moved = any(line.startswith("moved ") for line in self.said().splitlines())
            self.need(not moved or not any(now.values()),
                      "it says that it moved what is still here")
        else:
            self.need(now == self.sent, "the source is touched, and was not delivered")

    def check(self, part_allowed=False):
        """Every promise. `part_allowed`: all processes died at once, which is as sudden as a power
        cut."""
        state, code = self.state(), self.code()
        self.check_earlier()
        self.need(state != "part" or part_allowed, "a part is visible")
        self.need(state == "whole" or (code != 0 and self.status != 0),
                  "a success was reported, but it is not whole")
        self.need(state == "invisible" or code in (0, None),
                  "a failure was answered, but something is visible")
        self.check_source()

    def check_next(self):
        """The next delivery works, cleans up, and changes nothing about this one but to finish
        it."""
        before, code = self.state(), self.code()
        trees.write_file(f"{self.source}/next", b"the next one\n")
        status = subprocess.run([AGENT, f"--via={shlex.join(self.receiver())}", "next"],
                                cwd=self.source, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                env=clean_environment(), check=False)
        self.need(status.returncode == 0, f"the next delivery failed: {status.stderr}")
        self.need(trees.look(f"{self.incoming}/next")[0] == trees.look(f"{self.source}/next")[0],
                  "the next delivery did not arrive")
        self.need(not self.leftovers(), "something is left behind the next delivery")
        after = self.state()
        self.need(after != "part", "a part is visible after the next delivery")
        self.need(before != "whole" or after == "whole", "it vanished with the next delivery")
        self.need(after == "invisible" or code in (0, None),
                  "a failure was answered, but it appeared with the next delivery")
        self.check_earlier("next")


def error_name(number):
    return errno.errorcode.get(number, str(number))
