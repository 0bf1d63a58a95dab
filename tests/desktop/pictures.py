#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Writes doc/desktop/NAME.png, a picture of each window of qfile-send, of the menu that starts it,
and of a notice: make pictures."""
import os
import pathlib
import re
import shlex
import shutil
import sys

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / name) for name in ("integration", "common")]

import desktop
import process
import tap
import tree
from sending import Sending
from settings import AGENT, BIN, BUILD, TOP

desktop.PICTURES = TOP / "doc/desktop"
# The editor of the other VM, which has the file open until the picture is made.
EDITS = 'exec 9<"$1"; echo edited >"$1"; echo chart >"${1%/*}/chart.png"; exec sleep 99999'
# The receiver of the other VM, which takes half of the film, in some seconds.
RECEIVES = """for part in 1 2 3 4 5 6 7 8 9 10 11 12; do
    dd bs=4096 count=2000 iflag=fullblock of=/dev/null; sleep 0.3
done; exec sleep 99999"""
# Without its bars and columns, which would tell of this machine's disks.
CAJA_SETTINGS = """[org/mate/caja/window-state]
geometry='600x480+0+0'
start-with-location-bar=false
start-with-sidebar=false
start-with-status-bar=false
start-with-toolbar=false
"""
# What a file manager needs of /usr/share. It does not find programs there, to open files with.
SHARED = ["glib-2.0", "icons", "mime", "themes"]
NOTIFICATION_DAEMON = "/usr/lib/notification-daemon/notification-daemon"
HOME = "/home/user"  # of whoever sees a path
# Who asks the server itself may start another one.
HAS_SERVER = ["dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
              "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.Notifications"]


def keep(t, name, box):
    """What is at this place of the screen, when it is at rest."""
    before = None

    def rests():
        nonlocal before
        t.picture(name, box)
        last, before = before, (desktop.PICTURES / f"{name}.png").read_bytes()
        t.sleep(0.2)
        return last == before
    t.until(rests, f"{name} to be at rest")


def take(t, name, sign, role=None):
    """The window that has this in it."""
    t.sees(sign, role)
    keep(t, name, t.box(t.window("another VM")))


def close(t, send, key="Escape"):
    t.press(key)
    send.wait()


# ---- A file manager ----


def start_caja(t, directory):
    """With our module, and with settings of its own."""
    module = BUILD / "menus/libcaja-qfile-send.so"
    if not module.exists():
        raise tap.Skip(f"{module.name} is not built: it needs the headers of caja")
    modules, data, settings = (f"{t.top}/{name}" for name in ("modules", "data", "home/.config"))
    for path in modules, data, f"{settings}/glib-2.0/settings":
        os.makedirs(path)
    shutil.copy(module, modules)
    for name in SHARED:
        os.symlink(f"/usr/share/{name}", f"{data}/{name}")
    tree.write(f"{settings}/glib-2.0/settings/keyfile", CAJA_SETTINGS)
    return t.start("caja", "--no-desktop", "--browser", directory,
                   env={"CAJA_EXTENSION_DIRS": modules, "GSETTINGS_BACKEND": "keyfile",
                        "XDG_DATA_DIRS": data})


def selected(t):
    """The entry of a menu that Return would choose."""
    return next((node.name for node in t.look()
                 if node.role in ("menu", "menu item") and "selected" in node.states), None)


def menu(t):
    """Of a file in a file manager. It is opened where it leaves the file's name to be seen."""
    entry = "Copy to another VM..."
    t.open_desktop()
    documents = f"{t.home}/Documents"
    os.makedirs(f"{documents}/photos")
    for name in "film.mkv", "report.txt":
        tree.write(f"{documents}/{name}", "content\n")
    caja = start_caja(t, documents)
    t.sees("film.mkv", "icon", by=[caja])
    window = t.box(t.window("Documents"))
    keep(t, "menu", window)  # the files have their places
    left, top, width, height = t.sees("film.mkv", "icon").box
    t.xdotool("mousemove", left + width - 2, top + height - 4, "click", 3)
    t.sees(entry, "menu item", by=[caja])
    t.xdotool("mousemove", 9999, 9999)
    while (before := selected(t)) != entry:
        t.press("Down")
        t.until(lambda: selected(t) != before, "the next entry", by=[caja])
    keep(t, "menu", window)


# ---- Windows of qfile-send ----


def copies(t):
    """The question, a conflict, a refusal, and the question of a policy."""
    t.open_desktop()
    t.serve("banking", "untrusted", "vault", "work")
    tree.write("film.mkv", "content\n")
    send = t.send("film.mkv")
    take(t, "chooser", "work", "table cell")
    close(t, send)
    tree.write(f"{t.incoming}/report.txt", "earlier\n")
    send = t.send("--to=work", "report.txt")
    take(t, "conflict", re.compile("There is a"))
    close(t, send)
    t.rule("*", "*", "@anyvm", "@anyvm", "deny")
    t.reload()
    send = t.send("--to=vault", "report.txt")
    take(t, "failure", re.compile("This is not allowed"))
    close(t, send)
    send = t.send("--prompt", "untrusted", "work", "PedOS.Filecopy")
    t.until(lambda: "sensitive" in (t.sees("Deny", "push button")).states, "it to take an answer")
    take(t, "prompt", re.compile("wants to send files"))
    t.until(lambda: "sensitive" in (t.sees("Deny", "push button")).states, "it to take an answer")
    close(t, send, "Return")


def progress(t):
    t.open_desktop()
    t.serve(wrap=f"sh -c {shlex.quote(RECEIVES)} {{}}")
    with open("film.mkv", "wb") as file:
        file.truncate(200 << 20)
    send = t.send("--to=work", "film.mkv")
    take(t, "progress", re.compile("[1-9][0-9]+[.][0-9].MB of .*/s, .* left"))
    close(t, send)


def opening(t):
    t.open_desktop()
    t.serve_editor(EDITS)
    t.environment["HOME"] = HOME
    send = t.start("bwrap", "--dev-bind", "/", "/", "--tmpfs", "/home", "--bind", TOP, TOP,
                   "--bind", t.home, HOME, BIN / "qfile-send", "--open", "--to=work", "report.txt")
    t.sees(re.compile("1 save is here"), by=[send])
    take(t, "open", re.compile("Saved beside it"))
    t.click("Done")


# ---- Notices ----


def notice(t):
    """Of a delivery by "personal" to who has this desktop."""
    if not os.access(NOTIFICATION_DAEMON, os.X_OK):
        raise tap.Skip("needs notification-daemon")
    t.open_desktop()
    os.chmod(t.home, 0o755)  # the receiver is another account where root draws
    t.incoming = f"{t.home}/PedOSIncoming/personal"
    os.makedirs(t.incoming)
    os.chown(t.incoming, t.uid, -1)
    shows = t.start(NOTIFICATION_DAEMON)
    t.until(lambda: "true" in t.run(*HAS_SERVER).told, "who shows notices", by=[shows])
    notify = t.start(BIN / "qfile-notify")
    t.until(lambda: os.path.exists(f"{t.runtime}/qfile-notify"), "qfile-notify", by=[notify])
    tree.write("film.mkv", "content\n")
    t.run(AGENT, f"--via={t.via()}", "film.mkv").exits(0)
    t.sees("1 file from personal", "label", by=[shows, notify])
    keep(t, "notice", t.sees("Notification", "alert").box)


def main():
    process.exit_when_told()
    process.adopt_orphans()
    for draw in menu, copies, progress, opening, notice:
        try:
            with Sending() as t:
                draw(t)
        except tap.Skip as reason:
            sys.exit(f"No pictures: {reason}.")
    print(f"The pictures are in {desktop.PICTURES}.")


if __name__ == "__main__":
    main()
