# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""
The connection is lost, the other side fails or talks nonsense, or somebody wants to stop: what is
known is said, and nothing half is ever in the file's place.
"""
import json
import os
import re
import shlex
import signal
import struct
import time

import edit_wire as wire
import process
import suite
import tree
from copying import EDQUOT, EIO, ENODATA, ENOENT, ENOSPC
from expect import check, equal, has, lacks, wait_until
from opening import Opening, answering, saving
from settings import OPENER

test = suite.cases(Opening)

# Longer than what is drawn is kept apart, in seconds.
A_WHILE = 0.15


# ---- Lost ----


@test("lost wherever it may be in an answer: the last save that arrived whole counts, "
      "and is named by its number")
def _(t):
    answer = wire.save(b"second") + wire.save(b"third") + wire.done()
    first = 24 + 6 + 4
    second = first + 24 + 5 + 4
    equal(len(answer), second + 28)
    for length in (8, 23, 24, 27, first - 4, first - 1, first, first + 7, first + 24,
                   second - 1, second, second + 24, len(answer) - 1):
        tree.write("file", "original")
        end = t.open_file(answering(answer[:length]), "file").exits(1)
        number = (length >= first) + (length >= second)
        equal((length, tree.read("file")), (length, ("original", "second", "third")[number]))
        has(end.said, "connection")
        has(end.said, "lost")
        has(end.said, f"number {number}" if number else "no save had arrived")
        t.nothing_beside()


@test("lost before an answer, and before the content was taken")
def _(t):
    def be_killed(peer):
        peer.role.read(1000)
        process.kill(peer.role.pid)
    tree.sparse("file", 3 << 20)
    # An answer of nothing at all is what version 1 says of a file that was not modified: how the
    # command ended tells.
    has(t.open_file(lambda peer: 7, "file").exits(1).said, "ended with status 7")
    t.nothing_beside()
    has(t.open_file(be_killed, "file").exits(1).said, "killed by signal 9")
    t.nothing_beside()


@test("lost before the first save, where the command ends with 0: an editor of version 2 has begun "
      "by saying so, in an empty note that nobody is shown")
def _(t):
    tree.write("file", "first")
    end = t.open_file(answering(wire.note(b"")), "file").exits(1)
    has(end.said, "the connection to another VM was lost before the session ended")
    has(end.said, "no save had arrived")
    lacks(end.said, "says")
    end = t.open_file(answering(wire.note(b""), wire.done()), "--progress=json", "file").exits(0)
    lacks(end.said, "note")
    equal(tree.read("file"), "first")


@test("a command that cannot be run")
def _(t):
    tree.write("file", "first")
    has(t.run(OPENER, "--via=/no/such/command", "file").exits(1).said, "ended with status 127")
    equal(tree.read("file"), "first")


@test("lost in a large save: nothing of it is left")
def _(t):
    tree.write("file", "first")
    t.open_file(answering(wire.save(os.urandom(3000000))[:2000000]), "file").exits(1)
    equal(tree.read("file"), "first")
    t.nothing_beside()
    t.nothing_kept()


# ---- Damaged ----


def damaged(content):
    """A save whose checksum says that it was changed while it was sent."""
    return wire.save(content, flipped=0xffffffff)


@test("a damaged save is dropped, and the next one counts")
def _(t):
    tree.write("file", "first")
    said = t.open_file(answering(damaged(b"half"), wire.save(b"second"), wire.done()), "-v",
                       "file").exits(0).said
    equal(tree.read("file"), "second")
    has(said, "save 1 was changed while it was sent")
    has(said, "save 2 is in")
    t.nothing_beside()


@test("a damaged save that none follows is a failure")
def _(t):
    tree.write("file", "first")
    end = t.open_file(answering(wire.save(b"second"), damaged(b"half"), wire.done()),
                      "file").exits(1)
    equal(tree.read("file"), "second")
    has(end.said, "save 2, the last one, was damaged")
    t.nothing_beside()


@test("a damaged save, then the connection is lost")
def _(t):
    tree.write("file", "first")
    end = t.open_file(answering(wire.save(b"second"), damaged(b"half")), "file").exits(1)
    equal(tree.read("file"), "second")
    has(end.said, "number 1")


@test("a flipped bit anywhere in a save's content is noticed")
def _(t):
    content = b"a content of some length"
    for place in 0, len(content) // 2, len(content) - 1:
        record = bytearray(wire.save(content))
        record[24 + place] ^= 1 << place % 8
        tree.write("file", "first")
        t.open_file(answering(record, wire.done()), "file").exits(1)
        equal((place, tree.read("file")), (place, "first"))
        t.nothing_beside()


# ---- Failed there ----


@test("the other side's failure is shown, with its message, sanitised")
def _(t):
    tree.write("file", "first")
    message = b"no application\x1b[2J for this\xff\ntype"
    end = t.open_file(answering(wire.done(message, ENOENT)), "--from=work", "file")
    end.exits(1).says("work could not do it: no application?[2J for this??type")
    equal(tree.read("file"), "first")


@test("a failure without a message, and codes that nobody knows")
def _(t):
    for code, text in ((ENOSPC, "No space"), (EDQUOT, "quota"), (ENODATA, "No data"),
                       (3000, "nknown error"), (0x7fffffff, "nknown error"),
                       (0xffffffff, "Remote I/O error")):
        tree.write("file", "first")
        t.open_file(answering(wire.done(code=code)), "file").exits(1).says(text)
        equal((code, tree.read("file")), (code, "first"))


@test("what was saved before the failure counts")
def _(t):
    tree.write("file", "first")
    end = t.open_file(answering(wire.save(b"second"), wire.done(b"it broke", EIO)), "file").exits(1)
    has(end.said, "it broke")
    equal(tree.read("file"), "second")


@test("a message without a failure is shown")
def _(t):
    tree.write("file", "first")
    t.open_file(answering(wire.done(b"mind the gap")), "file").exits(0).says("mind the gap")


def refused(t, close):
    """The other side refuses in `close`, a function of a Peer, and stays until that is told.
    Returns how the opener ended."""
    tree.sparse("file", 64 << 20)
    opener, peer = t.start_with_peer("file")
    close(peer)
    wait_until(lambda: "too long for this VM" in opener.said(), "its reason to be told")
    peer.end()
    return opener.wait().exits(1)


@test("the other side refuses before it has read everything: its reason is heard")
def _(t):
    def close(peer):
        peer.role.read(1000)
        peer.done(EDQUOT, "too long for this VM")
        peer.role.stdin.close()
    refused(t, close).says("too long for this VM")


@test("the other side refuses and stays, without reading: its reason is heard all the same")
def _(t):
    def close(peer):
        peer.done(EDQUOT, "too long for this VM")
        peer.role.stdout.close()
    refused(t, close)


# ---- Nonsense ----


@test("nonsense ends it, and leaves the file alone")
def _(t):
    for nonsense in (wire.header(3, 0) + bytes(4),
                     wire.header(0, 0) + bytes(4),
                     wire.header(wire.SAVE, 2**64 - 1),
                     wire.header(wire.SAVE, 2**63),
                     wire.header(wire.DONE, 4097) + bytes(4097 + 4),
                     wire.header(wire.DONE, 2**64 - 1)):
        tree.write("file", "first")
        end = t.open_file(answering(nonsense, wire.save(b"second"), wire.done()), "file").exits(1)
        equal((nonsense[:24], tree.read("file")), (nonsense[:24], "first"))
        t.nothing_beside()
        t.nothing_kept()
        has(end.said, "makes no sense")


@test("nonsense behind a save: that counts")
def _(t):
    tree.write("file", "first")
    nonsense = b"PedOSv3\0 and so on, for more than one header"
    end = t.open_file(answering(wire.save(b"second"), nonsense, wire.save(b"third"), wire.done()),
                      "file").exits(1)
    has(end.said, "makes no sense")
    has(end.said, "number 1")
    equal(tree.read("file"), "second")


@test("a done whose checksum is wrong is none")
def _(t):
    tree.write("file", "first")
    end = t.open_file(answering(wire.header(wire.DONE, 4), b"text", struct.pack("<I", 1)),
                      "file").exits(1)
    lacks(end.said, "text")


@test("what comes behind a done is not read")
def _(t):
    tree.write("file", "first")
    t.open_file(answering(wire.done(), wire.save(b"second")), "file").exits(0)
    equal(tree.read("file"), "first")


@test("--max-bytes: a longer version is refused")
def _(t):
    def opened(limit, play):
        tree.write("file", "first")
        return t.open_file(play, f"--max-bytes={limit}", "file")
    opened(6, saving("123456")).exits(0)
    equal(tree.read("file"), "123456")
    opened(5, saving("123456")).exits(1)
    equal(tree.read("file"), "first")
    t.nothing_beside()
    opened(9, answering(b"1234567890")).exits(1)
    equal(tree.read("file"), "first")
    t.nothing_beside()
    opened(10, answering(b"1234567890")).exits(0)
    equal(tree.read("file"), "1234567890")


# ---- Stopped ----


def stopped_by(t, number):
    """It says so and how far it came, dies of the signal, and the command at the other end, which
    stays, is asked to end."""
    asked = f"{t.top}/asked"
    note = shlex.quote(f": >{shlex.quote(asked)}; exit 1")
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file", via=f"trap {note} TERM; exec 3<&0; {{}} <&3 & wait")
    peer.take()
    peer.save("second")
    wait_until(lambda: tree.read("file") == "second", "the first save")
    peer.send(wire.save(os.urandom(100000))[:99000])
    peer.wait_taken()
    opener.kill(number)
    end = opener.wait().exits(128 + number)
    has(end.said, "stopped")
    has(end.said, "number 1")
    equal(tree.read("file"), "second")
    t.nothing_beside()
    wait_until(lambda: os.path.exists(asked), "the command to be asked")


# It is given two seconds to end by itself.
@test("SIGTERM", waits=True)
def _(t):
    stopped_by(t, signal.SIGTERM)


@test("SIGINT", waits=True)
def _(t):
    stopped_by(t, signal.SIGINT)


@test("SIGHUP", waits=True)
def _(t):
    stopped_by(t, signal.SIGHUP)


@test("a signal to stop, and notes that never end: nobody waits for those, and they are not shown",
      waits=True)
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file")
    peer.take()
    peer.send(wire.note(b"early"))
    wait_until(lambda: "says: early" in opener.said(), "the note")
    opener.kill(signal.SIGTERM)
    wait_until(lambda: "ending: waiting" in opener.said(), "the end to begin")
    begun = time.monotonic()
    while opener.runs() and time.monotonic() - begun < 100:
        peer.send(wire.note(b"late"))
        time.sleep(0.2)
    peer.end()
    said = opener.wait().exits(143).said
    has(said, "stopped")
    lacks(said, "late")


@test("notes without end are not all shown")
def _(t):
    tree.write("file", "first")
    said = t.open_file(answering(wire.note(b"me") * 3000, wire.done()), "file").exits(0).said
    equal(said.count("says: me"), 49)
    has(said, "no more of this is shown")


@test("a signal to stop while the content is sent")
def _(t):
    tree.sparse("file", 64 << 20)
    opener, peer = t.start_with_peer("file")
    peer.role.read(1000)
    opener.kill(signal.SIGTERM)
    wait_until(lambda: "stopped" in opener.said(), "it to stop")
    peer.end()
    opener.wait().exits(143)
    t.nothing_beside()


@test("a signal to stop a session with a disposable VM: nothing is said to stay there")
def _(t):
    tree.sparse("file", 64 << 20)
    opener, peer = t.start_with_peer("--from=@dispvm:x", "file")
    peer.role.read(1000)
    opener.kill(signal.SIGTERM)
    wait_until(lambda: "stopped" in opener.said(), "it to stop")
    peer.end()
    said = opener.wait().exits(143).said
    has(said, "stopped: @dispvm:x is gone, and what was not saved yet with it")
    lacks(said, "stays there")


@test("killed while a version comes: the file is as it was, and the next save into it works")
def _(t):
    tree.write("file", "first")
    opener, peer = t.start_with_peer("file")
    peer.take()
    peer.send(wire.save(os.urandom(3000000))[:2000000])
    peer.wait_taken()
    opener.kill()
    opener.wait()
    equal(tree.read("file"), "first")
    t.open_file(saving("second"), "file").exits(0).says_nothing()
    equal(tree.read("file"), "second")


# ---- Progress ----


@test("--progress=json counts what is sent and what comes back")
def _(t):
    size = 3000000

    def play(peer):
        peer.role.read(256 + 1000000)
        time.sleep(A_WHILE)
        peer.role.read_all()
        record = wire.save(bytes(size))
        # More than a pipe holds: when it is written, the opener has read of it, and counts.
        peer.send(record[:2500000])
        time.sleep(A_WHILE)
        peer.send(record[2500000:])
        peer.done()
    tree.write("file", bytes(size))
    lines = [json.loads(line)
             for line in t.open_file(play, "--progress=json", "file").exits(0).said.split("\n")]
    counted = [line for line in lines if line["phase"] in ("sending", "receiving")]
    # One at least of each direction, besides those with which the phases begin.
    check(len(counted) >= 4, f"lines: {lines}")
    for line in counted:
        equal(line["total_bytes"], size)
        check(0 <= line["bytes"] <= size, f"bytes: {line}")
    others = [line for line in lines if line not in counted]
    equal([(line["phase"], line["saves"], line["saves_here"]) for line in others],
          [("open", 0, 0), ("open", 1, 1), ("done", 1, 1)])
    equal((others[2]["outcome"], others[2]["beside"]), ("complete", 0))
    check(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", others[2]["last_save_time"]),
          f"time: {others[2]}")


@test("on a terminal, a line shows how far it is, and is gone at the end")
def _(t):
    def play(peer):
        peer.role.read(10000000)
        time.sleep(A_WHILE)
        peer.role.read_all()
        peer.done(EIO, "it broke")
    tree.write("file", bytes(30000000))
    status, screen = t.run_on_terminal(OPENER, f"--via={t.editor(play)}", "file", columns=60)
    equal(status, 1)
    has(screen, "%")
    # Whatever was drawn is wiped: the sentence begins in the first column.
    equal(len(re.findall(r"(?:^|[\r\n])(?:\x1b\[K)?qopen-in-vm: ", screen)), 1)
