# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A viewer and an editor in the sandbox of @dispvm: in the window of Xephyr under X11, and in that
of Xwayland under Wayland."""
import glob
import shlex
import shutil
import subprocess

import machine
import tree
from application import Application
from expect import check, has, wait_until
from opening import PROGRAMS
from screen import PICTURES, Screen
from settings import RPC

# These cases cannot be hidden from each other: nobody is root there, to whom directories belong.
IN_SIGHT = True
TYPED = "typed in the sandbox"
RED = b"\0\0\xff"  # a pixel, whatever its fourth byte is
MANY = 5000          # of them
WINDOW = "Disposable sandbox"
# Inside, on an X server whose keyboard nobody outside has: says what is shown, then goes on.
SHOWN = "xdotool search --sync --onlyvisible --name {name} >/dev/null && echo is-shown >&2"


class Sandboxed(Application):
    programs = {"evince": "evince", "mousepad": "mousepad", "bubblewrap": "bwrap",
                "xserver-xephyr": "Xephyr", "xwayland": "Xwayland", "weston": "weston"}


def red_page():
    """A PDF of one red page."""
    drawn = "1 0 0 rg 0 0 300 300 re f"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R >>",
               f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream"]
    text, places = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (f"{text}xref\n0 5\n0000000000 65535 f \n{table}trailer\n<< /Size 5 /Root 1 0 R >>\n"
            f"startxref\n{len(text)}\n%%EOF\n").encode()


def start(session, handler, *options):
    """Open the session's file in a sandbox."""
    machine.need_sandboxes()
    services = session.directory / "services"
    services.mkdir()
    tree.script(services / "PedOS.OpenInVM",
                f"#!/bin/sh\nexec {PROGRAMS[1]} --handler={shlex.quote(handler)}\n")
    client = tree.script(session.directory / "client", "#!/bin/sh\n"
                         f"exec {shlex.join([RPC, f'--services={services}'])} \"$@\"\n")
    session.environment["PEDOS_RPC_CLIENT"] = client
    with session.stderr.open("w") as stderr:
        session.opener = subprocess.Popen(
            [PROGRAMS[0], *options, "@dispvm", session.file], env=session.environment,
            cwd=session.directory, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
            start_new_session=True)


def with_page(session):
    session.file = session.file.rename(session.file.with_name("page.pdf"))
    session.content = red_page()
    session.file.write_bytes(session.content)


class OnX:
    """A screen with a socket, which a sandbox needs, and which goes with the server."""

    def __init__(self, session, name):
        self.screen = Screen(session, name, has_socket=True)

    def __enter__(self):
        return self.screen

    def __exit__(self, *_):
        for each in reversed(self.screen.started):
            each.terminate()
            each.wait()


def a_document_is_shown_under_x11(_, session, name):
    """Until its user closes the window of the sandbox."""
    with_page(session)
    with OnX(session, name) as screen:
        start(session, "evince", "--view-only")
        window = screen.shows(WINDOW)
        screen.until(lambda: screen.pixels().count(RED) > MANY, "the red page")
        screen.picture("shown")
        # By no key: the application could take that, and close its document.
        screen.xdotool("windowkill", window)
        has(session.ends(), "the window that it was shown in was closed")
        session.unchanged()
        session.is_tidy()


def an_edit_comes_back_under_x11(_, session, name):
    with OnX(session, name) as screen:
        start(session, "mousepad")
        window = screen.shows(WINDOW)

        def type_and_save():
            screen.focus(window)
            screen.press("ctrl+a")
            screen.type(TYPED)
            screen.press("ctrl+s")
        screen.repeat_until(type_and_save,
                            lambda: session.file.read_bytes().strip() == TYPED.encode(),
                            "the edit to come back")
        screen.picture("saved")
        screen.repeat_until(lambda: screen.press("ctrl+q"), lambda: not session.running(),
                            "mousepad to be quit")
        session.ends()
        session.is_tidy()


class OnWayland:
    """A compositor without a screen, of which pictures can be taken."""

    def __init__(self, session, name):
        self.session, self.name = session, name
        session.environment["WAYLAND_DISPLAY"] = "wayland-5"
        self.log = (session.directory / "weston").open("w", encoding="utf-8")

    def __enter__(self):
        self.weston = subprocess.Popen(
            ["weston", "--debug", "--backend=headless-backend.so", "--use-pixman",
             "--socket=wayland-5", "--width=1024", "--height=768"],
            env=self.session.environment, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, cwd=self.session.directory, start_new_session=True)
        wait_until((self.session.runtime / "wayland-5").exists,
                   lambda: f"weston; it said: {self.said()}")
        return self

    def said(self):
        return (self.session.directory / "weston").read_text(errors="replace")[-1000:]

    def end(self):
        self.weston.terminate()
        self.weston.wait()

    def __exit__(self, *_):
        self.end()

    def picture(self, moment):
        subprocess.run(["weston-screenshooter"], env=self.session.environment,
                       cwd=self.session.directory, stdin=subprocess.DEVNULL, stdout=self.log,
                       stderr=self.log, check=False)
        taken = glob.glob(f"{self.session.directory}/wayland-screenshot-*.png")
        check(len(taken) == 1, f"pictures: {taken}; weston said: {self.said()}")
        PICTURES.mkdir(parents=True, exist_ok=True)
        shutil.move(taken[0], PICTURES / f"{self.name}-1-{moment}.png")

    def until(self, condition, what):
        def unless_ended():
            found = condition()
            check(found or self.session.running(), f"it ended early\n{self.session.said()}")
            return found
        wait_until(unless_ended, lambda: f"{what}\n{self.session.said()}\n{self.said()}")


def a_document_is_shown_under_wayland(_, session, name):
    """Until the compositor ends, and with it the window."""
    with_page(session)
    with OnWayland(session, name) as wayland:
        start(session, f"sh -c '{SHOWN.format(name='page.pdf')} & exec evince \"$0\"'",
              "--view-only")
        wayland.until(lambda: "is-shown" in session.said(), "the document to be shown")
        wayland.picture("shown")
        wayland.end()
        has(session.ends(), "the window that it was shown in was closed")
        session.unchanged()


def an_edit_comes_back_under_wayland(_, session, name):
    """Typed inside: a compositor without a screen has no keyboard."""
    keys = (f"{SHOWN.format(name='notes.txt')}; xdotool key ctrl+a; xdotool type \"{TYPED}\"; "
            "xdotool key ctrl+s")
    with OnWayland(session, name) as wayland:
        start(session, f"sh -c '(while sleep 1; do {keys}; done) & mousepad \"$0\"'")
        wayland.until(lambda: session.file.read_bytes().strip() == TYPED.encode(),
                      "the edit to come back")
        wayland.picture("saved")
        session.interrupt()
        wait_until(lambda: not session.running(), "the end")
        check(session.file.read_bytes().strip() == TYPED.encode(), "the edit")


APPLICATION = Sandboxed()
TESTS = [a_document_is_shown_under_x11, an_edit_comes_back_under_x11,
         a_document_is_shown_under_wayland, an_edit_comes_back_under_wayland]
