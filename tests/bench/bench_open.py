# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What `make bench` measures of opening a file elsewhere: how fast it gets there, how fast a save
comes back, and in how much memory.

The other side is `vm-file-editor` with a script for a person: it saves a prepared content, says
when it had done so, and waits.
"""
import os
import statistics
import subprocess
import sys
import time

from built import EDITOR, LIMIT_MIB, OPENER

QUIET = 0.5  # seconds that a file has to rest before it counts as saved
RESTED = 3  # seconds after which it shows in a file's times whether it was written to

# Saves what lies in $1 into the file $3, and notes when it was opened, and when saved, in files of
# the directory $2.
PERSON = """
set -e
date +%s%N >"$2/opened.new"; mv "$2/opened.new" "$2/opened"
cat "$1" >"$3"
date +%s%N >"$2/saved.new"; mv "$2/saved.new" "$2/saved"
while [ ! -e "$2/go" ]; do sleep 0.05; done
"""


def seconds_in(path):
    with open(path) as file:
        return int(file.read()) / 1e9


def until(condition, program):
    while not condition():
        if program.poll() is not None:
            sys.exit(f"qopen-in-vm has ended with status {program.returncode} before its time")
        time.sleep(0.0005)
    return time.time()


def session(original, saved, work):
    """Open `original` elsewhere, have the content of the file `saved` saved there. Returns the
    seconds to open it, those from the end of the quiet time to the save's being in its place, and
    the peak memory of both programs in MiB."""
    os.mkdir(work)
    with open(f"{work}/person", "w") as person:
        person.write(PERSON)
    before = os.stat(original).st_ino
    timed = f"/usr/bin/time -f %M -o {work}"
    editor = (f"TMPDIR={work} exec {timed}/editor-peak {EDITOR} --handler='sh {work}/person "
              f"{saved} {work}'")
    begin = time.time()
    opener = f'exec {timed}/opener-peak {OPENER} --quiet --via="{editor}" {original}'
    program = subprocess.Popen(opener, shell=True, stdin=subprocess.DEVNULL)
    back = until(lambda: os.stat(original).st_ino != before, program)
    open(f"{work}/go", "w").close()
    if program.wait() != 0 or subprocess.run(["cmp", "-s", original, saved]).returncode != 0:
        sys.exit("what came back is not what was saved")
    peaks = [int(open(f"{work}/{side}-peak").read()) / 1024 for side in ("opener", "editor")]
    times = seconds_in(f"{work}/opened") - begin, back - seconds_in(f"{work}/saved") - QUIET
    subprocess.run(["rm", "-rf", work], check=True)
    return (*times, *peaks)


def measure(rounds, scratch, filecopy, make_sized):
    """`filecopy(name, target)` is the command that copies; `make_sized(path, size)` makes a
    file."""
    rows = []
    for size, title, count in ((1 << 20, "1 MiB", 2 * rounds), (1 << 30, "1 GiB", rounds)):
        names = [f"{scratch}/{name}" for name in ("original", "saved")]
        target = f"{scratch}/target"
        for number, name in enumerate(names):
            make_sized(name, size)
            with open(name, "r+b") as file:
                file.write(bytes([number] * 8))  # the two differ
        results, copies = [], []
        for _ in range(count + 1):  # the first warms up and is not counted
            os.mkdir(target)
            begin = time.time()
            subprocess.run(["sh", "-c", filecopy("saved", target)], cwd=scratch, check=True,
                           stdin=subprocess.DEVNULL)
            copies.append(time.time() - begin)
            subprocess.run(["rm", "-rf", target], check=True)
            results.append(session(names[0], names[1], f"{scratch}/work"))
            with open(names[0], "r+b") as file:
                file.write(bytes(8))  # another content than is saved next
            # As a file usually is that somebody opens. What was written to just now is read once
            # more before it is replaced.
            time.sleep(RESTED)
        opened, saved, opener, editor = ([result[i] for result in results[1:]] for i in range(4))
        rows.append((title, copies[1:], opened, saved, max(opener), max(editor)))
        for name in names:
            os.unlink(name)
    print(f"\nA file opened elsewhere, and a save of it that comes back ({rounds} rounds, "
          f"of 1 MiB {2 * rounds}; the quiet time not counted)\n")
    print("|       | Filecopy |   opened |    saved | opened / Filecopy | saved / Filecopy | "
          "qopen-in-vm | vm-file-editor |")
    print(f"|-------|{'-' * 9}:|{'-' * 9}:|{'-' * 9}:|{'-' * 18}:|{'-' * 17}:|"
          f"{'-' * 12}:|{'-' * 15}:|")
    for title, copies, opened, saved, opener, editor in rows:
        ratios = [statistics.median(a / b for a, b in zip(times, copies))
                  for times in (opened, saved)]
        mark = "" if max(opener, editor) < LIMIT_MIB else " too much"
        print(f"| {title} | {statistics.median(copies):6.3f} s "
              f"| {statistics.median(opened):6.3f} s | {statistics.median(saved):6.3f} s "
              f"| {ratios[0]:17.2f} | {ratios[1]:16.2f} "
              f"| {opener:7.1f} MiB | {editor:10.1f} MiB |{mark}")
    sys.stdout.flush()
