# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""One delivery to the real qfile-unpacker, and the judgement on it."""
import errno
import os
import struct
import typing
import unicodedata
import zlib

import case as cases
import home as homes
import sample
import tree
from program import Program
from settings import UNPACKER


class Receiver(typing.NamedTuple):
    uid: int
    who: str


# A sender by rpc is not told what the place is called.
BY_RPC = os.environ | {"QREXEC_REMOTE_DOMAIN": "hostile"}


def deliver(stream, how, options, home):
    """Feed the stream to a receiver, which finds as much of it as a pipe holds when it begins: no
    pause of ours is one of the sender's."""
    slowly = how == cases.BYTE_BY_BYTE
    umask = os.umask(0o077)  # it must not matter: a delivery has the modes that were sent
    try:
        program = Program([UNPACKER, "-v", *options, str(home.uid), home.incoming],
                          b"" if slowly else stream, packets=slowly, environment=BY_RPC)
    finally:
        os.umask(umask)
    with program:
        if slowly:
            all(program.write(stream[i:i + 1]) for i in range(len(stream)))
        else:
            program.write(program.rest)
        if how != cases.HELD_OPEN:
            program.close(program.stdin)
        return program.end()


# ---- Judging: each yields complaints ----


def named(code):
    """An errno, with its name where it has one."""
    return f"{code} {errno.errorcode.get(code, '')}".rstrip()


def judge_answer(answer, code, name, stream=None):
    if len(answer) < 20:
        yield f"answer of {len(answer)} bytes"
        return
    got, padding, crc, namelen = struct.unpack_from("<IIQI", answer)
    name = name.encode() if isinstance(name, str) else name
    if got != code:
        yield f"code {named(got)}, not {named(code)}"
    if answer[20:] != name or namelen != len(name):
        yield f"last name of {namelen} bytes {answer[20:]!r}, not {name!r}"
    if padding or crc >> 32:
        yield f"padding {padding}, checksum {crc:#x}"
    if stream is not None and crc != zlib.crc32(stream):
        yield f"checksum {crc:#x}, not {zlib.crc32(stream):#x}"


def is_text(line):
    """Nothing in it controls a terminal. Names may have joiners, and any space."""
    return all(letter.isprintable() or letter in "\u200c\u200d" or
               unicodedata.category(letter) == "Zs" for letter in line)


def judge_said(said, arrives):
    """
    What --verbose shows: the confinement, and a line of what came of it, with nothing in it that a
    terminal would take for anything but text: what the sender chose is in there.
    """
    try:
        first, last, rest = said.decode().split("\n")
    except ValueError:
        first, last, rest = "", "", "?"
    confined = first.startswith("qfile-unpacker: confinement in force: ")
    if rest or not confined or not is_text(last):
        yield f"stderr: {said!r}"
    elif not (last.startswith("qfile-unpacker: received ") if arrives
              else last.startswith("qfile-unpacker: ") and last.endswith("; nothing was received")):
        yield f"stderr: {said!r}"


def judge_arrived(home, entries):
    expected, seen, complaints = {}, {}, []
    for name, what in entries.items():
        path = path_of(home, name)
        if callable(what):
            complaints.append(what(path))
            continue
        expected[path] = what
        if os.path.dirname(path) == home.incoming and os.path.lexists(path):
            more, complaint = homes.look(path, home.uid)
            seen |= more
            complaints += complaint
    yield from filter(None, complaints)
    for path in sorted(expected.keys() | seen.keys()):
        if not same(expected.get(path), seen.get(path)):
            yield f"{path!r}\n  got      {seen.get(path)}\n  expected {expected.get(path)}"


def same(expected, seen):
    return (bool(expected and seen)
            and all(want is None or want == got for want, got in zip(expected, seen)))


def path_of(home, name):
    return os.path.join(home.incoming, name.encode() if isinstance(name, str) else name)


def judge(end, expect, stream, home):
    arrives = isinstance(expect, cases.Arrives)
    if end.left:
        yield "a process is left"
    if end.status != (0 if arrives else 1):
        yield f"exit status {end.status}"
    if arrives:
        yield from judge_answer(end.answer, 0, expect.name, stream[:len(stream) - expect.ignored])
    else:
        yield from judge_answer(end.answer, expect.code, expect.name)
    yield from judge_said(end.said, arrives)
    entries = expect.entries if arrives else {}
    home.arrived = {path_of(home, name) for name in entries}
    yield from homes.differences(home.before, homes.picture(home, home.arrived))
    yield from judge_arrived(home, entries)


def deliveries(case):
    """What is sent for a case, and what must come of it."""
    stream = case.make()
    if case.feed == cases.CUT_ANYWHERE:
        return [(stream[:length], cases.AT_ONCE, case.expect(length))
                for length in sample.of_lengths(range(len(stream)))]
    return [(stream, case.feed, case.expect)]


def run(case, receiver):
    """Returns complaints."""
    home = homes.take(receiver.uid)
    complaints = []
    for stream, how, expect in deliveries(case):
        end = deliver(stream, how, case.options, home)
        complaints += judge(end, expect, stream, home)
    if complaints:
        tree.remove(home.top)
    else:
        homes.give_back(home)
    return complaints
