# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""This machine's own system, with a layer of its own above it: packages are installed there, and
nothing of that is seen outside."""
import filecmp
import os
import shlex
import shutil
import stat
import subprocess
import tempfile

import machine
from expect import check
from tap import Skip

# What dpkg and the programs that it runs write down for themselves.
OWN_NOTES = ("var/lib/dpkg", "var/log", "var/cache", "etc/ld.so.cache", "var/lib/apt",
             "etc/passwd-", "etc/shadow-", "etc/group-", "etc/gshadow-", "etc/subuid-",
             "etc/subgid-", "etc/.pwd.lock", "var/lib/systemd/deb-systemd-helper-masked")

PACKAGES = "/tmp/packages"


class Layer:
    """`run()` runs a script in it, as root, each time with /run and /tmp of its own. The packages
    are in /tmp/packages."""

    def __init__(self, packages):
        machine.need_root()
        self.packages = packages
        self.directory = tempfile.TemporaryDirectory(prefix="qf-packages-", dir="/var/tmp")
        self.top = self.directory.name
        for name in "upper", "work", "root":
            os.mkdir(f"{self.top}/{name}")
        self.upper = f"{self.top}/upper"
        ended = self.in_namespace("true")
        if ended.returncode != 0:
            raise Skip(f"no system can be laid over this one: {ended.stderr.strip()}")
        # Nothing that this machine starts is to be started above it, and nothing of ours is there.
        # Packages may start what is theirs, which some containers forbid.
        self.run("rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*.requires /etc/pedos-rpc "
                 "/usr/sbin/policy-rc.d; touch /root")
        self.before = set(self.changed())

    def __enter__(self):
        return self

    def __exit__(self, *failed):
        self.directory.cleanup()

    def in_namespace(self, command):
        """A shell command in a mount namespace, in which the layer is mounted at `top`/root. What
        it wrote is text."""
        mount = (f"mount -t overlay overlay -o lowerdir=/,upperdir={self.upper},"
                 f"workdir={self.top}/work {self.top}/root")
        # Whatever becomes of this process, a system that was started ends with it.
        return subprocess.run(["setpriv", "--pdeathsig=KILL", "unshare", "-m", "sh", "-c",
                               f"{mount} && {command}"], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                   "DEBIAN_FRONTEND": "noninteractive"})

    def try_to(self, script):
        """Returns what it said, and whether it succeeded."""
        root = f"{self.top}/root"
        ended = self.in_namespace(
            f"cd {root} && mount -t tmpfs tmpfs run && mount -t tmpfs -o mode=1777 tmpfs tmp && "
            f"mkdir tmp/packages && mount --bind {shlex.quote(str(self.packages))} tmp/packages && "
            "mount --rbind /dev dev && mount -t proc proc proc && "
            # Not only chroot, in which the kernel refuses user namespaces.
            "pivot_root . media && exec chroot . sh -e -c " + shlex.quote(
                "umount -l /media; " + script))
        return ended.stdout + ended.stderr, ended.returncode == 0

    def run(self, script):
        """Returns what it said."""
        said, well = self.try_to(script)
        check(well, f"{script}:\n{said}")
        return said

    def install(self, packages=f"{PACKAGES}/*.deb"):
        return self.run(f"dpkg --force-unsafe-io --force-confold -i {packages}")

    def nspawn(self):
        """The beginning of its command. The name of the machine is no other one's: systemd-nspawn
        keeps something of each in /run. It takes no '_'."""
        return (f"systemd-nspawn --quiet --register=no --keep-unit "
                f"--machine={os.path.basename(self.top).replace('_', '0')}")

    def boot(self, script):
        """Start this system with systemd as its first process, have it run the script, and end it.
        Returns what the script said, and its status as text."""
        self.run(f"""cat >/root/script <<'END-OF-SCRIPT'
{script}
END-OF-SCRIPT
cat >/etc/systemd/system/qf-script.service <<'END'
[Unit]
After=basic.target
[Service]
Environment=LC_ALL=C.UTF-8
ExecStart=/bin/sh -c 'sh -e /root/script >/root/said 2>&1; echo $? >/root/status; systemctl \
--force poweroff'
END
cat >/etc/systemd/system/qf-script.target <<'END'
[Unit]
Requires=basic.target
Wants=qf-script.service systemd-journald.service
END
rm -f /root/status""")
        ended = self.in_namespace(
            f"exec {self.nspawn()} --private-network --boot "
            f"--bind-ro={shlex.quote(str(self.packages))}:/mnt --directory={self.top}/root "
            "--console=pipe systemd.unit=qf-script.target")
        try:
            return (self.read("root/said"), self.read("root/status").strip())
        except FileNotFoundError:
            raise AssertionError(f"systemd did not run the script:\n{ended.stdout[-3000:]}"
                                 f"\n{ended.stderr[-3000:]}") from None

    def can_boot(self):
        """Does systemd-nspawn work here at all?"""
        return self.in_namespace(f"exec {self.nspawn()} --pipe --directory={self.top}/root "
                                 "true").returncode == 0

    def bring(self, path):
        """Copy a file or a directory into it. Returns where it is there: in /root."""
        to = f"{self.upper}/root/{os.path.basename(path)}"
        if os.path.isdir(path):
            shutil.copytree(path, to, dirs_exist_ok=True)
        else:
            shutil.copy(path, to)
        return to.removeprefix(self.upper)

    def read(self, path):
        with open(f"{self.upper}/{path}", encoding="utf-8", errors="replace") as file:
            return file.read()

    def left(self):
        """What is not as it was when the layer was made."""
        return sorted(set(self.changed()) - self.before)

    def changed(self):
        """What differs from the system below: files that are new or have changed or are gone, and
        new directories. Without notes of those who keep books."""
        found = []
        for directory, directories, files in os.walk(self.upper):
            below = os.path.relpath(directory, self.upper)
            directories[:] = [name for name in directories if not is_note(below, name)]
            for name in directories:
                if not os.path.lexists(os.path.join("/", below, name)):
                    found.append(os.path.normpath(f"{below}/{name}/"))
            found += [os.path.normpath(f"{below}/{name}") for name in files
                      if not is_note(below, name)
                      and not is_same(f"{directory}/{name}", os.path.join("/", below, name))]
        return found


def is_note(directory, name):
    path = os.path.normpath(f"{directory}/{name}")
    return path.startswith(OWN_NOTES)


def is_same(one, other):
    """Is a file of the layer the same as the one below it?"""
    status = os.lstat(one)
    if stat.S_ISCHR(status.st_mode):  # it is hidden
        return not os.path.lexists(other)
    if not os.path.lexists(other):
        return False
    if stat.S_ISLNK(status.st_mode):
        return os.path.islink(other) and os.readlink(one) == os.readlink(other)
    return os.path.isfile(other) and filecmp.cmp(one, other, shallow=False)
