# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Trees: made, pictured, removed. Every step goes from one directory descriptor to the next, so
that paths may be longer than the system takes, with a few of them open, so that trees may be deeper
than there are descriptors."""
import hashlib
import os
import stat
import zlib

import expect

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


# ---- Single files ----


def write(path, content=b"", mode=None, mtime=None):
    """Make a file, or write over it. `content`: text or bytes; `mtime`: seconds since 1970."""
    with open(path, "wb") as file:
        file.write(content.encode(errors="surrogateescape") if isinstance(content, str)
                   else content)
    if mode is not None:
        os.chmod(path, mode)
    if mtime is not None:
        set_mtime(path, mtime)


def checked(text):
    """A content with its own CRC-32 behind it, as formats have it. All of one length have the same
    size and the same CRC-32."""
    content = text.encode()
    return content + zlib.crc32(content).to_bytes(4, "little")


def append(path, content):
    with open(path, "ab") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def script(path, body):
    """Something to be run. It is put into its place: a file that is open for writing cannot be
    run."""
    write(f"{path}.new", body, 0o755)
    os.rename(f"{path}.new", path)
    return path


def read(path):
    """As text; bytes that are no UTF-8 are kept as surrogates."""
    return read_bytes(path).decode(errors="surrogateescape")


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def sparse(path, size):
    """A file that is a hole."""
    with open(path, "ab") as file:
        file.truncate(size)


def set_mtime(path, seconds, nanoseconds=0):
    """Of the entry itself. Its atime becomes the same."""
    when = int(seconds) * 10**9 + nanoseconds
    os.utime(path, ns=(when, when), follow_symlinks=False)


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def size_of(path):
    return os.lstat(path).st_size


def names_in(path):
    """All, hidden ones, too, in order."""
    return sorted(os.listdir(path))


def identity(path):
    """What changes when anything is written to a file, or put in its place."""
    status = os.lstat(path)
    return (status.st_ino, status.st_size, status.st_mode, status.st_uid, status.st_gid,
            status.st_mtime_ns, status.st_ctime_ns)


# ---- Pictures ----


def open_anyway(name, flags, parent, mode):
    """Open what its owner may not read, too. Neither that nor reading changes what is pictured."""
    try:
        return os.open(name, flags, dir_fd=parent)
    except PermissionError:
        os.chmod(name, 0o700, dir_fd=parent)
        fd = os.open(name, flags, dir_fd=parent)
        os.fchmod(fd, mode)
        return fd


def digest_of(name, parent, mode):
    digest = hashlib.sha256()
    with open(open_anyway(name, os.O_RDONLY | os.O_NOFOLLOW, parent, mode), "rb",
              buffering=0) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def look(depth, name, parent):
    """One entry's line, and its status where it is a directory."""
    status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    mode, more = stat.S_IMODE(status.st_mode), ""
    if stat.S_ISDIR(status.st_mode):
        kind = "dir"
    elif stat.S_ISLNK(status.st_mode):
        kind, more, mode = "link", ascii(os.readlink(name, dir_fd=parent)), 0o777
    elif stat.S_ISREG(status.st_mode):
        kind, more = "file", f"{status.st_size} {digest_of(name, parent, mode)}"
    else:
        kind = "other"
    line = f"{depth} {ascii(name) if depth else '.'} {kind} {mode:04o} {status.st_mtime_ns} {more}"
    return line, status if kind == "dir" else None


def picture(top, below=False):
    """One line an entry, with everything that a copy must keep. below: without `top` itself."""
    top, lines = os.fsencode(top), []
    line, status = look(0, top, None)
    if not below:
        lines.append(line)
    if not status:
        return lines
    fd = open_anyway(top, DIRECTORY, None, stat.S_IMODE(status.st_mode))
    levels = []  # for each directory that we are in: names still to be looked at, and its mode

    def enter(fd, mode):
        """Make a directory passable as long as we are in it: the way back leads through it."""
        if mode & 0o700 != 0o700 and os.geteuid() != 0:
            os.fchmod(fd, mode | 0o700)
        levels.append((sorted(os.listdir(fd), reverse=True), mode))

    enter(fd, stat.S_IMODE(status.st_mode))
    while levels:
        names, mode = levels[-1]
        if names:
            name = os.fsencode(names.pop())
            line, status = look(len(levels), name, fd)
            lines.append(line)
            if status:
                inner = open_anyway(name, DIRECTORY, fd, stat.S_IMODE(status.st_mode))
                os.close(fd)
                fd = inner
                enter(fd, stat.S_IMODE(status.st_mode))
        else:
            levels.pop()
            outer = os.open("..", DIRECTORY, dir_fd=fd) if levels else -1
            if mode & 0o700 != 0o700 and os.geteuid() != 0:
                os.fchmod(fd, mode)
            os.close(fd)
            fd = outer
    return lines


def same_tree(one, other):
    """Entry by entry: type, content, mode, mtime with nanoseconds, link target."""
    same_picture(picture(one), picture(other))


def same_picture(got, expected):
    if got != expected:
        raise expect.Broken(
            "\n".join(["the trees differ:", *(f"< {line}" for line in got if line not in expected),
                       *(f"> {line}" for line in expected if line not in got)]))


# ---- Removing ----


def remove_entries(fd):
    """Remove what can be removed of a directory. Returns the name of the first directory that is
    not empty, or None."""
    for entry in list(os.scandir(fd)):
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.name, dir_fd=fd)
            continue
        try:
            os.rmdir(entry.name, dir_fd=fd)
        except OSError:
            os.chmod(entry.name, 0o700, dir_fd=fd)
            return entry.name
    return None


def remove(top):
    """A directory with all that is in it, sealed directories and trees of any depth among them."""
    os.chmod(top, 0o700)
    fd, depth = os.open(top, DIRECTORY), 1
    while depth:
        deeper = remove_entries(fd)
        depth += 1 if deeper else -1
        other = os.open(deeper or "..", DIRECTORY, dir_fd=fd)
        os.close(fd)
        fd = other
    os.close(fd)
    os.rmdir(top)
