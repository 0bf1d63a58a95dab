# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Mounting a disk of which there are many states, one after another, on one loop device."""
import contextlib
import ctypes
import os
import subprocess

from expect import Broken
from tap import Skip

CLONE_NEWNS, MS_NOATIME, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 1024, 16384, 1 << 18, 2
# Two disks with one number are never mounted at the same time, but xfs remembers them.
OPTIONS = {"ext4": b"", "xfs": b"nouuid", "btrfs": b""}

libc = ctypes.CDLL(None, use_errno=True)


def own_mounts():
    """What is mounted from here on is this process's, and ends with it."""
    if (libc.unshare(CLONE_NEWNS) < 0
            or libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None) < 0):
        raise Skip(f"no mounts: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def loop_device(path):
    done = subprocess.run(["losetup", "-f", "--show", path], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Skip(f"no loop device: {done.stderr.strip()}")
    device = done.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "-d", device], check=False)


@contextlib.contextmanager
def mounted(device, kind, at):
    """As after a power cut: the file system's own journal is replayed."""
    if libc.mount(device.encode(), at.encode(), kind.encode(), ctypes.c_ulong(MS_NOATIME),
                  OPTIONS[kind]) < 0:
        raise Broken(f"{kind} cannot be mounted: {os.strerror(ctypes.get_errno())}")
    try:
        yield
    finally:
        if libc.umount2(at.encode(), 0) < 0:
            error = os.strerror(ctypes.get_errno())
            libc.umount2(at.encode(), MNT_DETACH)
            raise Broken(f"{kind} cannot be unmounted: {error}")
