# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Where the tests find what they test, and where they may write."""
import os
import pathlib
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
# QFILE_BUILD: another build than the ordinary one, such as that with sanitizers.
BUILD = TOP / os.environ.get("QFILE_BUILD", "build")
BIN = BUILD / "bin"
AGENT, UNPACKER, OPENER, EDITOR, RPC, RPCD = (
    str(BIN / name) for name in ("qfile-agent", "qfile-unpacker", "qopen-in-vm", "vm-file-editor",
                                 "pedos-rpc", "pedos-rpcd"))
SANITIZED = BUILD.name == "build-sanitized"
COUNTED = BUILD.name == "build-coverage"

# Not the first one in PATH: that may be a wrapper that takes ten times as long to start.
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"


def need_built(program):
    """Ends this process where it is missing."""
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not built: make test builds the usual programs and tests, "
                 "and make help lists the commands for others.")


need_built(AGENT)
