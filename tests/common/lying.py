# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file system with one directory of files whose sizes are not where reading them ends. It speaks
the kernel's FUSE protocol by itself, needs root, and lives as long as its `with`. The case's
process and its children alone see it."""
import ctypes
import errno
import os
import stat
import struct
import threading

from tap import Skip

HEADER = struct.Struct("<IIQQIIII")
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
UNLINK, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS, INTERRUPT = (
    10, 25, 26, 27, 28, 29, 34, 36)
UNANSWERED = (FORGET, INTERRUPT, 42)
DIRECT_IO = 1
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2
TOP = 1


class File:
    """`content`: bytes, or a function that returns them, of how many times the beginning has been
    read. `piece`: so many bytes are read at a time at most. `ticking`: each look sees another
    modification time."""

    def __init__(self, size, content, piece=2**20, ticking=False):
        self.size, self.piece, self.ticking = size, piece, ticking
        self.content = content if callable(content) else lambda reading: content
        self.readings, self.mtime = 0, 1000


class Lying:
    """A mounted file system at `path` with `files`, a dictionary of names and File. `stays`: those
    that it only says it has removed."""

    def __init__(self, path, files, stays=()):
        self.path, self.files, self.stays = path, dict(files), stays
        self.names = list(files)
        self.device = None

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            self.device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise Skip("no FUSE here") from error
        options = f"fd={self.device},rootmode=40755,user_id=0,group_id=0,allow_other"
        if (libc.unshare(CLONE_NEWNS) < 0
                or libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) < 0
                or libc.mount(b"lying", os.fsencode(self.path), b"fuse", 0,
                              options.encode()) < 0):
            os.close(self.device)
            raise Skip("FUSE cannot be mounted here")
        self.serving = threading.Thread(target=self.serve, daemon=True)
        self.serving.start()
        return self

    def __exit__(self, *_):
        ctypes.CDLL(None).umount2(os.fsencode(self.path), MNT_DETACH)
        self.serving.join()
        os.close(self.device)

    # ---- The protocol: see <linux/fuse.h> ----

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 2**20 + 4096)
            except OSError:
                return  # unmounted
            _, call, unique, node, *_ = HEADER.unpack_from(request)
            if call in UNANSWERED:
                continue
            try:
                answer, code = self.answer(call, node, request[HEADER.size:]), 0
            except OSError as error:
                answer, code = b"", -error.errno
            try:
                os.write(self.device,
                         struct.pack("<IiQ", 16 + len(answer), code, unique) + answer)
            except FileNotFoundError:
                pass  # nobody waits for it any more

    def attributes(self, node):
        """A struct fuse_attr."""
        name = self.names[node - 2] if node != TOP else None
        size, mtime = 0, 1000
        if name:
            file = self.files[name]
            file.mtime += file.ticking
            size, mtime = file.size, file.mtime
        mode = stat.S_IFREG | 0o644 if name else stat.S_IFDIR | 0o755
        return struct.pack("<QQQQQQIIIIIIIIII", node, size, 0, 1000, mtime, 1000, 0, 0, 0, mode,
                           1, 0, 0, 0, 4096, 0)

    def answer(self, call, node, body):
        if call == INIT:
            return struct.pack("<IIIIHHIIHHI7I", 7, 31, 65536, 0, 16, 16, 65536, 1, 0, 0, 0,
                               *[0] * 7)
        if call == LOOKUP:
            node = self.node_of(body)
            return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + self.attributes(node)
        if call == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.attributes(node)
        if call in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, DIRECT_IO if call == OPEN else 0, 0)
        if call == READ:
            return self.read(node, body)
        if call == READDIR:
            return self.list(*struct.unpack_from("<QQI", body)[1:])
        if call == UNLINK:
            name = self.names[self.node_of(body) - 2]
            if name not in self.stays:
                del self.files[name]
            return b""
        if call in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        raise OSError(errno.ENOSYS, "not here")

    def node_of(self, body):
        name = body.rstrip(b"\0").decode()
        if name not in self.files:
            raise OSError(errno.ENOENT, name)
        return self.names.index(name) + 2

    def read(self, node, body):
        file = self.files[self.names[node - 2]]
        _, offset, size = struct.unpack_from("<QQI", body)
        file.readings += offset == 0
        content = file.content(file.readings)
        return content[offset:offset + min(size, file.piece)]

    def list(self, offset, size):
        entries = b""
        for number, name in enumerate(self.names[offset:], offset + 1):
            if name not in self.files:
                continue
            raw = name.encode()
            entry = struct.pack("<QQII", number + 1, number, len(raw), 8) + raw
            entry += bytes(-len(entry) % 8)
            if len(entries) + len(entry) > size:
                break
            entries += entry
        return entries
