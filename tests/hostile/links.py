# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Where a link may point, and what its target may hold."""
import functools
import os
import tempfile

from case import (EILSEQ, EINVAL, ENAMETOOLONG, ENOLINK, Arrives, Refused, a_directory, a_file,
                  a_link, add, case)
from stream import LINK, delivery, directory, entry, file, link, tree

ALL_NAMES, UNSAFE_LINKS = "--allow-all-names", "--allow-unsafe-symlinks"


def around(name, target):
    """A link two or three directories deep, in a delivery with something to point to."""
    return delivery(directory("d"), file("d/a"), directory("d/s"), directory("d/s/t"),
                    link(name, target))


# ---- Out of the top-level entry: ENOLINK ----

OUTSIDE = {
    "absolute": ("d/l", "/etc/passwd"), "slash": ("d/s/l", "/"),
    "absolute-into-itself": ("d/l", "/d/a"), "two-slashes": ("d/l", "//a"),
    "up-from-the-first": ("d/l", ".."), "up-and-back": ("d/l", "../d/a"),
    "to-an-earlier-delivery": ("d/l", "../earlier.txt"), "up-behind-dots": ("d/l", "./.."),
    "up-behind-slashes": ("d/s/l", "..//.."), "too-far": ("d/s/l", "../.."),
    "too-far-by-one": ("d/s/t/l", "../../.."), "too-far-with-dots": ("d/s/t/l", ".././../../a"),
    "far-too-far": ("d/l", "../" * 200), "up-behind-a-name": ("d/s/l", "t/.."),
    "up-behind-a-name-and-dot": ("d/s/l", "t/./.."), "up-in-the-middle": ("d/s/l", "../s/../a"),
    "up-behind-a-missing-name": ("d/l", "nothing/../../.."), "trailing-slash": ("d/l", "../"),
}
for what, (name, target) in OUTSIDE.items():
    add(f"links.{what}", lambda name=name, target=target: around(name, target),
        Refused(ENOLINK, name))
    add(f"links.{what}-with-all-names", lambda name=name, target=target: around(name, target),
        Refused(ENOLINK, name), ALL_NAMES)

for what, target in {"itself": "l", "sibling": "a", "dot": ".", "dot-dot": "..", "absolute": "/",
                     "earlier-delivery": "earlier.txt"}.items():
    add(f"links.top-level-to-{what}", lambda target=target: delivery(file("a"), link("l", target)),
        Refused(ENOLINK, "l"))
    add(f"links.top-level-to-{what}-with-unsafe-links",
        lambda target=target: delivery(file("a"), link("l", target)),
        Arrives({"a": a_file(), "l": a_link(target)}, "l"), UNSAFE_LINKS)


@case(Refused(ENOLINK, "d/out"))
def chain_that_leads_out():
    """The first two are harmless; through them the last would be the way out."""
    return delivery(directory("d"), directory("d/s"), directory("d/s/t"),
                    link("d/s/t/top", "../.."), link("d/s/up", ".."), link("d/out", "s/t/top/.."))


@case(Refused(ENOLINK, "d/s/up"))
def link_where_a_directory_was_announced_elsewhere():
    """Its depth counts, and not that of a directory of the same name."""
    return delivery(directory("d"), directory("d/t"), directory("d/t/s"), directory("d/s"),
                    link("d/s/up", "../../letters"))


# ---- Inside ----

INSIDE = {
    "itself": ("d/l", "l"), "sibling": ("d/l", "a"), "missing": ("d/l", "nothing"),
    "dot": ("d/l", "."), "dot-slash": ("d/l", "./a"), "down": ("d/l", "s/t"),
    "slashes": ("d/l", "s//t/"), "up": ("d/s/l", ".."), "up-as-far-as-can-be": ("d/s/t/l", "../.."),
    "up-and-down": ("d/s/t/l", "../../a"), "up-behind-dots-deep": ("d/s/l", "./.././a"),
    "three-dots": ("d/l", ".../x"), "name-of-dots": ("d/l", "..a"),
    "dot-dot-in-a-name": ("d/l", "a..b/..c"), "staging-prefix": ("d/l", ".qfile-incoming-0"),
    "256-byte-component": ("d/l", "m" * 256), "spaces": ("d/l", " "),
}


def inside(name, target):
    expected = {"d": a_directory(), "d/a": a_file(), "d/s": a_directory(), "d/s/t": a_directory(),
                name: a_link(target)}
    return Arrives(expected, "d")


for what, (name, target) in INSIDE.items():
    add(f"links.inside-{what}",
        lambda name=name, target=target: delivery(
            directory("d"), file("d/a"), directory("d/s"), directory("d/s/t"), link(name, target),
            directory("d/s/t"), directory("d/s"), directory("d")),
        inside(name, target))


def resolved_inside(path):
    """However its links are followed, one after another, none leads out."""
    for parent, directories, files in os.walk(path):
        for name in directories + files:
            real = os.path.realpath(os.path.join(parent, name))
            if real != path and not real.startswith(path + b"/"):
                return f"{name!r} in {parent!r} leads to {real!r}"
    return None if os.path.islink(path + b"/s/t/top") else "the links have not arrived"


@case(Arrives({"d": resolved_inside}, "d/e"))
def chains_that_stay_inside():
    return delivery(directory("d"), directory("d/s"), directory("d/s/t"),
                    link("d/s/t/top", "../.."), link("d/s/up", ".."),
                    link("d/a", "s/t/top/s/up/s/up"), link("d/b", "a/a/b"),
                    link("d/s/c", "../a/s/t/top/s"), link("d/e", "s/c/c/up"))


# ---- With every link allowed ----

for what, target in {"absolute": "/etc/passwd", "up": "../../../../..",
                     "up-behind-a-name": "x/../..", "itself": "l"}.items():
    add(f"links.unsafe-{what}", lambda target=target: delivery(tree("d", link("d/l", target))),
        Arrives({"d": a_directory(), "d/l": a_link(target)}, "d"), UNSAFE_LINKS)


@case(Arrives({"l": a_link("../../letters/private", atime=10**9, mtime=2 * 10**9)}, "l"),
      UNSAFE_LINKS)
def unsafe_times_are_the_links_own():
    """Not those of what it points to, which the user has already."""
    return delivery(
        link("l", "../../letters/private", atime=1, atime_nsec=0, mtime=2, mtime_nsec=0))


# ---- What a target may hold ----

for what, target in {"nul-inside": b"a\0b", "nul-at-the-end": b"a\0", "nul-alone": b"\0",
                     "nul-before-a-climb": b"a\0/../.."}.items():
    for options in (), (ALL_NAMES, UNSAFE_LINKS):
        add(f"links.{what}{'-with-all-options' if options else ''}",
            lambda target=target: around("d/l", target), Refused(EINVAL, "d/l"), *options)

BAD_CHARACTERS = {"newline": b"a\nb", "escape": b"\x1b[2J", "delete": b"\x7f", "c1": b"\xc2\x9b",
                  "bidi": "\u202e".encode(), "not-utf8": b"\xff",
                  "overlong-dots": b"\xc0\xae\xc0\xae/x", "surrogate": b"\xed\xa0\x80",
                  "truncated-utf8": b"a\xe2\x82", "joiner": "a\u200db".encode()}
for what, target in BAD_CHARACTERS.items():
    add(f"links.{what}", lambda target=target: around("d/l", target), Refused(EILSEQ, "d/l"))
    add(f"links.{what}-with-unsafe-links", lambda target=target: around("d/l", target),
        Refused(EILSEQ, "d/l"), UNSAFE_LINKS)
    add(f"links.{what}-with-all-names",
        lambda target=target: delivery(tree("d", link("d/l", target))),
        Arrives({"d": a_directory(), "d/l": a_link(target)}, "d"), ALL_NAMES)


@case(Refused(EILSEQ, "d/l"))
def characters_come_before_where_it_leads():
    return around("d/l", "/\n")


@case(Refused(EILSEQ, "d/\n"))
def the_name_comes_before_the_target():
    return around("d/\n", "/")


@case(Refused(ENOLINK, "missing/l"))
def the_target_comes_before_the_parent():
    return around("missing/l", "/")


# ---- Lengths ----


@functools.cache
def longest_target():
    """Linux has 4095 bytes; some of its file systems have less."""
    with tempfile.TemporaryDirectory() as directory_here:
        try:
            os.symlink("m" * 4095, f"{directory_here}/l")
        except OSError:
            return "the file system here has no link of 4095 bytes"
    return None


@case(Arrives({"d": a_directory(), "d/l": a_link("m" * 4095)}, "d"),
      needs=lambda _: longest_target())
def target_of_4095():
    return delivery(tree("d", link("d/l", "m" * 4095)))


for length in 4096, 16382, 16383:
    add(f"links.target-of-{length}", lambda length=length: around("d/l", "m" * length),
        Refused(ENAMETOOLONG, "d/l"))


@case(Refused(EINVAL, "d/s/t"))
def target_of_16384():
    return around("d/l", "m" * 16384)


@case(Refused(EINVAL, "d/s/t"))
def target_of_nothing():
    return around("d/l", "")


@case(Refused(EINVAL, "d/s/t"), UNSAFE_LINKS)
def target_of_nothing_with_unsafe_links():
    return around("d/l", "")


@case(Refused(EINVAL, "d/l"))
def target_that_eats_the_next_header():
    """A length that is not true: the header behind the target, full of NULs, becomes a part of
    it."""
    return delivery(directory("d"), entry("d/l", LINK, b"a", filelen=33), directory("d"))
