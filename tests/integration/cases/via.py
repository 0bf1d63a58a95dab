# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""--via: what gets content and what does not, and that nothing of a command is left behind."""
import os
import shlex
import signal

import process
import stream as wire
import suite
import tree
from expect import check, equal, exists, has, lacks, missing, wait_until
from named import named, receiver_named
from opening import Opening, saving
from settings import AGENT, EDITOR, OPENER, PYTHON

test = suite.cases(Opening, once=True)

CALLERS = AGENT, OPENER

# To a shell, a command; it is in the name, too, which comes first in both formats.
TEXT = "touch traced\n" * 100
NAME = "touch traced;"


# ---- Who gets content ----


def gets_nothing(t, caller, command, *parts):
    """A command that is no receiver or editor: that is said, in one sentence of the caller's."""
    tree.write(NAME, TEXT)
    end = t.run(caller, f"--via={command}", NAME).exits(1)
    name = os.path.basename(caller)
    ours = [line for line in end.said.splitlines() if line.startswith(f"{name}: ")]
    equal(len(ours), 1)
    for part in ("answered", *parts):
        has(ours[0], part)
    has(ours[0], "nothing was copied" if caller == AGENT else "nothing was sent")
    lacks(end.said, "100%")
    missing("traced")
    equal(tree.read(NAME), TEXT)


@test("a shell, or another language, gets nothing to run")
def _(t):
    for caller in CALLERS:
        for command in ("sh", "sh -s", "bash", "bash -i 2>/dev/null", "exec sh", f"{PYTHON} -",
                        "awk -f -", "xargs -n1 sh -c"):
            gets_nothing(t, caller, command)


@test("what only passes on, or drops, what it reads gets no content")
def _(t):
    for caller in CALLERS:
        for command in ("cat", "tee taken", "cat >taken", "cat taken -", "true", ":", "tac",
                        "head -c 16", "head -c 1000"):
            tree.write("taken")
            gets_nothing(t, caller, command)
            lacks(process.text(tree.read_bytes("taken")), "touch")


@test("what talks without end, or in its own way, gets no content")
def _(t):
    for caller in CALLERS:
        for command in ("yes", "echo hello", "cat; echo hello", "cat /dev/zero", "printf '\\1'",
                        "cat /dev/urandom", "head -c 16 /dev/zero"):
            gets_nothing(t, caller, command, "something else did")


@test("how a command ended that did not answer is told")
def _(t):
    for caller in CALLERS:
        gets_nothing(t, caller, "true", "ended with status 0")
        gets_nothing(t, caller, "exit 7", "ended with status 7")
        gets_nothing(t, caller, "/no/such/command", "status 127", "was not found")
        gets_nothing(t, caller, t.sent, "status 126", "could not be run")
        gets_nothing(t, caller, "kill -9 $$", "killed by signal 9 (Killed)")


@test("what a command says is made safe to show, and comes before our own sentence")
def _(t):
    tree.write("file", "x")
    tree.script("loud", """#!/bin/sh
printf 'red \\033[31m\\007 und gr\\303\\274n\\r\\n\\tlast' >&2
exit 9
""")
    for caller, program in ((AGENT, "qfile-unpacker"), (OPENER, "vm-file-editor")):
        # Also where it is only asked what it is.
        for command in ("./loud", named(program, "./loud")):
            said = t.run(caller, f"--via={command}", "file").exits(1).said
            lines = said.split("\n")
            equal(lines[:2], ["red ?[31m? und grün", " last"])
            has(lines[2], f"{os.path.basename(caller)}: ")
            has(lines[2], "ended with status 9")


@test("a receiver by another name is asked first, with a delivery of nothing")
def _(t):
    tree.write("file", "x")
    asked = []

    def play(role):
        data = role.read_all() if not asked else t.passed_on(role)
        if not asked:
            role.write(t.deliver(data).arrives().out)
        asked.append(data)
    t.passed_on = lambda role: take_and_deliver(t, role)
    t.run(AGENT, f"--via={t.stand_in(play).command}", "file").exits(0)
    equal(asked[0], wire.END)
    equal(len(asked), 2)
    t.arrived("file")


def take_and_deliver(t, role):
    """Answer like a receiver, while the sender waits for that with its end open."""
    receiving = t.start_unpacker(stdout=role.stdout)
    while not receiving.stream.endswith(wire.END):
        receiving.write(role.stdin.read(65536))
    receiving.close().wait()
    return receiving.stream


@test("what a receiver answers to a delivery of nothing is what it would answer to any")
def _(t):
    tree.write("file", "x")
    tree.write("no-directory")
    command = shlex.join([*t.receiver()[:-1], f"{t.sent}/no-directory"])
    unnamed = tree.script(f"{t.top}/other", f"#!/bin/sh\nexec {command}\n")
    end = t.run(AGENT, f"--via={unnamed}", "file").exits(1)
    has(end.said, "the receiver's directory on the other side, or one above it, is a file or a "
                  "link")
    has(end.said, "nothing was copied")


@test("an editor by another name is asked first, and opens nothing for that")
def _(t):
    tree.write("file.txt", "old")
    t.played_handler(lambda app: app.write("new"))
    unnamed = tree.script(f"{t.top}/other", f"#!/bin/sh\necho called >>{t.top}/calls\n"
                          f"TMPDIR={shlex.quote(t.there)} exec "
                          f"{shlex.join([EDITOR, f'--handler={t.top}/handler'])}\n")
    t.run(OPENER, f"--via={unnamed}", "file.txt").exits(0)
    equal(tree.read("file.txt"), "new")
    equal(tree.read(f"{t.top}/calls"), "called\ncalled\n")
    equal(t.applications.starts, 1)
    t.nothing_there()


@test("what has answered as an editor of today is not believed as one of old")
def _(t):
    tree.write("file.txt", "old")
    for answer, words in (("echo noise", "makes no sense"), ("true", "was lost before")):
        unnamed = tree.script(f"{t.top}/other", f"""#!/bin/sh
if [ -e {t.top}/asked ]; then cat >{t.top}/taken; exec {answer}; fi
>{t.top}/asked
exec {shlex.join([EDITOR, f'--handler={t.top}/handler'])}
""")
        has(t.run(OPENER, f"--via={unnamed}", "file.txt").exits(1).said, words)
        has(tree.read_bytes(f"{t.top}/taken"), b"old")
        equal((tree.read("file.txt"), tree.names_in(".")), ("old", ["file.txt"]))
        os.unlink(f"{t.top}/asked")


@test("a command that names the receiver or the service is called once")
def _(t):
    tree.write("file", "x")
    for words in ("qfile-unpacker", "/opt/q/bin/qfile-unpacker", "'qfile-unpacker'",
                  "PedOS.Filecopy", "(qfile-unpacker)"):
        has(t.run(AGENT, f"--via=false && {words}; echo >>{t.top}/calls", "file").exits(1).said,
            "connection was lost")
        equal(tree.read(f"{t.top}/calls"), "\n")
        os.unlink(f"{t.top}/calls")
    # The name alone is not enough: what stands behind it would run what is sent.
    for words in ("xqfile-unpacker", "true qfile-unpacker", "true vm-file-editor",
                  "sh -c 'exec sh' # qfile-unpacker", "sh; ./nosuch/qfile-unpacker",
                  "R=qfile-unpacker sh", "false && qfile-unpacker; sh",
                  "./nosuch/qfile-unpacker || sh", "(echo qfile-unpacker >&2; exec sh)"):
        has(t.run(AGENT, f"--via={words}", "file").exits(1).said, "no receiver answered")
    has(t.run(OPENER, "--via=true vm-file-editor", "file").exits(1).said, "no editor answered")
    t.run(OPENER, f"--via={t.editor(saving('y'))}", "file").exits(0)
    equal(tree.read("file"), "y")


# ---- What is certain ----


@test("nothing was copied where the end of the stream was not taken; otherwise look there")
def _(t):
    tree.write("file", "x")
    size = len(wire.delivery(wire.file("file", b"x")))
    for taken, certain in ((0, True), (10, True), (size - 1, True), (size, False)):
        command = receiver_named(f"head -c {taken} >/dev/null; exit 5")
        said = t.run(AGENT, f"--via={command}", "file").exits(1).said
        has(said, "ended with status 5")
        (has if certain else lacks)(said, "nothing was copied")
        (lacks if certain else has)(said, "before the receiver confirmed")
        lacks(said, "100%")


# ---- What is left of a command ----


def note_pid(t, name):
    return f"echo $$ >{t.top}/{name}.new && mv {t.top}/{name}.new {t.top}/{name}"


def noted(t, name):
    wait_until(lambda: os.path.exists(f"{t.top}/{name}"), f"the PID of {name}")
    return int(tree.read(f"{t.top}/{name}"))


def started(t, caller, command, **how):
    tree.write("file", "x")
    program = "qfile-unpacker" if caller == AGENT else "vm-file-editor"
    return t.start(caller, f"--via={named(program, command)}", "file", **how)


@test("a caller that is told to stop ends its command, and what that leaves behind", waits=True)
def _(t):
    programs = []
    for caller in CALLERS:
        for name, command in (
                ("alone", "exec sleep 9999"), ("below", "sleep 9999; true"),
                ("behind", "sleep 9999 & wait"), ("deep", "(sh -c 'sleep 9999; true'; true); true"),
                ("deaf", "trap '' TERM; sleep 9999; true")):
            name = f"{os.path.basename(caller)}-{name}"
            program = started(t, caller, f"{note_pid(t, name)}; {command}")
            programs.append((program, noted(t, name)))
    for program, pid in programs:
        group = [pid, *process.children(pid)]
        check(not process.ended(pid), "the command has ended by itself")
        program.kill(signal.SIGTERM)
        program.wait().exits(128 + signal.SIGTERM)
        wait_until(lambda group=group: all(map(process.ended, group)), f"the end of {group}")
    # Whoever was adopted by this process was left behind.
    equal(process.children(os.getpid()), [])


@test("what the command has put into the background for good stays")
def _(t):
    tree.write("file", "x")
    command = f"{t.via()}; setsid sh -c '{note_pid(t, 'stays')}; exec sleep 9999' >&- 2>&- &"
    t.run(AGENT, f"--via={receiver_named(f'{command} wait %1')}", "file").exits(0)
    exists(t.into("file"))
    check(not process.ended(noted(t, "stays")), "it was ended")
    # Also where the transfer is stopped: ssh keeps connections for the next call so.
    program = started(t, AGENT, f"setsid sh -c '{note_pid(t, 'kept')}; exec sleep 9999' & "
                      f"{note_pid(t, 'command')}; wait")
    command, kept = noted(t, "command"), noted(t, "kept")
    program.kill(signal.SIGTERM)
    program.wait().exits(128 + signal.SIGTERM)
    check(process.ended(command), "the command goes on")
    check(not process.ended(kept), "it was ended")


@test("a command that has more to do when its receiver has answered is asked, too", waits=True)
def _(t):
    tree.write("file", "x")
    for more in "exec sleep 9999 >&-", "exec sleep 9999":
        t.run(AGENT, f"--via={t.via()}; {more}", "file").exits(0)
        equal(tree.names_in(t.incoming), ["file"])
        os.unlink(t.into("file"))


@test("children that a caller had before are none of the command's")
def _(t):
    tree.write("file", "x")
    command = receiver_named(f"{note_pid(t, 'command')}; exec sleep 9999")
    program = t.start("sh", "-c", 'sleep 9999 & echo $! >"$3.new"; mv "$3.new" "$3"; '
                      'exec "$1" --via="$2" file', "sh", AGENT, command, f"{t.top}/before")
    noted(t, "command")
    program.kill(signal.SIGTERM)
    program.wait().exits(128 + signal.SIGTERM)
    check(not process.ended(noted(t, "before")), "it was ended")
