# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The rooms of the house, which are folders with C files: which of them may use which others."""
import re

import suite
from copying import Copying
from expect import check, equal
from settings import TOP

test = suite.cases(Copying, once=True)

# A room may include the headers of these others, besides its own and, where it is not in WITHOUT,
# the public include/qfile.h.
ARROWS = {
    "system": [],
    "text": [],

    "qfile-agent": ["cli", "cli/settings", "system"],
    "qfile-unpacker": ["cli", "cli/settings", "system"],
    "qopen-in-vm": ["cli", "cli/settings", "lib/open", "lib/open/opener", "system"],
    "vm-file-editor": ["cli", "cli/settings", "lib/open", "lib/open/editor", "system"],
    "cli": ["cli/shell", "system", "text"],
    "cli/settings": ["cli", "system", "text"],
    "cli/shell": [],

    "desktop/menus": [],
    "desktop/qfile-notify": ["cli", "cli/settings", "system", "text"],

    "lib/format": ["system", "text"],
    "lib/io": ["lib/format", "system"],
    "lib/sandbox": [],
    "lib/send": ["lib/io", "lib/format", "system"],
    "lib/receive": ["lib/receive/child", "lib/receive/commit", "lib/io", "lib/format",
                    "lib/sandbox", "text"],
    "lib/receive/child": ["lib/io", "lib/format", "lib/sandbox", "system", "text"],
    "lib/receive/commit": ["lib/io", "lib/format", "system"],
    "lib/open": ["lib/io", "lib/format", "system"],
    "lib/open/editor": ["lib/open", "lib/open/holders", "lib/io", "lib/format", "system", "text"],
    "lib/open/holders": ["lib/io", "system"],
    "lib/open/opener": ["lib/open", "lib/io", "lib/format", "system", "text"],

    "desktop/qfile-send": ["desktop/qfile-send/model", "cli", "cli/settings"],
    "desktop/qfile-send/model": ["cli", "cli/settings", "text"],

    "rpc/base": ["text", "system"],
    "rpc/policy": ["rpc/base", "system", "text"],
    "rpc/transport": ["rpc/base", "text", "system"],
    "rpc/transport/xen": ["rpc/transport", "rpc/base", "text", "system"],
    "rpc/protocol": ["rpc/transport", "rpc/base", "text", "system"],
    "rpc/pedos-rpc": ["cli", "cli/settings", "rpc/protocol", "rpc/policy", "rpc/transport",
                      "rpc/base", "system", "text"],
    "rpc/pedos-rpc-sandbox": ["cli", "cli/settings", "rpc/protocol", "rpc/transport", "rpc/base",
                              "system", "text"],
    "rpc/pedos-rpcd": ["cli", "rpc/protocol", "rpc/policy", "rpc/transport", "rpc/base", "system",
                       "text"],
    "rpc/pedos-rpc-dom0": ["cli", "rpc/policy", "rpc/base", "system", "text"],
}

# All rooms are in these folders.
HOUSE = ["cli", "desktop", "lib", "rpc", "system", "text", "qfile-agent", "qfile-unpacker",
         "qopen-in-vm", "vm-file-editor"]
# They use nothing of the library.
WITHOUT = ("rpc/", "system/", "text/")
# So many C files are in a room at most, so that somebody can know all of it.
LARGEST = 14


def sources():
    """The C files and the headers of all rooms."""
    found = [path for room in HOUSE for path in (TOP / room).rglob("*.[ch]")]
    check(len(found) > 100, f"so few files: {found}")
    return found


def room_of(path):
    return str(path.parent.relative_to(TOP))


def included(path):
    """The files of this tree that a file includes. A name is looked up where the compiler does."""
    for name in re.findall(r'^#include "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE):
        places = [path.parent, TOP / "lib", TOP / "rpc", TOP, TOP / "include"]
        found = [place / name for place in places if (place / name).is_file()]
        check(found, f"{path.relative_to(TOP)} includes {name}, which is nowhere")
        yield found[0]


def arrows():
    """What each room uses: its name, that of the other room, and the file where that is seen."""
    for path in sources():
        for other in included(path):
            if other != TOP / "include/qfile.h" and room_of(other) != room_of(path):
                yield room_of(path), room_of(other), str(path.relative_to(TOP))


@test("rooms use only those rooms that they may use")
def _(t):
    equal(sorted({room_of(path) for path in sources()} - set(ARROWS)), [])
    equal([f"{where} uses {to}" for room, to, where in arrows() if to not in ARROWS[room]], [])


@test("no room uses itself by way of others")
def _(t):
    uses = {}
    for room, to, _ in arrows():
        uses.setdefault(room, set()).add(to)
    check(uses, "no room uses another one")
    # Rooms that use no others are taken away, until there are no more of them.
    while done := {to for room in uses for to in uses[room]} - set(uses):
        uses = {room: rest for room in uses if (rest := uses[room] - done)}
    equal(uses, {})


@test(f"no room has more than {LARGEST} C files")
def _(t):
    files = [room_of(path) for path in sources() if path.suffix == ".c"]
    equal([room for room in sorted(set(files)) if files.count(room) > LARGEST], [])


@test("rpc, system and text use nothing of the library")
def _(t):
    mine = [path for path in sources() if str(path.relative_to(TOP)).startswith(WITHOUT)]
    check(len(mine) > 50, f"so few files: {mine}")
    equal([str(path.relative_to(TOP)) for path in mine if "<qfile.h>" in path.read_text()], [])
