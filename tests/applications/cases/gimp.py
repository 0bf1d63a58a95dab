# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""GIMP: an image is exported over the file, or beside it, and saved beside it in its own format."""
import pathlib
import struct
import zlib

import scenarios
from application import Application
from screen import Screen

PLUG_INS = pathlib.Path("/usr/lib/gimp/2.0/plug-ins")
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def made():
    """A white square."""
    return (SIGNATURE + chunk(b"IHDR", struct.pack(">2I5B", 32, 32, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(32 * (b"\0" + 96 * b"\xff"))) + chunk(b"IEND", b""))


def chunks(data):
    """Kind and content of each chunk of a PNG; none if one is missing or has another checksum."""
    place, found = len(SIGNATURE), []
    while data.startswith(SIGNATURE) and place + 12 <= len(data):
        size, kind = struct.unpack(">I4s", data[place:place + 8])
        content = data[place + 8:place + 8 + size]
        if data[place:place + 12 + size] != chunk(kind, content):
            return []
        found.append((kind, content))
        place += 12 + size
    return found if found and found[-1][0] == b"IEND" and place == len(data) else []


def colour(data):
    """Of the first pixel: no filter of a line changes that. None if this is not a whole PNG."""
    pixels = b"".join(content for kind, content in chunks(data) if kind == b"IDAT")
    return zlib.decompress(pixels)[1:4] if pixels else None


class Gimp(Application):
    programs = {"gimp": "gimp"}
    large = True
    file = "picture.png"

    def content(self):
        return made()

    def prepare(self, session):
        """At its first start it asks a hundred plug-ins what they can do: here, those it needs."""
        own = session.home / "plug-ins"
        own.mkdir()
        (session.home / "gimprc").write_text(f'(plug-in-path "{own}")\n')
        for plug_in in PLUG_INS.glob("file-png"):
            (own / plug_in.name).symlink_to(plug_in)

    def command(self):
        return 'gimp -n -s -d -f --gimprc "$HOME/gimprc"'

    def title(self, name):
        return "picture.* GIMP"

    def edit(self, screen, texts):
        """Fill it with black; the second time with white again."""
        screen.press("ctrl+period" if len(texts) == 2 else "ctrl+comma")

    def save_it(self, screen, path):
        """Exported under the name that it has."""
        screen.save_as(["ctrl+shift+e"], "Export Image", path)

    def holds(self, data, texts):
        return colour(data) == (b"\xff\xff\xff" if len(texts) == 2 else b"\0\0\0")

    def leave(self, screen):
        """It is not saved in GIMP's own format, which it asks about."""
        if screen.find("^Quit GIMP"):
            screen.press("ctrl+d")
        else:
            super().leave(screen)


APPLICATION = Gimp()


def exports_and_saves_beside(application, session, name):
    """Both files come back as deliveries, and the original stays."""
    screen = Screen(session, name)
    scenarios.open_alone(application, session, screen, application.command())
    exported, saved = (session.copy().with_name(other) for other in ("other.png", "other.xcf"))
    screen.save_as(["ctrl+shift+e"], "Export Image", exported)
    scenarios.check(colour(session.came_beside(exported.name)) == b"\xff\xff\xff",
                    "what was exported is not the whole image")
    screen.picture("exported")
    screen.save_as(["ctrl+shift+s"], "Save Image", saved)
    scenarios.check(session.came_beside(saved.name).startswith(b"gimp xcf"),
                    "what was saved is no image of GIMP")
    screen.picture("saved-beside")
    for each in exported, saved:
        scenarios.check(each.name in session.said(), f"no word about {each.name}")
    screen.quit(application)
    session.ends()
    session.unchanged()


TESTS = [*scenarios.USUAL, exports_and_saves_beside]
