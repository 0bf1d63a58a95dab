#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py [EDITOR...]: files opened in real editors, by the real qopen-in-vm and vm-file-editor. Writes TAP.

Editors: vim, nano, mousepad, default (whatever xdg-open finds); without any, all of them.
"""
import concurrent.futures
import os
import shutil
import signal
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True

import default
import mousepad
import nano
import opening
import vim

EDITORS = {"mousepad": mousepad, "vim": vim, "nano": nano, "default": default}
WORKERS = 8  # they wait more than they work


def run_one(test, top):
    """Returns what is wrong."""
    directory = tempfile.mkdtemp(dir=top)
    try:
        test(opening.Opening(directory))
    except opening.Broken as broken:
        return [line for line in str(broken).splitlines() if line]
    except Exception:
        return traceback.format_exc().splitlines()
    finally:
        opening.end_all(directory)
    return []


def run(editors, top):
    """Run tests side by side, and print in their order what became of them. Returns how many failed."""
    failed = number = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        reasons = {editor: EDITORS[editor].why_not() for editor in editors}
        futures = [(editor, test, None if reasons[editor] else pool.submit(run_one, test, top))
                   for editor in editors for test in EDITORS[editor].TESTS]
        try:
            for number, (editor, test, future) in enumerate(futures, 1):
                complaints = future.result() if future else []
                name = f"{editor} {test.__name__.replace('_', ' ')}" + (f" # skip {reasons[editor]}" if not future else "")
                print(f"{'not ok' if complaints else 'ok'} {number} - {name}", *(f"# {line}" for line in complaints), sep="\n", flush=True)
                failed += bool(complaints)
        except BaseException:  # stopped: no test begins, those that run end and remove what they made
            opening.stopping.set()
            pool.shutdown(cancel_futures=True)
            raise
    print(f"1..{number}")
    return failed


def guard(top):
    """However this process ends, nothing that it started and made outlives it: another sees its end of a pipe closed, and tidies up."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.close(writing)
        os.setsid()  # what is meant for us all does not reach it
        os.read(reading, 1)
        opening.end_all(top)
        shutil.rmtree(top, ignore_errors=True)
        os._exit(0)
    os.close(reading)  # `writing` stays open, as long as we live


def main():
    editors = sys.argv[1:] or list(EDITORS)
    unknown = [editor for editor in editors if editor not in EDITORS]
    if unknown:
        sys.exit(f"{__doc__}\nThere is no editor {unknown[0]!r}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="qfile-editors-") as top:
        top = os.path.realpath(top)  # as vm-file-editor, and so the editors, will call it
        guard(top)
        return 1 if run(editors, top) else 0


if __name__ == "__main__":
    sys.exit(main())
