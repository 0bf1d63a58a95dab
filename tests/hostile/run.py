#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Hostile streams, and legal ones at the edge of it, against the real qfile-unpacker; hostile
frames against pedos-rpcd and pedos-rpc; hostile requests against vm-file-editor, and hostile
answers against qopen-in-vm.

    run.py [NAME...]    run cases, all (those for root a sample: common/sample.py) or those named
                        ("links.absolute", or "links" for all of these), and write TAP. Where not
                        all are such names: those with one of the texts in their names
    run.py --list       list their names
    run.py --write NAME write the stream of a case to stdout: to be piped by hand, or as a seed
                        for a fuzzer
"""
import argparse
import importlib
import os
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "common"))

import case as cases
import edit
import expect
import machine
import process
import program
import receive
import rpc
import sample
import scratch
import tap
import tree

SUBJECTS = ["headers", "names", "structure", "links", "limits", "conflicts", "ending"]
WORKERS = 2 * (os.cpu_count() or 1)  # a few cases wait for seconds
# Cases that are the largest: in a sample they are tried for one receiver, and the very largest for
# none.
LARGE = "structure.depth", "limits.million", "limits.hundred-thousand"
LARGEST = ("structure.depth-8000",)
# These begin first: some wait.
LONG = ("ending.silence", "rpc.daemon-silence", "rpc.daemon-does-not-read", "ending.cut-anywhere",
        "edit.opener-cut-anywhere", "edit.editor-short-request", *LARGE)


def receivers():
    if os.geteuid() != 0:
        return [receive.Receiver(os.geteuid(), "as a plain user")]
    return [receive.Receiver(65534, "for a user, as root"), receive.Receiver(0, "for root")]


def are_named(names):
    """Are these all names of cases, or of subjects?"""
    known = cases.CASES.keys() | rpc.CASES.keys() | edit.CASES.keys() | {*SUBJECTS, "rpc", "edit"}
    return all(name in known for name in names)


def chosen(names):
    """Those of the streams, by name, and those that are conversations: frames, requests and
    answers."""
    return [{name: case for name, case in those.items()
             if not names or name in names or name.partition(".")[0] in names}
            for those in (cases.CASES, rpc.CASES | edit.CASES)]


def judged(where, function, *arguments):
    if complaints := function(*arguments):
        raise expect.Broken("\n".join([where, *complaints]))


def receive_one(case, receiver):
    machine.need_receiver()
    if reason := case.needs(receiver):
        raise tap.Skip(reason)
    judged(case.where, receive.run, case, receiver)


class Stream(tap.Case):
    def __init__(self, name, case, receiver):
        super().__init__(f"{name} {receiver.who}", lambda: receive_one(case, receiver))
        self.receiver, self.where = receiver, case.where


class Conversation(tap.Case):
    receiver = None

    def __init__(self, name, function):
        super().__init__(name, lambda: judged(function.where, function))
        self.where = function.where


def all_of(streams, conversations):
    """As cases that can be run, the long ones first."""
    found = [Stream(name, case, receiver) for receiver in receivers()
             for name, case in streams.items()]
    found += [Conversation(name, function) for name, function in conversations.items()]
    return sorted(found, key=lambda case: not case.name.startswith(LONG))


def sampled(found):
    """
    All for one receiver, and of those for others a sample: the parser is the same. Cases are of one
    kind that are made by the same line. The first of the users that try them has the whole.
    """
    if sample.every == 1:
        return found
    first = None if tap.also_run_by() else receivers()[0]
    whole = [case for case in found if first and case.receiver in (first, None)
             and not case.name.startswith(LARGEST)]
    rest = [case for case in found if (not first or case.receiver not in (first, None))
            and not case.name.startswith(LARGE)]
    chosen = {*whole, *sample.of(rest, lambda case: (case.receiver, case.where))}
    return [case for case in found if case in chosen]


def run(names):
    """Returns the exit status."""
    if names:
        sample.take_all()
        notes = []
        found = (all_of(*chosen(names)) if are_named(names)
                 else tap.chosen(all_of(*chosen([])), names))
    else:
        every = all_of(*chosen([]))
        found = sampled(every)
        notes = sample.note(f"these {len(found)} of {len(every)} cases")
    program.keep_descriptors()
    # A receiver syncs the whole file system: a disk that others work on makes that slow.
    memory = "TMPDIR" not in os.environ and scratch.is_roomy(scratch.MEMORY)
    top = tempfile.mkdtemp(prefix="qfile-hostile-", dir=scratch.MEMORY if memory else None)
    os.chmod(top, 0o711)  # for receivers that become somebody else
    tempfile.tempdir = top
    process.adopt_orphans()
    try:
        return tap.run(found, WORKERS, notes)
    finally:
        process.end_all()  # what a worker kept that was killed
        tree.remove(top)


def main():
    parser = argparse.ArgumentParser(description="Hostile streams against qfile-unpacker.")
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="a case, a subject, or a part of cases' names")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--write", metavar="NAME", help="write the stream of a case to stdout")
    options = parser.parse_args()
    for subject in SUBJECTS:
        importlib.import_module(subject)
    if options.write:
        if options.write not in cases.CASES:
            sys.exit("run.py: --write takes one case, and one of a stream")
        sys.stdout.buffer.write(cases.CASES[options.write].make())
    elif options.list:
        print("\n".join(name for those in chosen(options.names) for name in those))
    else:
        sys.exit(run(options.names))


if __name__ == "__main__":
    main()
