# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Whoever is killed, nothing half is visible, and the next delivery needs no cleaning up by
hand."""
import os
import signal

import process
import stream as wire
import suite
import tree
from copying import ECANCELED, EPERM, STAGING, Answer, Copying
from expect import check, equal, exists, has, wait_until
from named import receiver_named
from settings import AGENT

test = suite.cases(Copying)

GOOD = wire.delivery(wire.file("good", b"content"))


def begin_delivery(t, half="half"):
    """An unpacker in the middle of a delivery: a sealed directory, one of mode 0 and half a file,
    which is called so, are there already."""
    receiving = t.start_unpacker()
    none = wire.tree("sealed/none", wire.file("sealed/none/file", mode=0), mode=0)
    receiving.write(wire.tree("sealed", none, mode=0o500),
                    wire.entry(half, wire.FILE | 0o644, filelen=1000000), bytes(10000))
    receiving.wait_staged(half)
    return receiving


def left_behind(t):
    """Staging directories of killed receivers. There is nothing else."""
    names = tree.names_in(t.incoming)
    check(all(name.startswith(STAGING) for name in names), f"visible: {names}")
    return names


def good_delivery_cleans_up(t):
    t.deliver(GOOD).arrives("good")
    t.arrived("good")


def with_default_signals():
    """For a program to be started: whoever started the tests may ignore some, as shells have it for
    what is in their background."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start_sending_to(t, receiver, *arguments):
    """An agent that sends to a stand-in, and an unpacker that has the beginning of the stream and
    whose answer goes to the agent."""
    agent = t.start(AGENT, f"--via={receiver_named(receiver.command)}", *arguments,
                    preexec_fn=with_default_signals)
    role = receiver.take()
    receiving = t.start_unpacker("-v", stdout=role.stdout)
    receiving.write(role.read(100000))
    receiving.wait_staged("large")
    return agent, role, receiving


@test("a killed monitor takes its child along, and the next delivery cleans up")
def _(t):
    receiving = begin_delivery(t)
    child = receiving.child()
    receiving.kill()
    equal(receiving.wait().exits(137).out, b"")
    wait_until(lambda: process.ended(child), "the child's end")
    equal(len(left_behind(t)), 1)
    good_delivery_cleans_up(t)


@test("a killed child is an answered failure, and leaves nothing")
def _(t):
    receiving = begin_delivery(t)
    process.kill(receiving.child())
    receiving.wait().exits(1).answered(EPERM, "").says_nothing()
    t.nothing_arrived()
    good_delivery_cleans_up(t)


@test("a signal to stop is answered, and leaves nothing")
def _(t):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        receiving = begin_delivery(t)
        child = receiving.child()
        receiving.kill(number)
        equal(Answer(receiving.wait().exits(1).out).code, ECANCELED)
        wait_until(lambda: process.ended(child), "the child's end")
        t.nothing_arrived()


@test("what many killed receivers left is cleaned up by one delivery")
def _(t):
    several, children = [], []
    for half in ("one", "two", "three"):
        receiving = begin_delivery(t, half)
        children.append(receiving.child())
        # Stopped, so that it does not answer the end of its stream; the next one must not take it
        # for dead.
        receiving.kill(signal.SIGSTOP)
        several.append(receiving.close())
    equal(len(left_behind(t)), 3)
    for receiving in several:
        receiving.kill()
        receiving.wait().exits(137)
    wait_until(lambda: all(process.ended(child) for child in children), "the children's end")
    equal(len(left_behind(t)), 3)
    good_delivery_cleans_up(t)


@test("what a living receiver stages is left alone by another delivery")
def _(t):
    receiving = begin_delivery(t)
    t.deliver(GOOD).arrives("good")
    equal([name for name in tree.names_in(t.incoming) if not name.startswith(STAGING)], ["good"])
    receiving.write(bytes(990000), wire.END)
    receiving.wait().arrives("half")
    t.arrived("good", "half", "sealed")
    equal(tree.size_of(t.into("half")), 1000000)


@test("a deep tree that a killed receiver left is cleaned up")
def _(t):
    receiving = t.start_unpacker()
    paths = ["/".join("d" * depth) for depth in range(1, 151)]
    bottom = f"{paths[-1]}/bottom"
    receiving.write(*(wire.directory(path) for path in paths), wire.file(bottom))
    receiving.wait_staged(bottom)
    child = receiving.child()
    receiving.kill()
    receiving.wait().exits(137)
    wait_until(lambda: process.ended(child), "the child's end")
    equal(len(left_behind(t)), 1)
    good_delivery_cleans_up(t)


@test("what only looks like a receiver's leftover is not followed out of the directory")
def _(t):
    outside = f"{t.top}/outside"
    os.mkdir(outside)
    os.chmod(outside, 0o777)
    tree.write(f"{outside}/precious")
    os.symlink(outside, t.into(f"{STAGING}0123456789abcdef"))
    t.deliver(GOOD).arrives("good")
    exists(t.into("good"))
    exists(f"{outside}/precious")


@test("a killed sender is an incomplete stream for the receiver")
def _(t):
    tree.sparse("large", 1 << 30)
    agent, role, receiving = start_sending_to(t, t.stand_in(), "large")
    agent.kill()
    agent.wait().exits(137)
    receiving.write(role.read_all())
    has(receiving.close().wait().exits(1).said, "ended in the middle")
    t.nothing_arrived()


@test("a sender that is told to stop says so, dies of the signal, and nothing arrives")
def _(t):
    receiver = t.stand_in()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        tree.sparse("large", 64 << 20)
        agent, role, receiving = start_sending_to(t, receiver, "--move", "large")
        agent.kill(number)
        # Before the receiver ends, which waits for the rest.
        wait_until(lambda: "stopped; nothing was copied" in agent.said(), "the sender to say so",
                   by=[agent])
        receiving.write(role.read_all())
        role.end(receiving.close().wait().status)
        agent.wait().exits(128 + number)
        t.nothing_arrived()
        exists("large")


@test("a starter that ignores the end of its children changes nothing")
def _(t):
    stream = wire.delivery(wire.file("a"), wire.file("b"))
    t.deliver(stream, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)).arrives("b")
    t.arrived("a", "b")
