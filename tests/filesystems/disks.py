# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""File systems, each mounted for one case, and what each of them is known to do."""
import contextlib
import errno
import os
import pathlib
import re
import subprocess
import sys
import time

from machine import need
from settings import PYTHON
from tap import Skip

RECEIVER = 65534
LYING = str(pathlib.Path(__file__).with_name("lying.py"))


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        said = " ".join(done.stdout.split())[-200:]
        raise Skip(f"{command[0]} {command[-1]}: {said or done.returncode}")


def mounted(at):
    return os.path.ismount(at)


class Disk:
    """What a file system keeps and takes. `lost`: what it does not keep. `refuses`: it takes no
    deliveries at all. `full`: what it says when it is full; None: it cannot be filled here.
    `removes`: not if it says so of what stays. `checks`: beside those of all."""

    def __init__(self, name, mount, lost=None, links=True, folds=False, refuses=False,
                 no_names=(), longest=255, full=errno.ENOSPC, removes=True, checks=()):
        self.name, self.mount = name, mount
        self.lost, self.links, self.folds, self.refuses = lost, links, folds, refuses
        self.no_names, self.longest, self.full = no_names, longest, full
        self.removes, self.checks = removes, checks

    @contextlib.contextmanager
    def at(self, top):
        """Mount it below `top`, a directory of the case's own. Gives the place."""
        at = f"{top}/disk"
        os.mkdir(at)
        started = self.mount(top, at)
        try:
            yield at
        finally:
            # what a receiver left to be removed may still be at work there
            for _ in range(600):
                if subprocess.run(["umount", at], stderr=subprocess.DEVNULL,
                                  check=False).returncode == 0:
                    break
                time.sleep(0.1)
            else:
                subprocess.run(["umount", "-l", at], check=False)
            if started:
                started.wait()


# ---- On a loop device ----


def image(top, megabytes):
    path = f"{top}/image"
    with open(path, "wb") as file:
        file.truncate(megabytes << 20)
    return path


def loop(make, kind, megabytes=64, options="", casefold=False, quota=0):
    """Mount an image of a file system that `make` makes. `quota`: KiB for the account."""
    def mount(top, at):
        need(make[0])
        path = image(top, megabytes)
        run(*make, path)
        run("mount", "-o", f"loop{options}", "-t", kind, path, at)
        if casefold:
            os.rmdir(f"{at}/lost+found")
            run("chattr", "+F", at)
        if quota:
            need("setquota")
            run("setquota", "-u", str(RECEIVER), "0", str(quota), "0", "0", at)
        if "uid=" not in options:
            os.chown(at, RECEIVER, RECEIVER)
    return mount


def in_user_space(make, program, options, megabytes=64):
    """The same, by a program that does what a kernel without that file system cannot."""
    def mount(top, at):
        need(make[0])
        need(program)
        path = image(top, megabytes)
        run(*make, path)
        # a loop device, since these programs look for a disk
        device = subprocess.run(["losetup", "-f", "--show", path], stdout=subprocess.PIPE,
                                text=True, check=False).stdout.strip()
        if not device:
            raise Skip("no loop device")
        try:
            run(program, "-o", options, device, at)
        finally:
            subprocess.run(["losetup", "-d", device], check=False)  # once it is not in use
    return mount


# ---- Above another ----


def tmpfs(_, at):
    run("mount", "-t", "tmpfs", "-o", f"size=32m,uid={RECEIVER},gid={RECEIVER}", "none", at)


def overlay(top, at):
    run("mount", "-t", "tmpfs", "-o", "size=32m", "none", at)
    for name in ("lower", "upper", "work"):
        os.mkdir(f"{at}/{name}")
    os.chown(f"{at}/upper", RECEIVER, RECEIVER)
    run("mount", "-t", "overlay", "-o",
        f"lowerdir={at}/lower,upperdir={at}/upper,workdir={at}/work", "none", at)


def below(top):
    """A small disk to be shown through another file system."""
    path = f"{top}/below"
    os.mkdir(path)
    run("mount", "-t", "tmpfs", "-o", f"size=32m,uid={RECEIVER},gid={RECEIVER}", "none", path)
    return path


def bindfs(*options):
    def mount(top, at):
        need("bindfs")
        run("bindfs", "-o", "allow_other", *options, below(top), at)
    return mount


def ecryptfs(top, at):
    """Encrypted names are longer: 143 bytes is all that is left for what they mean."""
    added = subprocess.run([need("ecryptfs-add-passphrase"), "--fnek", "-"], input="secret",
                           capture_output=True, text=True, check=False).stdout
    keys = re.findall(r"\[([0-9a-f]+)\]", added)
    if len(keys) != 2:
        raise Skip("no keyring for ecryptfs")
    run("keyctl", "link", "@u", "@s")
    run("mount", "-i", "-t", "ecryptfs", "-o", f"ecryptfs_sig={keys[0]},"
        f"ecryptfs_fnek_sig={keys[1]},ecryptfs_cipher=aes,ecryptfs_key_bytes=16", below(top), at)


def lying(*lies):
    """Our own, which refuses some calls, or says that it did what it did not."""
    def mount(top, at):
        try:
            subprocess.run([PYTHON, "-c", "import fusepy"], stderr=subprocess.DEVNULL, check=True)
        except subprocess.CalledProcessError:
            raise Skip("needs python3-fusepy") from None
        server = subprocess.Popen([PYTHON, "-B", LYING, below(top), at, *lies],
                                  stdin=subprocess.DEVNULL, stdout=sys.stderr)
        while not mounted(at):
            if server.poll() is not None:
                raise Skip("no FUSE here")
            time.sleep(0.02)
        return server
    return mount


# In the lab, where a kernel of Debian's runs; it has more file systems than some machines.
IN_LAB = "QFILE_LAB" in os.environ
OWNER = f"uid={RECEIVER},gid={RECEIVER}"
NO_WINDOWS_NAMES = ("a:b", "a?b", "a*b", "a|b", "a<b", 'a"b')

DISKS = [
    Disk("ext4", loop(["mkfs.ext4", "-q"], "ext4")),
    Disk("ext4-128", loop(["mkfs.ext4", "-q", "-I", "128"], "ext4"), lost="times"),
    Disk("xfs", loop(["mkfs.xfs", "-q"], "xfs", 320)),
    Disk("btrfs", loop(["mkfs.btrfs", "-q"], "btrfs", 128)),
    Disk("exfat-fuse", in_user_space(["mkfs.exfat"], "mount.exfat-fuse", OWNER), refuses=True),
    Disk("ntfs-3g", in_user_space(["mkfs.ntfs", "-q", "-F", "-f"], "ntfs-3g",
                                  f"allow_other,windows_names,{OWNER}"),
         lost="modes", no_names=NO_WINDOWS_NAMES),
    Disk("ntfs-3g with permissions", in_user_space(["mkfs.ntfs", "-q", "-F", "-f"], "ntfs-3g",
                                                   "allow_other,permissions")),
    Disk("tmpfs", tmpfs),
    Disk("overlay", overlay),
    Disk("bindfs", bindfs()),
    Disk("bindfs of somebody else", bindfs("--force-user=1", "--perms=a+rwX"),
         lost="modes,times"),
    Disk("bindfs that renames nothing", bindfs("--rename-deny"), refuses=True),
    Disk("bindfs that ignores modes", bindfs("--chmod-ignore"), lost="modes"),
    Disk("FUSE", lying()),
    Disk("FUSE of a plain account's", lying(f"account={RECEIVER}")),
    Disk("FUSE without links", lying("link=EPERM"), refuses=True),
    Disk("FUSE without links, by another errno", lying("link=EOPNOTSUPP"), refuses=True),
    Disk("FUSE without hard links of links", lying("link-of-link=EPERM")),
    Disk("FUSE without symbolic links", lying("symlink=EPERM"), links=False),
    Disk("FUSE without modes", lying("chmod=EPERM"), lost="modes"),
    Disk("FUSE that lies about modes", lying("chmod=0"), lost="modes"),
    Disk("FUSE without times", lying("utimens=EPERM"), lost="times"),
    Disk("FUSE without fsync", lying("fsync=EINVAL", "fsyncdir=EINVAL")),
    Disk("FUSE without fsync, by another errno",
         lying("fsync=EOPNOTSUPP", "fsyncdir=EOPNOTSUPP")),
    Disk("FUSE without statfs", lying("statfs=ENOSYS"), full=None),
    Disk("FUSE that lies about statfs", lying("statfs=0"), full=None),
    Disk("FUSE that folds", lying("fold=1"), folds=True),
    Disk("FUSE of short names", lying("longest=143"), longest=143),
    Disk("FUSE that likes few names", lying("names=EINVAL"), no_names=NO_WINDOWS_NAMES),
    Disk("FUSE that likes few names, by another errno", lying("names=ENOENT"),
         no_names=NO_WINDOWS_NAMES),
    Disk("FUSE that lies about removing files", lying("unlink=0"), refuses=True, removes=False),
    Disk("FUSE that lies about removing directories", lying("rmdir=0"), removes=False),
    Disk("FUSE that lies about renaming", lying("rename=0"), refuses=True, removes=False),
    Disk("FUSE that does not make files longer", lying("truncate=EPERM")),
]

# The kernels of some machines have none of these: the lab tries them, too.
RARE = [
    Disk("ext4-casefold", loop(["mkfs.ext4", "-q", "-O", "casefold", "-E", "encoding=utf8"],
                               "ext4", casefold=True), folds=True),
    Disk("ext4 with a quota", loop(["mkfs.ext4", "-q", "-O", "quota", "-E", "quotatype=usrquota"],
                                   "ext4", options=",usrquota", quota=20480), full=errno.EDQUOT),
    Disk("f2fs", loop(["mkfs.f2fs", "-q"], "f2fs")),
    Disk("jfs", loop(["mkfs.jfs", "-q"], "jfs")),
    Disk("hfsplus", loop(["mkfs.hfsplus"], "hfsplus")),
    Disk("ecryptfs", ecryptfs, lost="times", longest=143),
    Disk("vfat", loop(["mkfs.vfat"], "vfat", options=f",{OWNER}"), lost="modes,times",
         links=False, folds=True, no_names=NO_WINDOWS_NAMES),
    Disk("vfat of somebody else",
         loop(["mkfs.vfat"], "vfat", options=",uid=1,gid=1,umask=000"), lost="modes,times",
         links=False, folds=True, no_names=NO_WINDOWS_NAMES),
    Disk("vfat with a umask",
         loop(["mkfs.vfat"], "vfat", options=f",{OWNER},umask=077"), lost="modes,times",
         links=False, folds=True, no_names=NO_WINDOWS_NAMES),
    Disk("exfat", loop(["mkfs.exfat"], "exfat", options=f",{OWNER}"), lost="modes,times",
         links=False, folds=True, no_names=NO_WINDOWS_NAMES),
    Disk("ntfs3", loop(["mkfs.ntfs", "-q", "-F", "-f"], "ntfs3", options=f",{OWNER}"),
         lost="modes"),
]
