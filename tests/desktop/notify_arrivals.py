# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""qfile-notify: what has arrived is told."""
import glob
import os
import re
import shlex

import process
import stream as wire
import suite
import tree
from expect import check, equal, has, missing, wait_until
from notified import NOTIFY, Notified

test = suite.cases(Notified)

HOSTILE = ["a b", "it's \"so\"", "$(touch bad)", "`touch bad`", "back\\slash", "100%U", "-dash",
           "<b>&amp;", "<a href='x'>x"]


@test("the first delivery ever is told, with its names, and a later one too; both are one notice "
      "until it is closed")
def _(t):
    t.open_session()
    tree.write("report.pdf", "x")
    t.send_as("work", "report.pdf").exits(0)
    t.notice(1, "1 file from work", "report.pdf")
    os.mkdir("photos")
    t.send_as("work", "photos").exits(0)
    t.notice(2, "2 items from work", "report.pdf\nphotos")
    equal([values[1] for values in t.called("Notify")], [0, 1])
    t.do("close", id=1)
    tree.write("third", "x")
    t.send_as("work", "third").exits(0)
    t.notice(3, "1 file from work", "third")


@test("notices are in the language of the session")
def _(t):
    t.open_session(env={"LANGUAGE": "de"})
    tree.write("report.pdf", "x")
    t.send_as("work", "report.pdf").exits(0)
    t.notice(1, "1 Datei von work", "report.pdf")
    equal(t.called("Notify")[0][5][3], "Im Ordner anzeigen")
    t.send_as("work", "report.pdf").exits(1)
    t.notice(2, "Eine Lieferung von work wurde abgewiesen",
             "„report.pdf“ ist schon da. Nichts wurde ersetzt.")


@test("a delivery of many is one notice; so is one for each VM")
def _(t):
    t.open_session()
    for number in range(30):
        os.mkdir(f"{number:02}")
    t.send_as("work", *(f"{number:02}" for number in range(30))).exits(0)
    (summary, body), = t.wait_notices(1)
    equal(summary, "30 folders from work")
    check(re.fullmatch(r"\d\d\n\d\d\n\d\d\nand more", body), body)
    t.send_as("vault", "00", "01").exits(0)
    summary, body = t.wait_notices(2)[-1]
    equal((summary, sorted(body.split("\n"))), ("2 folders from vault", ["00", "01"]))
    t.do("choose", id=1, action="default")
    wait_until(lambda: t.called("ShowItems"), "the file manager")
    uris, token = t.called("ShowItems")[0]
    equal((len(set(uris)), token), (20, "token-1"))
    check(all(uri.startswith(f"file://{t.incoming_of('work')}/") for uri in uris), uris)


@test("hostile names are text: escaped where markup is read, and only there; nothing is run")
def _(t):
    t.open_session()
    for count, name in enumerate(HOSTILE, 1):
        tree.write(name, "x")
        capabilities = ["actions"] + (["body-markup"] if count % 2 else [])
        t.do("be", capabilities=capabilities, manager=True)
        # What is told of one VM waits a few seconds for the next one.
        t.send_as(f"work{count}", "--", name).exits(0)
        escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        escaped = escaped.replace("'", "&apos;").replace('"', "&quot;")
        t.notice(count, f"1 file from work{count}", escaped if count % 2 else name)
    missing("bad")


@test("what controls, hides or reorders text is replaced, and a long name is cut, when the "
      "receiver accepts all names")
def _(t):
    t.open_session()
    long = "x" * 200 + ".pdf"
    for count, (name, shown) in enumerate({
            "new\nline": "new?line", "\033[31mred": "?[31mred", "\u202egnp.exe": "?gnp.exe",
            os.fsdecode(b"bytes-\xff\xfe"): "bytes-??", "a\u200bb": "a?b",
            long: "..." + long[-57:]}.items(), 1):
        tree.write(name, "x")
        t.send_as(f"work{count}", "--", name, options=["--allow-all-names"]).exits(0)
        t.notice(count, f"1 file from work{count}", shown)


@test("what the user puts there, makes or moves is not told; nor is what was there before")
def _(t):
    t.open_session(earlier=["work/", "work/old"])
    tree.write(f"{t.home}/mine", "x")
    os.rename(f"{t.home}/mine", f"{t.incoming_of('work')}/mine")
    tree.write(f"{t.incoming_of('work')}/made", "x")
    os.mkdir(f"{t.incoming_of('work')}/directory")
    os.rename(f"{t.incoming_of('work')}/made", f"{t.incoming_of('work')}/renamed")
    tree.write("sent", "x")
    t.send_as("work", "sent").exits(0)
    t.notice(1, "1 file from work", "sent")


@test("what is still coming is not told, nor what a killed receiver left; what is complete is")
def _(t):
    t.open_session()
    tree.write("fence", "x")
    command = shlex.split(t.receiver_of("work"))
    killed, slow = (t.start(*command, stdin=-1) for _ in range(2))
    for receiver in killed, slow:
        receiver.write(wire.file("whole", b"x") + wire.file(f"half-of-{receiver.pid}", b"y"))
    wait_until(lambda: all(glob.glob(f"{t.incoming_of('work')}/.qfile-*/tree/half-of-{each.pid}")
                           for each in (killed, slow)), "both to be staged", by=[killed, slow])
    for pid in process.children(killed.pid):
        os.kill(pid, 9)
    killed.kill()
    killed.wait()
    t.send_as("other", "fence").exits(0)
    t.notice(1, "1 file from other", "fence")
    slow.write(wire.END)
    slow.close().wait().exits(0)
    summary, body = t.wait_notices(2)[1]
    equal((summary, sorted(body.split("\n"))),
          ("2 files from work", [f"half-of-{slow.pid}", "whole"]))


@test("a directory that comes anew is watched: PedOSIncoming, and that of a VM")
def _(t):
    t.open_session()
    tree.write("one", "x")
    t.send_as("work", "one").exits(0)
    t.notice(1, "1 file from work", "one")
    os.rename(f"{t.home}/PedOSIncoming", f"{t.home}/elsewhere")
    t.do("close", id=1)
    t.send_as("work", "one").exits(0)
    t.notice(2, "1 file from work", "one")


@test("a thousand VMs are watched at most, which is said; new ones take the place of those that "
      "have gone")
def _(t):
    earlier = [f"vm{number}" for number in range(1003)]
    t.open_session(earlier=[f"{name}/" for name in earlier])
    has(t.notify.said(), "more than 1000 VMs: no notices of the others")
    equal(t.notify.said().count("\n"), 0)
    for name in earlier:
        os.rmdir(t.incoming_of(name))
    tree.write("file", "x")
    t.send_as("new", "file").exits(0)
    t.notice(1, "1 file from new", "file")


@test("\"Show in folder\" asks the file manager; where there is none, that is told")
def _(t):
    t.open_session()
    tree.write("a b%", "x")
    t.send_as("work", "a b%").exits(0)
    t.notice(1, "1 file from work", "a b%")
    equal(t.called("Notify")[0][5], ["default", "", "show", "Show in folder"])
    t.do("choose", id=1, action="show")
    wait_until(lambda: t.called("ShowItems"), "the file manager", by=[t.notify])
    equal(t.called("ShowItems"), [[[f"file://{t.incoming_of('work')}/a%20b%25"], "token-1"]])
    # Nothing opens directories here.
    t.do("be", capabilities=["actions"], manager=False)
    t.do("choose", id=1, action="show")
    t.notice(2, "No program could open the folder.", t.incoming_of("work"))


@test("a second one in the same session ends, with a sentence, and so does one without a session")
def _(t):
    t.open_session()
    second = t.start_there(NOTIFY).wait().exits(1)
    second.says("there is a qfile-notify in this session already")
    alone = t.start_there(NOTIFY, env={"DBUS_SESSION_BUS_ADDRESS": f"unix:path={t.top}/none"})
    alone.wait().exits(1).says("there is no session of a desktop here")
    t.start_there(NOTIFY, "what").wait().exits(2)
    tree.write("still", "x")
    t.send_as("work", "still").exits(0)
    t.notice(1, "1 file from work", "still")
    t.notify.kill(15)
    equal(t.notify.wait().status, 0)
