#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: deliveries to many file systems, as root. Writes TAP: one case for each file
system, and what the kernel or the machine lacks is skipped with the reason.

Each WORD chooses the cases with that text in their names.
"""
import contextlib
import ctypes
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common")]

import disks
import network
import opening
import process
import sample
import sending
import stream
import tap
from disks import IN_LAB, RECEIVER
from expect import check, equal, wait_until
from machine import need_root
from place import Place, effective, start

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 16384, 1 << 18


def own_mounts():
    """What is mounted from here on is this process's, and ends with it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.unshare(CLONE_NEWNS) < 0
            or libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None) < 0):
        raise tap.Skip(f"no mounts: {os.strerror(ctypes.get_errno())}")


# ---- What every disk must do ----


def delivers(place):
    """Directories, files and links, in each other and at the top."""
    holes = b"x" + bytes(3 << 12)
    place.is_code(0, stream.tree("d", stream.file("d/f", b"content", 0o640),
                                 stream.file("d/holes", holes), stream.tree("d/empty"),
                                 mode=0o750),
                  stream.file("f", b"", 0o600), stream.tree("sealed", mode=0o555))
    equal(place.visible(), ["d", "f", "sealed"])
    equal(sorted(os.listdir(f"{place.incoming}/d")), ["empty", "f", "holes"])
    equal((place.content("d/f"), place.content("d/holes"), place.content("f")),
          (b"content", holes, b""))
    place.is_code(0, stream.tree("alone", stream.file("alone/f", b"1")))
    place.is_code(0, stream.file("single", b"2"))
    if place.disk.lost in (None, "times"):
        modes = {"d": 0o750, "d/f": 0o640, "f": 0o600, "sealed": 0o555, "alone": 0o755}
        equal({name: os.lstat(f"{place.incoming}/{name}").st_mode & 0o7777 for name in modes},
              modes)
    if not place.disk.lost:
        when = stream.MTIME * 10**9 + stream.NSEC
        equal({os.lstat(f"{place.incoming}/{name}").st_mtime_ns for name in modes}, {when})
    # Who sent it is told what is not kept.
    equal(place.lost and place.lost[1].decode(), place.disk.lost)


def seals(place):
    """Directories that nobody may enter any more, though files in them came just before."""
    for mode in (0, 0o600):
        top = f"mode-{mode:o}"
        place.is_code(0, stream.tree(top, *(stream.file(f"{top}/{number}", b"content")
                                            for number in range(100)), mode=mode))


def links(place):
    inside = stream.tree("dl", stream.link("dl/l", "x"))
    top = stream.link("l", "f")
    if not place.disk.links:
        place.is_code(errno.EOPNOTSUPP, inside)
        return
    place.is_code(0, inside)
    place.is_code(0, top, stream.file("beside"), options=["--allow-unsafe-symlinks"])
    equal((os.readlink(f"{place.incoming}/dl/l"), os.readlink(f"{place.incoming}/l")), ("x", "f"))


def replaces_nothing(place):
    """Nor an empty directory."""
    os.mkdir(f"{place.incoming}/taken")
    before = os.lstat(f"{place.incoming}/taken").st_ino
    for entry in (stream.tree("taken", stream.file("taken/f")), stream.file("taken"),
                  stream.tree("f"), stream.file("f", b"another")):
        place.is_code(errno.EEXIST, entry)
        place.is_code(errno.EEXIST, stream.file("beside this"), entry)
    equal((os.lstat(f"{place.incoming}/taken").st_ino, os.listdir(f"{place.incoming}/taken"),
           place.content("f")), (before, [], b""))
    for number in (2, 3):
        place.is_code(0, stream.tree("taken", stream.file("taken/f")), stream.file("f", b"n"),
                      options=["--on-conflict=rename"])
        check(f"taken ({number})" in place.visible() and f"f ({number})" in place.visible(),
              f"{place.visible()}")


def names(place):
    for name in place.disk.no_names:
        for entry in (stream.file(name), stream.tree(name),
                      stream.tree("n", stream.file(f"n/{name}"))):
            place.is_code(errno.EADDRNOTAVAIL, entry)
    longest = place.disk.longest
    if longest < 255:
        place.is_code(errno.ENAMETOOLONG, stream.tree("n", stream.file("n/" + "m" * (longest + 1))))
    place.is_code(0, stream.tree("long", stream.file("long/" + "m" * longest)))
    # What is kept beside it has a shorter name, and so has the next one.
    for _ in range(3):
        place.is_code(0, stream.file("n" * (longest - 4) + ".txt"),
                      options=["--on-conflict=rename"])
    check({"n" * (longest - 8) + f" ({number}).txt" for number in (2, 3)} <= set(place.visible()),
          f"{place.visible()}")
    twins = {"files": [stream.tree("t", stream.file("t/a"), stream.file("t/A"))],
             "directories": [stream.tree("t", stream.tree("t/a"), stream.tree("t/A"))],
             "both": [stream.tree("t", stream.file("t/a"), stream.tree("t/A"))],
             "at the top": [stream.tree("ta"), stream.tree("tA")]}
    for entries in twins.values():
        if place.disk.folds:
            place.is_code(errno.ENOTUNIQ, *entries)
        else:
            place.is_code(0, *entries, options=["--on-conflict=rename"])


def full(place):
    """The disk is full in a file whose size is no warning, and before one whose size is one."""
    if not place.disk.full:
        return
    status = os.statvfs(place.incoming)
    place.is_code(errno.ENOSPC, stream.header(2, stream.FILE | 0o644,
                                              status.f_bfree * status.f_frsize * 2) + b"b\0")
    piece = bytes(range(1, 256)) * 1000
    with start(place.command()) as receiver:
        try:
            receiver.stdin.write(stream.directory("big"))
            for number in range(status.f_bfree * status.f_frsize // len(piece) + 100):
                receiver.stdin.write(stream.file(f"big/{number}", piece))
        except BrokenPipeError:
            pass
        answer = receiver.stdout.read(16)
        receiver.stdin = None
    equal(int.from_bytes(answer[:4], "little"), place.disk.full)
    wait_until(lambda: not place.left(), "the staging directory to be removed")
    check("big" not in place.visible(), "a part is visible")


def killed(place):
    """In the middle of a delivery. The next one sweeps."""
    before = place.visible()
    with start(place.command()) as receiver:
        receiver.stdin.write(stream.directory("k") + stream.directory("k/d", 0)
                             + stream.file("k/d/f"))
        receiver.stdin.flush()
        wait_until(place.left, "the staging directory")
        staging = f"{place.incoming}/{place.left()[0]}"
        wait_until(lambda: os.path.lexists(f"{staging}/tree/k/d/f"), "the first file")
        receiver.send_signal(signal.SIGKILL)
    equal(place.visible(), before)
    place.is_code(0, stream.file("after"))
    equal(place.visible(), sorted([*before, "after"]))


CHECKS = (delivers, seals, links, replaces_nothing, names, killed, *sending.CHECKS,
          *opening.CHECKS, full)
CHECKS_WITH_LEFTOVERS = (delivers, links, replaces_nothing)


def refuses(place):
    """Before anything is read: the stream stays open and empty."""
    with start(place.command()) as receiver:
        answer = receiver.stdout.read(16)
        place.said = receiver.stderr.read().decode()
        receiver.stdin.close()
    equal(int.from_bytes(answer[:4], "little"), errno.EOPNOTSUPP)
    place.has_cleaned_up()
    equal(place.visible(), [])


@contextlib.contextmanager
def moved_home(home, top):
    """The account's. Programs find it in /etc/passwd, which is another one in own_mounts()."""
    with open("/etc/passwd", encoding="utf-8") as file:
        others = file.read()
    with open(f"{top}/passwd", "w", encoding="utf-8") as file:
        file.write(f"receiver:x:{RECEIVER}:{RECEIVER}::{home}:/bin/sh\n{others}")
    subprocess.run(["mount", "--bind", f"{top}/passwd", "/etc/passwd"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "/etc/passwd"], check=True)


def check_all(place):
    if place.disk.refuses:
        refuses(place)
        return
    os.mkdir(place.home, 0o700)
    for one in (*(CHECKS if place.disk.removes else CHECKS_WITH_LEFTOVERS), *place.disk.checks):
        try:
            one(place)
        except Exception as broken:
            broken.args = (f"{one.__name__}: {broken}",)
            raise


def try_disk(disk):
    top = tempfile.mkdtemp(prefix="qfile-disks.")
    os.chmod(top, 0o755)
    os.mkdir(f"{top}/scratch")
    os.chmod(f"{top}/scratch", 0o1777)
    try:
        with disk.at(top) as at, moved_home(f"{at}/home", top), effective(RECEIVER):
            check_all(Place(disk, at, f"{top}/scratch"))
    finally:
        subprocess.run(["umount", f"{top}/below"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(top, ignore_errors=True)


def case_of(disk):
    def function():
        need_root()
        own_mounts()
        try_disk(disk)
    return tap.Case(f"a delivery to {disk.name}", function)


def main():
    process.exit_when_told()
    if sys.argv[1:]:
        sample.take_all()
    rare, notes = [*disks.RARE, *network.DISKS], []
    if IN_LAB:
        some = sample.of(rare, lambda disk: "rare")
        notes = [f"{len(some)} of {len(rare)} file systems, SAMPLE={sample.every} "
                 f"SEED={sample.SEED}"]
        rare = some
    cases = [case_of(disk) for disk in ([] if IN_LAB else disks.DISKS) + rare]
    return tap.run(tap.chosen(cases, sys.argv[1:]), 1, notes)


if __name__ == "__main__":
    sys.exit(main())
