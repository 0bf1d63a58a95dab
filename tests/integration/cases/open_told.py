# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What programs are told of an opening on a descriptor of their own: --progress-fd."""
import json

import edit_wire as wire
import suite
import tree
from copying import ECANCELED, ENOSPC
from expect import equal, has
from opening import Opening, answering
from settings import OPENER

test = suite.cases(Opening)


def told(t, play, status, *arguments):
    """The objects that come on the descriptor, and the end of the opener."""
    tree.write("file.txt", "first")
    with open("progress", "w+b") as file:
        end = t.open_file(play, "--from=work", f"--progress-fd={file.fileno()}", *arguments,
                          "file.txt", pass_fds=[file.fileno()]).exits(status)
        file.seek(0)
        return [json.loads(line) for line in file.read().splitlines()], end


@test("on a descriptor for programs come the objects, and on stderr the messages")
def _(t):
    objects, end = told(t, answering(wire.note(b"wait"), wire.save(b"second"), wire.done()), 0)
    equal([each["phase"] for each in objects if each["phase"] != "receiving"],
          ["sending", "open", "open", "open", "open", "done"])
    equal((objects[-1]["outcome"], objects[-1]["code"]), ("complete", 0))
    equal(end.said, "qopen-in-vm: work says: wait")


@test("programs are told where a save is that is not in the file")
def _(t):
    def play(peer):
        peer.take()
        tree.write(f"{t.sent}/file.txt", "changed here")
        peer.send(wire.save(b"second"), wire.done())
    objects, _ = told(t, play, 1)
    kept, = (each["kept"] for each in objects if "kept" in each)
    equal(tree.read(kept), "second")
    equal(objects[-1]["outcome"], "incomplete")


@test("programs are told where the content before a doubtful save is")
def _(t):
    objects, _ = told(t, answering(wire.bad_save(b"sec", ENOSPC), wire.done()), 1)
    before, = (each["before"] for each in objects if "before" in each)
    equal(tree.read(before), "first")


@test("programs are told by a number why it failed, there or here")
def _(t):
    objects, _ = told(t, answering(wire.done(b"no application", ENOSPC)), 1)
    equal((objects[-1]["outcome"], objects[-1]["code"]), ("failed", ENOSPC))
    objects, _ = told(t, answering(wire.done(b"", ECANCELED)), 1)
    equal(objects[-1]["code"], ECANCELED)
    objects, _ = told(t, answering(wire.note(b"")), 1)
    equal((objects[-1]["outcome"], objects[-1]["code"]), ("failed", 104))


@test("the command of --via has not the descriptor for programs, and an rpc client has it")
def _(t):
    t.environment["PEDOS_RPC_CLIENT"] = tree.script(
        f"{t.top}/client", '#!/bin/sh\nprintf "%s\\n" "$@" >words\nexec 2>/dev/null; echo >&7\n'
    ) or f"{t.top}/client"
    tree.write("file.txt", "first")
    with open("progress", "w+b") as file:
        t.run("bash", "-c", f'exec 7>progress; exec {OPENER} --progress-fd=7 work file.txt')
        file.seek(0)
        equal(file.read(), b"\n")
        has(tree.read("words"), "--progress-fd=7\n")
    shell = "vm-file-editor() { :; }; exec 2>/dev/null; echo forged >&7; vm-file-editor"
    t.run("bash", "-c", f"exec 7>progress; exec {OPENER} '--via={shell}' --progress-fd=7 file.txt")
    equal([json.loads(line)["phase"] for line in tree.read("progress").split("\n") if line][-1],
          "done")


@test("--progress-fd takes a descriptor that is open for writing, and not --progress besides")
def _(t):
    tree.write("file.txt", "first")
    for number in "1", "9", "x":
        t.run(OPENER, f"--progress-fd={number}", "--via=true", "file.txt").exits(2).says(
            "open for writing")
    with open("progress", "wb") as file:
        t.run(OPENER, f"--progress-fd={file.fileno()}", "--progress=json", "--via=true",
              "file.txt", pass_fds=[file.fileno()]).exits(2).says("exclude each other")
