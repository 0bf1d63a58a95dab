# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Showing how far a transfer is as PROGRESS_TYPE says, also through a graphical wrapper."""
import os
import re
import time

import suite
import tree
from copying import Copying
from expect import check, equal, exists, has
from named import receiver_named
from settings import AGENT

test = suite.cases(Copying, once=True)


@test("PROGRESS_TYPE=console is the line, whatever stderr is")
def _(t):
    tree.write("file", "x")
    said = t.send("file", env={"PROGRESS_TYPE": "console"}).exits(0).said
    has(said, "100%")
    has(said, "file")


@test("PROGRESS_TYPE=none is nothing, on a terminal too")
def _(t):
    tree.write("file", "x")
    equal(t.run_on_terminal(AGENT, f"--via={t.via()}", "file", env={"PROGRESS_TYPE": "none"}),
          (0, f'copied 1 file (1 B) to "{t.place}"'))


# ---- A graphical wrapper ----

# As existing ones read it: it ends where it expects a number and gets none.
WRAPPER = """
set -e
read first
[ "$first" -eq 0 ]
echo $first
while read bytes; do
    [ "$bytes" -le "$1" ]
    [ "$1" -eq 0 ] || echo $((100 * bytes / $1))
done
"""


def wrapped(t, total, *arguments, env=()):
    """Send below such a wrapper. Returns how the sender ended, and what the wrapper has shown, as
    numbers."""
    reading, writing = os.pipe()
    with open(reading, "rb") as reading, open(writing, "wb") as writing:
        agent = t.start(AGENT, *arguments, pass_fds=[writing.fileno()],
                        env={"PROGRESS_TYPE": "gui", "SAVED_FD_1": str(writing.fileno()),
                             **dict(env)})
        shell = t.start("/bin/sh", "-c", WRAPPER, "sh", str(total), stdin=reading)
        writing.close()
        end = agent.wait()
        shown = shell.wait().exits(0)
    return end, [int(line) for line in shown.told.split()]


@test("PROGRESS_TYPE=gui is 0, then the bytes so far, where the wrapper reads them", waits=True)
def _(t):
    tree.sparse("large", 3 << 20)

    def wait(_):
        time.sleep(0.02)
    end, shown = wrapped(t, 3 << 20, f"--via={t.passing_on(wait)}", "large")
    end.exits(0).says("copied 1 file (3.0 MiB)")
    equal(shown, sorted(shown))
    equal((shown[0], shown[-1]), (0, 100))
    check(len(shown) > 3, f"too few: {shown}")
    # A dialog that closes at the end does not do so before the receiver has confirmed.
    equal(shown.count(100), 1)


@test("PROGRESS_TYPE=gui: small and empty files begin with 0, and end with the wrapper's total")
def _(t):
    tree.write("small", "x")
    tree.write("empty")
    via = f"--via={t.via('--on-conflict=rename')}"
    for total, names, expected in ((1, ["small"], [0, 100]), (1, ["small", "empty"], [0, 100]),
                                   (4096, ["small"], [0, 100]), (0, ["empty"], [0])):
        end, shown = wrapped(t, total, via, *names, env={"FILECOPY_TOTAL_BYTES": str(total)})
        end.exits(0)
        equal((shown[0], shown[-1], shown == sorted(shown)), (expected[0], expected[-1], True))


@test("PROGRESS_TYPE=gui: a wrapper that divides by its total of 0, and dies, stops nothing")
def _(t):
    tree.write("empty")
    reading, writing = os.pipe()
    with open(reading, "rb") as reading, open(writing, "wb") as writing:
        shell = t.start("/bin/sh", "-c", "read first; echo $((first * 100 / 0))", stdin=reading)
        reading.close()

        def wait(_):
            check(shell.wait().status != 0, "the wrapper has divided by 0")
        agent = t.start(AGENT, f"--via={t.passing_on(wait)}", "empty",
                        pass_fds=[writing.fileno()],
                        env={"PROGRESS_TYPE": "gui", "FILECOPY_TOTAL_BYTES": "0",
                             "SAVED_FD_1": str(writing.fileno())})
        writing.close()
        agent.wait().exits(0).says("copied 1 file (0 B)")
    exists(t.into("empty"))


@test("PROGRESS_TYPE=gui without SAVED_FD_1 is on stderr, and nothing else is")
def _(t):
    tree.write("file", bytes(1000))
    said = t.send("file", env={"PROGRESS_TYPE": "gui"}).exits(0).said
    equal((said.split("\n")[0], said.split("\n")[-1]), ("0", "1000"))
    check(re.fullmatch("[0-9\n]+", said), f"not numbers alone: {said!r}")


@test("PROGRESS_TYPE=gui: a dialog that is closed stops the transfer, also where nobody reads it")
def _(t):
    tree.sparse("large", 1 << 30)
    stubborn = t.stand_in()
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as dialog, open(writing, "wb") as writing:
        agent = t.start(AGENT, f"--via={receiver_named(stubborn.command)}", "--move", "large",
                        pass_fds=[writing.fileno()],
                        env={"PROGRESS_TYPE": "gui", "SAVED_FD_1": str(writing.fileno())})
        writing.close()
        receiver = stubborn.take()
        receiver.read(100)
        equal(dialog.read(2), b"0\n")
    end = agent.wait().exits(1)
    end.says("stopped, because the progress was closed; nothing was copied")
    receiver.end()
    exists("large")


@test("--progress goes before PROGRESS_TYPE")
def _(t):
    tree.write("file", "x")
    t.send("--progress=none", "file", env={"PROGRESS_TYPE": "console"}).exits(0).says(
        f'copied 1 file (1 B) to "{t.place}"')
