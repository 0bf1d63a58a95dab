# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is measured, and what it is measured with."""
import os
import random
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AGENT, UNPACKER, OPENER, EDITOR, RPC, RPCD = (
    os.path.join(TOP, "build/bin", name)
    for name in ("qfile-agent", "qfile-unpacker", "qopen-in-vm", "vm-file-editor", "pedos-rpc",
                 "pedos-rpcd"))
BARE = os.path.join(TOP, "build/tests/bare")
LIMIT_MIB = 8  # that a program may take, whatever it copies


def remove(*paths):
    subprocess.run(["rm", "-rf", *paths], check=True)  # Python's own gives up on deep trees


def make_sized(path, size):
    with open(path, "wb") as file:
        block = random.Random(3).randbytes(1 << 20)
        for _ in range(max(1, size >> 20)):
            file.write(block[:size])
