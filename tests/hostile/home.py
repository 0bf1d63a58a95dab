# SPDX-License-Identifier: GPL-2.0-or-later
"""The receiving user's home directory: made with earlier deliveries in it, looked at, compared, removed."""
import hashlib
import os
import stat
import subprocess
import tempfile

from case import Seen

INCOMING = b"PedOSIncoming/work"
EARLIER = 1234567890_123456789
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW

# What is there before: from the VM that now sends, from another one, and what the user himself has.
FILES = {
    b".profile": (0o600, b"umask 077\n"),
    b"letters/private": (0o600, b"nobody else's\n"),
    b"PedOSIncoming/work/earlier.txt": (0o644, b"from work\n"),
    b"PedOSIncoming/work/numbered.txt": (0o644, b"the first\n"),
    b"PedOSIncoming/work/numbered (2).txt": (0o644, b"the second\n"),
    b"PedOSIncoming/work/" + b"n" * 255: (0o644, b"no longer name is possible\n"),
    b"PedOSIncoming/work/photos/one.jpg": (0o400, bytes(5000) + b"\xff"),
    b"PedOSIncoming/work/photos/sealed/inside": (0o755, b"#!/bin/sh\n"),
    b"PedOSIncoming/personal/earlier.txt": (0o640, b"from personal\n"),
    b"PedOSIncoming/personal/diary/monday": (0o600, b"rain\n"),
}
LINKS = {
    b"desk": b"letters",
    b"PedOSIncoming/work/to-letters": b"../../letters",
    b"PedOSIncoming/work/dangling": b"nowhere",
    b"PedOSIncoming/work/photos/best": b"one.jpg",
}
MODES = {b"PedOSIncoming/work/photos/sealed": 0o555, b"PedOSIncoming/personal/diary": 0o500}


class Home:
    """A directory of its own with a home in it: `with Home(uid) as home`."""

    def __init__(self, uid):
        self.uid = uid

    def __enter__(self):
        self.private = tempfile.mkdtemp(prefix="qfile-hostile-").encode()
        self.path = self.private + b"/home"
        self.incoming = self.path + b"/" + INCOMING
        try:
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # Not shutil.rmtree(), which cannot go as deep as a delivery can; and a plain user must open sealed directories first.
        subprocess.run(["chmod", "-R", "u+rwX", self.private], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["rm", "-rf", self.private], check=True)

    def _fill(self):
        os.chmod(self.private, 0o711)
        directories = {b""}
        for name in [*FILES, *LINKS]:
            while name := os.path.dirname(name):
                directories.add(name)
        paths = [os.path.join(self.path, name) for name in sorted(directories)]
        for path in paths:
            os.mkdir(path, 0o700)
        for name, (mode, content) in FILES.items():
            path = os.path.join(self.path, name)
            with open(path, "xb") as file:
                file.write(content)
            os.chmod(path, mode)
            set_attribute(path)
            paths.append(path)
        for name, target in LINKS.items():
            paths.append(os.path.join(self.path, name))
            os.symlink(target, paths[-1])
        for name, mode in MODES.items():
            os.chmod(os.path.join(self.path, name), mode)
        for path in paths:
            os.chown(path, self.uid, self.uid if os.geteuid() == 0 else -1, follow_symlinks=False)
            os.utime(path, ns=(EARLIER, EARLIER), follow_symlinks=False)


def set_attribute(path):
    try:
        os.setxattr(path, b"user.origin", b"earlier")
    except OSError:
        pass  # this file system has none: then there are none to be changed


def attributes(path, status):
    if stat.S_ISLNK(status.st_mode):
        return ()
    try:
        return tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)))
    except OSError:
        return ()


def unbounded(_):
    """Why there is no case of a file that no disk has: None where disks have an end."""
    return None if os.statvfs(tempfile.gettempdir()).f_blocks else "the file system here has no bound"


# ---- Looking ----


def open_anyway(path, flags):
    """Open what its owner may not read, too. Only what a delivery brought can be such."""
    try:
        return os.open(path, flags)
    except PermissionError:
        os.chmod(path, 0o700)
        return os.open(path, flags)


def content(path, status):
    """A file's bytes, a link's target."""
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    if not stat.S_ISREG(status.st_mode):
        return None
    with open(open_anyway(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        return file.read()


def walk(top, leave_out=()):
    """Every path below `top` with its status, directories before what they hold; not what is `leave_out`, nor below that."""
    pending = [top]
    while pending:
        path = pending.pop()
        if path in leave_out:
            continue
        status = os.lstat(path)
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            fd = open_anyway(path, DIRECTORY)
            pending += [path + b"/" + os.fsencode(name) for name in os.listdir(fd)]
            os.close(fd)


def picture(home, leave_out=()):
    """All that must be the same before and after, of every path of a home: even its inode and when that changed last."""
    seen = {}
    for path, status in walk(home.path, leave_out):
        times = (status.st_mtime_ns, status.st_ctime_ns)
        links = status.st_nlink
        if path == home.incoming:
            times = links = None  # of itself: a staging directory came and went, or something arrived
        digest = hashlib.sha256(content(path, status) or b"").hexdigest()
        seen[path] = (status.st_ino, f"{status.st_mode:o}", status.st_uid, status.st_gid, links, times, digest, attributes(path, status))
    return seen


def differences(before, after):
    """What became of a home, in words."""
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            yield f"gone: {path!r}"
        elif path not in before:
            yield f"new: {path!r} {after[path]}"
        elif before[path] != after[path]:
            yield f"changed: {path!r}\n  before {before[path]}\n  after  {after[path]}"


def chain(name):
    """For an entry so deep that no system call takes its path: a function that finds it, a file with "x" in it, and nothing beside it."""
    components = [os.fsencode(component) for component in name.split("/")]

    def complain(path):
        fd = os.open(os.path.dirname(path), DIRECTORY)
        for depth, component in enumerate(components):
            if depth > 0 and os.listdir(fd) != [os.fsdecode(component)]:
                os.close(fd)
                return f"{depth} directories deep there is something else"
            inner = os.open(component, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=fd)
            os.close(fd)
            fd = inner
        with open(fd, "rb") as file:
            return None if file.read() == b"x" else "the file has another content"
    return complain


def look(top, uid):
    """What arrived at `top`, as the Seen of each path; and complaints about what no delivery may bring."""
    seen, complaints = {}, []
    for path, status in walk(top):
        seen[path] = Seen(stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), content(path, status), status.st_atime_ns,
                          status.st_mtime_ns)
        if status.st_uid != uid:
            complaints.append(f"{path!r} belongs to {status.st_uid}")
        if stat.S_ISREG(status.st_mode) and status.st_nlink != 1:
            complaints.append(f"{path!r} has {status.st_nlink} names")
    return seen, complaints

