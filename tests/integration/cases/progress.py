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

test = suite.cases(Copying, once=True)

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


def on_a_descriptor(t, *arguments, status=0, **how):
    """The objects that --progress-fd gives."""
    with tempfile.TemporaryFile() as file:
        t.run(AGENT, f"--progress-fd={file.fileno()}", *arguments, pass_fds=[file.fileno()],
              **how).exits(status)
        return [json.loads(line) for line in process.written(file).decode().splitlines()]


def replacements_as_one(text):
    """How many signs stand for bytes that are no character is nobody's business."""
    return re.sub("\ufffd+", "?", text)


def lines_drawn(shown):
    """What was drawn, one after the other, without the codes."""
    return shown.replace(ERASE, "").replace("\r", "\n").split("\n")


def progress_of(end):
    """The objects but the last one, which is checked."""
    *progress, last = objects(end)
    equal((last["phase"], last["outcome"]), ("done", "copied"))
    return progress


@test("json: every line is an object, the last of a phase has everything of it")
def _(t):
    os.mkdir("dir")
    tree.write("dir/a", bytes(100000))
    tree.write("dir/b", bytes(23456))
    os.symlink("a", "dir/link")
    said = progress_of(t.send("--progress=json", "dir").exits(0))
    for each in said:
        equal((type(each["seconds"]), type(each["name"]), type(each["name_shown"])),
              (float, str, str))
    equal([said[-1][key] for key in ("bytes", "total_bytes", "entries", "total_entries")],
          [123456, 123456, 4, 4])


@test("json: the phases come one after the other, and each that happens is told")
def _(t):
    tree.write("file", "x")
    said = progress_of(t.send("--progress=json", "--move", "file").exits(0))
    phases = [each["phase"] for each in said]
    equal(list(dict.fromkeys(phases)), ["counting", "calling", "sending", "confirming", "removing"])


@test("json: a delivery refused in the middle is never being confirmed, and keeps its total")
def _(t):
    tree.sparse("large", 64 << 20)  # more than is under way
    tree.write("file", "x")
    said = on_a_descriptor(t, f"--via={t.via('--max-bytes=1000')}", "large", "file", status=1)[:-1]
    lacks([each["phase"] for each in said], "confirming")
    equal({each["total_bytes"] for each in said if each["phase"] == "sending"}, {(64 << 20) + 1})


@test("json: the last object has what was sent, and which names it got")
def _(t):
    os.mkdir("dir")
    tree.write("dir/\xe4", "hello")
    os.symlink("\xe4", "dir/link")
    os.mkfifo("dir/fifo")
    tree.write(t.into("dir"))
    via = t.via("--on-conflict=rename")
    last = on_a_descriptor(t, f"--via={via}", "dir", status=3)[-1]
    equal([last[key] for key in ("outcome", "code", "bytes", "entries", "files", "directories",
                                 "links", "help", "entry")],
          ["copied", 0, 5, 3, 1, 1, 1, [], ""])
    equal(last["renamed"], [{"name": "dir", "name_shown": "dir", "final": "dir (2)",
                             "final_shown": "dir (2)"}])
    equal((last["left_out_count"], last["left_out"][0]["name"]), (1, "dir/fifo"))
    equal((last["kept_count"], last["kept"], last["renamed_cut"]), (0, [], False))


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
    equal({each["name"] for each in said[:-1]}, {"", "file"})
    equal((said[-1]["outcome"], said[-1]["bytes"], said[-1]["entries"]), ("copied", 1000, 1))


@test("json: at most ten lines a second, and bytes that grow", waits=True)
def _(t):
    said = [each for each in progress_of(send_slowly(t, "--progress=json").exits(0))
            if each["phase"] == "sending"][1:]  # the first says that it begins
    check(len(said) >= 3, f"too few lines: {said}")
    seconds, sent = [each["seconds"] for each in said], [each["bytes"] for each in said]
    # Seconds are rounded to thousandths.
    for earlier, later in zip(seconds, seconds[1:]):
        check(later - earlier >= 0.099, f"too soon: {seconds}")
    equal(sent, sorted(sent))


@test("json: names that need escaping, and names that are no UTF-8")
def _(t):
    for name in (b'quote"back\\slash', b"new\nline\ttab\x1b", b"latin\xe9",
                 "\U0001F469\u200d\U0001F680 emoji".encode(), b"\x7f", b"cut\xe2\x82"):
        end = send_any_name(t, os.fsdecode(name), "--progress=json")
        last = progress_of(end)[-1]
        equal(replacements_as_one(last["name"]),
              replacements_as_one(name.decode("utf-8", "replace")))
        shown = last["name_shown"]
        check(shown.replace("\u200d", "").isprintable(), f"not safe to show: {shown!r}")
        try:
            name.decode()
            lacks(last, "name_hex")
        except UnicodeDecodeError:
            equal(bytes.fromhex(last["name_hex"]), name)
        equal([byte for byte in end.err.replace(b"\n", b"") if byte < 32 or byte == 127], [])


@test("json: FILECOPY_TOTAL_BYTES is the total, without looking")
def _(t):
    tree.write("file", bytes(1000))
    said = progress_of(
        t.send("--progress=json", "file", env={"FILECOPY_TOTAL_BYTES": "4000"}).exits(0))
    equal({each["total_bytes"] for each in said if each["phase"] in ("calling", "sending")},
          {4000})
    lacks([each["phase"] for each in said], "counting")


def remove(path):
    """A file, or an empty directory."""
    (os.rmdir if os.path.isdir(path) else os.unlink)(path)


@test("a total that turns out to be too large is no total: what is confirmed is all of it")
def _(t):
    os.mkdir("empty")
    tree.write("file", bytes(3000))
    tree.write("nothing")
    for name, entries, size, shown in (("file", 1, 3000, "100% 2.9 KiB of 2.9 KiB"),
                                       ("nothing", 1, 0, "100% 0 B"),
                                       ("empty", 1, 0, "100% 0 B")):
        for total in ("3001", "4000", "9223372036854775807", "18446744073709551615"):
            env = {"FILECOPY_TOTAL_BYTES": total}
            said = progress_of(t.send("--progress=json", name, env=env).exits(0))
            # From then on it is known.
            for each in said:
                if each["phase"] == "confirming":
                    equal((each["bytes"], each.get("total_bytes", 0), each["total_entries"]),
                          (size, size, entries))
            check("confirming" in [each["phase"] for each in said], "never confirming")
            remove(t.into(name))
            last = t.send("--progress=tty", name, env=env).exits(0).said.split("\n")[0]
            has(last.split("\r")[-1], shown)
            remove(t.into(name))


@test("what vanishes after it was counted does not keep the progress below 100 %")
def _(t):
    # It is counted before a command is asked whether it is a receiver, and sent after that.
    for name, size, shown in (("large", 5000, "100% 9.8 KiB of 9.8 KiB"),
                              ("empty", 0, "100% 3 of 3 entries")):
        os.mkdir(name)
        for number in range(3):
            tree.write(f"{name}/{number}", bytes(size))
        tree.script("called", f"#!/bin/sh\nrm -f {name}/1\nexec {t.via()}\n")
        last = t.run(AGENT, "--progress=tty", "--via=./called", name).exits(0).said.split("\n")[0]
        has(last.split("\r")[-1], shown)


@test("a FILECOPY_TOTAL_BYTES that is no number is no total, and one that is too small is dropped")
def _(t):
    tree.write("file", bytes(3000))
    for total in ("-5", "", "12x", "99999999999999999999999"):
        said = progress_of(t.run(AGENT, "--progress=json", "file",
                                 f"--via={t.via('--on-conflict=rename')}",
                                 env={"FILECOPY_TOTAL_BYTES": total}).exits(0))
        equal(said[-1]["total_bytes"], 3000)
    said = t.run(AGENT, "--progress=tty", "file", f"--via={t.via('--on-conflict=rename')}",
                 env={"FILECOPY_TOTAL_BYTES": "1024"}).exits(0).said
    has(said, "2.9 KiB")
    lacks(said, "%")


@test("a FILECOPY_TOTAL_BYTES that is wrong is no total")
def _(t):
    tree.write("file", bytes(3000))
    for total in ("-5", "+5", "5x", "0x10", " 5", "", "99999999999999999999999"):
        # It is counted instead.
        last = progress_of(t.send("--progress=json", "file", env={"FILECOPY_TOTAL_BYTES": total})
                           .exits(0))[-1]
        equal((total, last["total_bytes"]), (total, 3000))
        os.unlink(t.into("file"))
    env = {"FILECOPY_TOTAL_BYTES": "1024"}
    lacks(progress_of(t.send("--progress=json", "file", env=env).exits(0))[-1], "total_bytes")
    os.unlink(t.into("file"))
    lacks(t.send("--progress=tty", "file", env=env).exits(0).said, "%")


@test("tty: entries are counted where bytes say nothing")
def _(t):
    os.mkdir("dir")
    for number in range(20):
        tree.write(f"dir/{number}")
    has(t.send("--progress=tty", "dir").exits(0).said, "100% 21 of 21 entries  dir")


@test("tty: one line redrawn, with percent, size, rate and name, and a newline at the end",
      waits=True)
def _(t):
    end = send_slowly(t, "--progress=tty").exits(0)
    drawn, success = end.said.split("\n")
    equal(success, f'copied 1 file (3.0 MiB) to "{t.place}"')
    check(end.err.count(b"\r") >= 3, f"not redrawn: {end.err!r}")
    *before, last = drawn.split("\r")
    # Nothing has arrived before the receiver says so.
    lacks("".join(before), "100%")
    has(before[-1], "waiting for confirmation")
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
    *lines, success = lines_drawn(shown)
    has(success, "copied 1 file")
    equal([line for line in lines if len(line) > 60], [])


@test("auto: nothing where stderr is no terminal")
def _(t):
    tree.write("file", "x")
    for options in ([], ["--progress=auto"]):
        end = t.run(AGENT, *options, "file", f"--via={t.via('--on-conflict=rename')}").exits(0)
        equal(end.said.split("\n")[0], f'copied 1 file (1 B) to "{t.place}"')


@test("--quiet: nothing, on a terminal too, unless something is wrong")
def _(t):
    tree.write("file", "x")
    for option in ("-q", "--quiet"):
        equal(t.run_on_terminal(AGENT, option, f"--via={t.via('--on-conflict=rename')}", "file"),
              (0, ""))
    t.send("-q", "file").exits(1).says("is there already")


@test("--verbose names each entry once")
def _(t):
    os.mkdir("dir")
    tree.sparse("dir/large", 3 << 20)
    os.symlink("large", "dir/link")
    for number, option in enumerate(("-v", "--verbose")):
        end = t.run(AGENT, option, "dir", f"--via={t.via('--on-conflict=rename')}").exits(0)
        equal(sorted(line for line in end.said.split("\n") if line.startswith("sending")),
              ['sending "dir"', 'sending "dir/large"', 'sending "dir/link"'])


@test("none: nothing, on a terminal too")
def _(t):
    tree.write("file", "x")
    equal(t.run_on_terminal(AGENT, "--progress=none", f"--via={t.via()}", "file"),
          (0, f'copied 1 file (1 B) to "{t.place}"'))
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
