# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-agent --move: whatever is killed or fails, on either side, the source is never gone unless
the copy is safe."""
import platform

import calls
import trees
from calls import error_tests, kill_tests, learn


def tests(run):
    calls.need_tracing()
    for name, plant in (("one entry", trees.plant_one), ("two entries", trees.plant_pair)):
        name = f"move: {name}"
        agent = run.call(learn, plant, True, True)
        receiver = run.call(learn, plant, True, False)
        yield from kill_tests(name, agent, plant, move=True, agent=True, roles=("agent",))
        yield from kill_tests(name, receiver, plant, move=True)
        if platform.machine() == "x86_64":
            yield from error_tests(name, agent, plant, move=True, agent=True, roles=("agent",))
            yield from error_tests(name, receiver, plant, move=True)
        else:
            run.skip(f"{name}: failing calls", calls.ONLY_X86)
