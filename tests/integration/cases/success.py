# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What is said of a success: where all has arrived, and what is not kept there."""
import json
import os
import zlib

import suite
import tree
from copying import Copying, answer, length_of_delivery
from expect import equal, has, lacks
from named import receiver_named
from settings import AGENT, UNPACKER

test = suite.cases(Copying)


def told(t, remarks, *options):
    """What a receiver's remarks make of the sender's words."""
    tree.write("file", "x")

    def play(role):
        stream = role.read(length_of_delivery("file", 1))
        role.write(answer(0, zlib.crc32(stream), remarks))
    via = receiver_named(t.stand_in(play).command)
    return t.run(AGENT, *options, f"--via={via}", "file").exits(0)


@test("where it is, as the receiver calls it; by rpc it does not say")
def _(t):
    tree.write("file", "x")
    t.send("file").exits(0).says(f'copied 1 file (1 B) to "{t.place}"')
    os.symlink(t.incoming, f"{t.top}/other")
    via = f"cd {t.top} && {UNPACKER} --on-conflict=rename {t.uid} other/."
    equal(t.run(AGENT, f"--via={via}", "file").exits(0).said,
          f'copied 1 file (1 B) to "{t.place}"\n"file" arrived as "file (2)"')
    equal(t.send("file", "--rename", env={"QREXEC_REMOTE_DOMAIN": "work"}).exits(0).said,
          'copied 1 file (1 B) to the receiver\n"file" arrived as "file (3)"')


@test("what is not kept there is said with --verbose, and to programs")
def _(t):
    remarks = b"\0place=/srv/in\0\0lost=modes,times\0"
    told(t, remarks).says('copied 1 file (1 B) to "/srv/in"')
    said = told(t, remarks, "--verbose").said
    has(said, "the file system there does not keep permissions\n")
    has(said, "the file system there does not keep times, or less exactly")
    said = told(t, b"\0lost=times\0", "--verbose").said
    lacks(said, "permissions")
    has(said, "times, or less exactly")
    last = json.loads(told(t, remarks, "--progress=json").said.splitlines()[-1])
    equal((last["place"], last["lost"]), ("/srv/in", ["modes", "times"]))
    last = json.loads(told(t, b"file", "--progress=json").said.splitlines()[-1])
    equal((last["place"], last["lost"]), ("", []))


@test("what a receiver says of itself is made safe to show")
def _(t):
    equal(told(t, b"\0place=\x1b[2J\xff\0\0lost=\x1b\0", "--verbose").said,
          'sending "file"\ncopied 1 file (1 B) to "?[2J?"')
    told(t, b"\0place=" + b"long" * 1000 + b"\0").says(
        f'copied 1 file (1 B) to "...{"long" * 63}"')
    told(t, b"\0place=\0").says("copied 1 file (1 B) to the receiver")
