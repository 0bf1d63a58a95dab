# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""A file that real applications open and save: what came back, when, and what was told."""
import os
import pathlib
import signal
import stat
import subprocess
import time

from expect import check, equal, wait_until
from opening import Opening, PROGRAMS

TEXT = b"first line\nlast line\n"
# What desktops start beside an application, and what goes on when that has ended. Nobody can save
# anything with it.
DESKTOP = ("dbus-daemon", "dbus-launch", "at-spi", "dconf", "gvfs", "xdg-", "gconfd", "kded",
           "kglobalaccel", "kiod", "klauncher", "kactivitymanage", "ibus", "Xvfb", "openbox")
STOPPED = 0, 128 + signal.SIGINT, -signal.SIGINT  # by the user, and nothing was lost
SEES_NO_END = "when you are done"  # words of the note about it


class Session(Opening):
    """A file, and once start() was called, its session."""

    def __init__(self, directory, content=TEXT, name="notes.txt"):
        super().__init__(directory, "", name)
        self.file.write_bytes(content)
        self.content = content
        self.environment["XDG_DATA_HOME"] = str(self.home / "data")

    def another(self, name, content=TEXT):
        directory = self.directory / f"for-{name}"
        directory.mkdir()
        other = Session(directory, content, name)
        other.environment = {**self.environment, "TMPDIR": str(other.temporary)}
        return other

    def start(self, handler=None, *options):
        """As a terminal does, to whose group Ctrl-C goes."""
        editor = f"{PROGRAMS[1]} -v" + (f" --handler={quoted(handler)}" if handler else "")
        with self.stderr.open("w") as stderr:
            self.opener = subprocess.Popen(
                [PROGRAMS[0], "--verbose", f"--via={editor}", *options, self.file],
                env=self.environment, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr, start_new_session=True)

    def said(self):
        """Without what toolkits complain of."""
        return "\n".join(line for line in super().said().split("\n")
                         if line and "WARNING **" not in line)

    # ---- What is there ----

    def saved(self):
        """What the application has in the file, or nothing while it replaces it."""
        try:
            return self.copy().read_bytes()
        except OSError:
            return b""

    def is_written(self):
        """Has an application it open for writing? Then it may not be through with a save, though
        all of that is in the file."""
        path = str(self.copy())
        for pid, _ in self.programs():
            for descriptor in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    if (os.readlink(descriptor) == path
                            and descriptor.lstat().st_mode & stat.S_IWUSR):
                        return True
                except OSError:  # it has been closed
                    pass
        return False

    def comes_back(self, holds, what):
        """Wait for what the application has saved to be in the file's place here, whole, while it
        is open there. Returns after how many seconds."""
        began = time.monotonic()

        def back():
            here = self.file.read_bytes()
            return holds(here) and here == self.saved()
        self.wait(back, f"{what} to come back", self.left)
        self.goes_on(0)
        return time.monotonic() - began

    def goes_on(self, seconds):
        """For so long nothing ends: the application has the file."""
        time.sleep(seconds)
        check(self.running(), f"it ended, with {self.opener.returncode}, while the application had "
              f"the file open\n{self.said()}")

    def came_beside(self, name):
        """Wait for a file that was saved beside this one to be delivered. Returns its content."""
        def delivered():
            return next(iter((self.home / "PedOSIncoming").glob(f"*/{name}")), None)
        path = wait_until(delivered, lambda: f"{name} in PedOSIncoming\n{self.said()}\nthere is: "
                          f"{[str(each) for each in self.home.glob('PedOSIncoming/**/*')]}")
        return path.read_bytes()

    # ---- The end ----

    def interrupt(self):
        """Ctrl-C at the opener, which is in another machine than its editor."""
        self.opener.send_signal(signal.SIGINT)

    def ends(self, *status):
        """Wait for the end, with 0 or one of these, after which only one file is here. Returns what
        was said."""
        wait_until(lambda: not self.running(), lambda: f"the end\n{self.left()}\n{self.said()}")
        check(self.opener.returncode in (status or (0,)),
              f"it ended with {self.opener.returncode}, should have with {status or 0}\n"
              f"{self.said()}")
        equal(os.listdir(self.sent), [self.file.name])
        return self.stderr.read_text()

    def left(self):
        """What still lives in the directory of the case, for those who look for a reason."""
        return f"there are: {[name for _, name in self.programs()]}"

    def programs(self):
        """PIDs and names of what has the temporary directory of this session in its
        environment."""
        mark = f"TMPDIR={self.temporary}".encode()
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    yield int(process.name), (process / "comm").read_text().strip()
            except OSError:  # somebody else's, or gone
                pass

    def applications(self):
        """Those of them that can hold somebody's work."""
        ours = {program.name[:15] for program in PROGRAMS}
        return [name for _, name in self.programs()
                if name not in ours and not name.startswith(DESKTOP)]

    def editor_is_gone(self):
        """So is the process that it may leave behind, which watches the file."""
        wait_until(lambda: PROGRAMS[1].name not in [name for _, name in self.programs()],
                   lambda: f"{PROGRAMS[1].name} to end\n{self.left()}")

    def is_tidy(self):
        """Nothing is left of the session in the temporary directory."""
        wait_until(lambda: not list(self.temporary.glob("qopen-*")),
                   lambda: f"the private directory to be gone: {os.listdir(self.temporary)}")

    def unchanged(self):
        equal(self.file.read_bytes(), self.content)

    def end_by_hand(self, holds, what):
        """The application has closed the file. Where the end was not seen, that was said, and the
        user ends it. What was saved is here then."""
        def told_or_over():
            return not self.running() or SEES_NO_END in self.said()
        wait_until(told_or_over, lambda: f"the end, or words about it\n{self.said()}")
        if self.running():
            self.interrupt()
            self.ends(*STOPPED)
        else:
            self.ends()
        check(holds(self.file.read_bytes()), f"{what} is not here at the end\n{self.said()}")


def quoted(command):
    return "'" + command.replace("'", "'\\''") + "'"
