# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The tests expect the names that the programs have by themselves. /etc/qfilecopy.conf of this
machine may set others, as qfilecopy-qubes does: root hides it, and others say so and skip."""
import os
import sys
import tempfile

import machine
import settings
from tap import Skip

CONF = "/etc/qfilecopy.conf"

# Words before a command. It sees a copy of /etc in memory, without these settings: an empty file in
# their place would still be somebody's.
HIDDEN = ["unshare", "--mount", "sh", "-c",
          'mount -t tmpfs -o mode=755 none "$0" && cp -a /etc/. "$0" && '
          'rm "$0/qfilecopy.conf" && mount --move "$0" /etc && rmdir "$0" && exec "$@"']


def are_set():
    return os.path.lexists(CONF)


def hide():
    """Begin the program that runs again, where root can hide them."""
    if not machine.am_root() or not are_set():
        return
    place = tempfile.mkdtemp()
    if not machine.works(*HIDDEN, place, "true"):
        sys.exit(f"{CONF} sets other names than the tests expect, and no mount can hide it here: "
                 "move it away while they run.")
    print(f"{CONF} of this machine is hidden from the tests.", flush=True)
    os.makedirs(place, exist_ok=True)
    os.execvp("unshare", [*HIDDEN, place, settings.PYTHON, "-B", *sys.argv])


def need():
    if are_set():
        raise Skip(f"{CONF} sets other names here, which only root can hide: sudo make check")
