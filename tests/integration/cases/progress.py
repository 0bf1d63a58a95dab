# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Showing how far a transfer is, to a person or a program."""
import json
import os
import re
import tempfile
import time

import process
import suite
import tree
from copying import Copying
from expect import check, equal, exists, has, lacks
from settings import AGENT

test = suite.cases(Copying)

ERASE = "\x1b[K"


def send_slowly(t, *options, look=lambda data: None, more="", **how):
    """
    Send a large file to a receiver that takes its time, so that there is something to show: about
    fifty parts, which `look` gets. `more`: of the receiver's command.
    """
    def wait_and_look(data):
        time.sleep(0.02)
        look(data)
    tree.sparse("large", 3 << 20)
    return t.run(AGENT, *options, f"--via={t.passing_on(wait_and_look)}{more}", "large", **how)


def send_any_name(t, name, *options):
    """Send a file that may be called whatever it is."""
    tree.write(name, "x")
    return t.run(AGENT, *options, f"--via={t.via('--allow-all-names')}", name).exits(0)


def objects(end):
    """The JSON objects on stderr, one a line."""
    return [json.loads(line) for line in end.err.decode().rstrip("\n").split("\n")]


def replacements_as_one(text):
    """How many signs stand for bytes that are no character is nobody's business."""
    return re.sub("\ufffd+", "?", text)


def lines_drawn(shown):
    """What was drawn, one after the other, without the codes."""
    return shown.replace(ERASE, "").replace("\r", "\n").split("\n")


@test("json: every line is an object, the last one has everything")
def _(t):
    os.mkdir("dir")
    tree.write("dir/a", bytes(100000))
    tree.write("dir/b", bytes(23456))
    os.symlink("a", "dir/link")
    said = objects(t.send("--progress=json", "dir").exits(0))
    for each in said:
        equal((type(each["seconds"]), type(each["name"])), (float, str))
    equal([said[-1][key] for key in ("bytes", "total_bytes", "entries")], [123456, 123456, 4])


FORGED = '{"bytes":1,"total_bytes":1,"entries":1,"seconds":0.1,"name":"forged"}'


@test("--progress-fd: the objects are on a descriptor of their own, to which nothing of "
      "the other end's can write")
def _(t):
    tree.write("file", bytes(1000))
    forge = tree.script(f"{t.top}/forge", f"#!/bin/sh\nforged='{FORGED}'\necho \"$forged\" >&2\n"
                                          "for fd in 3 4 5 6 7 8 9; do "
                                          "(eval 'echo \"$forged\" >&'$fd); done "
                                          "2>/dev/null\n"
                                          f"exec {t.via()}\n")
    with open("progress", "w+b") as file:
        number = file.fileno()
        check(number <= 9, "a shell can name it")
        end = t.run(AGENT, f"--progress-fd={number}", f"--via={forge}", "file",
                    pass_fds=[number]).exits(0)
        file.seek(0)
        said = [json.loads(line) for line in file.read().decode().splitlines()]
    has(end.said, FORGED)
    equal({each["name"] for each in said}, {"file"})
    equal((said[-1]["bytes"], said[-1]["entries"]), (1000, 1))


@test("json: at most ten lines a second, and bytes that grow", waits=True)
def _(t):
    said = objects(send_slowly(t, "--progress=json").exits(0))
    check(len(said) >= 3, f"too few lines: {said}")
    seconds, sent = [each["seconds"] for each in said], [each["bytes"] for each in said]
    # All but the last, which tells that it is done, keep their distance; seconds are rounded to
    # thousandths.
    for earlier, later in zip(seconds, seconds[1:-1]):
        check(later - earlier >= 0.099, f"too soon: {seconds}")
    equal(sent, sorted(sent))


@test("json: names that need escaping, and names that are no UTF-8")
def _(t):
    for name in (b'quote"back\\slash', b"new\nline\ttab\x1b", b"latin\xe9",
                 "\U0001F469\u200d\U0001F680 emoji".encode(), b"\x7f", b"cut\xe2\x82"):
        end = send_any_name(t, os.fsdecode(name), "--progress=json")
        equal(replacements_as_one(objects(end)[-1]["name"]),
              replacements_as_one(name.decode("utf-8", "replace")))
        equal([byte for byte in end.err.replace(b"\n", b"") if byte < 32 or byte == 127], [])


@test("json: FILECOPY_TOTAL_BYTES is the total, without looking")
def _(t):
    tree.write("file", bytes(1000))
    last = objects(
        t.send("--progress=json", "file", env={"FILECOPY_TOTAL_BYTES": "4000"}).exits(0))[-1]
    equal((last["bytes"], last["total_bytes"]), (1000, 4000))


@test("a FILECOPY_TOTAL_BYTES that is wrong is no total")
def _(t):
    tree.write("file", bytes(3000))
    for total in ("-5", "+5", "5x", "0x10", " 5", "", "99999999999999999999999"):
        # It is counted instead.
        last = objects(t.send("--progress=json", "file", env={"FILECOPY_TOTAL_BYTES": total})
                       .exits(0))[-1]
        equal((total, last["total_bytes"]), (total, 3000))
        os.unlink(t.into("file"))
    env = {"FILECOPY_TOTAL_BYTES": "1024"}
    lacks(objects(t.send("--progress=json", "file", env=env).exits(0))[-1], "total_bytes")
    os.unlink(t.into("file"))
    lacks(t.send("--progress=tty", "file", env=env).exits(0).said, "%")


@test("tty: entries are counted where bytes say nothing")
def _(t):
    os.mkdir("dir")
    for number in range(20):
        tree.write(f"dir/{number}")
    has(t.send("--progress=tty", "dir").exits(0).said, "100% 21 of 21 entries, 0 B")


@test("tty: one line redrawn, with percent, size, rate and name, and a newline at the end",
      waits=True)
def _(t):
    end = send_slowly(t, "--progress=tty").exits(0)
    equal(end.err.count(b"\n"), 1)
    check(end.err.endswith(b"\n"), f"no newline at the end: {end.err!r}")
    check(end.err.count(b"\r") >= 3, f"not redrawn: {end.err!r}")
    last = end.said.split("\r")[-1]
    for part in ("100%", "3.0 MiB", "/s", "large"):
        has(last, part)


@test("auto: a line on a terminal, cut to its width")
def _(t):
    name = "long-" * 40 + "end"
    tree.sparse(name, 1 << 20)
    status, shown = t.run_on_terminal(AGENT, f"--via={t.via()}", name, columns=60)
    equal(status, 0)
    for part in ("100%", "  ...", "-end"):
        has(shown, part)
    lacks(shown, name)
    equal([line for line in lines_drawn(shown) if len(line) > 60], [])


@test("auto: nothing where stderr is no terminal")
def _(t):
    tree.write("file", "x")
    t.send("file").exits(0).says_nothing()
    os.unlink(t.into("file"))
    t.send("--progress=auto", "file").exits(0).says_nothing()


@test("none: nothing, on a terminal too")
def _(t):
    tree.write("file", "x")
    equal(t.run_on_terminal(AGENT, "--progress=none", f"--via={t.via()}", "file"), (0, ""))
    exists(t.into("file"))


@test("tty: a name is sanitised")
def _(t):
    said = send_any_name(t, "evil\x1b[2Jx\u202efdp.txt", "--progress=tty").said
    has(said, "evil?[2Jx?fdp.txt")
    lacks(said, "\x1b[2J")
    lacks(said, "\u202e")


@test("tty: a name in any script is shown where the terminal has UTF-8, and masked where not")
def _(t):
    tree.write("名前 é", "x")
    has(t.send("--progress=tty", "名前 é").exits(0).said, "名前 é")
    os.unlink(t.into("名前 é"))
    end = t.send("--progress=tty", "名前 é", env={"LC_ALL": "C"}).exits(0)
    has(end.said, "?????? ??")
    check(end.err.isascii(), f"not masked: {end.err!r}")


@test("tty: the line makes room for an error", waits=True)
def _(t):
    def take_the_name(_):
        if t.staged("large") and not os.path.exists(t.into("large")):
            tree.write(t.into("large"), "x")
    said = send_slowly(t, "--progress=tty", look=take_the_name, more=" 2>/dev/null").exits(1).said
    drawn, *rest = said.split("qfile-agent: ")
    has(drawn, "large")
    # What was drawn is wiped: the only sentence begins in the first column.
    check(drawn.endswith(f"\r{ERASE}"), f"not wiped: {said!r}")
    equal(len(rest), 1)
    has(rest[0], "is there already")


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
          (0, ""))


@test("PROGRESS_TYPE=gui is percents, one a line, where the wrapper reads them", waits=True)
def _(t):
    with tempfile.TemporaryFile() as kept:
        send_slowly(t, env={"PROGRESS_TYPE": "gui", "SAVED_FD_1": str(kept.fileno())},
                    pass_fds=[kept.fileno()]).exits(0).says_nothing()
        told = process.written(kept).decode()
    check(re.fullmatch("([0-9]+\n)+", told), f"not percents alone: {told!r}")
    percents = [int(line) for line in told.split()]
    equal(percents[-1], 100)
    equal(percents, sorted(percents))


@test("PROGRESS_TYPE=gui with FILECOPY_TOTAL_BYTES counts against that")
def _(t):
    tree.write("file", bytes(1000))
    said = t.send("file",
                  env={"PROGRESS_TYPE": "gui", "FILECOPY_TOTAL_BYTES": "4000"}).exits(0).said
    equal(said.split("\n")[-1], "25")


@test("--progress goes before PROGRESS_TYPE")
def _(t):
    tree.write("file", "x")
    t.send("--progress=none", "file", env={"PROGRESS_TYPE": "console"}).exits(0).says_nothing()
