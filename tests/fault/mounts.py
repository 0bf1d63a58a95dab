# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A process of one's own mount namespace, with a small disk in it."""
import ctypes
import errno
import os

import delivery
from tap import Skip

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 16384, 1 << 18
MNT_DETACH = 2


def call(function, *arguments):
    if getattr(delivery.libc, function)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def mount(kind, at, flags, options=""):
    call("mount", b"none", os.fsencode(at), kind, ctypes.c_ulong(flags), options.encode())


def unshare():
    """From here on, mounts are this process's own. A plain user needs a user namespace for it, and
    stays who they are there."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWNS if uid == 0 else CLONE_NEWNS | CLONE_NEWUSER)
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                           ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    mount(None, "/", MS_REC | MS_PRIVATE)


def in_namespace(function, *arguments):
    """Run a function in a process that may mount, and return what it returns, which is true or
    false."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        text = "a process that died"
        try:
            os.close(read_end)
            delivery.settle_here()
            try:
                unshare()
            except OSError as error:
                text = f"skip {error}"
            else:
                text = "struck" if function(*arguments) else "missed"
        except BaseException as error:  # whatever it is, it is the other process that reports it
            text = f"{type(error).__name__}: {error}"
        finally:
            os.write(write_end, text.encode()[:4000])
            os._exit(0)
    os.close(write_end)
    with open(read_end, encoding="utf-8", errors="replace") as file:
        text = file.read()
    os.waitpid(pid, 0)
    if text.startswith("skip "):
        raise Skip(f"no mounts for this user: {text[5:]}")
    if text not in ("struck", "missed"):
        raise delivery.Broken(text)
    return text == "struck"


class Disk:
    """A small file system."""

    def __init__(self, at, owner, **limits):
        self.at = at
        os.makedirs(at, exist_ok=True)
        self.options = ",".join(f"{name}={value}" for name, value in limits.items())
        mount(b"tmpfs", at, 0, f"{self.options},mode=755,uid={owner[0]},gid={owner[1]}")

    def remount(self, read_only):
        mount(b"tmpfs", self.at, MS_REMOUNT | (MS_RDONLY if read_only else 0), self.options)

    def detach(self):
        call("umount2", os.fsencode(self.at), MNT_DETACH)

    def fill(self, but=0):
        """Take all the space, but for so many bytes; somebody else may be taking some, too."""
        with open(f"{self.at}/hog", "wb", buffering=0) as file:
            status = os.statvfs(self.at)
            if but:
                os.posix_fallocate(file.fileno(), 0, status.f_bavail * status.f_bsize - but)
                return
            try:
                while True:
                    file.write(bytes(status.f_bsize))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def make_room(self):
        os.unlink(f"{self.at}/hog")
