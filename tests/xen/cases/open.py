# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file is opened in another guest, and what is saved there comes back."""
import time

from common import await_that, equal, expect, nothing_left

# What the installed service runs in place of a desktop and its user: a script that saves, waits
# until the save has arrived (the case then makes the file /tmp/go-on), and saves again.
SOMEBODY = r"""#!/bin/sh
echo "$$ $1" >/tmp/shown
echo second >>"$1"
until [ -e /tmp/go-on ]; do sleep 0.05; done
echo third >"$1.new" && mv "$1.new" "$1"
"""


def seat(guest):
    """Somebody who edits what is opened there."""
    guest.run("rm -f /tmp/go-on /tmp/shown; cat >/usr/local/bin/xdg-open <<'END' && "
              f"chmod 755 /usr/local/bin/xdg-open\n{SOMEBODY}END\n")


def nobody_there(guest):
    equal("what is left there", guest.run("ls -d /tmp/qopen-* 2>/dev/null; true"), "")
    guest.run("rm -f /tmp/go-on /tmp/shown /usr/local/bin/xdg-open")


def test_saves(lab):
    """a file is opened in another guest, and each save is in its place while it is still open
    there."""
    seat(lab.personal)
    lab.work.run("cd && echo first >notes.txt && chmod 640 notes.txt", user="user")
    opened = lab.work.start("cd && qopen-in-vm -v personal notes.txt", user="user")
    await_that(lab.work, "[ \"$(tail -n 1 /home/user/notes.txt)\" = second ]",
               "that the first save has arrived")
    expect(not opened.over.is_set(), "it was over before the application was")
    expect(" /tmp/qopen-work-" in lab.personal.run("cat /tmp/shown"),
           "the directory there is not called after its source")
    lab.personal.run("touch /tmp/go-on")
    opened.wait(0)
    equal("the file",
          lab.work.run("cat /home/user/notes.txt && stat -c '%a %U' /home/user/notes.txt"),
          "third\n640 user\n")
    equal("what is beside it", lab.work.run("ls -A /home/user | grep notes"), "notes.txt\n")
    nobody_there(lab.personal)
    nothing_left(lab)


def test_lost(lab):
    """the connection is lost: in the other guest the application goes on, its user finds a notice,
    and when it has ended, nothing is left, since all that was saved had arrived."""
    seat(lab.personal)
    lab.work.run("cd && echo first >notes.txt", user="user")
    opened = lab.work.start("cd && qopen-in-vm personal notes.txt", user="user")
    await_that(lab.work, "[ \"$(tail -n 1 /home/user/notes.txt)\" = second ]",
               "that the save has arrived")
    # Seconds after which the editor takes that for granted, and more.
    time.sleep(5)
    lab.work.run("kill -KILL $(pidof pedos-rpc)")
    opened.wait()
    await_that(lab.personal, "ls /tmp/qopen-*/NOT* 2>/dev/null", "the notice")
    lab.personal.run("kill $(cut -d ' ' -f 1 /tmp/shown)")
    await_that(lab.personal, "! ls -d /tmp/qopen-* 2>/dev/null", "that the directory is gone")
    nobody_there(lab.personal)
    nothing_left(lab)
