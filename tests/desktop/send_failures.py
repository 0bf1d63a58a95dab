# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-send: what goes wrong, is stopped, or takes long."""
import os
import re
import shlex
import signal

import machine
import process
import suite
import tree
from expect import equal, missing
from sending import Sending

test = suite.cases(Sending)

LARGE = 4 << 30


def large_file():
    with open("large", "wb") as file:
        file.truncate(LARGE)


def fails(t, send, sentence):
    """A window says so; Return closes it."""
    t.sees(re.compile(re.escape(sentence)), by=[send])
    t.window("another VM")
    t.press("Return")
    send.wait().exits(1)


@test("what is no file, folder or link")
def _(t):
    t.open_desktop()
    t.serve()
    os.mkfifo("pipe")
    fails(t, t.send("--to=work", "pipe"),
          "“pipe” is of a kind that cannot be copied to work. Nothing was copied.")


@test("a call that the policy denies")
def _(t):
    t.open_desktop()
    t.serve()
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    t.reload()
    fails(t, t.send("--to=work", "report.txt"),
          "This is not allowed between this VM and work. Nothing was sent.")


@test("a VM that there is not, and one that cannot do it")
def _(t):
    t.open_desktop()
    t.serve()
    fails(t, t.send("--to=nobody", "report.txt"),
          "There is no connection to nobody. Nothing was sent.")
    os.unlink(f"{t.services}/PedOS.Filecopy")
    fails(t, t.send("--to=work", "report.txt"), "This cannot be done in work. Nothing was sent.")


@test("a file that is not there")
def _(t):
    t.open_desktop()
    t.serve()
    fails(t, t.send("--to=work", "gone"), "“gone” is not there any more. Nothing was copied.")


@test("a disk that is full", once=True)
def _(t):
    machine.need_root()
    machine.need_mount_namespaces()
    t.open_desktop()
    mounted = (f"mount -t tmpfs -o size=64k,mode=777 tmpfs {shlex.quote(t.incoming)} && "
               'exec "$0" "$@"')
    t.serve(wrap=f"unshare -m sh -c {shlex.quote(mounted)} {{}}")
    tree.write("report.txt", bytes(1 << 20))
    fails(t, t.send("--to=work", "report.txt"), "The disk of work is full. Nothing was copied.")
    equal(os.listdir(t.incoming), [])


@test("cancelled in mid-transfer: it stops, nothing has arrived, and nothing more is said")
def _(t):
    t.open_desktop()
    # In two parts: qfile-agent says how far it is a tenth of a second after the last time, but not
    # while nothing is taken.
    part = "dd bs=4096 count=9000 iflag=fullblock of=/dev/null"
    t.serve(wrap=f"sh -c {shlex.quote(f'{part}; sleep 0.3; {part}; exec sleep 99999')}")
    large_file()
    send = t.send("--to=work", "large")
    t.sees(re.compile("MB.of 4.3.GB"), "label")
    t.sees("large", "label")
    t.click("Cancel")
    send.wait().exits(1)
    equal(os.listdir(t.incoming), [])


@test("when qfile-send is ended or killed, the copy is cancelled")
def _(t):
    t.open_desktop()
    large_file()
    for number in signal.SIGTERM, signal.SIGKILL:
        t.qrexec(f"echo $$ >{shlex.quote(t.notes)}/client; exec sleep 99999")
        send = t.send("--to=work", "large")
        client = int(t.until(lambda: t.note("client"), "the client"))
        send.kill(number)
        t.until(lambda client=client: process.ended(client), "the client to be gone")
        os.unlink(f"{t.notes}/client")


@test("Cancel works, too, where a client does not end when it is asked to", waits=True)
def _(t):
    t.open_desktop()
    t.qrexec(f'trap "" TERM INT HUP; echo $$ >{shlex.quote(t.notes)}/client; sleep 99999')
    send = t.send("report.txt")
    client = int(t.until(lambda: t.note("client"), "the client"))
    t.click("Cancel")
    t.sees("Stopping", "push button")
    send.wait().exits(1)
    t.until(lambda: process.ended(client), "the client to be gone")


@test("a call that waits long says for what, and goes on when it may")
def _(t):
    t.open_desktop()
    t.show_notices()
    t.serve()
    answer = shlex.quote(f"{t.notes}/answer")
    t.daemon.stop()
    t.rule("*", "*", "@anyvm", "@anyvm", "ask")
    t.start_daemon(f"--prompt=mkfifo {answer}; read word <{answer}; :")
    send = t.send("--to=work", "report.txt")
    t.sees("Waiting for the permission of work", "label", by=[send])
    tree.write(f"{t.notes}/answer", "yes\n")
    send.wait().exits(0)
    equal(tree.read(f"{t.incoming}/report.txt"), "content\n")


@test("a program that ends without a word is a failure, and so is a client that does nothing")
def _(t):
    t.open_desktop()
    t.serve(wrap=f"sh -c 'touch \"$0\"; exec sleep 99999' {shlex.quote(t.notes)}/came")
    send = t.send("--to=work", "report.txt")
    t.sees("Waiting until work has stored everything", by=[send])
    agent, = (pid for pid in process.children(send.pid)
              if process.name_of(pid) == "qfile-agent")
    os.kill(agent, signal.SIGKILL)
    fails(t, send, "It ended without saying how. Nobody can say whether “report.txt” has arrived")
    t.qrexec("exit 0")
    fails(t, t.send("report.txt"), "Nobody can say whether “report.txt” has arrived")


@test("a connection that is lost: nothing is here, and nothing was removed")
def _(t):
    t.open_desktop()
    t.serve(wrap="head -c 100000 >/dev/null; kill -9 $$; : {}")
    large_file()
    send = t.send("--move", "--to=work", "large")
    t.sees(re.compile("Nothing was copied|Nobody can say"), by=[send])
    t.click("Close")
    send.wait().exits(1)
    equal(os.path.getsize("large"), LARGE)
    missing(f"{t.incoming}/large")
