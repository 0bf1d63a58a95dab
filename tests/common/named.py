# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Commands for --via that run a receiver or an editor by their words, whatever they do: then nobody
asks first where they lead."""
import shlex

from settings import BUILD


def named(program, command):
    """`command` for a shell, as a command that runs `program`."""
    return f"PLAYED={shlex.quote(command)} exec {shlex.quote(f'{BUILD}/tests/played/{program}')}"


def receiver_named(command):
    return named("qfile-unpacker", command)


def editor_named(command):
    return named("vm-file-editor", command)
