# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A package that stands in for that of Qubes OS, with the files that qfilecopy-qubes takes the
place of."""
import os
import subprocess
import tempfile

import tree

NAME = "qubes-core-agent"
SERVICES = ["/etc/qubes-rpc/qubes.Filecopy", "/etc/qubes-rpc/qubes.OpenInVM"]
PROGRAMS = ["/usr/lib/qubes/qfile-agent", "/usr/lib/qubes/qfile-unpacker",
            "/usr/lib/qubes/qopen-in-vm", "/usr/lib/qubes/vm-file-editor"]
FILES = SERVICES + PROGRAMS
# This one had its user's privileges to get once.
MODES = {"/usr/lib/qubes/qfile-unpacker": 0o4755}


def content(path, version):
    return f"#!/bin/sh\necho {os.path.basename(path)} of Qubes, version {version}\n"


def build(version, directory):
    """Build it. Returns the path of the package."""
    with tempfile.TemporaryDirectory(prefix="qf-qubes-") as top:
        os.chmod(top, 0o755)
        for path in FILES:
            os.makedirs(os.path.dirname(top + path), mode=0o755, exist_ok=True)
            tree.write(top + path, content(path, version), mode=MODES.get(path, 0o755))
        os.mkdir(f"{top}/DEBIAN", 0o755)
        # As debhelper does: all that is in /etc.
        tree.write(f"{top}/DEBIAN/conffiles", "".join(f"{path}\n" for path in SERVICES))
        tree.write(f"{top}/DEBIAN/control",
                   f"Package: {NAME}\nVersion: {version}\nArchitecture: all\n"
                   "Maintainer: nobody <nobody@example.invalid>\nDescription: a stand-in\n")
        package = f"{directory}/{NAME}_{version}_all.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", top, package], check=True,
                       stdout=subprocess.DEVNULL)
        return package
