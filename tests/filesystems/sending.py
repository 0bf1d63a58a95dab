# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""The sender and the receiver, as people start them: to a directory, to a home, and from there."""
import os

from disks import RECEIVER
from expect import check, equal, has, missing
from settings import AGENT, UNPACKER

SOURCE = "sender"


def source(place):
    """A directory "letters" with a file, on this machine's own disk. Returns its path."""
    path = f"{place.scratch}/letters"
    if not os.path.isdir(path):
        os.mkdir(path)
        with open(f"{path}/first", "w", encoding="ascii") as file:
            file.write("Dear reader")
    return path


def copies(place):
    """A second copy is refused, in a sentence."""
    command = [AGENT, "--via", f"{UNPACKER} {RECEIVER} {place.incoming}", source(place)]
    place.run(*command).exits(0)
    equal(place.content("letters/first"), b"Dear reader")
    has(place.run(*command).exits(1).said, '"letters" is there already')


def to_home(place):
    """Whoever starts the receiver: the account itself, or root, who may be nobody there."""
    incoming = f"{place.home}/PedOSIncoming/{SOURCE}"
    for number, receiver in enumerate((f"{UNPACKER} {RECEIVER}", f"{UNPACKER}")):
        place.run(AGENT, "--rename", "--via", receiver, source(place),
                  QREXEC_REMOTE_DOMAIN=SOURCE).exits(0)
        name = "letters" if number == 0 else "letters (2)"
        with open(f"{incoming}/{name}/first", "rb") as file:
            equal(file.read(), b"Dear reader")
    place.run(AGENT, "--rename", "--via", f"{UNPACKER} {RECEIVER}", source(place), user=0,
              QREXEC_REMOTE_DOMAIN=SOURCE).exits(0)
    check("letters (3)" in os.listdir(incoming), f"{os.listdir(incoming)}")
    equal(os.stat(f"{incoming}/letters (3)").st_uid, os.stat(f"{incoming}/letters").st_uid)


def moves_away(place):
    """From there to another disk."""
    to = f"{place.scratch}/moved"
    place.run(AGENT, "--move", "--via", f"{UNPACKER} {RECEIVER} {to}",
              f"{place.incoming}/letters").exits(0)
    with open(f"{to}/letters/first", "rb") as file:
        equal(file.read(), b"Dear reader")
    missing(f"{place.incoming}/letters")


CHECKS = (copies, to_home, moves_away)
