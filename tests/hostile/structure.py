# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Entries in impossible places and impossible orders; and in all orders that are good."""
from case import EEXIST, EINVAL, Arrives, Refused, a_directory, a_file, add, case, unsealed
from home import chain
from stream import delivery, directory, file, link, tree

UNSAFE_LINKS = "--allow-unsafe-symlinks"

# One entry of each kind below "d", and what kind it is.
KINDS = {"file": lambda name: file(name, b"1"), "link": lambda name: link(name, "a"),
         "directory": lambda name: directory(name, 0o711)}


# ---- Parents ----

for kind, make in KINDS.items():
    add(f"structure.{kind}-without-parent", lambda make=make: delivery(make("d/x")),
        Refused(EINVAL, "d/x"))
    add(f"structure.{kind}-without-grandparent",
        lambda make=make: delivery(directory("d"), make("d/e/x")), Refused(EINVAL, "d/e/x"))
    add(f"structure.{kind}-in-an-earlier-delivery", lambda make=make: delivery(make("photos/x/y")),
        Refused(EINVAL, "photos/x/y"))
    add(f"structure.{kind}-below-a-file",
        lambda make=make: delivery(directory("d"), file("d/a"), make("d/a/x")),
        Refused(EINVAL, "d/a/x"))
    add(f"structure.{kind}-below-a-top-level-file",
        lambda make=make: delivery(file("a"), make("a/x")), Refused(EINVAL, "a/x"))
    add(f"structure.{kind}-below-a-link",
        lambda make=make: delivery(directory("d"), directory("d/e"), link("d/l", "e"),
                                   make("d/l/x")),
        Refused(EINVAL, "d/l/x"))
    add(f"structure.{kind}-far-below-a-link",
        lambda make=make: delivery(directory("d"), directory("d/e"), directory("d/e/f"),
                                   link("d/l", "e"), make("d/l/f/x")),
        Refused(EINVAL, "d/l/f/x"))
    add(f"structure.{kind}-below-a-link-to-outside",
        lambda make=make: delivery(link("l", "/tmp"), make("l/x")), Refused(EINVAL, "l/x"),
        UNSAFE_LINKS)
    add(f"structure.{kind}-below-a-link-to-its-own-directory",
        lambda make=make: delivery(directory("d"), link("d/l", "."), make("d/l/x")),
        Refused(EINVAL, "d/l/x"))


@case(Refused(EINVAL, "photos/new"))
def file_in_an_earlier_directory():
    """What has arrived is no parent for what comes now."""
    return delivery(file("photos/new"))


@case(Refused(EINVAL, "d/a"))
def second_header_before_the_first():
    return delivery(file("d/a"), directory("d"))


@case(Refused(EINVAL, "dd/x"))
def parent_that_begins_with_a_directory_that_is_there():
    return delivery(directory("d"), file("d/a"), file("dd/x"))


@case(Refused(EINVAL, "d/d/a"))
def parent_of_the_same_name_elsewhere():
    return delivery(tree("d", file("d/a")), file("d/d/a"))


# ---- Twice ----

for first, make in KINDS.items():
    for second, make_again in KINDS.items():
        if first == second == "directory":
            continue  # good: its second header
        add(f"structure.{first}-then-{second}",
            lambda make=make, again=make_again: delivery(
                directory("d"), file("d/a"), make("d/x"), again("d/x"), directory("d")),
            Refused(EEXIST, "d/x"))
        add(f"structure.{first}-then-{second}-at-the-top",
            lambda make=make, again=make_again: delivery(make("x"), again("x")),
            Refused(EEXIST, "x"), UNSAFE_LINKS, "--on-conflict=rename")


@case(Refused(EEXIST, "d"), UNSAFE_LINKS)
def directory_that_is_a_link_by_now():
    """Its header would set the mode of what the link points to."""
    return delivery(link("d", "../../../../letters"), directory("d", 0o777), directory("d", 0o777))


@case(Refused(EEXIST, "d/e"))
def second_header_of_what_is_a_link():
    return delivery(directory("d"), directory("d/f"), link("d/e", "f"), directory("d/e", 0),
                    directory("d"))


@case(Refused(EEXIST, "d/a"))
def file_through_a_link():
    return delivery(directory("d"), file("d/b", b"1"), link("d/a", "b"), file("d/a", b"22"))


@case(Refused(EEXIST, "d/a"))
def twice_after_much_else():
    others = [file(f"d/{number}") for number in range(500)]
    return delivery(directory("d"), file("d/a", b"1"), *others, directory("d"), file("d/a", b"2"))


# ---- Orders that are good ----


@case(Arrives({"a": a_directory(), "a/x": a_file(b"1"), "b": a_directory(), "b/x": a_file(b"2")},
              "b"))
def two_directories_interleaved():
    return delivery(directory("a"), directory("b"), file("a/x", b"1"), file("b/x", b"2"),
                    directory("a"), directory("b"))


@case(Arrives({"d": a_directory(0o500), "d/e": a_directory(0o700), "d/e/f": a_directory(0o550),
               "d/e/f/x": a_file()}, "d/e/f"))
def sealed_from_the_top():
    return delivery(directory("d"), directory("d/e"), directory("d/e/f"), file("d/e/f/x"),
                    directory("d", 0o500), directory("d/e", 0o700), directory("d/e/f", 0o550))


@case(Arrives({"d": a_directory(0o711), "d/a": a_file()}, "d"))
def directory_three_times():
    return delivery(tree("d", file("d/a"), mode=0o750), directory("d", 0o711))


@case(Arrives({"d": a_directory(), "d/a": a_file(b"1"), "d/b": a_file(b"2")}, "d"))
def filled_after_its_second_header():
    return delivery(tree("d", file("d/a", b"1")), file("d/b", b"2"), directory("d"))


@case(Arrives({"d": unsealed(), "d/e": unsealed(), "d/e/a": a_file()}, "d/e/a"))
def second_headers_never_come():
    return delivery(directory("d"), directory("d/e"), file("d/e/a"))


@case(Arrives({"d": a_directory(0o700)}, "d"))
def an_empty_directory_sent_twice():
    return delivery(directory("d", 0o700), directory("d", 0o700))


# More often than the receiver syncs entries one by one.
for often in (16, 17, 18, 100, 5000):
    add(f"structure.a-directory-that-ends-{often}-times",
        lambda often=often: delivery(directory("d"), file("d/a", b"1"),
                                     *[directory("d", 0o700)] * often, file("b", b"2")),
        Arrives({"d": a_directory(0o700), "d/a": a_file(b"1"), "b": a_file(b"2")}, "b"))


# Entries one in the other, directories sealed on the way back: the receiver has not so many
# descriptors, and their paths are longer than a system call takes. 8,000 are nearly as many as a
# name has room for. The kernel's check of each of them takes as long as it is deep.
for depth in (3000, 8000):
    def sealed(depth=depth):
        deepest = b"d" + b"/d" * (depth - 2)
        directories = [directory(deepest[:length]) for length in range(1, len(deepest) + 1, 2)]
        return delivery(*directories, file(deepest + b"/x"), *reversed(directories))
    add(f"structure.depth-{depth}", sealed,
        Arrives({"d": chain("d" + "/d" * (depth - 2) + "/x")}, "d"))


@case(Refused(EINVAL, "d" + "/d" * 3000 + "/../x"))
def depth_3000_refused():
    """All of it has to be removed again."""
    names = ["d" + "/d" * depth for depth in range(3001)]
    return delivery(*map(directory, names), file(names[-1] + "/../x"))


@case(Arrives({"d": unsealed(), **{"d" + "/e" * depth: unsealed() for depth in range(1, 60)},
               "d/x": a_file(), "d/e/x": a_file()}, "d/e/x"))
def back_from_the_depth():
    """Further up than descriptors are kept."""
    names = ["d" + "/e" * depth for depth in range(60)]
    return delivery(*map(directory, names), file("d/x"), file("d/e/x"))


# ---- Sealed ----


@case(Arrives({"d": a_directory(), "d/a": a_file()}, "d"))
def first_header_of_mode_0():
    """It is made writable whatever was sent."""
    return delivery(directory("d", 0), file("d/a"), directory("d"))


@case(Arrives({"d": a_directory(0), "d/a": a_file(mode=0), "e": a_directory(0o555),
               "e/b": a_file(mode=0o400)}, "e"))
def sealed_and_left_alone():
    return delivery(tree("d", file("d/a", mode=0), mode=0),
                    tree("e", file("e/b", mode=0o400), mode=0o555))


# Neither read, nor write, nor search can be missed where something is to be made.
for mode in 0, 0o100, 0o200, 0o300, 0o400, 0o500, 0o600, 0o077, 0o577:
    for kind, make in KINDS.items():
        add(f"structure.{kind}-in-a-directory-of-mode-{mode:o}",
            lambda mode=mode, make=make: delivery(tree("d", file("d/a"), mode=mode), make("d/x")),
            Refused(EINVAL, "d/x"))


@case(Refused(EINVAL, "d/e/x"))
def file_below_a_directory_of_mode_0():
    return delivery(directory("d"), directory("d/e"), directory("d", 0), file("d/e/x"))


@case(Refused(EEXIST, "d/a"))
def file_over_a_file_of_mode_0():
    return delivery(directory("d"), file("d/a", mode=0), file("d/a", b"2"))


@case(Arrives({"d": a_directory(0o750), "d/a": a_file()}, "d"))
def directory_of_mode_500_three_times():
    return delivery(tree("d", file("d/a"), mode=0o500), directory("d", 0o750))


@case(Refused(EINVAL, "d"))
def directory_of_mode_0_three_times():
    """It has come again, which is no fault; but it cannot be opened any more."""
    return delivery(tree("d", file("d/a"), mode=0), directory("d"))
