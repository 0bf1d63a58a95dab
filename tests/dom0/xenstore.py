# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A played xenstore: a server on a Unix socket, with nodes, permissions, watches and transactions.

It knows as much of xenstore's protocol as pedos-rpc-dom0 needs, and takes every client for dom0.
"""
import os
import socket
import struct
import threading
import zlib

(DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, START, END) = range(1, 8)
GET_DOMAIN_PATH = 10
(WRITE, MKDIR, RM, SET_PERMS, EVENT, ERROR) = range(11, 17)
DIRECTORY_PART = 22
PAYLOAD_MAX = 4096


class Failure(Exception):
    pass


def ancestors(path):
    while path != "/":
        path = os.path.dirname(path)
        yield path


class Store:
    """Nodes: path -> (value, permissions). A transaction works on a copy of its own, and fails if
    another one was committed meanwhile."""

    def __init__(self, path):
        self.nodes = {"/": (b"", ("n0",))}
        # of each commit, or write outside of a transaction, the set of paths that are different now
        self.changes = []
        # called when a transaction has begun: what somebody else does meanwhile
        self.on_start = None
        # called when a part of a directory has been read, with its path
        self.on_part = None
        self.pids = []         # of those who have connected
        self.lock = threading.RLock()
        self.watches = []      # connection, path, token
        self.connections = []
        self.transactions = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    # ---- For the tests ----

    def put(self, path, value=b"", permissions=None):
        with self.lock:
            before = dict(self.nodes)
            self.write(self.nodes, path, value.encode() if isinstance(value, str) else value)
            if permissions:
                self.nodes[path] = (self.nodes[path][0], permissions)
            self.tell(before)

    def remove(self, path):
        with self.lock:
            before = dict(self.nodes)
            self.drop(self.nodes, path)
            self.tell(before)

    def fire(self, special):
        with self.lock:
            for connection, path, token in self.watches:
                if path == special:
                    self.send(connection, EVENT, 0, 0, f"{path}\0{token}\0".encode())

    def below(self, path):
        with self.lock:
            return {name[len(path) + 1:]: node[0].decode() for name, node in self.nodes.items()
                    if name.startswith(path + "/")}

    def permissions(self, path):
        with self.lock:
            return self.nodes[path][1]

    def close(self):
        try:
            # it would go on to accept, were it only closed
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # ---- Nodes ----

    @staticmethod
    def write(nodes, path, value):
        if path in nodes:
            nodes[path] = (value, nodes[path][1])
            return
        parent = next(name for name in ancestors(path) if name in nodes)
        for name in [name for name in ancestors(path) if name not in nodes]:
            nodes[name] = (b"", nodes[parent][1])
        nodes[path] = (value, nodes[parent][1])

    @staticmethod
    def drop(nodes, path):
        for name in [name for name in nodes if name == path or name.startswith(path + "/")]:
            del nodes[name]

    def tell(self, before):
        """Wake those who watch what is different now."""
        paths = {path for path in before.keys() | self.nodes.keys()
                 if before.get(path) != self.nodes.get(path)}
        self.changes.append(paths)
        for connection, watched, token in self.watches:
            for path in paths:
                if path == watched or path.startswith(watched + "/"):
                    self.send(connection, EVENT, 0, 0, f"{path}\0{token}\0".encode())

    # ---- Requests ----

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.pids.append(struct.unpack(
                    "iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
                self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    @staticmethod
    def send(connection, kind, request, transaction, payload):
        try:
            connection.sendall(
                struct.pack("<IIII", kind, request, transaction, len(payload)) + payload)
        except OSError:
            pass

    def serve(self, connection):
        try:
            self.serve_all(connection, connection.makefile("rb"))
        except ConnectionError:
            pass
        with self.lock:
            self.watches = [watch for watch in self.watches if watch[0] is not connection]

    def serve_all(self, connection, stream):
        while len(header := stream.read(16)) == 16:
            kind, request, transaction, length = struct.unpack("<IIII", header)
            assert length <= PAYLOAD_MAX
            payload = stream.read(length)
            with self.lock:
                try:
                    answer = self.answer(connection, kind, transaction, payload)
                except Failure as failure:
                    kind, answer = ERROR, f"{failure}\0".encode()
                self.send(connection, kind, request, transaction, answer)
                if kind == WATCH:
                    self.send(connection, EVENT, 0, 0, payload)

    def answer(self, connection, kind, transaction, payload):
        path, _, rest = payload.partition(b"\0")
        path = path.decode()
        if kind == WATCH:
            self.watches.append((connection, path, rest[:-1].decode()))
        elif kind == UNWATCH:
            self.watches.remove((connection, path, rest[:-1].decode()))
        elif kind == START:
            return self.begin()
        elif kind == GET_DOMAIN_PATH:
            return f"/local/domain/{path}\0".encode()
        elif kind == END:
            self.end(transaction, path == "T")
        else:
            return self.access(kind, transaction, path, rest)
        return b"OK\0"

    def begin(self):
        transaction = len(self.transactions) + 1
        self.transactions[transaction] = (dict(self.nodes), dict(self.nodes))
        if self.on_start:
            self.on_start()
            # What was done before the first access to it is seen.
            self.transactions[transaction] = (self.transactions[transaction][0], dict(self.nodes))
        return f"{transaction}\0".encode()

    def end(self, transaction, commit):
        at_start, nodes = self.transactions[transaction]
        self.transactions[transaction] = None
        if commit and self.nodes != at_start:
            raise Failure("EAGAIN")
        if commit:
            self.nodes = nodes
            self.tell(at_start)

    @staticmethod
    def names(nodes, path):
        return b"".join(os.path.basename(name).encode() + b"\0" for name in nodes
                        if name != "/" and os.path.dirname(name) == path)

    def part(self, nodes, path, offset):
        """What identifies this state of the directory, and its names from there on, with an empty
        one behind the last, as far as they have room."""
        names = self.names(nodes, path)
        state = f"{zlib.crc32(names)}\0".encode()
        if self.on_part:
            self.on_part(path)
        return state + (names[offset:] + b"\0")[:PAYLOAD_MAX - len(state)]

    def access(self, kind, transaction, path, rest):
        before = dict(self.nodes)
        nodes = self.transactions[transaction][1] if transaction else self.nodes
        if kind in (READ, DIRECTORY, DIRECTORY_PART, GET_PERMS, SET_PERMS) and path not in nodes:
            raise Failure("ENOENT")
        if kind == READ:
            return nodes[path][0]
        if kind == DIRECTORY:
            names = self.names(nodes, path)
            if len(names) > PAYLOAD_MAX:
                raise Failure("E2BIG")
            return names
        if kind == DIRECTORY_PART:
            return self.part(nodes, path, int(rest[:-1]))
        if kind == GET_PERMS:
            return b"".join(one.encode() + b"\0" for one in nodes[path][1])
        if kind == SET_PERMS:
            nodes[path] = (nodes[path][0], tuple(rest.decode().split("\0")[:-1]))
        elif kind == WRITE:
            self.write(nodes, path, rest)
        elif kind == MKDIR and path not in nodes:
            self.write(nodes, path, b"")
        elif kind == RM:
            if path not in nodes and os.path.dirname(path) not in nodes:
                raise Failure("ENOENT")
            self.drop(nodes, path)
        elif kind != MKDIR:
            raise Failure("ENOSYS")
        if not transaction:
            self.tell(before)
        return b"OK\0"
