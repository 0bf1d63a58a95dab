# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What people do with an application. Each is a function of an application, a session, and the
name of the case for its pictures."""
import os
import shlex
import time

from expect import check, wait_until
from screen import Screen
from session import STOPPED

LATE = 9        # seconds, after which a user saves first
AGAIN = 5       # seconds, after which they save again
COLD_START = 20  # seconds, in which nothing of the application is seen: twice what was waited for


def save(application, session, screen, texts, edited=False):
    """Add the last of these texts, save, and see the file come back."""
    if not edited:
        application.edit(screen, texts[-1])

    def saved():
        session.goes_on(0)
        return application.holds(session.saved(), texts)
    screen.repeat_until(lambda: application.save_it(screen, session.copy()), saved,
                        f"{application.program} to save {texts[-1]!r}")
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
    screen.quit(application)
    session.ends()
    session.unchanged()
    session.is_tidy()


def what_was_saved_is_here_after_ctrl_c(application, session, name):
    """Though the application goes on, and keeps the file open."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    application.edit(screen, "one ")
    screen.repeat_until(lambda: application.save_it(screen, session.copy()),
                        lambda: application.holds(session.saved(), ["one "]), "it to be saved")
    session.interrupt()
    session.ends(*STOPPED)
    check(application.holds(session.file.read_bytes(), ["one "]), session.said())


def start_running(application, session, screen):
    """Another document in the application, of which the user has started it. Returns the
    process."""
    document = session.directory / f"other-{application.file}"
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
    application.close_document(screen)
    session.end_by_hand(lambda data: application.holds(data, texts), f"{texts}")
    check(running.poll() is None, f"the {application.program} of the user has ended")


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
    application.edit(screen, "unsaved ")
    screen.picture("two-files")
    session.interrupt()
    session.ends(0, 130, -2, 1)
    session.unchanged()
    time.sleep(AGAIN)  # in which an application that was asked to end would do so
    check(screen.find(application.title(second.file.name)),
          f"the {application.program} of the user was ended")
    save(application, second, screen, ["unsaved "], edited=True)
    application.close_document(screen)
    second.end_by_hand(lambda data: application.holds(data, ["unsaved "]), "the text")


def starts_slowly(application, session, name):
    """The handler returns at once, and it takes long until a process has anything of the file."""
    screen = Screen(session, name)
    late = shlex.quote(f'sleep {COLD_START}; exec {application.command()} "$1"')
    session.start(session.script(f'setsid sh -c {late} sh "$1" &'))
    session.goes_on(COLD_START)
    application.ready(screen, session.file.name)
    texts = saves_twice(application, session, screen)
    ends_by_itself(application, session, screen, texts)


# ---- What the desktop's settings say ----

def choose(application, session):
    """Make it what opens files of this type, by the settings of this home."""
    installed = f"{application.desktop or application.program}.desktop"
    lines = "\n".join(f"{kind}={installed}" for kind in
                      types_of(f"/usr/share/applications/{installed}"))
    settings = session.home / ".config"
    settings.mkdir(exist_ok=True)
    (settings / "mimeapps.list").write_text(f"[Default Applications]\n{lines}\n")
    session.environment.update(BROWSER="qfile-no-browser", XDG_CONFIG_HOME=str(settings))


def types_of(path):
    check(os.path.exists(path), f"{path} is not there")
    with open(path, encoding="utf-8") as file:
        kinds = next(line for line in file if line.startswith("MimeType="))
    return [kind for kind in kinds.strip().partition("=")[2].split(";") if kind]


def is_found_by_xdg_open(application, session, name):
    choose(application, session)
    works_alone(application, session, name, handler="xdg-open")


def is_found_running_by_xdg_open(application, session, name):
    choose(application, session)
    is_handed(application, session, name, "xdg-open")


# ---- Beside ----

def saves_beside(application, session, name):
    """ "Save as", with another name in the same directory: it is delivered, and both are told."""
    screen = Screen(session, name)
    open_alone(application, session, screen, application.command())
    application.edit(screen, "one ")
    application.save_as(screen, session.copy().with_name(application.other))
    other = session.copy().with_name(application.other)
    screen.until(lambda: other.exists() and other.stat().st_size, f"{other} to be saved")
    data = session.came_beside(application.other)
    check(application.holds_beside(data), f"what was saved beside is not whole: {data[:200]!r}")
    wait_until(lambda: application.other in session.said(), "words about what was saved beside")
    screen.picture("saved-beside")
    screen.quit(application)
    session.ends()
    session.unchanged()


TEXT_EDITOR = [saves_twice_and_ends, needs_no_session_bus, changes_nothing]
ONE_FOR_ALL = [hands_over_to_a_running_one, opens_two_files_and_is_not_ended]
