# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Numbered versions of a file, of different lengths; a part of one, or a mixture of two, is
none."""

LAST = 24  # the one that a session ends with that nobody disturbs


def content(version):
    return b"%08d\n" % version * (1000 + version * 7919 % 30000)


def version_of(path):
    """Which one the file at `path` has; None: not a whole one, or there is no file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError:
        return None
    number = data[:8]
    return int(number) if number.isdigit() and data == content(int(number)) else None
