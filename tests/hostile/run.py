#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile streams, and legal ones at the edge of it, against the real qfile-unpacker; hostile frames against pedos-rpcd and pedos-rpc; hostile
requests against vm-file-editor, and hostile answers against qopen-in-vm.

    run.py [NAME...]    run cases, all or those named ("links.absolute", or "links" for all of these), and write TAP
    run.py --list       list their names
    run.py --write NAME write the stream of a case to stdout: to be piped by hand, or as a seed for a fuzzer
"""
import argparse
import concurrent.futures
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True

import case as cases
import edit
import edit_machine
import receive
import rpc
import rpc_machine

SUBJECTS = ["headers", "names", "structure", "links", "limits", "conflicts", "ending"]
WORKERS = 2


def receivers():
    if os.geteuid() != 0:
        return [receive.Receiver(os.geteuid(), "as a plain user")]
    return [receive.Receiver(65534, "for a user, as root"), receive.Receiver(0, "for root")]


def chosen(names):
    """Those of the streams, by name, and those that are conversations: frames, requests and answers."""
    conversations = rpc.CASES | edit.CASES
    unknown = [name for name in names if name not in cases.CASES | conversations and name not in [*SUBJECTS, "rpc", "edit"]]
    if unknown:
        sys.exit(f"run.py: no such case: {', '.join(unknown)}")
    return [{name: case for name, case in those.items() if not names or name in names or name.partition(".")[0] in names}
            for those in (cases.CASES, conversations)]


def why_nothing_runs():
    """A plain user cannot receive without user namespaces: that is the machine's, and tested elsewhere."""
    if os.geteuid() == 0 or subprocess.run(["unshare", "-Ur", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        return None
    return "a plain user can make no user namespaces here"


def run_one(name, reason, function, *arguments):
    """Returns a line of TAP, and what follows it where it failed."""
    if reason:
        return f"ok {{}} - {name} # skip {reason}", []
    try:
        complaints = function(*arguments)
    except Exception:
        complaints = traceback.format_exc().splitlines()
    return f"{'not ok' if complaints else 'ok'} {{}} - {name}", complaints


def run(streams, conversations):
    """Run cases side by side, print what became of them in their order. Returns how many failed."""
    unable, failed, number = why_nothing_runs(), 0, 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(run_one, f"{name} {receiver.who}", unable or case.needs(receiver), receive.run, case, receiver)
                   for receiver in receivers() for name, case in streams.items()]
        futures += [pool.submit(run_one, name, None, function) for name, function in conversations.items()]
        try:
            for number, future in enumerate(futures, 1):
                line, complaints = future.result()
                print(line.replace("{}", str(number)), flush=True)
                for text in "\n".join(complaints).splitlines():
                    print(f"# {text[:400]}")
                failed += bool(complaints)
        except BaseException:  # stopped: no case begins, those that run end and remove what they made
            pool.shutdown(wait=False, cancel_futures=True)
            for pid in list(receive.running):
                receive.kill_group(pid)
            rpc_machine.end_all()
            edit_machine.end_all()
            raise
    print(f"1..{number}")
    return failed


def main():
    parser = argparse.ArgumentParser(description="Hostile streams against qfile-unpacker.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a case, or a subject")
    parser.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument("--write", metavar="NAME", help="write the stream of a case to stdout")
    options = parser.parse_args()
    for subject in SUBJECTS:
        importlib.import_module(subject)
    if options.write:
        streams, conversations = chosen([options.write])
        if len(streams) != 1 or conversations:
            sys.exit("run.py: --write takes one case, and one of a stream")
        sys.stdout.buffer.write(streams[options.write].make())
    elif options.list:
        print("\n".join(name for those in chosen(options.names) for name in those))
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        # A receiver syncs the whole file system: a disk that others work on makes that slow.
        if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK | os.X_OK):
            tempfile.tempdir = "/dev/shm"
        sys.exit(run(*chosen(options.names)) > 0)


main()
