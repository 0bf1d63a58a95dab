# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""emacs, and emacsclient, which hands a file over to a running one: it waits until the file is
done there, or with -n returns at once."""
import scenarios
from application import Application, first_line
from screen import Screen


class Emacs(Application):
    # "emacs" may be another one, that knows no screen.
    programs = {"emacs-gtk": "emacs-gtk"}
    save = ("ctrl+x", "ctrl+s")
    close = ("ctrl+x", "numbersign")  # what emacsclient waits for
    quit = ("ctrl+x", "ctrl+c")
    starred = True
    large = True

    def command(self):
        return "emacs-gtk -Q --eval '(setq frame-title-format \"%*%b\")'"

    def edit(self, screen, texts):
        screen.press("ctrl+g", "alt+less", "ctrl+space", "ctrl+e", "ctrl+w")
        screen.type(first_line(texts))


class ServedByEmacs(Emacs):
    """Keys that close a file for which nobody waits."""
    close = ("ctrl+x", "k", "Return")


APPLICATION = Emacs()


def server(application, session, screen):
    running = screen.start("emacs-gtk", "-Q", "--eval",
                           '(progn (setq frame-title-format "%*%b" server-name "ours")'
                           ' (server-start))')
    application.ready(screen, "scratch")
    screen.until(lambda: list(session.runtime.glob("emacs/ours")), "emacs to serve")
    return running


def ends_as_emacsclient_does(_, session, name):
    screen = Screen(session, name)
    running = server(APPLICATION, session, screen)
    scenarios.open_alone(APPLICATION, session, screen, "emacsclient -s ours")
    texts = scenarios.saves_twice(APPLICATION, session, screen)
    scenarios.close_document(APPLICATION, session, screen)
    session.ends()
    scenarios.check(running.poll() is None, "the emacs of the user has ended")
    scenarios.check(APPLICATION.holds(session.file.read_bytes(), texts), session.said())


def goes_on_though_emacsclient_did_not_wait(_, session, name, before=""):
    application, screen = ServedByEmacs(), Screen(session, name)
    running = server(application, session, screen)
    scenarios.open_alone(application, session, screen, before + "emacsclient -n -s ours")
    texts = scenarios.saves_twice(application, session, screen)
    scenarios.close_document(application, session, screen)
    session.end_by_hand(lambda data: application.holds(data, texts), f"{texts}")
    scenarios.check(running.poll() is None, "the emacs of the user has ended")


def goes_on_though_the_file_was_saved_before(_, session, name):
    goes_on_though_emacsclient_did_not_wait(_, session, name, 'sed -i s/A/A/ "$1"; ')


def goes_on_though_the_file_was_scanned_before(_, session, name):
    goes_on_though_emacsclient_did_not_wait(_, session, name, 'sleep 3 < "$1"; ')


TESTS = [*scenarios.TEXT_EDITOR, ends_as_emacsclient_does, goes_on_though_emacsclient_did_not_wait,
         goes_on_though_the_file_was_saved_before, goes_on_though_the_file_was_scanned_before]
