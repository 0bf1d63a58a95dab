#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Hostile streams, and legal ones at the edge of it, against the real qfile-unpacker; hostile
frames against pedos-rpcd and pedos-rpc; hostile requests against vm-file-editor, and hostile
answers against qopen-in-vm.

    run.py [NAME...]    run cases, all (of those for root a sample, which SEED in the environment
                        repeats) or those named ("links.absolute", or "links" for all of
                        these), and write TAP. Where not all are such names:
                        those with one of the texts in their names
    run.py --list       list their names
    run.py --write NAME write the stream of a case to stdout: to be piped by hand, or as a seed
                        for a fuzzer
"""
import argparse
import importlib
import os
import pathlib
import random
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
import scratch
import tap
import tree

SUBJECTS = ["headers", "names", "structure", "links", "limits", "conflicts", "ending"]
WORKERS = 2 * (os.cpu_count() or 1)  # a few cases wait for seconds
SAMPLE = 4  # of the streams that are received for root, one of so many is tried
# Cases that wait, or are the largest: they begin first.
LONG = ("ending.silence", "rpc.daemon-silence", "rpc.daemon-does-not-read", "structure.depth",
        "limits.million", "limits.hundred-thousand")


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


def sampled(streams, seed):
    """Every fourth of them, by chance, but all that are long: these are few, and reach limits."""
    some = random.Random(seed)
    return {name: case for name, case in streams.items()
            if name.startswith(LONG) or some.randrange(SAMPLE) == 0}


def receive_one(case, receiver):
    machine.need_receiver()
    if reason := case.needs(receiver):
        raise tap.Skip(reason)
    judged(case.where, receive.run, case, receiver)


def all_of(streams, conversations, seed=None):
    """As cases that can be run, the long ones first. With a seed, those for root are a sample: the
    parser is the same, and all are tried for somebody else."""
    found = [tap.Case(f"{name} {receiver.who}",
                      lambda case=case, receiver=receiver: receive_one(case, receiver))
             for receiver in receivers()
             for name, case in (sampled(streams, seed) if seed and receiver.uid == 0 else
                                streams).items()]
    found += [tap.Case(name, lambda function=function: judged(function.where, function))
              for name, function in conversations.items()]
    return sorted(found, key=lambda case: not case.name.startswith(LONG))


def run(names):
    """Returns the exit status."""
    if names:
        found = (all_of(*chosen(names)) if are_named(names)
                 else tap.chosen(all_of(*chosen([])), names))
    else:
        seed = os.environ.get("SEED") or str(random.randrange(1, 10**6))
        print(f"What is received for root is a sample; SEED={seed} repeats it.", file=sys.stderr)
        found = all_of(*chosen([]), seed)
    program.keep_descriptors()
    # A receiver syncs the whole file system: a disk that others work on makes that slow.
    memory = "TMPDIR" not in os.environ and scratch.is_roomy(scratch.MEMORY)
    top = tempfile.mkdtemp(prefix="qfile-hostile-", dir=scratch.MEMORY if memory else None)
    os.chmod(top, 0o711)  # for receivers that become somebody else
    tempfile.tempdir = top
    process.adopt_orphans()
    try:
        return tap.run(found, WORKERS)
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
