# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The disk that the lab boots: a Debian with systemd, and one of its kernels, which is unpacked and
never installed.

Everything is cached, under a name that has a checksum of all that it was made from: the packages
with their versions, the commands, and the files of guest/. What was made from something else is
removed, so that the cache holds one system for each kernel.
"""
import glob
import hashlib
import os
import pathlib
import platform
import re
import shutil
import subprocess

from expect import Broken
from tap import Skip

SUITE = "bookworm"
# The project's own are not among them: a job installs these. nfs-kernel-server and what follows it
# are for the tests of file systems.
PACKAGES = ("systemd", "systemd-sysv", "udev", "dbus", "kmod", "util-linux", "e2fsprogs", "acl",
            "python3", "libdeflate0", "libutf8proc2", "libseccomp2", "libxenmisc4.17",
            "libxenstore4", "libxenevtchn1",
            "nfs-kernel-server", "cifs-utils", "samba", "quota", "dosfstools", "exfatprogs",
            "f2fs-tools", "jfsutils", "ecryptfs-utils", "busybox-static")
QEMU = "qemu-system-x86_64"
GUEST = pathlib.Path(__file__).with_name("guest")
INITRD = pathlib.Path(__file__).with_name("initrd")
SIZE = "1200M"
MMDEBSTRAP = ("mmdebstrap", "--quiet", "--variant=minbase",
              *(f"--dpkgopt=path-exclude=/usr/share/{place}/*" for place in ("doc", "man",
                                                                             "locale")),
              f"--include={','.join(PACKAGES)}", SUITE)
MKFS = ("mke2fs", "-q", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,root_owner=0:0")
# Only waited for, or for real hardware.
REMOVED = ("usr/lib/udev/hwdb.bin", "etc/systemd/system/timers.target.wants/*",
           "etc/systemd/system/multi-user.target.wants/*",
           "etc/systemd/system/sysinit.target.wants/*")
MASKED = ("getty.target", "serial-getty@ttyS0.service", "systemd-networkd-wait-online.service",
          "nfs-server.service", "rpcbind.service", "rpcbind.socket")
# Accounts that call each other.
ACCOUNTS = ("work", "personal", "vault")


class Kernel:
    """A package that names the one of today. `parts`: what of its modules is in the system;
    `first`: those that find the root, from an initrd."""

    def __init__(self, label, name, parts, first=()):
        self.label, self.name, self.parts, self.first = label, name, parts, first

    def version(self):
        """The package that this one names, and its version."""
        depends = ask("apt-cache", "depends", "--important", self.name)
        names = re.findall(r"Depends: (linux-image-\S+)", depends)
        if not names:
            raise Skip("apt knows no kernel: its lists are missing, apt-get update makes them")
        version = re.search(r"Candidate: (\S+)", ask("apt-cache", "policy", names[0]))[1]
        return names[0], version


# Small, and has ext4 and NVMe built in, so that it needs no initrd.
CLOUD = Kernel("cloud", "linux-image-cloud-amd64", ["."])
# For the file systems that only this one has, and for guests of Xen.
FULL = Kernel("full", "linux-image-amd64",
              ["arch", "block", "crypto", "drivers/block", "drivers/char/hw_random",
               "drivers/nvme", "drivers/virtio", "drivers/xen", "fs", "lib", "mm", "net/9p",
               "net/dns_resolver", "net/sunrpc"],
              ["nvme", "xen-blkfront", "ext4", "crc32c_generic"])


def do(*command, failure=Broken):
    """Run a command to its end. Returns what it says."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise failure(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        last = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise failure(f"{command[0]} {command[1]}: {last[-1]}")
    return done.stdout


def ask(*command):
    """The same for what needs Debian's packages: where these cannot be had, the suite is
    skipped."""
    return do(*command, failure=Skip)


def codename():
    """Of this machine's system; empty if it has none."""
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""


def checksum(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def versions():
    """All packages that the base would have, with their versions, as this machine's lists have
    them."""
    # "Inst NAME (VERSION ARCHIVE [ARCHITECTURE])"
    said = ask("apt-get", "-s", "-o", "Dir::State::status=/dev/null", "install",
               "--no-install-recommends", *PACKAGES)
    return "\n".join(sorted(line for line in said.splitlines() if line.startswith("Inst ")))


class Cache:
    """A directory of things that are made once: each appears when it is whole."""

    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)

    def have(self, kind, key, make):
        """The path of `kind`, made by make(PATH) unless it is there with this key."""
        path = f"{self.path}/{kind}-{key}"
        if not os.path.exists(path):
            for other in glob.glob(f"{glob.escape(self.path)}/{kind}-*"):
                remove(other)  # one that was not finished, too
            make(f"{path}.part")
            os.rename(f"{path}.part", path)
        return path


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def make_base(path):
    ask(*MMDEBSTRAP, f"{path}.tar")
    os.rename(f"{path}.tar", path)


def make_kernel(name, path):
    os.makedirs(path)
    done = subprocess.run(["apt-get", "download", "-q", name], cwd=path, capture_output=True,
                          text=True, check=False)
    debs = glob.glob(f"{glob.escape(path)}/*.deb")
    if done.returncode or not debs:
        raise Skip(f"apt-get cannot download {name}")
    ask("dpkg-deb", "-x", debs[0], path)
    os.unlink(debs[0])


def put_modules(tree, unpacked, kernel):
    """Returns their directory in the tree."""
    source = glob.glob(f"{unpacked}/lib/modules/*")[0]
    modules = f"{tree}/usr/lib/modules/{os.path.basename(source)}"
    os.makedirs(f"{modules}/kernel")
    for name in glob.glob(f"{source}/modules.*"):
        shutil.copy(name, modules)
    for part in kernel.parts:
        shutil.copytree(f"{source}/kernel/{part}", f"{modules}/kernel/{part}", dirs_exist_ok=True)
    # it complains of what needs what is not there
    do("chroot", tree, "depmod", os.path.basename(source))
    return modules


def modules_for(modules, names):
    """Paths of modules with these names and of all that they need, each after what it needs."""
    with open(f"{modules}/modules.dep", encoding="ascii") as file:
        needs = {path: needed.split() for path, needed in (line.split(":") for line in file)}
    wanted = []
    for name in names:
        path = next(path for path in needs if path.endswith(f"/{name}.ko"))
        wanted += [each for each in [*reversed(needs[path]), path] if each not in wanted]
    return [f"{modules}/{path}" for path in wanted]


def make_initrd(tree, modules, kernel, path):
    """busybox, modules that are numbered in their order, and INITRD, which is /init there."""
    top = f"{tree}/initrd"
    for name in ("", "bin", "dev", "modules", "proc", "root"):
        os.mkdir(f"{top}/{name}")
    shutil.copy(f"{tree}/usr/bin/busybox", f"{top}/bin")
    shutil.copy(INITRD, f"{top}/init")
    os.chmod(f"{top}/init", 0o755)
    for number, module in enumerate(modules_for(modules, kernel.first)):
        shutil.copy(module, f"{top}/modules/{number:02}-{os.path.basename(module)}")
    do("chroot", tree, "sh", "-c",
       "cd initrd && find . | busybox cpio -o -H newc 2>/dev/null >/initrd.cpio")
    shutil.move(f"{tree}/initrd.cpio", path)
    shutil.rmtree(top)


def fill(tree, base):
    """The system in a directory."""
    os.mkdir(tree)
    do("tar", "-xf", base, "-C", tree, "--exclude=./dev/*")
    for name in ACCOUNTS:
        do("chroot", tree, "useradd", "-m", "-s", "/bin/sh", name)
    for pattern in REMOVED:
        for path in glob.glob(f"{tree}/{pattern}"):
            os.unlink(path)
    # with another machine-id it would be a first boot, which applies presets
    for name, text in (("machine-id", "0123456789abcdef" * 2 + "\n"), ("hostname", "lab\n"),
                       ("fstab", ""), ("resolv.conf", "")):
        remove(f"{tree}/etc/{name}")
        pathlib.Path(f"{tree}/etc/{name}").write_text(text, encoding="ascii")
    shutil.copy(GUEST / "lab-job", f"{tree}/usr/sbin/lab-job")
    os.chmod(f"{tree}/usr/sbin/lab-job", 0o755)
    for unit in GUEST.glob("*.service"):
        shutil.copy(unit, f"{tree}/etc/systemd/system/{unit.name}")
        do("chroot", tree, "systemctl", "-q", "enable", unit.name)
    do("chroot", tree, "systemctl", "-q", "mask", *MASKED)


def make_root(base, unpacked, kernel, path):
    """A directory with the image "disk", and "initrd" where that is needed."""
    tree = f"{path}.tree"
    remove(tree)
    remove(path)
    os.mkdir(path)
    try:
        fill(tree, base)
        modules = put_modules(tree, unpacked, kernel)
        if kernel.first:
            make_initrd(tree, modules, kernel, f"{path}/initrd")
        do(*MKFS, "-d", tree, f"{path}/disk", SIZE)
    finally:
        remove(tree)


class System:
    """`root`: the image of a disk, `vmlinuz`: its kernel, `initrd`: None if it needs none. Skips
    the suite where they cannot be made."""

    def __init__(self, cache, kernel=CLOUD):
        if platform.machine() != "x86_64":
            raise Skip(f"the lab's system is one for x86_64, this machine is {platform.machine()}")
        if codename() != SUITE:
            raise Skip(f"what is built here may not run in the lab's system, Debian {SUITE}")
        if os.geteuid() != 0:
            raise Skip("needs root, which makes the system's files")
        for program in (QEMU, "mmdebstrap", "mke2fs"):
            if not shutil.which(program):
                raise Skip(f"{program} is missing")
        cache = Cache(cache)
        name, version = kernel.version()
        packages = checksum(versions(), *MMDEBSTRAP)
        unpacked = cache.have(f"{kernel.label}_kernel", checksum(name, version),
                              lambda path: make_kernel(name, path))
        base = cache.have("base", packages, make_base)
        recipe = checksum(packages, name, version, pathlib.Path(__file__).read_text("utf-8"),
                          INITRD.read_text("utf-8"),
                          *(each.read_text("utf-8") for each in sorted(GUEST.iterdir())))
        root = cache.have(f"{kernel.label}_root", recipe,
                          lambda path: make_root(base, unpacked, kernel, path))
        self.root = f"{root}/disk"
        self.initrd = f"{root}/initrd" if kernel.first else None
        self.vmlinuz = glob.glob(f"{unpacked}/boot/vmlinuz-*")[0]
