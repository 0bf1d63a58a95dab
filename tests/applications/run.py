#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: files opened, edited and saved in the applications of a desktop, by the real
qopen-in-vm and vm-file-editor, on a screen that nobody sees. Writes TAP.

Each WORD is an application, a file in cases/; or, where none is, a text that the cases have in
their names. SAMPLE=N in the environment tries N applications only, of which at most one is large;
SEED chooses them. With --packages it says what tests/setup.sh has to install for them.
"""
import importlib
import os
import pathlib
import random
import re
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common"), str(HERE.parent / "editors")]

import expect
import opening
import scenarios
import screen
import session
import tap

# Seconds, for a case; what is waited for in it has half of them. They end what never comes.
expect.FOREVER = 600
WORKERS = 4


def modules():
    """Of all applications, by their names."""
    return {path.stem: importlib.import_module(f"cases.{path.stem}")
            for path in sorted((HERE / "cases").glob("*.py"))}


def sampled(found):
    """So many of them as the environment says, at most one of them large."""
    if not (number := os.environ.get("SAMPLE")):
        return found
    names = list(found)
    random.Random(os.environ.get("SEED", "0")).shuffle(names)
    large = [name for name in names if found[name].APPLICATION.large]
    names = [name for name in names if name not in large[1:]][:int(number)]
    return {name: found[name] for name in sorted(names)}


def packages(module):
    return {**screen.PROGRAMS, **module.APPLICATION.programs}.items()


def case(name, module, test, top):
    title = f"{name} {test.__name__.replace('_', ' ')}"

    def run():
        application = module.APPLICATION
        missing = [program for _, program in packages(module) if not shutil.which(program)]
        if missing:
            raise tap.Skip(f"needs {', '.join(missing)}")
        directory = tempfile.mkdtemp(dir=top)
        try:
            opened = session.Session(directory, application.content(), application.file)
            test(application, opened, re.sub(r"\W+", "-", title))
        finally:
            opening.end_all(directory)
    return tap.Case(title, run)


def main():
    words = sys.argv[1:]
    named = {name: module for name, module in modules().items() if name in words}
    found = named or sampled(modules())
    if "--packages" in words:
        print(*sorted({f"application:{package}:{program}" for module in found.values()
                       for package, program in packages(module)}))
        return 0
    print("# applications:", *found, flush=True)
    with tempfile.TemporaryDirectory(prefix="qfile-apps-", ignore_cleanup_errors=True) as top:
        top = os.path.realpath(top)  # as vm-file-editor will call it
        opening.guard(top)
        cases = [case(name, module, test, top) for name, module in found.items()
                 for test in module.TESTS]
        return tap.run(cases if named else tap.chosen(cases, words), WORKERS)


if __name__ == "__main__":
    sys.exit(main())
