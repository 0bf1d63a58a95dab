# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Hostile openers against vm-file-editor, hostile editors against qopen-in-vm, and what exactly has
to come of it."""
import contextlib
import dataclasses
import errno
import glob
import os
import re
import signal

import edit_machine as machine
import case
import home as homes
import sample
import tree
from expect import wait_until
from named import editor_named
from settings import EDITOR, OPENER
from edit_wire import (DONE, MARK, MESSAGE_MAX, NOTE, SAVE, VIEW_ONLY, done, header, old_request,
                       record, request, save, split)

CASES = {}  # by name: a function that returns complaints


def register(name, function):
    assert name not in CASES, name
    CASES[name] = function
    function.where = case.written_at()


# ---- At the editor ----

NOTHING_OPENED = b"; nothing was opened\n"


class Refused:
    """It says this on stderr, and to an opener that understands it this code; shows nothing, and
    nothing is left."""

    def __init__(self, code, said, records=True):
        self.code, self.said, self.records = code, said, records

    def judge(self, end, shown):
        yield from [f"the handler saw {shown}"] if shown else []
        yield from judge_sentence(end, b"vm-file-editor: ", self.said, NOTHING_OPENED)
        records, rest = split(end.answer)
        told = [(kind, code) for kind, code, _ in records]
        if rest or told != ([(DONE, self.code)] if self.records else []):
            yield f"answer: {end.answer!r}"
        elif records and (not records[0][2] or not machine.is_text(records[0][2])):
            yield f"message: {records[0][2]!r}"


class Shown:
    """The handler sees this file, in a directory of nobody else's. Its failure, with which it ends,
    is told."""

    def __init__(self, name, content, view_only=False, records=True):
        self.name, self.content, self.view_only, self.records = name, content, view_only, records

    def judge(self, end, shown):
        if not shown:
            yield f"the handler did not run: {end}"
            return
        path, mode, links, directory_mode, content = shown
        if (os.path.basename(path) != self.name
            or not re.match(rb"qopen-work-\w{6}$", os.path.basename(os.path.dirname(path)))):
            yield f"path: {path!r}"
        if (mode, links, directory_mode) != (b"400" if self.view_only else b"600", b"1", b"700"):
            yield f"mode {mode}, links {links}, its directory's mode {directory_mode}"
        if content != self.content:
            yield f"{len(content)} bytes: {content[:100]!r}"
        # Their own user is told where the opener's cannot be.
        if not self.records:
            yield from judge_sentence(end, b"vm-file-editor: ", b"failed with status 7", b"\n")
        elif (end.status, end.said) != (1, b""):
            yield f"{end}"
        records, rest = split(end.answer)
        told = [(kind, code, b"failed with status 7" in message) for kind, code, message in records]
        # An empty note comes first: the editor speaks version 2.
        if rest or told != ([(NOTE, 0, False), (DONE, errno.EIO, True)] if self.records else []):
            yield f"answer: {end.answer!r}"


def judge_sentence(end, begin, said, finish):
    if end.status != 1:
        yield f"exit status {end.status}"
    one_line = end.said.count(b"\n") == 1 and machine.is_text(end.said)
    if not (one_line and end.said.startswith(begin) and said in end.said
            and end.said.endswith(finish)):
        yield f"stderr: {end.said!r}"


# How an opener sends. It need not be read to its end.


def at_once(program, data):
    program.write(data)
    program.close(program.stdin)


def byte_by_byte(program, data):
    for i in range(len(data)):
        program.write(data[i:i + 1])
    program.close(program.stdin)


def held_open(program, data):
    program.write(data)


def endlessly(program, data):
    while program.write(data):
        data = bytes(65536)


def gone(program, data):
    """It does not listen any more."""
    program.close(program.stdout)
    at_once(program, data)


def stopped_then(program, data):
    """The user stops the editor when it has read this, and waits for more."""
    program.write(data)
    wait_until(lambda: program.has_ended() or not machine.unread(program.stdin), "the editor")
    program.kill(signal.SIGTERM)


def run_editor(data, expect, options, how, source):
    def test(it):
        end = it.run(EDITOR, b"--handler=" + it.handler, *options,
                     feed=lambda program: how(program, data), QREXEC_REMOTE_DOMAIN=source)
        yield from expect.judge(end, it.shown())
        if end.left:
            yield "a process is left"
        yield from homes.differences(it.before, it.picture())
    return machine.complaints_on(test)


def at_editor(name, data, expect, *options, how=at_once, source="work"):
    register(f"edit.editor-{name}", lambda: run_editor(data, expect, options, how, source))


MALFORMED = Refused(errno.EINVAL, b"reading the request: ")
MALFORMED_OLD = Refused(None, b"reading the request: ", records=False)
BAD_NAME = Refused(errno.EINVAL, b"checking the name")
SHORT = Refused(errno.ENODATA, b"receiving \"report.pdf\"")
TOO_LONG = Refused(errno.EDQUOT, b"receiving \"report.pdf\"")
TEXT = b"some text\n"


def asks(name=b"report.pdf", content=TEXT, length=None, flags=0):
    return request(name, len(content) if length is None else length, flags) + content


# The request.
def short_requests():
    """Each length by itself: nothing is told, since nobody knows whom."""
    whole = asks()
    return [f"{length} bytes: {complaint}" for length in sample.of_lengths(range(256))
            for complaint in run_editor(whole[:length], MALFORMED_OLD, (), at_once, "work")]


register("edit.editor-short-request", short_requests)
at_editor("plain", asks(), Shown(b"report.pdf", TEXT))
at_editor("plain-old", old_request(b"report.pdf") + TEXT, Shown(b"report.pdf", TEXT, records=False))
at_editor("byte-by-byte", asks(), Shown(b"report.pdf", TEXT), how=byte_by_byte)
at_editor("byte-by-byte-old", old_request(b"report.pdf") + TEXT,
          Shown(b"report.pdf", TEXT, records=False), how=byte_by_byte)
at_editor("left-open", asks(), Shown(b"report.pdf", TEXT), how=held_open)
at_editor("no-nul", asks(b"n" * 232), MALFORMED)
at_editor("no-nul-old", b"n" * 256 + TEXT, MALFORMED_OLD)
at_editor("all-ones", b"\xff" * 300, MALFORMED_OLD)
at_editor("zeros", bytes(300), MALFORMED_OLD)
at_editor("no-name", asks(b""), MALFORMED)
at_editor("view-only-of-nothing", asks(VIEW_ONLY, flags=1), MALFORMED)
at_editor("view-only-of-nothing-old", old_request(VIEW_ONLY) + TEXT, MALFORMED_OLD)
for bit in (0, 7, 31):
    at_editor(f"checksum-{bit}", request(b"report.pdf", len(TEXT), flipped=1 << bit) + TEXT,
              MALFORMED)
for flag in (2, 3, 8, 31):
    at_editor(f"flag-{flag}", asks(flags=1 << flag), MALFORMED)
at_editor("garbage-behind-the-name", asks(b"report.pdf\0/\xff\x1b[31m"), Shown(b"report.pdf", TEXT))
at_editor("garbage-behind-the-name-old", b"report.pdf\0".ljust(256, b"\xff") + TEXT,
          Shown(b"report.pdf", TEXT, records=False))
at_editor("mark-of-another-version",
          old_request(b"report.pdf")[:232] + b"PedOSv3\0" + bytes(16) + TEXT,
          Shown(b"report.pdf", TEXT, records=False))

# The name.
for label, name in (("dot", b"."), ("dot-dot", b"..")):
    at_editor(f"name-{label}", asks(name), BAD_NAME)
    at_editor(f"name-{label}-view-only", asks(VIEW_ONLY + name, flags=1), BAD_NAME)
    at_editor(f"name-{label}-old", old_request(name) + TEXT,
              Refused(None, b"checking the name", records=False))
NAMES = {
    "absolute": (b"/etc/passwd", b"_etc_passwd"), "slash": (b"a/b", b"a_b"),
    "slash-alone": (b"/", b"_"), "climbing": (b"../../x", b".._.._x"),
    "slash-at-the-end": (b"a/", b"a_"), "controls": (b"a\x1b[31m\n\r\x7fb", b"a_[31m___b"),
    "not-utf8": (b"caf\xe9\xff.txt", b"caf__.txt"),
    "override": ("a\u202efdp.exe".encode(), b"a_fdp.exe"), "option": (b"-rf", b"-rf"),
    "shell": (b"$(touch x);`id`'\"", b"$(touch x);`id`'\""),
    "staging": (b".qfile-incoming-0", b"_qfile-incoming-0"), "spaces": (b"  ", b"  "),
    "dot-file": (b".profile", b".profile"), "one-letter": (b"a", b"a"),
    "longest": (b"n" * 227 + b".pdf", b"n" * 227 + b".pdf"),
    "begins-view-only": (VIEW_ONLY + b"x", VIEW_ONLY + b"x"),
}
for label, (name, safe) in NAMES.items():
    at_editor(f"name-{label}", asks(name), Shown(safe, TEXT))
    at_editor(f"name-{label}-view-only", asks((VIEW_ONLY + name)[:231], flags=1),
              Shown(safe[:221], TEXT, view_only=True))
for length in (232, 254, 255):
    at_editor(f"name-of-{length}-old", old_request(b"n" * length) + TEXT,
              Shown(b"n" * length, TEXT, records=False))
    at_editor(f"name-of-{length}-old-view-only",
              old_request((VIEW_ONLY + b"n" * length)[:255]) + TEXT,
              Shown(b"n" * min(length, 245), TEXT, view_only=True, records=False))
at_editor("view-only-by-the-flag-alone", asks(flags=1), Shown(b"report.pdf", TEXT, view_only=True))

# The length.
for length in (2**63, 2**63 + 1, 2**64 - 1):
    at_editor(f"length-{length}", asks(length=length), MALFORMED)
for length in (2**40, 2**63 - 1):
    at_editor(f"length-{length}-limited", asks(length=length), TOO_LONG, "--max-bytes=1G")
for length in (len(TEXT) + 1, 2 * len(TEXT), 2**20):
    at_editor(f"length-{length}-cut", asks(length=length), SHORT)
at_editor("length-1-and-nothing", asks(content=b"", length=1), SHORT)
for length in (0, 1, len(TEXT) - 1):
    at_editor(f"length-{length}-and-more", asks(length=length), Shown(b"report.pdf", TEXT[:length]))
at_editor("empty", asks(content=b""), Shown(b"report.pdf", b""))
at_editor("empty-old", old_request(b"report.pdf"), Shown(b"report.pdf", b"", records=False))
at_editor("limit-reached", asks(), Shown(b"report.pdf", TEXT), f"--max-bytes={len(TEXT)}")
at_editor("limit-exceeded", asks(), TOO_LONG, f"--max-bytes={len(TEXT) - 1}")
at_editor("limit-reached-old", old_request(b"report.pdf") + TEXT,
          Shown(b"report.pdf", TEXT, records=False), f"--max-bytes={len(TEXT)}")
at_editor("limit-exceeded-old", old_request(b"report.pdf") + TEXT,
          Refused(None, b"receiving \"report.pdf\"", records=False), f"--max-bytes={len(TEXT) - 1}")
at_editor("limit-0", asks(), TOO_LONG, "--max-bytes=0")
at_editor("endless", asks(), Shown(b"report.pdf", TEXT), how=endlessly)
at_editor("endless-old", old_request(b"report.pdf"),
          Refused(None, b"receiving \"report.pdf\"", records=False), "--max-bytes=1M",
          how=endlessly)
at_editor("large", asks(content=b"x" * 3_000_000), Shown(b"report.pdf", b"x" * 3_000_000))


def more_than_any_disk_has():
    """Found out before any of it is written."""
    bound = homes.unbounded(None) is None
    expect = Refused(errno.ENOSPC if bound else errno.EFBIG, b"receiving \"report.pdf\"")
    return run_editor(asks(length=2**63 - 1), expect, (), at_once, "work")


register("edit.editor-length-of-no-disk", more_than_any_disk_has)

# Who asks, and how it ends.
SOURCES = {"climbing": "../x", "slash": "a/b", "empty": "", "long": "a" * 64, "space": "a b",
           "digit": "1a", "escape": "a\x1b[2J"}
for label, source in SOURCES.items():
    at_editor(f"source-{label}", asks(), Refused(None, b"QREXEC_REMOTE_DOMAIN", records=False),
              "-v", source=source)
at_editor("stopped-before-the-request", asks()[:100], Refused(None, b"stopped", records=False),
          how=stopped_then)
at_editor("stopped-in-the-content", asks(length=1000), Refused(errno.ECANCELED, b"stopped"),
          how=stopped_then)


def opener_has_gone():
    """Nobody to tell, and nothing left all the same."""
    def test(it):
        end = it.run(EDITOR, b"--handler=" + it.handler,
                     feed=lambda program: gone(program, asks(length=1000)),
                     QREXEC_REMOTE_DOMAIN="work")
        lines = [b"vm-file-editor: receiving \"report.pdf\"",
                 b"vm-file-editor: the VM that asked had gone"]
        told = [line.startswith(begin)
                for line, begin in zip(end.said.splitlines(), lines, strict=False)]
        if end.status != 1 or end.left or it.shown() or told != [True, True]:
            yield f"{end}"
        yield from homes.differences(it.before, it.picture())
    return machine.complaints_on(test)


register("edit.editor-opener-has-gone", opener_has_gone)

# Leaves behind what programs leave by the way, and worse, and goes on until its user ends it.
MESS = """#!/bin/sh
cd "${1%/*}" && mkdir -p .locked/deep && echo x >.locked/deep/file && echo x >.lock &&
    ln "$1" backup~ && ln -s ../neighbour.txt .link && ln -s .. .up
chmod 500 .locked/deep && chmod 0 .locked
touch "$0.ready"
until [ -e "$0.end" ]; do sleep 0.1; done
"""


def opener_goes_while_it_is_edited():
    """Then the application goes on, and is told beside the file. When it has ended, all that it
    made is removed, but not what that leads to."""
    def test(it):
        def is_told():
            return glob.glob(os.fsdecode(it.incoming) + "/qopen-*/NOT SENT BACK*")

        def feed(program):
            at_once(program, asks())
            machine.wait_for(handler + b".ready", program)
            program.close(program.stdout)
            wait_until(is_told, "the notice")
            wait_until(program.has_ended, "the end")
            tree.write(handler + b".end", b"", 0o600)
            wait_until(lambda: not glob.glob(os.fsdecode(it.incoming) + "/qopen-*"),
                       "the directory to be gone")

        handler = it.directory + b"/mess"
        tree.script(os.fsdecode(handler), MESS)
        end = it.run(EDITOR, b"--handler=" + handler, feed=feed, QREXEC_REMOTE_DOMAIN="work")
        if (end.status != 1 or b"the VM that asked has gone" not in end.said
            or not machine.is_text(end.said)):
            yield f"{end}"
        yield from homes.differences(it.before, it.picture())
    return machine.complaints_on(test)


register("edit.editor-opener-goes-while-it-is-edited", opener_goes_while_it_is_edited)


# ---- At the opener ----

LOST = b"the connection to another VM was lost before the session ended"
NONSENSE = b"what comes from another VM makes no sense"
NONE_ARRIVED = b"no save had arrived; \"report.txt\" is as it was"
TOO_LARGE = b"is longer than --max-bytes allows"
SIGPIPE = b"the command of --via was killed by signal 13 (Broken pipe)"
DAMAGED = b"was damaged on its way"
OLD = b"what the file had before is in \""


def last_save(number):
    return b"the last save that arrived is number %d" % number


# What is said at the end of a session in which everything that was saved is here.
SUMMARY = re.compile(rb'"report.txt": (nothing was saved in .*|\d+ saves?, .* here)')


@dataclasses.dataclass
class Becomes:
    """What the opener ends with, a part of each line that it says, the file's content afterwards,
    and what is new beside it, by name."""
    status: int
    lines: tuple = ()
    content: bytes = machine.BEFORE
    beside: dict = dataclasses.field(default_factory=dict)

    def judge(self, end, it):
        if end.status != self.status:
            yield f"exit status {end.status}, not {self.status}"
        yield from [f"stdout: {end.answer!r}"] if end.answer else []
        yield from ["a process is left"] if end.left else []
        said = [line for line in end.said.splitlines() if not SUMMARY.fullmatch(line)]
        told = all(line.startswith(b"qopen-in-vm: ") and part in line
                   for line, part in zip(said, self.lines))
        if len(said) != len(self.lines) or not machine.is_text(end.said) or not told:
            yield f"stderr: {end.said!r}"
        for name, content in {b"report.txt": self.content, **self.beside}.items():
            path = it.incoming + b"/" + name
            found = tree.read_bytes(path) if os.path.exists(path) else None
            if found != content:
                yield f"{name!r} has {found and found[:100]!r}, not {content[:100]!r}"


# An editor that reads all, and says what is in a file. The shell reads, which costs no process, and
# drops what is no text.
READS = b"while read -r line; do :; done; "
TALKS = READS + b"exec cat answer"


def run_opener(answer, expect, *options, command=TALKS, original=machine.BEFORE, older=(),
               stopped=False):
    def test(it):
        def feed(program):
            program.close(program.stdin)
            if stopped:
                machine.wait_for(it.directory + b"/ready", program)
                program.kill(signal.SIGTERM)

        path = it.add(b"report.txt", original, 0o640)
        for name in older:
            it.add(name, b"older\n", 0o600)
        tree.write(it.directory + b"/answer", answer)
        before, kept = it.picture([path]) if older else it.before, machine.kept(path)
        via = editor_named(os.fsdecode(b"cd " + it.directory + b" && { " + command + b"; }"))
        end = it.run(OPENER, *options, b"--via=" + os.fsencode(via), b"report.txt", feed=feed)
        yield from expect.judge(end, it)
        if machine.kept(path) != kept:
            yield f"mode, owner and attributes: {machine.kept(path)}, not {kept}"
        new = [it.incoming + b"/" + name for name in expect.beside]
        yield from homes.differences(before, it.picture([path, *new]))
    return machine.complaints_on(test)


def at_opener(name, answer, expect, *options, **how):
    register(f"edit.opener-{name}", lambda: run_opener(answer, expect, *options, **how))


ONE, TWO = b"the first save\n", b"the second\0save, and \xff\n"


# Cut anywhere.
def cut_anywhere():
    """Each length by itself. What has come whole is in the file. Less than a mark is an old
    editor's, and cannot be told from a whole one."""
    answer = save(ONE) + save(TWO) + done(b"well")
    after_one, after_two = len(save(ONE)), len(save(ONE) + save(TWO))
    for length in sample.of_lengths(range(len(answer) + 1)):
        if length == 0:
            expect = Becomes(0)
        elif length < len(MARK):
            expect = Becomes(0, (OLD,), answer[:length], {b"report.txt~": machine.BEFORE})
        elif length < after_one:
            expect = Becomes(1, (LOST, NONE_ARRIVED))
        elif length < after_two:
            expect = Becomes(1, (LOST, last_save(1)), ONE)
        elif length < len(answer):
            expect = Becomes(1, (LOST, last_save(2)), TWO)
        else:
            expect = Becomes(0, (b"another VM says: well",), TWO)
        yield from (f"{length} bytes: {complaint}"
                    for complaint in run_opener(answer[:length], expect))


register("edit.opener-cut-anywhere", lambda: list(cut_anywhere()))
at_opener("whole", save(ONE) + done(), Becomes(0, (), ONE))
at_opener("byte-by-byte", save(ONE) + save(TWO) + done(), Becomes(0, (), TWO),
          command=READS + b"exec dd bs=1 if=answer 2>/dev/null")
at_opener("nothing-saved", done(), Becomes(0))
at_opener("empty-save", save(b"") + done(), Becomes(0, (), b""))
at_opener("many-saves", b"".join(save(b"%d" % number) for number in range(1000)) + done(),
          Becomes(0, (), b"999"))
at_opener("large-save", save(b"x" * 3_000_000) + done(), Becomes(0, (), b"x" * 3_000_000))
at_opener("behind-the-end", save(ONE) + done() + save(TWO), Becomes(0, (), ONE))
at_opener("much-behind-the-end", save(ONE) + done() + save(b"x" * 300_000) * 10,
          Becomes(1, (SIGPIPE,), ONE))
at_opener("two-ends", done(b"first") + done(b"second", 5), Becomes(0, (b"another VM says: first",)))

# Records that are none.
for kind in (0, 3, 0x101, 2**32 - 1):
    at_opener(f"kind-{kind}", record(kind, ONE) + done(), Becomes(1, (NONSENSE, NONE_ARRIVED)))
    at_opener(f"kind-{kind}-later", save(ONE) + record(kind, TWO) + done(),
              Becomes(1, (NONSENSE, last_save(1)), ONE))
for length in (2**63, 2**64 - 1):
    at_opener(f"length-{length}", header(SAVE, length) + ONE, Becomes(1, (NONSENSE, NONE_ARRIVED)))
    at_opener(f"length-{length}-of-the-end", save(ONE) + header(DONE, length),
              Becomes(1, (NONSENSE, last_save(1)), ONE))
at_opener("no-mark-later", save(ONE) + b"PedOSv3\0" + save(TWO)[8:] + done(),
          Becomes(1, (NONSENSE, last_save(1)), ONE))
at_opener("garbage-later", save(ONE) + b"\xff" * 1000, Becomes(1, (NONSENSE, last_save(1)), ONE))
at_opener("save-with-a-code", header(SAVE, len(ONE), code=5) + save(ONE)[24:] + done(),
          Becomes(1, (b"save 1 may be damaged, as another VM says (the application ended ",), ONE,
                  {b"report.txt~": machine.BEFORE}))

# Lengths.
for length in (2**40, 2**62, 2**63 - 1):
    at_opener(f"length-{length}-limited", header(SAVE, length) + ONE,
              Becomes(1, (TOO_LARGE, NONE_ARRIVED)), "--max-bytes=1G")
at_opener("limit-reached", save(ONE) + done(), Becomes(0, (), ONE), f"--max-bytes={len(ONE)}")
at_opener("limit-exceeded", save(ONE) + done(), Becomes(1, (TOO_LARGE, NONE_ARRIVED)),
          f"--max-bytes={len(ONE) - 1}")
at_opener("limit-exceeded-later", save(ONE) + save(TWO) + done(),
          Becomes(1, (TOO_LARGE, last_save(1)), ONE), f"--max-bytes={len(ONE)}")
at_opener("endless-save", header(SAVE, 2**50), Becomes(1, (TOO_LARGE, NONE_ARRIVED)),
          "--max-bytes=1M", command=READS + b"exec cat answer /dev/zero")
at_opener("endless-old", b"", Becomes(1, (TOO_LARGE, NONE_ARRIVED)), "--max-bytes=1M",
          command=READS + b"exec yes")
at_opener("limit-reached-old", TWO, Becomes(0, (OLD,), TWO, {b"report.txt~": machine.BEFORE}),
          f"--max-bytes={len(TWO)}")
at_opener("limit-exceeded-old", TWO, Becomes(1, (TOO_LARGE, NONE_ARRIVED)),
          f"--max-bytes={len(TWO) - 1}")

# Checksums.
for bit in (0, 31):
    at_opener(f"checksum-{bit}", save(ONE, 1 << bit) + done(), Becomes(1, (DAMAGED,)))
at_opener("checksum-and-a-good-one", save(ONE, 1) + save(TWO) + done(), Becomes(0, (), TWO))
at_opener("checksum-of-the-last", save(ONE) + save(TWO, 1) + done(), Becomes(1, (DAMAGED,), ONE))
at_opener("checksum-of-the-last-and-lost", save(ONE) + save(TWO, 1),
          Becomes(1, (LOST, last_save(1)), ONE))
at_opener("checksum-of-nothing", save(b"", 1) + done(), Becomes(1, (DAMAGED,)))
at_opener("checksum-of-the-end", save(ONE) + done(b"well", flipped=1),
          Becomes(1, (NONSENSE, last_save(1)), ONE))

# The end.
at_opener("message", done(b"\x1b]0;x\x07a\r\n\t\x9b31m\xe2\x80\xae\xff\0z"),
          Becomes(0, (b"another VM says: ?]0;x?a????31m?????z",)))
at_opener("message-of-an-error", done(b"no application\x1b[2J", 2),
          Becomes(1, (b"another VM could not do it: no application?[2J",)))
at_opener("message-longest", done(b"m" * MESSAGE_MAX),
          Becomes(0, (b"says: " + b"m" * MESSAGE_MAX,)))
at_opener("message-too-long", save(ONE) + done(b"m" * (MESSAGE_MAX + 1)),
          Becomes(1, (NONSENSE, last_save(1)), ONE))
at_opener("error", save(ONE) + done(code=errno.EIO),
          Becomes(1, (b"could not do it: Input/output error", last_save(1)), ONE))
for code in (4096, 31415926, 2**31 - 1):
    at_opener(f"error-{code}", done(code=code), Becomes(1, (b"could not do it: unknown error",)))
for code in (2**31, 2**32 - 1):
    at_opener(f"error-{code}", done(code=code), Becomes(1, (b"could not do it: Remote I/O error",)))

# What is no record is the new content, from an old editor.
RAW = {"text": b"new\n", "zeros": bytes(100), "one-byte": b"x", "half-a-mark": MARK[:7],
       "mark-of-another-version": b"PedOSv1\0" + save(ONE)[8:],
       "mark-later": b"x" + save(ONE) + done(), "large": b"y" * 3_000_000}
for label, content in RAW.items():
    at_opener(f"old-{label}", content,
              Becomes(0, (OLD,), content, {b"report.txt~": machine.BEFORE}))
at_opener("old-again", b"new\n", Becomes(0, (OLD,), b"new\n", {b"report.txt.~2~": machine.BEFORE}),
          older=(b"report.txt~", b"report.txt.~1~"))
at_opener("old-and-failed", b"new\n",
          Becomes(1, (OLD, b"ended with status 3"), b"new\n", {b"report.txt~": machine.BEFORE}),
          command=READS + b"cat answer; exit 3")
at_opener("says-nothing-and-fails", b"", Becomes(1, (b"ended with status 3",)),
          command=READS + b"exit 3")

# Only to be looked at.
VIEWED = {"saves": save(ONE) + save(TWO) + done(), "wrong-checksum": save(ONE, 1) + done(),
          "old": b"new\n", "empty-save": save(b"") + done()}
for label, answer in VIEWED.items():
    at_opener(f"view-only-{label}", answer, Becomes(0), "--view-only")
at_opener("view-only-error", save(ONE) + done(b"no", 5), Becomes(1, (b"could not do it: no",)),
          "--view-only")
at_opener("view-only-lost", save(ONE), Becomes(1, (LOST, NONE_ARRIVED)), "--view-only")

# Who answers before they have what they are to answer about: more than any pipe holds.
LARGE = b"o" * 4_000_000
EARLY = b"exec cat answer"
at_opener("save-too-early", save(ONE) + done(), Becomes(1, (NONSENSE, NONE_ARRIVED), LARGE),
          command=EARLY, original=LARGE)
at_opener("end-too-early", done(), Becomes(1, (NONSENSE, NONE_ARRIVED), LARGE), command=EARLY,
          original=LARGE)
at_opener("old-too-early", b"new\n", Becomes(1, (NONSENSE, NONE_ARRIVED), LARGE), command=EARLY,
          original=LARGE)
at_opener("refuses-early", done(b"too large for me", errno.EDQUOT),
          Becomes(1, (b"could not do it: too large for me",), LARGE), command=EARLY, original=LARGE)
at_opener("says-nothing-early", b"", Becomes(1, (LOST, NONE_ARRIVED), LARGE), command=EARLY,
          original=LARGE)

# It stays, and the user stops waiting: in the middle of a version.
STAYS = READS + b"cat answer; touch ready; exec sleep 1000"
at_opener("stopped", save(ONE)[:-6],
          Becomes(-signal.SIGTERM, (b"ending", b"stopped", NONE_ARRIVED)), command=STAYS,
          stopped=True)


def more_than_any_disk_has():
    """There is no place for it, which is no news: it does not come. One of those that are tried is
    outside of what the case has made."""
    shared = f"/var/tmp/qopen-in-vm-{os.geteuid()}"
    there = os.path.exists(shared)
    try:
        return run_opener(header(SAVE, 2**62) + ONE, Becomes(1, (LOST, NONE_ARRIVED)))
    finally:
        if not there:
            with contextlib.suppress(OSError):
                os.rmdir(shared)


register("edit.opener-length-of-no-disk", more_than_any_disk_has)
