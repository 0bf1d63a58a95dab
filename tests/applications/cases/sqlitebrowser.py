# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""DB Browser for SQLite keeps the database open until it ends, and writes into it."""
import contextlib
import os
import sqlite3
import tempfile

import scenarios
from application import Application


def made():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "made")
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("create table notes(text unique)")
            database.execute("insert into notes values('first')")
            database.commit()
        with open(path, "rb") as file:
            return file.read()


def rows(data):
    """What is in the table; None if this is not a whole database."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "looked-at")
        with open(path, "wb") as file:
            file.write(data)
        try:
            with contextlib.closing(sqlite3.connect(path)) as database:
                if database.execute("pragma integrity_check").fetchone() != ("ok",):
                    return None
                return [row[0] for row in database.execute("select text from notes")]
        except sqlite3.DatabaseError:
            return None


class Browser(Application):
    programs = {"sqlitebrowser": "sqlitebrowser"}
    file = "notes.db"
    keeps_open = True

    def __init__(self):
        self.made = made()

    def content(self):
        return self.made

    def edit(self, screen, texts):
        """By a statement in the last of its pages."""
        screen.press("alt+4")
        screen.click(self.ready(screen, self.file), 200, 250)
        screen.press("ctrl+a")
        screen.type(f"insert or ignore into notes values('{texts[-1]}');")
        screen.press("ctrl+Return")

    def leave(self, screen):
        """The statement is not to be kept, which it asks in a window of its own."""
        if screen.find("^DB Browser for SQLite$"):
            screen.press("Tab", "space")
        else:
            super().leave(screen)

    def holds(self, data, texts):
        return rows(data) == ["first", *texts]


APPLICATION = Browser()
TESTS = scenarios.USUAL
