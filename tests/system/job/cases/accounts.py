# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Two accounts copy, move and open."""
import stat

from guest import (allow, arrived, check, copy, equal, has, home, incoming, is_active, journal, now,
                   run, systemctl, write)


def test_no_policy():
    """without a policy every call is refused, and the journal says why"""
    since = now()
    end = copy("personal", "work", "one").exits(126)
    has(end.said, "the policy denies it")
    equal(incoming("work", "personal"), [])
    check(any("there is no policy" in line for line in
              journal("-u", "pedos-rpcd@work.service", since=since)), "the journal does not say it")


def test_copy():
    """a policy, a reload, and a file and a directory arrive"""
    allow("50-copy", "PedOS.Filecopy * @anyvm @anyvm allow")
    allow("50-open", "PedOS.OpenInVM * @anyvm @anyvm allow")
    systemctl("reload", "pedos-rpcd@work.service")
    copy("personal", "work", "one").exits(0)
    arrived("personal", "work", "one")
    write(home("personal", "tree", "below", "file"), "in a tree", "personal")
    run("qfile-agent", "--vm=work", "tree", user="personal").exits(0)
    arrived("personal", "work", "tree/below/file", "in a tree")
    equal(stat.S_IMODE(home("work", "PedOSIncoming", "personal", "one").stat().st_mode), 0o644)


def test_on_demand():
    """a daemon that was never called is started by a call"""
    check(not is_active("pedos-rpcd@personal.service"), "it runs already")
    copy("work", "personal", "back").exits(0)
    arrived("work", "personal", "back")
    check(is_active("pedos-rpcd@personal.service"), "it does not run")


def test_conflict():
    """a name that is taken is refused, and --rename keeps both"""
    end = copy("personal", "work", "one", "another").exits(1)
    has(end.said, "is there already")
    arrived("personal", "work", "one")
    run("qfile-agent", "--vm=work", "--rename", "one", user="personal").exits(0)
    arrived("personal", "work", "one (2)", "another")


def test_move():
    """a move removes the source after it has arrived"""
    path = write(home("personal", "moved"), "moved", "personal")
    run("qfile-agent", "--vm=work", "--move", "moved", user="personal").exits(0)
    arrived("personal", "work", "moved", "moved")
    check(not path.exists(), "the source is still there")


def test_open():
    """a file is opened in the other account, and its save comes back"""
    opener = write(home("work", "xdg-open"), '#!/bin/sh\nid -un >>"$HOME/opened-as"\n'
                   'echo edited >"$1"\nsleep 2\n', "work")
    opener.chmod(0o755)
    opener.replace("/usr/local/bin/xdg-open")
    path = write(home("personal", "letter.txt"), "as it was\n", "personal")
    run("qopen-in-vm", "--vm=work", "letter.txt", user="personal").exits(0)
    equal((path.read_text("utf-8"), path.owner()), ("edited\n", "personal"))
    equal(home("work", "opened-as").read_text("ascii"), "work\n")


def test_not_served():
    """an account that is not enabled cannot be called"""
    end = copy("personal", "vault", "one").exits(125)
    has(end.said, "vault")
    equal(incoming("vault", "personal"), [])
