# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What a delivery costs grows as its entries do: system calls are counted for shapes of ten times
as many entries each, and what removing them costs.

Up to a thousand entries. LARGEST=100000 in the environment goes on to so many.
"""
import collections
import os
import subprocess
import tempfile

import stream
from calls import need_tracing
from delivery import INJECT, RECEIVER, Broken, clean_environment, place_for_tests
import trees
from jobs import Test
from settings import UNPACKER

LARGEST = int(os.environ.get("LARGEST", "1000"))
DEEPEST = 8000  # a name has 16383 bytes

# Ten times as many entries may cost so many times as much, and a bit, since a search by halves
# takes longer where more is taken.
FACTOR = 12


def files(count):
    return [stream.file(f"f{number}") for number in range(count)]


def directories(count):
    return [stream.tree(f"d{number}") for number in range(count)]


def one_stem(count):
    """Names that differ only in what is cut off to make room for a number."""
    return [stream.file(f"{'n' * 249}{number:06}") for number in range(count)]


def two_stems(count):
    return [stream.file(f"{'nm'[number % 2] * 249}{number:06}") for number in range(count)]


def links(count):
    return [stream.tree("d", *(stream.link(f"d/l{number}", "x") for number in range(count)))]


def wide(count):
    return [stream.tree("d", *(stream.file(f"d/f{number}") for number in range(count)))]


def wide_of_directories(count):
    return [stream.tree("d", *(stream.tree(f"d/d{number}") for number in range(count)))]


def sealed(count):
    """Directories that nobody may enter, each with a file."""
    return [stream.tree("d", *(stream.tree(f"d/d{number}", stream.file(f"d/d{number}/f"), mode=0)
                               for number in range(count)))]


def deep(count):
    names = ["d" + "/d" * number for number in range(min(count, DEEPEST))]
    return [b"".join(map(stream.directory, names)), b"".join(map(stream.directory, names[::-1]))]


class Receiver:
    """A directory that is delivered to, and the calls of the last delivery by role."""

    def __enter__(self):
        self.top = tempfile.mkdtemp(prefix="qfile-costs.", dir=place_for_tests())
        os.chmod(self.top, 0o755)
        self.incoming = f"{self.top}/incoming"
        os.mkdir(self.incoming)
        if os.getuid() == 0:
            trees.give_to(*RECEIVER, self.incoming)
        return self

    def __exit__(self, *_):
        # Deeper and wider than Python's own ways can remove in a time that grows evenly.
        subprocess.run(["chmod", "-R", "u+rwx", self.top], check=True)
        subprocess.run(["rm", "-r", self.top], check=True)

    def receive(self, entries, end=stream.END, arrives=True, faults=()):
        """Deliver once. Returns the calls as (role, name): how many."""
        command = [INJECT, f"--log={self.top}/log", *faults, UNPACKER, "--on-conflict=rename",
                   str(RECEIVER[0]), self.incoming]
        done = subprocess.run(command, input=b"".join(entries) + end, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, env=clean_environment())
        if (done.returncode == 0) != arrives:
            raise Broken(f"exit status {done.returncode}: {done.stderr.decode()}")
        with open(f"{self.top}/log", encoding="utf-8", errors="replace") as file:
            return collections.Counter(tuple(line.split()[:2]) for line in file)

    def left(self):
        return [name for name in os.listdir(self.incoming) if name.startswith(".")]


def sizes():
    size = 100
    while size <= LARGEST:
        yield size
        size *= 10


def cost(shape, count, deliveries):
    """The calls of the last of so many equal deliveries."""
    with Receiver() as receiver:
        for _ in range(deliveries):
            calls = receiver.receive(shape(count))
        return sum(calls.values())


def grows_evenly(shape, deliveries):
    costs = {count: cost(shape, count, deliveries) for count in sizes()}
    counts = sorted(costs)
    for fewer, more in zip(counts, counts[1:]):
        if costs[more] > FACTOR * costs[fewer]:
            raise Broken(f"system calls by entries: {costs}")
    # That these are all calls: a delivery cannot do with less than one for each entry.
    if any(costs[count] < min(count, DEEPEST) for count in counts):
        raise Broken(f"calls were lost: {costs}")
    return True


def one_name(taken):
    """The calls of a delivery whose name so many earlier ones have taken."""
    with Receiver() as receiver:
        for number in range(1, taken + 1):
            with open(f"{receiver.incoming}/f{f' ({number})' if number > 1 else ''}", "xb"):
                pass
        calls = receiver.receive([stream.file("f")])
        if not os.path.exists(f"{receiver.incoming}/f ({taken + 1})"):
            raise Broken(f"it has not got the number {taken + 1}")
        return sum(calls.values())


def numbers():
    """Ten times as many names that are taken cost a few tries more, two calls each at most. And the
    directory is read once, hundreds of names a call: something of a dead receiver may lie there."""
    costs = {taken: one_name(taken) for taken in sizes()}
    counts = sorted(costs)
    for fewer, more in zip(counts, counts[1:]):
        if costs[more] > costs[fewer] + 30 + more // 500:
            raise Broken(f"system calls by names that are taken: {costs}")
    return True


def removal(shape, count, cheap, dear, calls_each):
    """What a delivery of so many files and directories that fails costs to be removed."""
    with Receiver() as receiver:
        calls = receiver.receive(shape(count), end=b"", arrives=False)
        if receiver.left():
            raise Broken("something is left")
        roles = {role for role, name in calls if name == "unlinkat"}
        if len(roles) != 1:
            raise Broken(f"removed by {len(roles)} processes")
        total = sum(number for (role, _), number in calls.items() if role in roles)
    allowed = 2 * cheap + calls_each * dear + 200
    if not cheap + dear <= total <= allowed:
        raise Broken(f"{total} calls to remove {cheap} files and {dear} directories")
    return True


def tests(run):
    need_tracing()
    shapes = files, directories, one_stem, two_stems, links, wide, wide_of_directories, sealed, deep
    jobs = [(f"{shape.__name__}, delivery {number}", grows_evenly, shape, number)
            for shape in shapes for number in (1, 2, 3)]
    yield Test("costs: ten times as many entries cost ten times as many calls", jobs, len(jobs))
    yield Test("costs: a name that is taken often costs a few tries more", [("numbers", numbers)])
    count = min(LARGEST, 10000)
    jobs = [("files", removal, wide, count, count, 1, 6),
            ("links", removal, links, count, count, 1, 6),
            ("directories", removal, wide_of_directories, count, 0, count, 6),
            ("sealed directories", removal, sealed, count, count, count, 6),
            ("deep directories", removal, deep, min(count, DEEPEST), 0, min(count, DEEPEST), 6)]
    yield Test("costs: removing takes 2 calls for a file and 6 for a directory", jobs, len(jobs))
