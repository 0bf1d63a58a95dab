# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a delivery that failed or a receiver that was killed leaves is removed: for all sources, by
whoever comes next, after the result, even if everybody hangs up."""
import contextlib
import fcntl
import os
import signal

import process
import stream as wire
import suite
import tree
from copying import EDQUOT, STAGING, Answer, Copying
from expect import check, equal, exists, has, lacks, wait_until
from settings import UNPACKER
from tap import Skip

test = suite.cases(Copying)

GOOD = wire.delivery(wire.file("good", b"content"))


class Sources(Copying):
    """With an account that has a home, and with it PedOSIncoming."""

    def __init__(self):
        super().__init__()
        self.need_account()
        self.sources = f"{self.home}/PedOSIncoming"

    def start_from(self, source, *options, **how):
        """An unpacker for what this VM sends."""
        how["env"] = {**dict(how.get("env", ())), "QREXEC_REMOTE_DOMAIN": source}
        return self.start(*self.with_account(), UNPACKER, *options, str(self.account), **how)

    def receive_from(self, source, data=GOOD, options=(), **how):
        return self.start_from(source, *options, stdin=data, **how).wait()

    def left_of(self, source):
        return [name for name in os.listdir(f"{self.sources}/{source}")
                if name.startswith(STAGING)]

    def leave(self, source, entries, decided=False):
        """What a receiver leaves that was killed: a staging directory that nobody holds."""
        os.makedirs(f"{self.sources}/{source}", exist_ok=True)
        staging = f"{self.sources}/{source}/{STAGING}0123456789abcdef"
        inside = f"{staging}/{'commit' if decided else 'tree'}"
        os.makedirs(f"{inside}/d")
        for number in range(entries):
            tree.write(f"{inside}/d/{number}")
        for where, directories, files in os.walk(self.sources):
            for name in (".", *directories, *files):
                os.chown(f"{where}/{name}", self.account, self.account)
        os.chmod(staging, 0o1700)
        return staging


from_sources = suite.cases(Sources)


@from_sources("what a killed receiver of another source left is removed")
def _(t):
    for source in ("one", "two", "three"):
        t.leave(source, 100)
    t.receive_from("four").exits(0)
    wait_until(lambda: not any(map(t.left_of, ("one", "two", "three"))), "all to be removed")
    exists(f"{t.sources}/four/good")


@from_sources("what a killed receiver of another source had decided arrives")
def _(t):
    t.leave("one", 10, decided=True)
    t.receive_from("two").exits(0)
    wait_until(lambda: not t.left_of("one"), "it to be finished")
    equal(len(os.listdir(f"{t.sources}/one/d")), 10)


@from_sources("a delivery that fails cleans up for all sources, too")
def _(t):
    t.leave("one", 100)
    t.receive_from("two", GOOD[:40]).exits(1)
    wait_until(lambda: not t.left_of("one"), "it to be removed")
    equal(os.listdir(f"{t.sources}/two"), [])


@from_sources("what is left of another source does not hold up the result")
def _(t):
    t.leave("one", 3000)
    receiving = t.start_from("two", stdin=GOOD)
    wait_until(lambda: len(process.written(receiving.out)) >= 20, "the result",
               by=[receiving])
    receiving.wait().exits(0)
    wait_until(lambda: not t.left_of("one"), "the removal")


@from_sources("links and directories of others among the sources are not followed")
def _(t):
    staging = t.leave("one", 5)
    os.rename(f"{t.sources}/one", f"{t.top}/elsewhere")
    os.chmod(f"{t.top}/elsewhere", 0o777)
    os.symlink(f"{t.top}/elsewhere", f"{t.sources}/one")
    t.receive_from("two").exits(0)
    exists(f"{t.top}/elsewhere/{os.path.basename(staging)}/tree/d/0")


@from_sources("what cannot be removed is told, with every delivery, and holds up none")
def _(t):
    if os.getuid():
        raise Skip("only root can give a directory away")
    staging = t.leave("work", 1)
    os.chown(f"{staging}/tree/d", 0, 0)
    for name in "first", "second":
        end = t.receive_from("work", wire.delivery(wire.file(name)), options=["--verbose"]).exits(0)
        has(end.said, f"could not be removed: look for {STAGING}*")
        exists(f"{t.sources}/work/{name}")
    for where, _, _ in os.walk(staging):
        os.chown(where, t.account, -1)
    lacks(t.receive_from("work", options=["--verbose"]).exits(0).said, "removed")
    equal(t.left_of("work"), [])


def stopped_remover(t):
    """A receiver in a session of its own that hung up, and its remover, which is stopped in the
    middle of 20,000 files. None: this process was too late to see it."""
    receiving = t.start_unpacker(start_new_session=True)
    receiving.write(wire.directory("d"),
                    *(wire.file(f"d/{number}") for number in range(20000)))
    receiving.wait_staged("d/19999")
    os.killpg(receiving.pid, signal.SIGHUP)
    while os.listdir(t.incoming):
        for child in process.children(receiving.pid):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                if process.name_of(child) == "qfile-remove":
                    os.kill(child, signal.SIGSTOP)
                    return receiving, child
    receiving.wait()
    return None


@test("removing goes on when the receiver and all its kin are killed, and holds nothing of theirs")
def _(t):
    found = next(filter(None, (stopped_remover(t) for _ in range(20))), None)
    check(found, "no removal could be seen in its middle")
    receiving, remover = found
    open_in_it = {os.readlink(f"/proc/{remover}/fd/{name}")
                  for name in os.listdir(f"/proc/{remover}/fd")}
    equal([path for path in open_in_it
           if path != "/dev/null" and not path.startswith(t.incoming)], [])
    os.killpg(receiving.pid, signal.SIGKILL)
    receiving.wait().exits(137)
    check(not process.ended(remover), "the remover was killed, too")
    check(os.listdir(t.incoming), "nothing was left to be removed")
    os.kill(remover, signal.SIGCONT)
    wait_until(lambda: not os.listdir(t.incoming), "the removal")


@test("the lock of somebody who may only read the directory holds up no delivery")
def _(t):
    os.chmod(t.incoming, 0o755)
    descriptor = os.open(t.incoming, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    stream = wire.delivery(wire.file("a"), wire.file("b"))
    t.deliver(stream).arrives("b")
    t.arrived("a", "b")
    t.deliver(stream, "--on-conflict=rename").exits(0)
    t.arrived("a", "a (2)", "b", "b (2)")
    t.deliver(stream).exits(1)
    t.arrived("a", "a (2)", "b", "b (2)")
    os.close(descriptor)


def plant(t, mode):
    """What an older delivery could have brought: a decided delivery, as it seems."""
    planted = t.into(f"{STAGING}0123456789abcdef")
    os.makedirs(f"{planted}/commit/d")
    os.makedirs(f"{planted}/tree")
    tree.write(f"{planted}/commit/deceiving")
    os.symlink("/etc/passwd", f"{planted}/commit/link")
    os.symlink("victim", f"{planted}/widened")
    for where, directories, links in os.walk(planted):
        for name in (".", *directories, *links):
            os.chown(f"{where}/{name}", t.uid, -1, follow_symlinks=False)
    os.chmod(planted, mode)
    return planted


@test("a decided delivery that no receiver made is believed for nothing")
def _(t):
    for mode in (0o700, 0o755, 0o777):
        planted = plant(t, mode)
        os.mkdir(t.into("victim"), 0o755)
        os.chmod(t.into("victim"), 0o1755)
        os.chown(t.into("victim"), t.uid, -1)
        t.deliver(GOOD).arrives("good")
        t.arrived(os.path.basename(planted), "good", "victim")
        equal(tree.names_in(f"{planted}/commit"), ["d", "deceiving", "link"])
        equal(tree.mode_of(t.into("victim")), 0o1755)
        tree.remove(t.incoming)
        os.mkdir(t.incoming)
        os.chown(t.incoming, t.uid, -1)


@test("a delivery cannot bring names of the receiver's own, however deep")
def _(t):
    for depth in range(4):
        above = "".join(f"d{number}/" for number in range(depth))
        entries = [wire.directory(above[:3 * number - 1]) for number in range(1, depth + 1)]
        t.deliver(wire.delivery(*entries, wire.tree(f"{above}{STAGING}0123456789abcdef"))).exits(1)
        t.nothing_arrived()


@test("names that are noted beside the content count against --max-bytes")
def _(t):
    """Many names of 250 bytes are noted while they are made visible; the first MiB is free."""
    many = [wire.file(f"{'n' * 245}{number:05}", b"") for number in range(4200)]
    end = t.deliver(wire.delivery(*many), "--max-bytes=1M").exits(1)
    equal(Answer(end.out).code, EDQUOT)
    t.nothing_arrived()
    t.deliver(wire.delivery(*many[:600]), "--max-bytes=0").exits(0)
    equal(len(os.listdir(t.incoming)), 600)


@test("names that somebody planted where numbers are tried first keep no name from being numbered")
def _(t):
    for number in (1, 2, *(2 + 2**power for power in range(31))):
        tree.write(t.into("r" if number == 1 else f"r ({number})"))
    t.deliver(wire.delivery(wire.file("r")), "--on-conflict=rename").arrives(
        b"r\0r (5)\0")
    exists(t.into("r (5)"))
