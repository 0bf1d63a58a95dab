# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Every failure for programs: the last object of --progress-fd."""
import json
import os
import signal
import tempfile

import process
import suite
import tree
from copying import (ECANCELED, EEXIST, EILSEQ, ENOENT, ENOLINK, Copying, answer, take,
                     take_and_go)
from expect import check, equal, has
from named import receiver_named
from settings import AGENT

test = suite.cases(Copying, once=True)


def last_object(t, *arguments, status=1, **how):
    """The last of the objects that --progress-fd gives, which is the only one of its kind."""
    with tempfile.TemporaryFile() as file:
        end = t.run(AGENT, f"--progress-fd={file.fileno()}", *arguments, pass_fds=[file.fileno()],
                    **how).exits(status)
        said = [json.loads(line) for line in process.written(file).decode().splitlines()]
    equal([each["phase"] for each in said].index("done"), len(said) - 1)
    # Programs get the words that people get.
    if status:
        has(end.said.replace("qfile-agent: ", ""), said[-1]["message"])
    return said[-1]


def outcome(t, *arguments, **how):
    last = last_object(t, *arguments, **how)
    return last["outcome"], last["code"], last["entry"], last["help"]


@test("json: the last object has the outcome, its code, the entry and what helps")
def _(t):
    tree.write("file", "hello")
    os.mkdir("dir")
    os.symlink("/", "dir/link")
    tree.write("bell\a", "x")
    tree.write(t.into("file"))
    via = f"--via={t.via()}"
    equal(outcome(t, via, "file"), ("failed", EEXIST, "file", ["rename"]))
    equal(outcome(t, via, "dir"), ("failed", ENOLINK, "dir/link", ["dereference"]))
    equal(outcome(t, via, "bell\a"), ("failed", EILSEQ, "bell\a", ["allow-all-names"]))
    equal(outcome(t, via, "missing"), ("failed", ENOENT, "missing", []))
    equal(outcome(t, "--via=false", "file"), ("failed", 104, "", []))
    equal(outcome(t, f"--via={t.peer(take_and_go)}", "file"),
          ("unknown", 104, "", []))
    equal(outcome(t, f"--via={t.peer(lambda role: role.write(answer(0, 1, take(role)[:0])))}",
                  "file"), ("damaged", 74, "", []))


@test("json: the message says by itself what is wrong, and nothing counts as sent that was not")
def _(t):
    os.mkdir("dir")
    os.symlink("missing", "dir/one")
    os.mkdir("reserved")
    os.mkdir("reserved/.qfile-incoming-1")
    advice = "Use --skip-unreadable to send everything else"
    cannot = last_object(t, "--via=false", "-L", "dir")
    equal((cannot["message"], cannot["entry"]), (
        'cannot read "dir/one": it is a link that points to nothing; nothing was copied. '
        f"{advice}", "dir/one"))
    os.symlink("missing", "dir/two")
    several = last_object(t, "--via=false", "-L", "dir")
    equal(several["message"], f"cannot read 2 entries; nothing was copied. {advice}")
    dry = last_object(t, "--dry-run", "reserved")
    has(dry["message"], 'the receiver would refuse "reserved/.qfile-incoming-1": ')
    equal((dry["code"], dry["entry"], dry["help"]), (EILSEQ, "reserved/.qfile-incoming-1", []))
    nobody = last_object(t, "--via=false", "reserved")
    for last in (cannot, several, dry, nobody):
        equal([last[key] for key in ("entries", "files", "directories", "links")], [0] * 4)


@test("json: a sender that is stopped says so in its last object")
def _(t):
    tree.sparse("large", 1 << 30)
    stubborn = t.stand_in()
    with tempfile.TemporaryFile() as file:
        agent = t.start(AGENT, f"--via={receiver_named(stubborn.command)}",
                        f"--progress-fd={file.fileno()}",
                        "large", pass_fds=[file.fileno()])
        receiver = stubborn.take()
        receiver.read(100)
        agent.kill(signal.SIGINT)
        agent.wait().exits(130)
        last = json.loads(process.written(file).decode().splitlines()[-1])
    receiver.end()
    equal((last["outcome"], last["code"]), ("stopped", ECANCELED))


@test("json: names of any bytes, from here and from there, are valid JSON")
def _(t):
    for name in (b"\xff\"\\\n\x1b", b"a" * 200 + b"\xe2\x82", "\u202e\U0001f600".encode()):
        tree.write(os.fsdecode(name))
        tree.write(t.into(os.fsdecode(name)))
        last = last_object(t, f"--via={t.via('--allow-all-names')}", os.fsdecode(name))
        equal((last["outcome"], last["code"]), ("failed", EEXIST))
        check(last["entry_shown"].isprintable(), f"not safe to show: {last['entry_shown']!r}")
        if "entry_hex" in last:
            equal(bytes.fromhex(last["entry_hex"]), name)
        else:
            equal(last["entry"].encode(), name)
        last = last_object(t, status=0,
                           *(f"--via={t.via('--allow-all-names', '--on-conflict=rename')}",
                             os.fsdecode(name)))
        equal(len(last["renamed"]), 1)


@test("json: a reader that takes nothing holds nothing up, and gets no half of an object")
def _(t):
    tree.write("file", "hello")
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as reading, open(writing, "wb", buffering=0) as writing:
        os.set_blocking(writing.fileno(), False)
        full = 0
        while written := writing.write(bytes(4096)):
            full += written
        os.set_blocking(writing.fileno(), True)
        t.run(AGENT, f"--progress-fd={writing.fileno()}", f"--via={t.via()}", "file",
              pass_fds=[writing.fileno()]).exits(0)
        os.set_blocking(reading.fileno(), False)
        equal(len(reading.read(2 * full)), full)
