#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: files opened in real editors, by the real qopen-in-vm and vm-file-editor.
Writes TAP.

Each WORD is an editor: vim, nano, mousepad, default (whatever xdg-open finds); or, where none is, a
text that the tests have in their names.
"""
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "common"))

import default
import mousepad
import nano
import opening
import tap
import vim

EDITORS = {"mousepad": mousepad, "vim": vim, "nano": nano, "default": default}
WORKERS = 8  # they wait more than they work


def case(editor, test, top):
    def run():
        if reason := EDITORS[editor].why_not():
            raise tap.Skip(reason)
        directory = tempfile.mkdtemp(dir=top)
        try:
            test(opening.Opening(directory))
        finally:
            opening.end_all(directory)
    return tap.Case(f"{editor} {test.__name__.replace('_', ' ')}", run)


def main():
    with tempfile.TemporaryDirectory(prefix="qfile-editors-") as top:
        top = os.path.realpath(top)  # as vm-file-editor, and so the editors, will call it
        opening.guard(top)
        cases = [case(editor, test, top) for editor, module in EDITORS.items()
                 for test in module.TESTS]
        words = sys.argv[1:]
        of_editors = [each for each in cases if each.name.partition(" ")[0] in words]
        return tap.run(of_editors or tap.chosen(cases, words), WORKERS)


if __name__ == "__main__":
    sys.exit(main())
