# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What lies outside of the confined child, for attacks to reach: a home with files in it, a
process, sockets, shared memory."""
import ctypes
import fcntl
import os
import random
import shutil
import socket
import stat
import subprocess
import tempfile

SOURCE = "work"
LOCKED = ".qfile-incoming-0123456789abcdef"
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
IPC_CREAT, IPC_EXCL, IPC_RMID = 0o1000, 0o2000, 0


def remove(path):
    """As rm -rf, of what is deep or sealed as well."""
    try:
        shutil.rmtree(path)
    except (OSError, RecursionError):
        # Two goes: chmod cannot enter what it has not opened yet.
        subprocess.run(["chmod", "-R", "u+rwX", path], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", path], check=True)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class Home:
    """The home directory of the receiving user, made anew for every attempt."""

    def __init__(self, parent, user):
        self.path = tempfile.mkdtemp(prefix="home-", dir=parent)
        self.word = f"SECRET-{random.getrandbits(64):016x}"
        self.incoming = f"{self.path}/PedOSIncoming/{SOURCE}"
        os.makedirs(f"{self.incoming}/earlier")
        os.makedirs(f"{self.incoming}/{LOCKED}/tree")
        os.mkdir(f"{self.path}/PedOSIncoming/other")
        for name in ("secret", f"PedOSIncoming/{SOURCE}/earlier/letter",
                     "PedOSIncoming/other/letter"):
            write(f"{self.path}/{name}", f"{self.word} in {name}\n")
        self.lock = os.open(f"{self.incoming}/{LOCKED}", os.O_RDONLY)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"{self.path}/socket")
        self.listener.listen()
        if os.geteuid() == 0:
            for top, directories, files in os.walk(self.path):
                for name in [".", *files]:
                    os.chown(os.path.join(top, name), user, user)
        self.before = self.picture()

    def remove(self):
        self.listener.close()
        os.close(self.lock)
        remove(self.path)

    def arrived(self):
        """The names of what an attack has brought to where deliveries are."""
        return sorted(os.fsencode(name)
                      for name in set(os.listdir(self.incoming)) - {"earlier", LOCKED})

    def picture(self):
        """Everything about everything there was before."""
        result = {}
        for top, directories, files in os.walk(self.path):
            if top == self.incoming:
                directories[:] = [name for name in directories if name in ("earlier", LOCKED)]
                files = []
            for name in [".", *files]:
                path = os.path.join(top, name)
                status = os.lstat(path)
                content = None
                if stat.S_ISREG(status.st_mode):
                    with open(path) as file:
                        content = file.read()
                changed = status.st_mtime_ns if top != self.incoming else None
                result[path] = (status.st_mode, status.st_uid, status.st_nlink if content else None,
                                changed, content)
        return result

    def changes(self):
        after = self.picture()
        return [path[len(self.path):] for path in self.before.keys() | after.keys()
                if self.before.get(path) != after.get(path)]


class Outside:
    """What attempts have in common, one after the other."""

    def __init__(self, user):
        self.user = user
        self.as_user = ({"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0
                        else {})
        self.key = random.randrange(1 << 20, 1 << 30)
        self.shm = libc.shmget(self.key, 4096, IPC_CREAT | IPC_EXCL | 0o666)
        self.memory = libc.shmat(self.shm, None, 0)
        self.abstract = self.listen(socket.AF_UNIX, f"\0qfile-escape-{self.key}")
        self.tcp = self.listen(socket.AF_INET, ("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.udp.setblocking(False)
        self.start_victim()

    @staticmethod
    def listen(family, address):
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        listener.setblocking(False)
        return listener

    def start_victim(self):
        """A process that ends with us, however we end."""
        self.victim = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       **self.as_user)

    def end_victim(self):
        self.victim.kill()
        self.victim.stdin.close()
        self.victim.wait()

    def close(self):
        self.end_victim()
        libc.shmctl(self.shm, IPC_RMID, None)
        for each in self.abstract, self.tcp, self.udp:
            each.close()

    def touched(self, home):
        """Sentences about what an attack has reached. All is as before afterwards."""
        found = []
        if self.victim.poll() is not None:
            found.append(f"the other process was killed ({self.victim.returncode})")
            self.start_victim()
        if ctypes.string_at(self.memory, 4) != bytes(4):
            found.append("the shared memory was written to")
            ctypes.memset(self.memory, 0, 4)
        home.listener.setblocking(False)
        for name, listener in (("a path", home.listener), ("an abstract name", self.abstract),
                               ("TCP", self.tcp)):
            try:
                listener.accept()[0].close()
                found.append(f"connected by {name}")
            except BlockingIOError:
                pass
        try:
            self.udp.recv(100)
            found.append("connected by UDP")
        except BlockingIOError:
            pass
        for what, remover in ("shm", libc.shmctl), ("msg", libc.msgctl), ("sem", libc.semctl):
            with open(f"/proc/sysvipc/{what}") as table:
                for line in table.read().splitlines()[1:]:
                    if int(line.split()[0]) == self.key + 1:
                        found.append(f"left a {what} behind")
                        number = (0,) if what == "sem" else ()
                        remover(int(line.split()[1]), *number, IPC_RMID, None)
        return found
