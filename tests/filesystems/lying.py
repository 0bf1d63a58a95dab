#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""lying.py DIRECTORY AT [CALL=ERRNO]...: shows DIRECTORY at AT through FUSE, and fails the calls
that are named with that errno; with 0 it says that it did what it did not.

Beside the calls of FUSE there are link-of-link, names (those that Windows does not take),
longest=BYTES of a name, fold=1: upper and lower case are the same, and account=UID: who does it
all, and has no more rights than that below.
"""
import errno
import os
import stat
import sys

from fusepy import FUSE, FuseOSError, Operations

UNLIKED = set(':?*|<>"')


class Lying(Operations):
    """Paths below `top`, as whoever asks through the kernel, which checks their permissions."""

    use_ns = True

    def __init__(self, top, lies):
        self.top, self.lies = os.path.realpath(top), lies

    def __call__(self, call, path, *arguments):
        if call == "init":
            self.become(self.lies.get("account", 0))
            return None
        if call in self.lies:
            number = self.lies[call]
            if number == 0:
                return {} if call == "statfs" else 0
            raise FuseOSError(number)
        return super().__call__(call, self.found(path), *arguments)

    @staticmethod
    def become(account):
        if account:
            os.setgroups([])
            os.setgid(account)
            os.setuid(account)

    def found(self, path):
        """The path below, in the case in which it is there."""
        if not isinstance(path, str):
            return path
        place = self.top
        for name in path.split("/"):
            if not name:
                continue
            if len(os.fsencode(name)) > self.lies.get("longest", 255):
                raise FuseOSError(errno.ENAMETOOLONG)
            place = f"{place}/{self.folded(place, name) if 'fold' in self.lies else name}"
        return place

    @staticmethod
    def folded(place, name):
        try:
            names = os.listdir(place)
        except OSError:
            return name
        return next((other for other in names if other.lower() == name.lower()), name)

    def given(self, path):
        """What is made belongs to whoever had it made."""
        uid, gid, _ = context()
        os.lchown(path, uid, gid)

    def may_be_called(self, path):
        if "names" in self.lies and UNLIKED & set(os.path.basename(path)):
            raise FuseOSError(self.lies["names"])

    def getattr(self, path, fh=None):
        status = os.lstat(path)
        return {name: getattr(status, name) for name in (
            "st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_ino", "st_blocks")} | {
                f"st_{kind}time": getattr(status, f"st_{kind}time_ns") for kind in "amc"}

    def access(self, path, amode):
        os.lstat(path)

    def chmod(self, path, mode):
        os.chmod(path, stat.S_IMODE(mode))

    def chown(self, path, uid, gid):
        os.lchown(path, uid, gid)

    def create(self, path, mode, fi=None):
        self.may_be_called(path)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, stat.S_IMODE(mode))
        self.given(path)
        return fd

    def open(self, path, flags):
        return os.open(path, flags & ~os.O_NOFOLLOW)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def flush(self, path, fh):
        return 0

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def fsyncdir(self, path, datasync, fh):
        return 0

    def release(self, path, fh):
        os.close(fh)

    def link(self, target, source):
        source = self.found(source)
        if "link-of-link" in self.lies and os.path.islink(source):
            raise FuseOSError(self.lies["link-of-link"])
        os.link(source, target, follow_symlinks=False)

    def symlink(self, target, source):
        self.may_be_called(target)
        os.symlink(source, target)
        self.given(target)

    def readlink(self, path):
        return os.readlink(path)

    def mkdir(self, path, mode):
        self.may_be_called(path)
        os.mkdir(path, stat.S_IMODE(mode))
        os.chmod(path, stat.S_IMODE(mode))
        self.given(path)

    def rmdir(self, path):
        os.rmdir(path)

    def unlink(self, path):
        os.unlink(path)

    def rename(self, old, new):
        os.rename(old, self.found(new))

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def statfs(self, path):
        status = os.statvfs(path)
        return {name: getattr(status, name) for name in (
            "f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_favail", "f_ffree", "f_files",
            "f_frsize", "f_namemax")}

    def utimens(self, path, times=None):
        os.utime(path, ns=times, follow_symlinks=False)


def context():
    import fusepy
    return fusepy.fuse_get_context()


def main():
    top, at, *lies = sys.argv[1:]
    known = dict(lie.split("=") for lie in lies)
    numbers = {call: int(what) if what.isdigit() else getattr(errno, what)
               for call, what in known.items()}
    os.umask(0)
    FUSE(Lying(top, numbers), at, foreground=True, nothreads=True, allow_other=True,
         default_permissions=True, use_ino=True, attr_timeout=0, entry_timeout=0,
         hard_remove=True)


if __name__ == "__main__":
    main()
