# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The receiving user's home directory: made with earlier deliveries in it, looked at, compared, and
kept for the next case."""
import os
import stat
import tempfile
import typing

import tree
from case import Seen

INCOMING = b"PedOSIncoming/work"
EARLIER = 1234567890_123456789

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
    """A directory of its own with a home in it. `top`: what is pictured, as it was `before`;
    `incoming`: the only one whose times may change."""

    def __init__(self, uid):
        self.uid = uid
        self.top = tempfile.mkdtemp(prefix="home-").encode()
        self.path = self.top + b"/home"
        self.incoming = self.path + b"/" + INCOMING
        self.arrived = set()
        self._fill()
        self.before = picture(self)

    def _fill(self):
        os.chmod(self.top, 0o711)
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


free = {}  # homes that are as they were made, by the uid


def take(uid):
    """A home that nothing has happened to: to be given back when what arrived is all that has
    happened to it, and else not to be used again."""
    return free.pop(uid, None) or Home(uid)


def give_back(home):
    """It has been shown to be as it was, but for what arrived."""
    for path in home.arrived:
        if os.path.dirname(path) == home.incoming:
            remove(path)
    free[home.uid] = home


def remove(path):
    if stat.S_ISDIR(os.lstat(path).st_mode):
        tree.remove(path)
    else:
        os.unlink(path)


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
    return (None if os.statvfs(tempfile.gettempdir()).f_blocks
            else "the file system here has no bound")


# ---- Looking ----


def anyway(look, path):
    """Look at what its owner may not read, too. Only what a delivery brought can be such."""
    try:
        return look(path)
    except PermissionError:
        os.chmod(path, 0o700)
        return look(path)


def read_file(path):
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        return b"".join(iter(lambda: os.read(fd, 1 << 20), b""))
    finally:
        os.close(fd)


def content(path, status):
    """A file's bytes, a link's target."""
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)
    return anyway(read_file, path) if stat.S_ISREG(status.st_mode) else None


def walk(top, leave_out=()):
    """Every path below `top` with its status, directories before what they hold; not what is
    `leave_out`, nor below that."""
    pending = [top]
    while pending:
        path = pending.pop()
        if path in leave_out:
            continue
        status = os.lstat(path)
        yield path, status
        if stat.S_ISDIR(status.st_mode):
            pending += [path + b"/" + name for name in anyway(os.listdir, path)]


class Facts(typing.NamedTuple):
    """All that must be the same before and after: even the inode, and when that changed last."""
    inode: int
    mode: int
    uid: int
    gid: int
    links: int
    times: tuple
    content: bytes
    attributes: tuple


def picture(home, leave_out=()):
    """The Facts of every path of a home. The clock of inodes may be coarse: everything is read,
    too."""
    seen = {}
    for path, status in walk(home.top, leave_out):
        links, times = status.st_nlink, (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if path == home.incoming:
            # of itself: a staging directory came and went, or something arrived
            links = times = None
        seen[path] = Facts(status.st_ino, status.st_mode, status.st_uid, status.st_gid, links,
                           times, content(path, status), attributes(path, status))
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
    """For an entry so deep that no system call takes its path: a function that finds it, a file
    with "x" in it, and nothing beside it."""
    components = [os.fsencode(component) for component in name.split("/")]

    def complain(path):
        fd = os.open(os.path.dirname(path), tree.DIRECTORY)
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
    """What arrived at `top`, as the Seen of each path; and complaints about what no delivery may
    bring."""
    seen, complaints = {}, []
    for path, status in walk(top):
        seen[path] = Seen(stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode),
                          content(path, status), status.st_atime_ns, status.st_mtime_ns)
        if status.st_uid != uid:
            complaints.append(f"{path!r} belongs to {status.st_uid}")
        if stat.S_ISREG(status.st_mode) and status.st_nlink != 1:
            complaints.append(f"{path!r} has {status.st_nlink} names")
    return seen, complaints

