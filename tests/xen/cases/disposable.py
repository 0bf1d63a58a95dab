# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Disposable VMs: made for a call, and gone with it. Each takes a while to boot, so that several
boot at the same time."""
import time

from common import await_error, await_that, change, equal, expect, nothing_left
from lab import DOM0_DAEMON

TEMPLATES = "/etc/pedos-rpc/disposables"
GONE = "! xl list | grep -qE '^(disp|\\(null)'"
DOMIDS = "xl list | sed -n 's/^disp[0-9]* *\\([0-9]*\\).*/\\1/p'"
STARTING = "starting a disposable VM..."


def template(lab, name, machine):
    settings = {"type": "pv", "kernel": "/boot/vmlinux", "ramdisk": "/boot/guest.cpio",
                "memory": 160,
                "extra": f"lab={machine} console=hvc0 quiet loglevel=1 panic=0"}
    lines = "\n".join(f"{key}={value!r}" for key, value in settings.items())
    lab.dom0.run(f"mkdir -p {TEMPLATES} && cat >{TEMPLATES}/{name}.cfg <<'END'\n{lines}\nEND")


def all_gone(lab):
    await_that(lab.dom0, GONE, "that the disposable VMs are gone")
    nothing_left(lab)


def test_five(lab):
    """of five at once three get one, where three are allowed: a file is edited, one is shown, one
    is open when its caller dies; each VM is gone then."""
    template(lab, "default", "disposable")
    template(lab, "dead", "dead")
    change(lab, "echo '* * work @dispvm allow' >10-new.policy && "
           "echo '* * work @dispvm:dead allow' >>10-new.policy")
    await_that(lab.work, "pedos-rpc --list | grep -q @dispvm:dead", "what may be had")
    equal("what is listed", lab.work.run("pedos-rpc --list PedOS.OpenInVM"),
          "@dispvm\n@dispvm:dead\npersonal\n")
    equal("where files can be sent", lab.work.run("pedos-rpc --list PedOS.Filecopy"),
          "personal\n")
    equal("what others are told", lab.vault.run("pedos-rpc --list"), "personal\n")
    lab.work.run("cd && for f in edited shown held more; do echo first >$f.txt; done", user="user")
    begin = time.monotonic()
    edited, shown, held = (
        lab.work.start(f"cd && exec qopen-in-vm {options}", user="user")
        for options in ("@dispvm edited.txt", "--view-only @dispvm shown.txt",
                        "@dispvm held.txt"))
    for job in (edited, shown, held):
        await_error(job, STARTING)
    for _ in range(2):
        refused = lab.work.start("cd && exec qopen-in-vm @dispvm more.txt", user="user")
        refused.wait()
        expect(refused.status and "as one VM may have" in refused.errors,
               f"it ended with {refused.status}: {refused.errors!r}")
    edited.wait(0)
    lab.measured("a disposable VM, one of three at once", f"{time.monotonic() - begin:.1f} s")
    equal(f"the edited file, of which was said: {edited.errors!r}",
          lab.work.run("cat /home/user/edited.txt"), "first\nedited in disposable\n")
    shown.wait(0)
    equal("the shown file", lab.work.run("cat /home/user/shown.txt"), "first\n")
    await_that(lab.dom0, "for d in $(xenstore-list /local/domain); do "
               "xenstore-read /local/domain/$d/data/shown 2>/dev/null; done | grep -q 1",
               "that the third one is open")
    expect(not held.over.is_set(), f"it has ended: {held.errors}")
    # The oldest process of that name; the other one looks after xenstore for it.
    lab.work.run("kill -KILL $(pidof pedos-rpc | tr ' ' '\\n' | sort -n | head -n 1)")
    held.wait()
    all_gone(lab)


def test_never_ready(lab):
    """one that boots is destroyed when its caller is interrupted; or when dom0's program is killed,
    by the next one, which makes another; that one never gets ready, and the caller is told."""
    call = lab.work.start("exec pedos-rpc @dispvm:dead test.exit+0", user="user")
    await_that(lab.dom0, "xl list | grep -q '^disp'", "that it boots")
    first = lab.dom0.run(DOMIDS).strip()
    other = lab.work.start("echo $$ >/tmp/caller; exec pedos-rpc @dispvm:dead test.exit+0")
    await_that(lab.dom0, f"[ $({DOMIDS} | wc -l) = 2 ]", "that a second one boots")
    lab.work.run("kill -INT $(cat /tmp/caller)")
    other.wait()
    equal("what it says", other.errors, f"pedos-rpc: {STARTING}\n")
    await_that(lab.dom0, f"[ $({DOMIDS}) = {first} ]", "that the second one is gone")
    lab.dom0.run("kill -KILL $(pidof pedos-rpc-dom0)")
    lab.dom0.daemon.wait()
    lab.dom0.serve(DOM0_DAEMON.replace("--boot-timeout=1200", "--boot-timeout=15"))
    await_that(lab.dom0, f"! xl domname {first} 2>/dev/null", "that the first one is gone")
    call.wait(126)
    # On a slow machine not even xl is ready in time.
    expect(any(why in call.errors for why in ("did not get ready in time", "could not be started")),
           f"it says {call.errors!r}")
    all_gone(lab)


def restart(lab):
    lab.dom0.run("kill $(pidof pedos-rpc-dom0)")
    lab.dom0.daemon.wait(0)
    lab.dom0.serve(DOM0_DAEMON)
    await_that(lab.work, "pedos-rpc --list 2>/dev/null | grep -q @dispvm", "that it is served")


def spare(lab):
    """Wait until one is ready. Returns its domid."""
    return lab.dom0.run(f"until d=$(for d in $({DOMIDS}); do xenstore-read "
                        "/local/domain/$d/data/pedos-rpc/ready >/dev/null 2>&1 && echo $d; done) "
                        "&& [ -n \"$d\" ]; do sleep 0.2; done; echo $d").strip()


def test_preloaded(lab):
    """one that waits is taken at once, and replaced; meanwhile a guest asks for what it may not
    have, and gets nothing."""
    restart(lab)
    lab.dom0.run(f"echo preload=1 >{TEMPLATES}/default.conf && kill -HUP $(pidof pedos-rpc-dom0)")
    # What others write is not even looked at; what it is not given, it does not get.
    lab.vault.run("xenstore-write data/pedos-rpc/dom0/abc '@dispvm test.exit+0'")
    lab.work.run("xenstore-write data/pedos-rpc/dom0/abc '@dispvm:other test.exit+0'")
    await_that(lab.work, "xenstore-read pedos-rpc-answers/abc | grep -q '^refused the policy'",
               "a no")
    lab.vault.run("! xenstore-read pedos-rpc-answers/abc 2>/dev/null")
    lab.work.run("xenstore-rm data/pedos-rpc/dom0/abc")
    lab.vault.run("xenstore-rm data/pedos-rpc/dom0/abc")
    first = spare(lab)
    expect(first.isdigit(), f"more than one: {first!r}")
    begin = time.monotonic()
    equal("who calls", lab.work.run("pedos-rpc @dispvm test.whoami", user="user"),
          "user work test.whoami \n")
    lab.measured("a disposable VM that waited", f"{time.monotonic() - begin:.1f} s")
    await_that(lab.dom0, f"! xl domname {first} 2>/dev/null", "that the used one is gone")
    second = spare(lab)
    expect(second.isdigit() and second != first, f"it was not replaced: {second!r}")
    lab.dom0.run(f"rm {TEMPLATES}/default.conf")
    change(lab, "rm 10-new.policy")
    all_gone(lab)
    equal("what is listed", lab.work.run("pedos-rpc --list"), "personal\n")
