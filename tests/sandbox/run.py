#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [ATTEMPT...]: a hostile service tries to get out of the sandbox of @dispvm. Writes TAP.

The same program makes all attempts twice: in a sandbox that the real pedos-rpc has made, where each
must fail; and bare, as an ordinary process of the same account, where it must succeed: a trap that
nothing springs would prove nothing. What an ordinary process may not do either says why.
"""
import errno
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

import machine
import outside
import process
import settings
import tap

class Attempt:
    def __init__(self, line):
        self.group, self.name, self.what, self.bare = line.split("\t")


def attempts():
    said = subprocess.run([outside.ATTACK, "list"], capture_output=True, text=True, check=True)
    return [Attempt(line) for line in said.stdout.splitlines()]


class Results:
    """What a run of the program came to: whether each attempt escaped, and how it ended."""

    def __init__(self, place, *command):
        ended = place.run(*command)
        self.said = ended.stderr.strip()
        self.status = ended.returncode
        self.numbers = {name: int(number) for name, number in
                        (line.split("\t") for line in ended.stdout.splitlines())}
        self.left = place.left()

    def escaped(self, name):
        if name.startswith("leave-"):
            return name in self.left
        return self.numbers.get(name) == 0

    def how(self, name):
        if name not in self.numbers:
            return f"it was not tried: status {self.status}, {self.said}"
        if self.escaped(name):
            return "it works"
        number = self.numbers[name]
        if number > 1000:
            return signal.Signals(number - 1000).name
        return errno.errorcode.get(number, "nothing of it is left" if number == 0 else str(number))


def run_all():
    place = outside.Outside()
    try:
        calls = [settings.RPC, f"--services={place.services}"]
        return {
            ("sandbox", "usual"): Results(place, *calls, "@dispvm", "test.Attack"),
            ("sandbox", "limits"): Results(place, *calls, "@dispvm:small", "test.Attack+limits"),
            ("bare", "usual"): Results(place, outside.ATTACK),
            ("bare", "limits"): Results(place, outside.ATTACK, "limits"),
        }
    finally:
        place.close()


def judge(one, where, results):
    """The complaints about an attempt, and why it is skipped, or None."""
    if one.name not in results.numbers:
        return [results.how(one.name)], None
    if where == "sandbox":
        return ["it got out"] * results.escaped(one.name), None
    if results.escaped(one.name):
        return [], None
    if one.bare:
        return [], one.bare
    return [f"it fails outside, too, and so shows nothing: {results.how(one.name)}"], None


def main():
    process.exit_when_told()
    words = sys.argv[1:]
    chosen = [one for one in attempts() if not words or one.name in words
              or any(word in one.what for word in words)]
    if not chosen:
        print(f"no attempt is called {' or '.join(words)}", file=sys.stderr)
        return tap.NONE_CALLED_SO
    if tap.also_run_by():  # root has an account do the same
        return tap.Report(left_out=2 * len(chosen)).end()
    report = tap.Report()
    if reason := machine.why_no_sandboxes():
        report.add("all attempts", reason, [])
        return report.end()
    found = run_all()
    for where in ("sandbox", "bare"):
        for one in chosen:
            results = found[where, one.group]
            complaints, skipped = judge(one, where, results)
            how = "" if skipped else f": {results.how(one.name)}"
            report.add(f"{where}: {one.what}{how}", skipped, complaints)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
