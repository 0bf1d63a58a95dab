# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The file systems that dom0 and the guests boot with: an archive in cpio's "newc" form, which
every kernel unpacks into memory.

It is written here and not by cpio, so that a plain user can make one whose files belong to root.
"""
import os
import re
import shutil
import stat
import subprocess

from packages import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARIES = "/lib/x86_64-linux-gnu"
MODULES = ("xen-privcmd", "xenfs", "xen-evtchn", "xen-gntdev", "xen-gntalloc")
# busybox has these, too, but without options that the cases use (nanoseconds, -printf), or not at
# all
XENSTORE = ("read", "write", "list", "ls", "rm", "chmod")
FROM_HOST = ("date", "find", "cksum", *(f"xenstore-{command}" for command in XENSTORE))
DOM0_PROGRAMS = ("xl", "xenstored", "xenconsoled", "xen-init-dom0", "libxl-save-helper")
ACCOUNTS = {
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n",
    "etc/group": "root:x:0:\nuser:x:1000:\nxen:x:100:user\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\n",
}


class Image:
    def __init__(self):
        self.entries = {}  # path: (mode, content)

    def put(self, path, content, mode=0o644, kind=stat.S_IFREG):
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.put(parent, b"", 0o755, stat.S_IFDIR)
        self.entries[path] = (kind | mode,
                              content if isinstance(content, bytes) else content.encode())

    def link(self, path, target):
        self.put(path, target, 0o777, stat.S_IFLNK)

    def copy(self, path, source):
        with open(source, "rb") as file:
            self.put(path, file.read(), stat.S_IMODE(os.stat(source).st_mode) | 0o444)

    def tree(self, path, source):
        """A directory with all that is in it, links as they are."""
        for name in sorted(os.listdir(source)):
            inside, outside = os.path.join(path, name), os.path.join(source, name)
            if os.path.islink(outside):
                self.link(inside, os.readlink(outside))
            elif os.path.isdir(outside):
                self.put(inside, b"", stat.S_IMODE(os.stat(outside).st_mode), stat.S_IFDIR)
                self.tree(inside, outside)
            else:
                self.copy(inside, outside)

    def program(self, path, source):
        """A program, and the shared libraries that it finds on this machine but not in the
        image."""
        self.copy(path, source)
        # fails for a static program, which needs none
        said = subprocess.run(["ldd", source], capture_output=True, text=True).stdout
        missing = re.findall(r"(\S+) => not found", said)
        if missing:
            raise Skip(f"{os.path.basename(source)} needs {missing[0]}, which is missing here")
        for library in re.findall(r"(?:=> )?(/\S+) \(0x", said):
            place = library if "ld-linux" in library else f"{LIBRARIES}/{os.path.basename(library)}"
            if place.lstrip("/") not in self.entries:
                self.copy(place.lstrip("/"), os.path.realpath(library))

    def write(self, path):
        with open(path, "wb") as file:
            for number, (name, (mode, content)) in enumerate(
                    [*self.entries.items(), ("TRAILER!!!", (0, b""))], 1):
                name = name.encode() + b"\0"
                fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
                head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
                file.write(head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4))


def guest_image(packages, build):
    """What dom0 and the guests have in common: busybox, the project as it is installed, and the
    programs of the lab."""
    image = Image()
    image.copy("bin/busybox", packages.busybox)
    # busybox's own prefers what is built into it to the programs below
    image.program("bin/sh", os.path.realpath("/bin/sh"))
    image.copy("init", os.path.join(HERE, "init"))
    image.entries["init"] = (stat.S_IFREG | 0o755, image.entries["init"][1])
    image.put("tmp", b"", 0o1777, stat.S_IFDIR)
    for path, text in ACCOUNTS.items():
        image.put(path, text)
    for name in MODULES:
        image.copy(f"lib/modules/{name}.ko", packages.modules[f"{name}.ko"])
    for name in FROM_HOST:
        source = shutil.which(name)
        if source is None:
            raise Skip(f"{name} is missing")
        image.program(f"usr/local/bin/{name}", source)
    # xl cancels threads, for which the C library loads this by itself
    image.copy(f"{LIBRARIES}/libgcc_s.so.1"[1:], os.path.realpath(f"{LIBRARIES}/libgcc_s.so.1"))
    image.program("usr/local/bin/vchan-socket-proxy", packages.xen_program("vchan-socket-proxy"))
    for name in sorted(os.listdir(f"{build}/tests/xen")):
        if os.access(f"{build}/tests/xen/{name}", os.X_OK):
            image.program(f"usr/local/bin/{name}", f"{build}/tests/xen/{name}")
    installed = f"{build}/xen/installed"
    image.tree("", installed)
    for name in (f"{place}/{name}" for place in ("usr/bin", "usr/sbin")
                 for name in sorted(os.listdir(f"{installed}/{place}"))):
        image.program(name, f"{installed}/{name}")
    image.tree("etc/pedos-rpc", os.path.join(HERE, "services"))
    return image


def add_dom0(image, packages):
    """What dom0 has beside that: Xen's tools, and the kernel of the guests."""
    image.copy("boot/vmlinux", packages.vmlinux)
    for name in DOM0_PROGRAMS:
        image.program(f"usr/lib/xen-{packages.version}/bin/{name}", packages.xen_program(name))
    image.link("usr/lib/xen", f"xen-{packages.version}")
    image.put("etc/xen/xl.conf", "")


def write_images(packages, build, guest, dom0):
    image = guest_image(packages, build)
    image.write(guest)
    image.copy("boot/guest.cpio", guest)
    add_dom0(image, packages)
    image.tree("etc/pedos-rpc/policy.d", os.path.join(HERE, "policy"))
    image.write(dom0)
