#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""xen_disk.py DISK: what guests of the Xen lab (tests/xen/debian.py) need of this one's system.

Makes DISK, a small ext4 with the lab's agent and the packages that a guest installs. Writes a line
of JSON: where the "root" disk, its "initrd" and the unpacked "kernel" are; or why they cannot be
made, as "skip". A program of its own, since both labs call their modules the same.
"""
import json
import os
import pathlib
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common")]

import image
import packages
from settings import BUILD
from tap import Skip

# As README.md installs them.
INSTALLED = ("qfilecopy_", "pedos-rpc_")


def make_disk(path):
    with tempfile.TemporaryDirectory(prefix="qfile-xen.") as scratch:
        shutil.copy(BUILD / "tests/xen/agent", scratch)
        for package in packages.built(BUILD):
            if os.path.basename(package).startswith(INSTALLED):
                shutil.copy(package, scratch)
        image.remove(path)
        image.do(*image.MKFS, "-d", scratch, path, "16M")


def main():
    try:
        system = image.System(f"{BUILD}/system/cache", image.FULL)
        make_disk(sys.argv[1])
        print(json.dumps({"root": system.root, "initrd": system.initrd,
                          "kernel": str(pathlib.Path(system.vmlinuz).parents[1])}))
    except Skip as reason:
        print(json.dumps({"skip": str(reason)}))


if __name__ == "__main__":
    main()
