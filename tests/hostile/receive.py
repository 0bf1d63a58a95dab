# SPDX-License-Identifier: GPL-2.0-or-later
"""One delivery to the real qfile-unpacker, and the judgement on it."""
import contextlib
import dataclasses
import os
import signal
import struct
import subprocess
import tempfile
import threading
import zlib

import case as cases
import home as homes

UNPACKER = os.path.join(os.path.dirname(__file__), "../..", os.environ.get("QFILE_BUILD", "build"), "bin/qfile-unpacker")

# For a program that hangs. No case takes a tenth of it.
PATIENCE = 300

running = set()  # the PIDs of receivers, each the leader of its process group


@dataclasses.dataclass
class Receiver:
    uid: int
    who: str


@dataclasses.dataclass
class End:
    """How a delivery ended."""
    status: int
    answer: bytes
    said: bytes
    left: bool  # a process of it is still there


def kill_group(pid):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def group_lives(pid):
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def feed(process, stream, how):
    """Write the stream, wait for the end and return the answer. A receiver that has seen enough closes its end, which is no fault."""
    if how == cases.AT_ONCE:
        return process.communicate(stream)[0]
    step = 1 if how == cases.BYTE_BY_BYTE else len(stream) or 1
    with contextlib.suppress(BrokenPipeError):
        for i in range(0, len(stream), step):
            process.stdin.write(stream[i:i + step])
    if how == cases.BYTE_BY_BYTE:
        process.stdin.close()
    answer = process.stdout.read()
    process.wait()
    return answer


def deliver(stream, how, options, home):
    # stderr goes to a file, for whose end nobody waits. The umask must not matter: a delivery has the modes that were sent.
    with tempfile.TemporaryFile() as said, subprocess.Popen(
            [UNPACKER, *options, str(home.uid), home.incoming], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, bufsize=0,
            start_new_session=True, umask=0o077) as process:
        running.add(process.pid)
        guard = threading.Timer(PATIENCE, kill_group, [process.pid])
        guard.start()
        try:
            answer = feed(process, stream, how)
        finally:
            guard.cancel()
            left = group_lives(process.pid)
            if left:
                kill_group(process.pid)
            running.discard(process.pid)
        said.seek(0)
        return End(process.returncode, answer, said.read(), left)


# ---- Judging: each yields complaints ----


def judge_answer(answer, code, name, stream=None):
    if len(answer) < 20:
        yield f"answer of {len(answer)} bytes"
        return
    got, padding, crc, namelen = struct.unpack_from("<IIQI", answer)
    name = name.encode() if isinstance(name, str) else name
    if got != code:
        yield f"code {got}, not {code}"
    if answer[20:] != name or namelen != len(name):
        yield f"last name of {namelen} bytes {answer[20:]!r}, not {name!r}"
    if padding or crc >> 32:
        yield f"padding {padding}, checksum {crc:#x}"
    if stream is not None and crc != zlib.crc32(stream):
        yield f"checksum {crc:#x}, not {zlib.crc32(stream):#x}"


def judge_sentence(said):
    """One line, and nothing in it that a terminal would take for anything but text: what the sender chose is in there."""
    try:
        text = said.decode()
    except UnicodeDecodeError:
        text = "\0"
    shown = text[:-1].replace("\u200d", "")  # the joiner, which names may have
    if not (text.startswith("qfile-unpacker: ") and text.endswith("; nothing was received\n") and shown.isprintable()):
        yield f"stderr: {said!r}"


def judge_arrived(home, entries):
    expected, seen, complaints = {}, {}, []
    for name, what in entries.items():
        path = os.path.join(home.incoming, name.encode() if isinstance(name, str) else name)
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
    if not expected or not seen:
        return False
    return all(want is None or want == got for want, got in zip(dataclasses.astuple(expected), dataclasses.astuple(seen)))


def judge(end, expect, stream, home, before):
    arrives = isinstance(expect, cases.Arrives)
    if end.left:
        yield "a process is left"
    if end.status != (0 if arrives else 1):
        yield f"exit status {end.status}"
    if arrives:
        yield from judge_answer(end.answer, 0, expect.name, stream[:len(stream) - expect.ignored])
        yield from [f"stderr: {end.said!r}"] if end.said else []
    else:
        yield from judge_answer(end.answer, expect.code, expect.name)
        yield from judge_sentence(end.said)
    entries = expect.entries if arrives else {}
    new = {os.path.join(home.incoming, name.encode() if isinstance(name, str) else name) for name in entries}
    yield from homes.differences(before, homes.picture(home, new))
    yield from judge_arrived(home, entries)


def deliveries(case):
    """What is sent for a case, and what must come of it."""
    stream = case.make()
    if case.feed == cases.CUT_ANYWHERE:
        return [(stream[:length], cases.AT_ONCE, case.expect(length)) for length in range(len(stream))]
    return [(stream, case.feed, case.expect)]


def run(case, receiver):
    """Returns complaints."""
    complaints = []
    with homes.Home(receiver.uid) as home:
        before = homes.picture(home)
        for stream, how, expect in deliveries(case):
            end = deliver(stream, how, case.options, home)
            complaints += judge(end, expect, stream, home, before)
    return complaints
