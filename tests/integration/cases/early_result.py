# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A receiver that sends its result before it has everything: the sender stops at once."""
import os

import suite
import tree
from copying import EDQUOT, EEXIST, ENOLINK, ENOSPC, Copying, answer, old_answer
from expect import exists, has, wait_until
from named import receiver_named
from settings import AGENT

test = suite.cases(Copying, once=True)

# Far more than anything between the two holds.
LARGE = 2**30


def is_said_at_once(t, part, early, name):
    """Send `name` to a receiver that reads a little, answers with `early`, and then neither reads
    nor goes away until the sender has said `part`."""
    stubborn = t.stand_in()
    agent = t.start(AGENT, f"--via={receiver_named(stubborn.command)}", name)
    receiver = stubborn.take()
    receiver.read(100)
    receiver.write(early)
    wait_until(lambda: part in agent.said(), lambda: f"{part!r}; said: {agent.said()}",
               by=[agent])
    receiver.end()
    agent.wait().exits(1).says(part)


def answering_early(t, early):
    """The command of a receiver that reads a little, answers, and goes away."""
    def play(role):
        role.read(100)
        role.write(early)
    return t.peer(play)


@test("an early result is said at once, though the receiver neither reads nor closes")
def _(t):
    tree.sparse("large", LARGE)
    is_said_at_once(t, '"large" is there already', answer(EEXIST, 0, "large"), "large")


@test("an early result of an old receiver is said at once, though it neither reads nor closes")
def _(t):
    tree.sparse("large", LARGE)
    is_said_at_once(t, "full", old_answer(ENOSPC, 0), "large")


@test("an early result is noticed between small files")
def _(t):
    os.mkdir("dir")
    # Long names: fewer files fill what lies between the two.
    for number in range(5000):
        tree.write(f"dir/{number:0200}")
    is_said_at_once(t, "exceeds what the receiver accepts", answer(EDQUOT, 0, "dir/1"), "dir")


@test("a receiver that sends its result early and goes is believed, not called a lost connection")
def _(t):
    tree.sparse("large", LARGE)
    via = answering_early(t, answer(ENOLINK, 0, "dir/link"))
    t.run(AGENT, f"--via={via}", "large").exits(1).says('the link "dir/link" points outside')


@test("a receiver that goes away without a word is a lost connection")
def _(t):
    tree.sparse("large", LARGE)
    has(t.run(AGENT, f"--via={answering_early(t, b'')}", "large").exits(1).said,
        "connection was lost")


@test("a success that comes too early is none")
def _(t):
    tree.sparse("large", LARGE)
    for early in (answer(0, 0, "large"), old_answer(0, 0)):
        via = answering_early(t, early)
        t.run(AGENT, f"--via={via}", "large").exits(1).says("before everything was sent")


@test("a success that comes too early removes nothing")
def _(t):
    tree.sparse("large", LARGE)
    via = answering_early(t, answer(0, 0, "large"))
    t.run(AGENT, "--move", f"--via={via}", "large").exits(1)
    exists("large")


@test("the unpacker sends its result in the middle, and the sender stops in the middle")
def _(t):
    os.mkdir("dir")
    os.symlink("/", "dir/link")
    try:
        tree.sparse("large", 2**43)
    except OSError:
        tree.sparse("large", LARGE)
    # Far too large to be sent: that this ends at all shows that the result was heeded.
    has(t.send("dir", "large").exits(1).said, '"dir/link"')
    t.nothing_arrived()
