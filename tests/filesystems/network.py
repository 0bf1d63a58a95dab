# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""File systems with a server, which is on this machine, too. They are the whole machine's: only the
lab starts them.
"""
import errno
import os
import pathlib
import socket
import subprocess

import stream
from disks import IN_LAB, RECEIVER, Disk, below, run
from expect import check, equal, wait_until
from machine import need
from place import Ended, effective, start
from tap import Skip

HOST = "127.0.0.1"
# Root is this account there, and may do nothing.
SQUASHED = 65533
RPCBIND_PORT, SMB_PORT = 111, 4450
NFSD = pathlib.Path("/proc/fs/nfsd")


def need_lab():
    if not IN_LAB:
        raise Skip("starts a server: only make check-lab-filesystems does")


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


# ---- NFS ----


class Nfs:
    """A mount function; a case may restart its server. `options`: how it is mounted."""

    def __init__(self, options):
        self.options, self.mountd = options, None

    def __call__(self, top, at):
        need_lab()
        need("rpc.nfsd")
        exported = below(top)
        run("modprobe", "nfsd")
        if not NFSD.joinpath("threads").exists():
            run("mount", "-t", "nfsd", "nfsd", str(NFSD))
        # They end with the case.
        run("rpcbind")
        wait_until(lambda: listens(RPCBIND_PORT), "rpcbind to listen")
        run("rpc.statd", "--no-notify")
        # Of this case's own: it looks up paths among the mounts of who starts it.
        self.mountd = subprocess.Popen(["rpc.mountd", "--foreground"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        run("exportfs", "-o", f"rw,no_subtree_check,fsid=7,anonuid={SQUASHED},anongid={SQUASHED}",
            f"{HOST}:{exported}")
        self.serve()
        run("mount", "-t", "nfs", "-o", self.options, f"{HOST}:{exported}", at)
        return self

    @staticmethod
    def serve():
        # How long the server waits for clients that had locks before it was started.
        pathlib.Path("/proc/sys/fs/nfs/nlm_grace_period").write_text("1", "ascii")
        run("rpc.nfsd", "1")
        NFSD.joinpath("v4_end_grace").write_text("Y", "ascii")

    @staticmethod
    def stop():
        run("rpc.nfsd", "0")

    def wait(self):
        """For the end, when nothing is mounted any more."""
        run("exportfs", "-au")
        self.stop()
        self.mountd.terminate()
        self.mountd.wait()


# ---- SMB ----


SMB_CONF = """[global]
    security = user
    smb ports = {port}
    interfaces = lo
    bind interfaces only = yes
    disable netbios = yes
    load printers = no
    private dir = {top}
    state directory = {top}
    cache directory = {top}
    lock directory = {top}
    pid directory = {top}
    ncalrpc dir = {top}/ncalrpc
    log file = {top}/smb.log
    passdb backend = smbpasswd:{top}/smbpasswd
[share]
    path = {path}
    read only = no
    force user = nobody
"""


def cifs(top, at):
    """A share of Samba's; the client gives everything one owner and one mode."""
    need_lab()
    state, exported = f"{top}/samba", below(top)
    os.mkdir(state)
    configuration = f"{state}/smb.conf"
    pathlib.Path(configuration).write_text(
        SMB_CONF.format(top=state, path=exported, port=SMB_PORT), "ascii")
    subprocess.run([need("smbpasswd"), "-c", configuration, "-s", "-a", "nobody"],
                   input=b"secret\nsecret\n", stdout=subprocess.DEVNULL, check=True)
    # It ends its session when it ends.
    server = subprocess.Popen([need("smbd"), "--foreground", "--no-process-group", "-s",
                               configuration],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, start_new_session=True)
    wait_until(lambda: listens(SMB_PORT), "smbd to listen")
    run("mount", "-t", "cifs", "-o", f"username=nobody,password=secret,port={SMB_PORT},"
        f"uid={RECEIVER},gid={RECEIVER},vers=3.1.1", f"//{HOST}/share", at)
    return Server(server)


class Server:
    def __init__(self, process):
        self.process = process

    def wait(self):
        """For the end, when nothing is mounted any more."""
        self.process.terminate()
        self.process.wait()


# ---- 9p ----


def shared(_, at):
    """A directory of the machine that runs this one."""
    need_lab()
    run("mount", "-t", "9p", "-o", "trans=virtio,version=9p2000.L", "share", at)
    os.chown(at, RECEIVER, RECEIVER)


# ---- A server that goes, and comes back ----


def halves():
    """Of a delivery of a file called "f"."""
    whole = stream.delivery(stream.file("half way", bytes(range(256)) * 4096))
    return whole[:len(whole) // 2], whole[len(whole) // 2:]


def restarted(place):
    """In the middle of a delivery. It waits, and is completed."""
    first, second = halves()
    receiver = start(place.command())
    receiver.stdin.write(first)
    receiver.stdin.flush()
    wait_until(place.left, "the staging directory")
    with effective(0):
        place.disk.mount.stop()
        place.disk.mount.serve()
    end = Ended(receiver, second).exits(0)
    equal(int.from_bytes(end.out[:4], "little"), 0)
    check("half way" in place.visible(), f"{place.visible()}")


def gone(place):
    """In the middle of a delivery, from a mount that does not wait: it fails, and the next one
    cleans up."""
    first, second = halves()
    before = place.visible()
    receiver = start(place.command())
    receiver.stdin.write(first)
    receiver.stdin.flush()
    wait_until(place.left, "the staging directory")
    with effective(0):
        place.disk.mount.stop()
    end = Ended(receiver, second).exits(1)
    with effective(0):
        place.disk.mount.serve()
    check(int.from_bytes(end.out[:4], "little") in (errno.EIO, errno.ETIMEDOUT, errno.EPERM),
          f"{end.out!r}")
    equal(place.visible(), before)
    place.is_code(0, stream.file("after it"))


DISKS = [
    Disk("NFS 3", Nfs("vers=3,proto=tcp,mountproto=tcp"), checks=(restarted,)),
    Disk("NFS 4", Nfs("vers=4.2"), checks=(restarted,)),
    Disk("NFS that does not wait", Nfs("vers=4.2,soft,timeo=10,retrans=1"), checks=(gone,)),
    Disk("SMB", cifs, lost="modes", links=False, folds=True),
    Disk("9p", shared, lost="times", full=None),
]
