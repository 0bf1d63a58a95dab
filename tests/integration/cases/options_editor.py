# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""vm-file-editor's command line, its messages, and its service file."""
import os
import re
import socket

import edit_wire as wire
import machine
import suite
import tree
from copying import EDQUOT, EIO, ENODATA, ENODEV, ENOENT, ENOSPC, EPERM
from expect import check, equal, has, lacks, missing
from opening import Opening, edited, records_of, request
from settings import BUILD, EDITOR, TOP

test = suite.cases(Opening, once=True)

OPTIONS = "--handler --help --max-bytes --verbose --version --wait"


def ask_with(t, stream, *options, env=()):
    """With this stream, and no option but these: an Edited. Whatever happens, nothing is left of
    it."""
    end = edited(t.start(EDITOR, *options, stdin=stream, env={"TMPDIR": t.there, **dict(env)}))
    t.nothing_there()
    return end


def ask(t, name, content, *options, env=()):
    """With a request of version 2, and this content."""
    return ask_with(t, request(name, content), *options, env=env)


def ended(end, code, message):
    """The answer is this end and nothing else."""
    end.exits(1).records(("done", code, message))


def wrong_usage(t, part, *arguments):
    equal(t.run(EDITOR, *arguments).exits(2).says(part).told, "")


def first_in_path(t, name, body):
    """A directory with this script in it: the environment where that is found first."""
    os.makedirs(f"{t.top}/bin", exist_ok=True)
    tree.script(f"{t.top}/bin/{name}", f"#!/bin/sh\n{body}\n")
    return {"PATH": f"{t.top}/bin:{t.environment['PATH']}"}


@test("--help and -h say what there is, and no more than these tests try")
def _(t):
    long = t.run(EDITOR, "--help").exits(0).says_nothing()
    equal(" ".join(sorted(set(re.findall("--[a-z][a-z-]+", long.told)))), OPTIONS)
    equal(t.run(EDITOR, "-h").exits(0).told, long.told)


@test("--version and -V name the program and its version")
def _(t):
    for option in ("--version", "-V"):
        told = t.run(EDITOR, option).exits(0).says_nothing().told
        check(re.fullmatch(r"vm-file-editor .*[0-9]+\.[0-9]+\.[0-9]+", told), f"told: {told}")
    with open("/dev/full", "wb") as full:
        t.run(EDITOR, "--help", stdout=full).exits(1)


@test("wrong options, values and words are refused in one sentence")
def _(t):
    wrong_usage(t, "--no-such-option", "--no-such-option")
    wrong_usage(t, "--handler", "--handler")
    wrong_usage(t, '"file"', "file")
    wrong_usage(t, '"?[31m"', "\033[31m")
    for value in ("", "x", "-1", "1.5", "1k", "18446744073709551616", "16777216T"):
        wrong_usage(t, "--max-bytes takes a size", f"--max-bytes={value}")
    for value in ("", " "):
        wrong_usage(t, "--handler takes a command", f"--handler={value}")


@test("a terminal as stdin is refused")
def _(t):
    status, shown = t.run_on_terminal(EDITOR)
    equal(status, 2)
    has(shown, "stdin is a terminal")


@test("the handler is a shell command with the file behind it, of any name")
def _(t):
    name = "it's a \"file\" $(id).txt"
    handler = (
        'f() { printf "%s\\n" "${3##*/}" "$#" "$1" "$2"; cat "$3"; exit 5; }; f -n "a  b" >seen')
    end = ask(t, name, "content", f"--handler={handler}").exits(1)
    # Who asked is told, and only they: stderr may lead to the same terminal.
    has(end.out.decode(errors="replace"), "failed with status 5")
    lacks(end.said, "failed with status 5")
    equal(tree.read("seen"), f"{name}\n3\n-n\na  b\ncontent")


@test("the default handler is xdg-open, with the file's path")
def _(t):
    seen = []

    def play(role):
        seen.append((role.arguments, tree.read(role.arguments[-1])))
        return 7
    env = first_in_path(t, "xdg-open", f'{t.stand_in(play).command} "$@"')
    ended(ask(t, "file.txt", "content", env={"QREXEC_REMOTE_DOMAIN": "work", **env}), EIO,
          'the handler "xdg-open" failed with status 7')
    (arguments, content), = seen
    path, = arguments
    check(re.fullmatch(f"{re.escape(t.there)}/qopen-work-[A-Za-z0-9]{{6}}/file\\.txt", path),
          f"the path: {path}")
    equal(content, "content")


def not_opened(t, name, message, *options, env=(), code=ENOENT):
    ended(ask(t, name, "content", *options, env=env), code, message)


@test("a command that is not there is named")
def _(t):
    missing_one = 'the command "{}" of --handler was not found in the VM that opens the file'
    for command in ("/no/such/command", "no-such-command"):
        for handler in (command, f"{command} -x", f" exec {command} -x"):
            not_opened(t, "file.odt", missing_one.format(command), f"--handler={handler}")
    # The command is there, and something that it uses is not.
    for handler in ("exit 127;", "sh -c 'no-such-command'", "env no-such-command"):
        end = ask(t, "file", "content", f"--handler={handler}").exits(1)
        has(end.out, f'the handler "{handler}" failed with status 127'.encode())


@test("xdg-open is not installed")
def _(t):
    os.mkdir(f"{t.top}/bin")
    os.symlink(machine.need("sh"), f"{t.top}/bin/sh")
    not_opened(t, "file.odt", "xdg-open is not installed in the VM that opens the file: install "
               "xdg-utils there, or name a command with --handler", env={"PATH": f"{t.top}/bin"})


@test("xdg-open without a screen, or with one that is not there")
def _(t):
    began = ("no application could be started for files {} in the VM that opens the file: {}")
    for code in (3, 4):
        env = first_in_path(t, "xdg-open", f"exit {code}")
        not_opened(t, ".tar.gz", began.format(
            'that end in ".gz"',
            "no screen is known there (neither DISPLAY nor WAYLAND_DISPLAY is set)"), env=env,
            code=ENODEV)
        not_opened(t, "file", began.format(
            "without an extension", 'the screen there cannot be reached (DISPLAY is ":98765")'),
            env={**env, "DISPLAY": ":98765"}, code=ENODEV)


@test("xdg-open fails with a screen whose socket is in no directory")
def _(t):
    with socket.socket(socket.AF_UNIX) as server:
        number = 98000 + os.getpid() % 1000
        server.bind(f"\0/tmp/.X11-unix/X{number}")
        server.listen()
        env = {**first_in_path(t, "xdg-open", "exit 3"), "DISPLAY": f":{number}.0"}
        not_opened(t, "file.odt", "the VM that opens the file has no application for files that "
                   'end in ".odt"', env=env)


@test("xdg-open knows no application, could start none, or found no file")
def _(t):
    no_application = "the VM that opens the file has no application for files {}"
    messages = {2: "the file was gone before an application opened it in the VM that opens the "
                   "file",
                3: no_application.format('that end in ".odt"'),
                4: f"""{no_application.format('that end in ".odt"')}, or the application could """
                   "not be started"}
    for code, message in messages.items():
        env = first_in_path(t, "xdg-open", f"exit {code}")
        not_opened(t, "file.odt", message, env={**env, "WAYLAND_DISPLAY": "wayland-98765"})
        # Of another command, these statuses mean nothing.
        ended(ask(t, "file", "content", f"--handler=exit {code};"), EIO,
              f'the handler "exit {code};" failed with status {code}')


@test("a handler that dies of a signal is told so")
def _(t):
    ended(ask(t, "file", "content", "--handler=kill -9 $$;"), EIO,
          'the handler "kill -9 $$;" was ended by signal 9 (Killed)')


@test("what cannot be received is told to both sides")
def _(t):
    end = ask(t, "file", "content", "--max-bytes=6", "--handler=exit 5;")
    ended(end, EDQUOT, "the file is larger than the VM that opens it accepts, or has room for")
    end.says('receiving "file": it exceeds what may be received')
    ended(ask(t, "file", "content", "--max-bytes=7", "--handler=exit 5;"), EIO,
          'the handler "exit 5;" failed with status 5')
    ended(ask_with(t, wire.request(b"file", 9)), ENODATA,
          "the file did not arrive whole in the VM that opens it")
    huge = wire.request(b"file", 2**60)
    ended(ask_with(t, huge), ENOSPC, "the disk of the VM that opens the file is full")
    end = ask_with(t, huge, env={"TMPDIR": f"{t.top}/missing"})
    # That concerns nobody there. Without a log, who looks for the reason finds it on stderr.
    (kind, code, message), = records_of(end.exits(1).out)
    equal((kind, code), ("done", EPERM))
    has(message, b"the VM that opens the file could not do its work")
    end.says(f"{t.top}/missing")


@test("a source that is no VM's name is refused")
def _(t):
    for name in ("", "1st", "a/b", "../x", "a b", "a\n"):
        end = ask(t, "file", "content", f"--handler=touch {t.top}/ran;", "-v",
                  env={"QREXEC_REMOTE_DOMAIN": name})
        end.exits(1).says("QREXEC_REMOTE_DOMAIN must be a VM's name")
        equal(end.out, b"")
        missing(f"{t.top}/ran")


@test("--verbose and -v say what happened, without them nothing is said")
def _(t):
    handler = '--handler=echo new >"$1"; :'
    for option in ("-v", "--verbose"):
        end = ask(t, "file", "content", option, handler,
                  env={"QREXEC_REMOTE_DOMAIN": "work"}).saved("new\n")
        has(end.said, f"{t.there}/qopen-work-")
        has(end.said, "saves sent back: 1")
    ask(t, "file", "content", handler).saved("new\n").says_nothing()


@test("the service takes no argument, and runs the installed program")
def _(t):
    first_in_path(t, "vm-file-editor", 'echo "run with $# arguments"')
    template = tree.read(f"{TOP}/vm-file-editor/PedOS.OpenInVM.in")
    service = tree.script(f"{t.top}/PedOS.OpenInVM", template.replace("@BINDIR@", f"{t.top}/bin"))
    equal(t.run(service).told, "run with 0 arguments")
    equal(t.run(service, "").told, "run with 0 arguments")
    for end in (t.run(service, "--help"), t.run(service, env={"QREXEC_SERVICE_ARGUMENT": "x"})):
        equal(end.exits(2).says("the service takes no argument").told, "")
    built = f"{BUILD}/services/PedOS.OpenInVM"
    lacks(tree.read(built), "@BINDIR@")
    equal(len(re.findall("^exec /.*/vm-file-editor$", tree.read(built), re.M)), 1)
    check(os.access(built, os.X_OK), f"not to be run: {built}")
