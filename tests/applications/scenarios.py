# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What people do with an application. Each is a function of an application, a session, and the
name of the case for its pictures."""
import os
import shlex
import time

from expect import check, wait_until
from screen import SEEN, Screen
from session import STOPPED

LATE = 9        # seconds, after which a user saves first
AGAIN = 5       # seconds, after which they save again
LOOKS = 6       # seconds, for which a user looks at a file that they do not change
COLD_START = 60  # seconds, in which nothing of the application is seen


def edit(application, session, screen, texts):
    """Add the last of these texts, unsaved; again where nothing is seen of it."""
    name, before = session.file.name, b""

    def act():
        nonlocal before
        screen.focus(window(application, session, screen))
        before = screen.pixels()
        application.edit(screen, texts)
        screen.rests()

    def seen():
        if not before:
            return False
        title = application.unsaved(name)
        return screen.find(title) if title else screen.changed(before) > SEEN
    screen.repeat_until(act, seen, f"{application.program} to show {texts[-1]!r}")


def window(application, session, screen):
    """The number of the one that has the file."""
    title = application.title(session.file.name)
    return screen.until(lambda: screen.find(title), f"a window {title!r}")


def save_until(application, session, screen, texts, path, saved):
    """Save what was added, until `saved()`. Where that is not all, or something else, it is typed
    again: it came too early, or not whole."""
    acted = False

    def act():
        nonlocal acted
        screen.focus(window(application, session, screen))
        if acted:
            application.edit(screen, texts)
            screen.rests()
        acted = True
        application.save_it(screen, path)
    screen.repeat_until(act, saved, f"{application.program} to save {texts[-1]!r}")


def save(application, session, screen, texts, edited=False):
    """Add the last of these texts, save, and see the file come back."""
    if not edited:
        edit(application, session, screen, texts)

    def saved():
        session.goes_on(0)
        return application.holds(session.saved(), texts)
    save_until(application, session, screen, texts, session.copy(), saved)
    took = session.comes_back(lambda data: application.holds(data, texts), f"{texts[-1]!r}")
    screen.picture("saved")
    return took


def saves_twice(application, session, screen):
    """Once after 9 seconds, and once more 5 seconds later. Returns what is in the file then."""
    session.goes_on(LATE)
    save(application, session, screen, ["one "])
    session.goes_on(AGAIN)
    save(application, session, screen, ["one ", "two "])
    return ["one ", "two "]


def open_alone(application, session, screen, handler):
    session.start(handler)
    application.ready(screen, session.file.name)
    screen.picture("opened")


def ends_by_itself(application, session, screen, texts):
    """It is quit, which is seen: nobody has to say so."""
    screen.quit(application)
    session.ends()
    check(application.holds(session.file.read_bytes(), texts),
          f"{texts} are not here at the end\n{session.said()}")
    session.is_tidy()


def works_alone(application, session, name, bus=True, handler=None):
    screen = Screen(session, name, bus)
    open_alone(application, session, screen, handler or application.command())
    texts = saves_twice(application, session, screen)
    ends_by_itself(application, session, screen, texts)


def saves_twice_and_ends(application, session, name):
    works_alone(application, session, name)


def needs_no_session_bus(application, session, name):
    """What GTK starts in its place outlives the application, and holds nobody's work."""
    works_alone(application, session, name, bus=False)


def changes_nothing(application, session, name):
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    session.goes_on(LOOKS)
    screen.quit(application)
    session.ends()
    session.unchanged()
    session.is_tidy()


# ---- Ending early ----

def what_was_saved_is_here_after_ctrl_c(application, session, name):
    """At once after the save, when the application has closed it: how long a busy machine takes
    for that is not what is tested. The application goes on, and the file stays until it ends."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    edit(application, session, screen, ["one "])
    path = session.copy()

    def saved():
        return (application.holds(session.saved(), ["one "])
                and (application.keeps_open or not session.is_written()))
    save_until(application, session, screen, ["one "], path, saved)
    session.interrupt()
    session.ends(*STOPPED)
    check(application.holds(session.file.read_bytes(), ["one "]),
          f"what was saved is not here\n{session.said()}")
    time.sleep(AGAIN)  # in which an application that was asked to end would do so
    check(path.exists(), "the file of the application is gone")
    screen.picture("goes-on")
    screen.close(application)
    session.is_tidy()


def goes_on_when_the_connection_is_lost(application, session, name):
    """While there is text that is not saved. It can be, and stays there with a notice."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    edit(application, session, screen, ["one "])
    path = session.copy()
    session.opener.kill()
    session.opener.wait()
    notice = path.with_name(f"NOT SENT BACK - {path.name}.txt")
    screen.until(notice.exists, "the notice")
    time.sleep(AGAIN)
    save_until(application, session, screen, ["one "], path,
               lambda: application.holds(path.read_bytes() if path.exists() else b"", ["one "]))
    screen.picture("saved")
    screen.close(application)
    wait_until(lambda: not session.applications(),
               lambda: f"the application to end\n{session.left()}")
    session.editor_is_gone()
    check(application.holds(path.read_bytes(), ["one "]) and notice.exists(),
          f"what was saved after the end is not there: {os.listdir(path.parent)}")
    session.unchanged()


def start_running(application, session, screen):
    """The application, which the user has started with another document: of another name, so that
    the title of its window is not taken for that of the file. Returns the process."""
    document = (session.directory / "running").with_suffix(os.path.splitext(application.file)[1])
    document.write_bytes(application.content())
    running = screen.start("sh", "-c", f'exec {application.command()} "$1"', "sh", document)
    application.ready(screen, document.name)
    return running


def is_handed(application, session, name, handler):
    """A running one takes the file over, and goes on when that is closed."""
    screen = Screen(session, name)
    running = start_running(application, session, screen)
    open_alone(application, session, screen, handler)
    texts = saves_twice(application, session, screen)
    close_document(application, session, screen)
    session.end_by_hand(lambda data: application.holds(data, texts), f"{texts}")
    check(running.poll() is None, f"the {application.program} of the user has ended")


def close_document(application, session, screen):
    """Until its window is not seen any more, or shows another one."""
    title = application.title(session.file.name)
    screen.repeat_until(lambda: application.close_document(screen),
                        lambda: not screen.find(title), f"{title!r} to be closed")


def hands_over_to_a_running_one(application, session, name):
    is_handed(application, session, name, application.command())


def opens_two_files_and_is_not_ended(application, session, name):
    """Ctrl-C in the first call, which has started the application, while the second file has
    unsaved text in it."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    second = session.another(f"second-{application.file}", application.content())
    second.start(application.command())
    application.ready(screen, second.file.name)
    edit(application, second, screen, ["unsaved "])
    screen.picture("two-files")
    session.interrupt()
    session.ends(0, 130, -2, 1)
    session.unchanged()
    time.sleep(AGAIN)  # in which an application that was asked to end would do so
    check(screen.find(application.title(second.file.name)),
          f"the {application.program} of the user was ended")
    save(application, second, screen, ["unsaved "], edited=True)
    close_document(application, second, screen)
    second.end_by_hand(lambda data: application.holds(data, ["unsaved "]), "the text")


def starts_slowly(application, session, name):
    """The handler returns at once, and for a minute no process has anything of the file, not even
    its path among its arguments."""
    screen = Screen(session, name)
    late = shlex.quote(f'sleep {COLD_START}; exec {application.command()} "$FILE"')
    session.start(session.script(f'FILE=$1 setsid sh -c {late} &'))
    session.goes_on(COLD_START)
    application.ready(screen, session.file.name)
    texts = saves_twice(application, session, screen)
    ends_by_itself(application, session, screen, texts)


# ---- What the desktop's settings say ----

def choose(application, session, desktop=None, late=None):
    """Make it what opens files of this type, by the settings of this home. desktop: which one this
    is, as xdg-open is told. late: a command that starts the application, in its stead."""
    installed = f"{application.desktop or application.program}.desktop"
    entry = f"/usr/share/applications/{installed}"
    check(os.path.exists(entry), f"{entry} is not there")
    with open(entry, encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    kinds = next(line for line in lines if line.startswith("MimeType=")).partition("=")[2]
    settings, data = session.home / ".config", session.home / "data/applications"
    settings.mkdir(exist_ok=True)
    defaults = "\n".join(f"{kind}={installed}" for kind in kinds.split(";") if kind)
    (settings / "mimeapps.list").write_text(f"[Default Applications]\n{defaults}\n")
    if late:
        data.mkdir(parents=True)
        (data / installed).write_text("[Desktop Entry]\nType=Application\nName=late\n"
                                      f"Exec={late} %f\nMimeType={kinds}\n")
    session.environment.update(BROWSER="qfile-no-browser", XDG_CONFIG_HOME=str(settings),
                               **({"XDG_CURRENT_DESKTOP": desktop} if desktop else {}))


def is_found_by_xdg_open(application, session, name):
    choose(application, session)
    works_alone(application, session, name, handler="xdg-open")


def is_found_by_xdg_open_without_a_session_bus(application, session, name):
    choose(application, session)
    works_alone(application, session, name, bus=False, handler="xdg-open")


def is_found_running_by_xdg_open(application, session, name):
    choose(application, session)
    is_handed(application, session, name, "xdg-open")


def is_found_by_xdg_open_of_gnome(application, session, name):
    """It returns at once; what can be started by the session bus is."""
    choose(application, session, "GNOME")
    works_alone(application, session, name, handler="xdg-open")


def takes_a_minute_after_xdg_open(application, session, name):
    """As on a machine whose disk is slow: the launcher of the desktop has returned long before."""
    late = session.script(f'sleep {COLD_START}; exec {application.command()} "$1"')
    choose(application, session, "GNOME", late)
    screen = Screen(session, name)
    session.start("xdg-open")
    session.goes_on(COLD_START)
    application.ready(screen, session.file.name)
    texts = saves_twice(application, session, screen)
    ends_by_itself(application, session, screen, texts)


# ---- Beside ----

def saves_beside(application, session, name):
    """ "Save as", with another name in the same directory: it is delivered, and both are told."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    edit(application, session, screen, ["one "])
    other = session.copy().with_name(application.other)
    application.save_as(screen, other)
    screen.until(lambda: other.exists() and other.stat().st_size, f"{other} to be saved")
    data = session.came_beside(application.other)
    check(application.holds_beside(data), f"what was saved beside is not whole: {data[:200]!r}")
    wait_until(lambda: application.other in session.said(), "words about what was saved beside")
    screen.picture("saved-beside")
    screen.quit(application)
    session.ends()
    session.unchanged()


USUAL = [saves_twice_and_ends, changes_nothing, what_was_saved_is_here_after_ctrl_c,
         goes_on_when_the_connection_is_lost]
TEXT_EDITOR = [*USUAL, needs_no_session_bus]
ONE_FOR_ALL = [hands_over_to_a_running_one, opens_two_files_and_is_not_ended]
