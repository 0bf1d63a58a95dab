# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Names that an earlier delivery has: see FILES and LINKS in home.py."""
from case import EEXIST, HELD_OPEN, Arrives, Refused, a_directory, a_file, a_link, add, case
from stream import FILE, delivery, entry, file, link, tree

FAIL, RENAME, UNSAFE_LINKS = "--on-conflict=fail", "--on-conflict=rename", "--allow-unsafe-symlinks"

KINDS = {"file": (file, a_file()), "directory": (lambda name: tree(name), a_directory()),
         "link": (lambda name: link(name, "x"), a_link("x"))}
TAKEN = {"file": ("earlier.txt", "earlier (2).txt"), "directory": ("photos", "photos (2)"),
         "link": ("to-letters", "to-letters (2)"), "dangling-link": ("dangling", "dangling (2)")}


def renamed(name, final):
    """What the answer has in the place of the last name."""
    return f"{name}\0{final}\0"


for kind, (make, seen) in KINDS.items():
    for taken, (name, numbered) in TAKEN.items():
        for how in (), (FAIL,):
            add(f"conflicts.{kind}-where-a-{taken}-is{'-told-to-fail' if how else ''}",
                lambda make=make, name=name: delivery(make(name)), Refused(EEXIST, name),
                UNSAFE_LINKS, *how)
        add(f"conflicts.{kind}-beside-a-{taken}", lambda make=make, name=name: delivery(make(name)),
            Arrives({numbered: seen}, renamed(name, numbered)), UNSAFE_LINKS, RENAME)


@case(Refused(EEXIST, "earlier.txt"), feed=HELD_OPEN)
def told_before_the_data_is_sent():
    return entry("earlier.txt", FILE, filelen=10**6)


@case(Refused(EEXIST, "photos"))
def directories_are_not_merged():
    return delivery(tree("photos", file("photos/two.jpg")))


@case(Arrives({"photos (2)": a_directory(), "photos (2)/one.jpg": a_file()},
              renamed("photos", "photos (2)")), RENAME)
def directories_are_not_merged_but_numbered():
    return delivery(tree("photos", file("photos/one.jpg")))


@case(Refused(EEXIST, "earlier.txt"))
def the_second_of_two_is_taken():
    """The first, which is whole by then, must not be seen."""
    return delivery(file("new.txt"), file("earlier.txt"))


@case(Refused(EEXIST, "earlier.txt"))
def taken_and_cut():
    """The child finds out the one and the monitor the other: what comes first in the stream is
    told."""
    return entry("earlier.txt", FILE, b"1", filelen=2)


@case(Arrives({"numbered (3).txt": a_file()}, renamed("numbered.txt", "numbered (3).txt")), RENAME)
def the_second_number_is_taken():
    return delivery(file("numbered.txt"))


@case(Arrives({"numbered (2) (2).txt": a_file()},
              renamed("numbered (2).txt", "numbered (2) (2).txt")), RENAME)
def a_number_in_the_name_is_a_name():
    return delivery(file("numbered (2).txt"))


@case(Arrives({"earlier (2).txt": a_file(b"2"), "earlier (3).txt": a_file(b"1")},
              renamed("earlier.txt", "earlier (3).txt")), RENAME)
def its_own_names_are_taken_too():
    return delivery(file("earlier.txt", b"1"), file("earlier (2).txt", b"2"))


@case(Arrives({"n" * 251 + " (2)": a_file()}, renamed("n" * 255, "n" * 251 + " (2)")), RENAME)
def the_longest_name_is_shortened():
    return delivery(file("n" * 255))


@case(Arrives({"photos (2)": a_directory(0), "e": a_directory(0o555), "e/a": a_file()},
              renamed("photos", "photos (2)")), RENAME)
def directories_without_write_permission():
    """They cannot be renamed as they are."""
    return delivery(tree("photos", mode=0), tree("e", file("e/a"), mode=0o555))


@case(Arrives({"Earlier.txt": a_file(), "earlier.txt ": a_file(), "earlier..txt": a_file()},
              "earlier..txt"))
def names_that_are_nearly_taken():
    return delivery(file("Earlier.txt"), file("earlier.txt "), file("earlier..txt"))


@case(Arrives({"\u0435arlier.txt": a_file()}, "\u0435arlier.txt"))
def a_look_alike_is_another_name():
    """Its first letter is Cyrillic."""
    return delivery(file("\u0435arlier.txt"))


@case(Arrives({"monday": a_file(), "personal": a_directory()}, "personal"))
def the_names_of_another_source():
    return delivery(file("monday"), tree("personal"))
