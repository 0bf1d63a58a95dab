#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: the real programs, as people and other programs use them. Writes TAP.

Each WORD chooses cases: those of the file of cases/ that is called so ("conflict"); or, where none
is, those with that text in their names.
"""
import importlib
import pathlib
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE / "cases"), str(HERE.parent / "common")]

import sample
import suite
import tap


def main():
    words = sys.argv[1:]
    files = sorted(path.stem for path in (HERE / "cases").glob("*.py"))
    # Words that all are files need no others.
    for file in words if set(words) <= set(files) and words else files:
        importlib.import_module(file)
    if words:
        sample.take_all()
    of_files = [case for case in suite.CASES if case.file in words]
    chosen = of_files or tap.chosen(suite.CASES, words)
    # Root runs these.
    left_out = [case for case in chosen if case.once and tap.also_run_by()]
    chosen = [case for case in chosen if case not in left_out]
    return tap.run(sorted(chosen, key=lambda case: not case.waits), suite.WORKERS,
                   sample.note("some of the limits and statuses that are tried"), len(left_out))


if __name__ == "__main__":
    sys.exit(main())
