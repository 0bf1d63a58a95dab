#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: the programs of the desktop, on a screen that nobody sees. Writes TAP.

Files of cases are those here with a `_` in their names. Each WORD chooses cases: those of a file
("send_copy") or of all that begin so ("send"); or, where there are none, those with that text in
their names.
"""
import importlib
import pathlib
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("integration", "common")]

import suite
import tap

WORKERS = 2  # each has a desktop of its own, whose programs work when something is shown


def main():
    words = sys.argv[1:]
    for path in sorted(HERE.glob("*_*.py")):
        importlib.import_module(path.stem)
    of_files = [case for case in suite.CASES
                if any(case.file == word or case.file.startswith(f"{word}_") for word in words)]
    chosen = of_files or tap.chosen(suite.CASES, words)
    return tap.run(sorted(chosen, key=lambda case: not case.waits), WORKERS)


if __name__ == "__main__":
    sys.exit(main())
