# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""mousepad, a graphical editor of which one process has all documents: whoever starts it a second
time hands their file over, and returns at once."""
import shutil
import time

from display import Display
from expect import equal

PROGRAMS = ("mousepad", "Xvfb", "xdotool", "dbus-daemon")


# Seconds that a person has a document in front of them at least. Who has it for less than two looks
# of the editor is not known to be the application.
IN_FRONT = 2


def why_not():
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    return f"needs {', '.join(missing)}" if missing else None


def title(path):
    return f"{path} - Mousepad"


def edit(display, path, text):
    """Type at the beginning of what is in the window, and save it."""
    display.type(text)
    display.shows(title(f"*{path}"))
    display.press("ctrl+s")
    display.shows(title(path))


def edits_twice(opening, display):
    """From the window's appearance to the second save."""
    path = opening.copy()
    display.focus(display.shows(title(path)))
    edit(display, path, "new ")
    opening.comes_back("new first line\nlast line\n")
    opening.stays_open()
    edit(display, path, "and ")
    opening.comes_back("new and first line\nlast line\n")


def start_with_another_document(opening, display):
    """Returns the process, and its document's path."""
    document = opening.directory / "other.txt"
    document.write_text("another document\n")
    running = display.start("mousepad", document)
    display.shows(title(document))
    return running, document


def hand_over(opening, display):
    """Open the file in the mousepad that runs. Returns the path that it has there."""
    returned = opening.directory / "returned"
    opening.start(opening.script(f'mousepad "$1" && touch {returned}'))
    display.focus(display.shows(title(opening.copy())))
    opening.wait(returned.exists, "the handler to return")
    time.sleep(IN_FRONT)
    return opening.copy()


def hands_over_to_a_running_one(opening):
    display = Display(opening)
    running, document = start_with_another_document(opening, display)
    hand_over(opening, display)
    edits_twice(opening, display)
    display.screenshot("mousepad")
    display.press("ctrl+w")
    opening.ends_with("new and first line\nlast line\n", saves=2)
    display.shows(title(document))
    equal(running.poll(), None)


def hands_over_two_files_at_once(opening):
    display = Display(opening)
    start_with_another_document(opening, display)
    second = opening.another("letter.txt")
    first_path, second_path = hand_over(opening, display), hand_over(second, display)
    edit(display, second_path, "in the second: ")
    second.comes_back("in the second: first line\nlast line\n")
    display.press("ctrl+w")
    second.ends_with("in the second: first line\nlast line\n")
    display.shows(title(first_path))
    equal(opening.picture(), opening.before)
    edit(display, first_path, "in the first: ")
    opening.comes_back("in the first: first line\nlast line\n")
    display.press("ctrl+w")
    opening.ends_with("in the first: first line\nlast line\n")


def runs_alone(opening):
    display = Display(opening)
    opening.start("mousepad")
    edits_twice(opening, display)
    display.press("ctrl+q")
    opening.ends_with("new and first line\nlast line\n", saves=2)


def is_closed_without_saving(opening):
    display = Display(opening)
    opening.start("mousepad")
    path = opening.copy()
    display.focus(display.shows(title(path)))
    time.sleep(IN_FRONT)
    display.type("new ")
    display.shows(title(f"*{path}"))
    display.press("ctrl+w")
    display.focus(display.shows("Save Changes"))
    display.press("alt+d")
    opening.ends_unchanged()


TESTS = [hands_over_to_a_running_one, hands_over_two_files_at_once, runs_alone,
         is_closed_without_saving]
