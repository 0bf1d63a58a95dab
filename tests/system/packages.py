# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The project's packages as make deb made them, and the same as if they had been built before."""
import glob
import os
import shutil

import image
from tap import Skip

# Not the one for developers, which needs more of Debian than the lab's system has.
NAMES = ("libqfile1", "qfilecopy", "pedos-rpc", "pedos-rpc-dom0")


def built(build):
    """Their paths, in the order of NAMES."""
    found = []
    for name in NAMES:
        paths = glob.glob(f"{glob.escape(str(build))}/deb/{name}_*.deb")
        if len(paths) != 1:
            raise Skip(f"{len(paths)} packages {name} in {build}/deb: make deb makes one")
        found += paths
    return found


def make_earlier(package, to, scratch):
    """The same package with a version that any other one is an upgrade of."""
    tree = f"{scratch}/unpacked"
    image.do("dpkg-deb", "-R", package, tree)
    control = f"{tree}/DEBIAN/control"
    with open(control, encoding="utf-8") as file:
        text = file.read()
    version = next(line.split()[1] for line in text.splitlines() if line.startswith("Version: "))
    with open(control, "w", encoding="utf-8") as file:
        file.write(text.replace(version, f"{version}~before"))
    image.do("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, to)
    shutil.rmtree(tree)


def put(build, job, scratch):
    """In the directories "before" and "after" of a job."""
    for when in ("before", "after"):
        os.mkdir(f"{job}/{when}")
    for path in built(build):
        shutil.copy(path, f"{job}/after")
        make_earlier(path, f"{job}/before/{os.path.basename(path)}", scratch)
