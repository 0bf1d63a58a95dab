# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The Debian packages that the lab boots: downloaded and unpacked, never installed, for kernels and
Xen change the machine that they are installed on."""
import glob
import gzip
import lzma
import os
import platform
import re
import shutil
import subprocess
import tarfile

from tap import Skip

QEMU = "qemu-system-x86_64"
WANTED = re.compile(
    r"\./(boot/|bin/|usr/lib/xen-[^/]*/bin/|lib/modules/[^/]*/kernel/drivers/xen/)[^/]*")


def ask(*command):
    """What a command says, None where it fails or is missing."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def xen_version():
    """Of the libraries that the project was built with, "4.17": hypervisor and tools have to be of
    the same."""
    version = ask("pkg-config", "--modversion", "xencontrol")
    if version is None:
        raise Skip("the headers of Xen (libxen-dev) are missing")
    return ".".join(version.split(".")[:2])


def wanted(version):
    """The packages by name. The kernel's name changes with every update, and a package without
    files names it."""
    depends = ask("apt-cache", "depends", "--important", "linux-image-amd64")
    if depends is None:
        raise Skip("this machine has no Debian packages to download")
    kernels = [line.split()[-1] for line in depends.splitlines() if "Depends:" in line]
    if not kernels:
        raise Skip("apt knows no kernel: its lists are missing, apt-get update makes them")
    return [kernels[0], f"xen-hypervisor-{version}-amd64", f"xen-utils-{version}", "busybox-static"]


def unpack(deb, place):
    """What the lab uses; of the kernel's 400 MB these are few."""
    content = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
    with tarfile.open(fileobj=content.stdout, mode="r|") as archive:
        archive.extractall(place, (member for member in archive if WANTED.match(member.name)))
    if content.wait():
        raise Skip(f"dpkg-deb cannot unpack {os.path.basename(deb)}")


def download(names, cache):
    """Each package unpacked below `cache`, once. An unpacked tree is put in place whole."""
    for name in names:
        place = os.path.join(cache, name)
        if os.path.exists(place):
            continue
        scratch = f"{place}.part"
        shutil.rmtree(scratch, ignore_errors=True)
        os.makedirs(scratch)
        command = ["apt-get", "download", "-q", name]
        outcome = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        # the list may be older than the packages on the server
        if outcome.returncode and os.getuid() == 0:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True)
            outcome = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        debs = glob.glob(f"{scratch}/*.deb")
        if outcome.returncode or not debs:
            reason = ([line for line in outcome.stderr.splitlines() if line.startswith("E:")]
                      or ["it says nothing"])
            raise Skip(f"apt-get cannot download {name}: {reason[-1]}")
        unpack(debs[0], scratch)
        os.unlink(debs[0])
        os.rename(scratch, place)


def uncompressed_kernel(image):
    """The kernel inside a bzImage: Xen's own unpacking of it fails for the second guest in a small
    dom0."""
    data = open(image, "rb").read()
    begin = data.find(b"\xfd7zXZ\0")
    if begin < 0:
        raise Skip(f"{os.path.basename(image)} is not compressed with xz")
    return lzma.LZMADecompressor().decompress(data[begin:])


def make_once(path, content):
    if not os.path.exists(path):
        with open(f"{path}.part", "wb") as file:
            file.write(content())
        os.rename(f"{path}.part", path)


class Packages:
    """Where everything is, once it is there. `kernel`: a tree of one that is unpacked already."""

    def __init__(self, cache, kernel=None):
        if platform.machine() != "x86_64":
            raise Skip(f"there is no Xen with PV guests for {platform.machine()}")
        if not shutil.which(QEMU):
            raise Skip(f"{QEMU} is missing")
        self.version = xen_version()
        first, *others = wanted(self.version)
        os.makedirs(cache, exist_ok=True)
        download(others if kernel else [first, *others], cache)
        kernel = kernel or os.path.join(cache, first)
        hypervisor, utils, busybox = (os.path.join(cache, name) for name in others)
        self.bin = f"{utils}/usr/lib/xen-{self.version}/bin"
        self.busybox = f"{busybox}/bin/busybox"
        self.vmlinuz = glob.glob(f"{kernel}/boot/vmlinuz-*")[0]
        self.modules = {os.path.basename(path): path for path in glob.glob(
            f"{kernel}/lib/modules/*/kernel/**/*.ko", recursive=True)}
        self.vmlinux = os.path.join(cache, f"vmlinux-{os.path.basename(self.vmlinuz)}")
        self.hypervisor = os.path.join(cache, f"{os.path.basename(hypervisor)}.elf")
        make_once(self.vmlinux, lambda: uncompressed_kernel(self.vmlinuz))
        # QEMU loads Xen only uncompressed
        make_once(self.hypervisor,
                  lambda: gzip.open(glob.glob(f"{hypervisor}/boot/xen-*-amd64.gz")[0]).read())

    def xen_program(self, name):
        return os.path.join(self.bin, name)
