# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""All files of the system that packages may change, to be compared."""
import json
import os

from guest import JOB

# What every system writes, and what belongs to accounts.
LEFT_OUT = ("/proc", "/sys", "/dev", "/run", "/tmp", "/home", "/root", "/srv", "/var/lib/lab",
            "/var/log", "/var/tmp", "/var/cache", "/var/lib/dpkg", "/var/lib/apt",
            "/var/lib/systemd", "/etc/ld.so.cache")


def listing():
    found = set()
    for place, directories, files in os.walk("/"):
        paths = [os.path.join(place, name) for name in [*directories, *files]]
        found.update(path for path in paths if not path.startswith(LEFT_OUT))
        directories[:] = [name for name in directories
                          if not os.path.join(place, name).startswith(LEFT_OUT)]
    return found


def remember(name):
    with open(JOB / f"listing-{name}", "w", encoding="utf-8") as file:
        json.dump(sorted(listing()), file)


def added_since(name):
    with open(JOB / f"listing-{name}", encoding="utf-8") as file:
        return sorted(listing() - set(json.load(file)))
