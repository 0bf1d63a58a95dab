# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The Xen lab with two guests that are a whole Debian each, with systemd and udev, from a disk.

The disk is that of make check-system, the same for both: what a guest writes there is its own, and
is there after it has booted again, until the emulator ends. A second disk has the packages of make
deb and the agent, which a unit of systemd starts. dom0 is the one of the other Xen lab.
"""
import json
import os
import re
import subprocess
import sys

import image
from lab import Broken, Guest, Lab
from tap import Skip

HERE = os.path.dirname(os.path.abspath(__file__))
# The first is paravirtualised as those of the other lab; PVH needs a processor with SVM, which the
# emulator plays.
KINDS = {"work": "pv", "personal": "pvh"}
KERNEL = ("root=/dev/xvda rw console=hvc0 quiet loglevel=1 panic=0 mitigations=off audit=0 "
          "systemd.show_status=0")
# In dom0: the emulator's disks, and giving them to guests.
DISK_MODULES = ("nvme", "xen-blkback")
# What xl starts when a guest gets a disk, in place of a script that needs udev.
BLOCK_SCRIPT = """#!/bin/sh
PATH=/usr/local/bin:/bin
[ "$1" = add ] || exit 0
disk=$(xenstore-read "$XENBUS_PATH/params")
xenstore-write "$XENBUS_PATH/physical-device" "$(stat -c %t:%T "$disk")" \\
    "$XENBUS_PATH/hotplug-status" connected
"""


def system(build):
    """What xen_disk.py makes for the guests."""
    disk = os.path.join(build, "xen-system", "packages.disk")
    os.makedirs(os.path.dirname(disk), exist_ok=True)
    program = os.path.join(HERE, "../system/xen_disk.py")
    done = subprocess.run([sys.executable, "-B", program, disk], stdout=subprocess.PIPE,
                          check=False)
    if done.returncode:
        raise Broken(f"xen_disk.py ended with {done.returncode}")
    made = json.loads(done.stdout)
    if "skip" in made:
        raise Skip(made["skip"])
    return {**made, "packages": disk}


def needed(modules, name):
    """A module and all that it needs, each after what it needs itself."""
    path = modules[f"{name}.ko"]
    with open(path, "rb") as file:
        needs = re.search(rb"\0depends=([^\0]*)\0", file.read())[1].decode()
    found = [each for other in filter(None, needs.split(",")) for each in needed(modules, other)]
    return [*found, path]


def nvme(number, path, *options):
    settings = ",".join((f"if=none,id=disk{number},format=raw,file={path}", *options))
    return ["-drive", settings, "-device", f"nvme,serial=disk{number},drive=disk{number}"]


class Debian(Guest):
    def __init__(self, lab, name, kind, disk):
        super().__init__(lab, name)
        self.kind, self.disk = kind, disk

    def configure(self, **more):
        super().configure(**{
            "type": self.kind, "ramdisk": "/boot/initrd",
            # Xen takes the instruction RDTSCP, when it has to play it, for one that it is not: the
            # emulator does not tell it how long instructions are.
            "tsc_mode": "native",
            "extra": f"{KERNEL} systemd.hostname={self.name}",
            "disk": [f"format=raw, vdev=xvda, access=rw, target={self.disk}",
                     "format=raw, vdev=xvdb, access=r, target=/dev/nvme2n1"], **more})

    def settle(self):
        self.await_ready()

    def reboot(self):
        """By itself; settle_again() waits for that."""
        self.ready.clear()
        self.start("systemctl reboot")

    def settle_again(self):
        """xl has started a new domain of this name."""
        self.domid = int(self.lab.dom0.run(
            f"until new=$(xl domid {self.name} 2>/dev/null) && [ $new != {self.domid} ]; "
            "do sleep 0.2; done; echo $new"))
        self.lab.attach(self)
        self.await_ready()


class DebianLab(Lab):
    place = "xen-system"
    memory = {"dom0": 512, "work": 320, "personal": 320, "beside": 192}

    def __init__(self, found, build, made):
        self.made = made
        self.disks = [*nvme(0, made["root"], "snapshot=on"), *nvme(1, made["root"], "snapshot=on"),
                      *nvme(2, made["packages"], "readonly=on")]
        super().__init__(found, build)

    def make_guests(self):
        self.work, self.personal = guests = [
            Debian(self, name, kind, f"/dev/nvme{number}n1")
            for number, (name, kind) in enumerate(KINDS.items())]
        return guests

    def write_images(self, found, build, dom0):
        made = image.guest_image(found, build)
        image.add_dom0(made, found)
        made.copy("boot/initrd", self.made["initrd"])
        made.put("etc/xen/scripts/block", BLOCK_SCRIPT, 0o755)
        paths = dict.fromkeys(path for name in DISK_MODULES for path in needed(found.modules, name))
        for number, path in enumerate(paths):
            made.copy(f"lib/modules/disks/{number:02}-{os.path.basename(path)}", path)
        made.write(dom0)

    def boot(self):
        """The daemon of dom0 has no policy yet."""
        self.await_dom0()
        self.dom0.run("mkdir -p /etc/pedos-rpc/policy.d")
        self.dom0.serve("pedos-rpc-dom0")
        for guest in self.guests:
            guest.boot()
        for guest in self.guests:
            guest.settle()
