# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""GIMP: an image is exported over the file, or beside it, and saved beside it in its own format.
The second one hands its file over to the first."""
import struct
import zlib

import scenarios
from application import Application
from screen import Screen

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def made():
    """A white square."""
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">2I5B", 32, 32, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(32 * (b"\0" + 96 * b"\xff"))) + chunk(b"IEND", b""))


def is_whole(data):
    """A PNG whose chunks are all there, with the right checksums."""
    place, last = len(SIGNATURE), b""
    while data.startswith(SIGNATURE) and place + 12 <= len(data):
        size, last = struct.unpack(">I4s", data[place:place + 8])
        whole = data[place + 4:place + 8 + size]
        if data[place + 8 + size:place + 12 + size] != struct.pack(">I", zlib.crc32(whole)):
            return False
        place += 12 + size
    return last == b"IEND" and place == len(data)


class Gimp(Application):
    programs = {"gimp": "gimp"}
    large = True
    file = "picture.png"

    def content(self):
        return made()

    def command(self):
        return "gimp -n -s -d -f"

    def title(self, name):
        return "picture.* GIMP"


APPLICATION = Gimp()


def give_name(screen, keys, title, path):
    """In the dialog that these keys open, and in the one that may follow."""
    screen.press(*keys)
    screen.shows(title)
    screen.press("ctrl+a")
    screen.type(str(path))
    screen.rests()

    def accept():
        """What completes the name takes the first key, and options may be asked for."""
        if screen.find(title):
            screen.press("Return")
    screen.repeat_until(accept, path.exists, f"{path} to be written")


def exports_and_saves_beside(application, session, name):
    """Both files come back as deliveries, and the original stays."""
    screen = Screen(session, name)
    scenarios.open_alone(application, session, screen, application.command())
    exported, saved = (session.copy().with_name(other) for other in ("other.png", "other.xcf"))
    give_name(screen, ["ctrl+shift+e"], "Export Image", exported)
    scenarios.check(is_whole(session.came_beside(exported.name)), "what was exported is not whole")
    screen.picture("exported")
    give_name(screen, ["ctrl+shift+s"], "Save Image", saved)
    scenarios.check(session.came_beside(saved.name).startswith(b"gimp xcf"),
                    "what was saved is no image of GIMP")
    screen.picture("saved-beside")
    for each in exported, saved:
        scenarios.check(each.name in session.said(), f"no word about {each.name}")
    screen.quit(application)
    session.ends()
    session.unchanged()


TESTS = [exports_and_saves_beside, scenarios.changes_nothing]
