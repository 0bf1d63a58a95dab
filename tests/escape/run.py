#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""run.py [-c CONFIGURATION]... [ATTEMPT...]: attack from inside the confined child, as TAP.

Every configuration is tried when none is named: the full confinement (none: no layer left out),
the same in the thread that writes files (writer), each layer left out in turn, and `bare`, an
ordinary process of the user. There the attempts must succeed: a trap that nothing springs would
prove nothing. All attempts are made with all layers, by the writer, and bare; where a layer is
left out, those that only this layer stops, and a sample of the others (common/sample.py), unless
attempts are named. Where a configuration is named, every attempt is made there, also those that
cannot end in another way than with all layers.
"""
import argparse
import concurrent.futures
import os
import signal
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

import attempt
import machine
import overlap
import outside
import process
import sample
import tap

LAYERS = ["user-namespace", "namespaces", "mount", "chroot", "privileges", "resources",
          "descriptors", "landlock", "system-calls"]
CONFIGURATIONS = ["none", *LAYERS, "old-kernel", "pivot-root", "verify", "writer",
                  "bare"]
EPERM = 1


class Suite:
    def __init__(self, directory, user):
        self.directory = directory
        self.user = user
        self.honest = {}  # configuration: the layers that its child reports
        self.listed = set()  # attempts that the list of system calls ends, with all layers in force
        self.outsides = []
        self.mine = threading.local()

    def run(self, one, configuration):
        """One attempt, by one of the workers, who has an outside of its own."""
        if not hasattr(self.mine, "outside"):
            self.mine.outside = outside.Outside(self.user)
            self.outsides.append(self.mine.outside)
        home = outside.Home(self.directory, self.user)
        try:
            return attempt.Run(one, configuration, home, self.mine.outside)
        finally:
            home.remove()

    def close(self):
        for each in self.outsides:
            each.close()

    def layers(self, configuration):
        if configuration not in self.honest:
            self.honest[configuration] = self.run(attempt.HONEST, configuration).layers
        return self.honest[configuration]

    def missing(self):
        """Layers that this machine does not have."""
        return [layer for bit, layer in enumerate(LAYERS) if not self.layers("none") >> bit & 1]

    # Each of these returns whether it went as it should, what to say, and why it is skipped if it
    # is.

    def refuses(self, configuration, word):
        run = self.run(attempt.HONEST, configuration)
        refused = (not run.began and run.result == -EPERM and run.layers == 0 and word in run.says
                   and not run.evidence(0))
        return refused, f"nothing is read: {run.says}", None

    def attack(self, one, configuration):
        if configuration == "bare" and one.bare:
            return True, one.what, one.bare
        run = self.run(one, configuration)
        evidence = run.evidence(self.layers(configuration))
        said = f"{one.what}: {'; '.join(evidence) or run.how_it_failed()}"
        if not run.began:
            return False, f"{one.what}: did not begin: {run.says}", None
        if configuration == "none" and run.killed_by == signal.SIGSYS:
            self.listed.add(one.name)
        if configuration == "bare":
            return bool(evidence), said, None
        reason = overlap.only_layer(configuration, one.name)
        if reason and (evidence or not one.bare):
            return bool(evidence), f"{said} [only this layer stops it: {reason}]", None
        return not evidence, said, None

    def differs(self, one, configuration):
        """
        Can the attempt end in another way here than with all layers? It cannot where the list of
        system calls ends it before any other layer is asked, where no layer, but the monitor, is
        what it has to deceive, or where an ordinary process fails in it, too.
        """
        if configuration in ("none", "writer"):
            return True
        if configuration == "bare":
            return not one.bare
        if configuration in ("system-calls", "old-kernel"):
            return one.name in self.listed
        return (one.name not in self.listed
                and (configuration == "verify" or not one.bare.startswith("the monitor itself")))

    def tests(self, configuration, attempts, thorough):
        """What is to be done: functions and their arguments."""
        missing = self.missing()
        if missing and configuration not in ("none", "bare"):
            yield lambda: (True, "the other layers hold",
                           f"this machine has no {', '.join(missing)}"), ()
        elif configuration == "user-namespace" and os.geteuid() != 0:
            yield self.refuses, (configuration, "user namespaces")
        else:
            if configuration == "chroot":
                yield self.refuses, ("no-chroot", "chroot")
            for one in attempts if thorough else self.some(attempts, configuration):
                yield self.attack, (one, configuration)

    def some(self, attempts, configuration):
        """Those that can end in another way than with all layers, or a sample of them."""
        able = [one for one in attempts if self.differs(one, configuration)]
        if configuration in ("none", "writer", "bare"):
            return able
        needed = [one for one in able if overlap.only_layer(configuration, one.name)]
        others = [one for one in able if one not in needed]
        return needed + sample.of(others, lambda _: (configuration, os.geteuid()))


def title(configuration):
    titles = {"none": "all layers", "writer": "in the writer", "bare": "bare",
              "old-kernel": "neither Landlock nor system calls"}
    return titles.get(configuration, f"no {configuration}")


def chosen(names):
    """Attempts that are called so, or, where there are none, that have this text in what they
    try."""
    every = list(attempt.every())
    called = [one for one in every if one.name in names]
    return called or [one for one in every if not names or any(name in one.what for name in names)]


def why_nothing_runs():
    if not machine.can_receive():
        return machine.NO_RECEIVER
    # A root who can make no mount namespace at all can make no mounts that would have to be kept
    # from the machine.
    if (machine.am_root() and machine.works("unshare", "-m", "--propagation=unchanged", "true")
        and not machine.has_mount_namespaces()):
        return ("attacks could mount what the machine sees: / is no mount point here, "
                "so that a mount namespace cannot be made private")
    return None


def run_all(suite, configurations, names):
    attempts = chosen(names)
    failed = number = 0
    if names or configurations:
        sample.take_all()
    for note in sample.note("attempts where a layer is left out"):
        print(f"# note: {note}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        try:
            for configuration in configurations or CONFIGURATIONS:
                tests = suite.tests(configuration, attempts, thorough=bool(configurations))
                for future in [workers.submit(function, *arguments)
                               for function, arguments in tests]:
                    good, said, skip = future.result()
                    failed += not good
                    number += 1
                    said = "".join(letter if letter.isprintable() else "?"
                                   for letter in said).replace("#", "?")
                    print(f"{'ok' if good else 'not ok'} {number} - {title(configuration)}: "
                          f"{said}{f' # skip {skip}' if skip else ''}", flush=True)
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    print(f"1..{number}")
    return failed > 0 or number == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", dest="configurations", action="append", choices=CONFIGURATIONS)
    parser.add_argument("attempts", nargs="*")
    arguments = parser.parse_args()
    if not chosen(arguments.attempts):
        print(f"no attempt is called {' or '.join(arguments.attempts)}", file=sys.stderr)
        return tap.NONE_CALLED_SO
    if reason := why_nothing_runs():
        print(f"ok 1 - all attempts # skip {reason}\n1..1")
        return 0
    process.exit_when_told()
    user = 65534 if os.geteuid() == 0 else os.geteuid()
    directory = tempfile.mkdtemp(prefix="qfile-escape-")
    os.chmod(directory, 0o711)
    suite = Suite(directory, user)
    try:
        return run_all(suite, arguments.configurations, arguments.attempts)
    finally:
        suite.close()
        outside.remove(directory)


if __name__ == "__main__":
    sys.exit(main())
