#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [WORD...]: files opened, edited and saved in the applications of a desktop, by the real
qopen-in-vm and vm-file-editor, on a screen that nobody sees. Writes TAP.

Each WORD is an application, a file in cases/, or a text that the cases have in their names.
SAMPLE=N in the environment tries N applications only, of which at most one is large; SEED chooses
them. With --packages it says what tests/setup.sh has to install for them.
"""
import importlib
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE), str(HERE.parent / "common"), str(HERE.parent / "editors")]

import expect
import opening
import process
import scenarios
import screen
import session
import settings
import tap

WORKERS = 6
# Who runs a case does not see the processes of the others: an application that runs in one could
# have been handed the file of another.
APART = ["unshare", "--user", "--map-current-user", "--pid", "--fork", "--kill-child",
         "--mount-proc"]


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


def title_of(name, test):
    return f"{name} {test.__name__.replace('_', ' ')}"


def case(name, module, test, top):
    title = title_of(name, test)

    def run():
        application = module.APPLICATION
        missing = [program for _, program in packages(module) if not shutil.which(program)]
        if missing:
            raise tap.Skip(f"needs {', '.join(missing)}")
        directory = tempfile.mkdtemp(dir=top)
        try:
            opened = session.Session(directory, application.content(), application.file)
            application.prepare(opened)
            test(application, opened, re.sub(r"\W+", "-", title))
        finally:
            opening.end_all(directory)
    found = tap.Case(title, run)
    found.in_sight = getattr(module, "IN_SIGHT", False)  # it cannot be run apart
    return found


def can_be_apart():
    return subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0


def apart(case, top):
    """The same case, run by another process, which says what came of it."""
    def run():
        ended = subprocess.run([*APART, settings.PYTHON, "-B", __file__, "--only", top, case.name],
                               stdin=subprocess.DEVNULL, capture_output=True, text=True,
                               check=False)
        try:
            skipped, complaints = json.loads(ended.stdout)
        except json.JSONDecodeError:
            raise expect.Broken(f"it ended with {ended.returncode}\n{ended.stderr}") from None
        if skipped is not None:
            raise tap.Skip(skipped)
        expect.check(not complaints, "\n".join(complaints))
    return tap.Case(case.name, run)


def run_only(top, title):
    """In a process apart."""
    process.exit_when_told()
    process.adopt_orphans()
    signal.signal(signal.SIGALRM, tap.hung)
    found = next(case(name, module, test, top) for name, module in modules().items()
                 for test in module.TESTS if title_of(name, test) == title)
    print(json.dumps(tap.complaints_of(found)))
    return 0


def in_turn(found, top):
    """The cases of all applications: one of each, then the next of each."""
    lists = [[case(name, module, test, top) for test in module.TESTS]
             for name, module in found.items()]
    return [each for row in itertools.zip_longest(*lists) for each in row if each]


def main():
    words = sys.argv[1:]
    if words[:1] == ["--only"]:
        return run_only(*words[1:])
    known = modules()
    texts = [word for word in words if word not in known and word != "--packages"]
    found = {name: known[name] for name in known if name in words} or sampled(known)
    if "--packages" in words:
        print(*sorted({f"application:{package}:{program}" for module in found.values()
                       for package, program in packages(module)}))
        return 0
    print("# applications:", *found, flush=True)
    with tempfile.TemporaryDirectory(prefix="qfile-apps-", ignore_cleanup_errors=True) as top:
        top = os.path.realpath(top)  # as vm-file-editor will call it
        opening.guard(top)
        cases = tap.chosen(in_turn(found, top), texts)
        if can_be_apart():
            return tap.run([each if each.in_sight else apart(each, top) for each in cases],
                           WORKERS)
        return tap.run(cases, 1, ["one case at a time, since processes cannot be hidden from each "
                                  "other here (unshare)"])


if __name__ == "__main__":
    sys.exit(main())
