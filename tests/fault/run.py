#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [PART...]: death anywhere. Kill and fail whatever takes part in a delivery, and look at
what is left. Writes TAP.

Parts: calls, kills, move, disk, order, costs, rpc, sandbox,
open, in_place; without any, all of them.
"""
import pathlib
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "common"))

import calls
import costs
import disk
import flagless
import in_place
import jobs
import kills
import move
import opened
import order
import rpc
import sandbox
import tap
from delivery import Broken

PARTS = {"calls": calls.tests, "flagless": flagless.tests, "kills": kills.tests,
         "move": move.tests, "disk": disk.tests, "order": order.tests, "costs": costs.tests,
         "rpc": rpc.tests, "sandbox": sandbox.tests, "open": opened.tests,
         "in_place": in_place.tests}


def main():
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)}.", file=sys.stderr)
        return tap.NONE_CALLED_SO
    # with us, the processes that work for us end and clean up
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    run = jobs.Run()
    for name in names:
        try:
            for test in PARTS[name](run):
                run.do(test)
        except tap.Skip as reason:
            run.skip(name, reason)
        except Broken as broken:  # before there was any fault
            run.fail(name, broken)
    return run.end()


sys.exit(main())
