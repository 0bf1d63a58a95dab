# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""--max-bytes and --max-files, reached and passed; sums that overflow; a million entries."""
import os

from case import (EDQUOT, EINVAL, ENOSPC, HELD_OPEN, Arrives, Refused, a_directory, a_file, a_link,
                  add, case)
from home import unbounded
from stream import ALL_ONES_64, END, FILE, delivery, directory, entry, file, link, tree

# ---- Bytes ----


@case(Arrives({"f": a_file(b"0123456789")}, "f"), "--max-bytes=10")
def bytes_reached():
    return delivery(file("f", b"0123456789"))


@case(Refused(EDQUOT, "f"), "--max-bytes=10")
def bytes_passed():
    return delivery(file("f", b"0123456789A"))


@case(Refused(EDQUOT, "f"), "--max-bytes=10", feed=HELD_OPEN)
def bytes_passed_is_told_at_the_header():
    return entry("f", FILE, filelen=11)


@case(Arrives({"a": a_file(b"01234"), "d": a_directory(), "d/b": a_file(b"56789"),
               "d/empty": a_file(b"")}, "d"), "--max-bytes=10")
def bytes_reached_in_all():
    return delivery(file("a", b"01234"), tree("d", file("d/b", b"56789"), file("d/empty", b"")))


@case(Refused(EDQUOT, "d/b"), "--max-bytes=10")
def bytes_passed_in_all():
    return delivery(file("a", b"01234"), tree("d", file("d/b", b"56789A")))


@case(Refused(EDQUOT, "c"), "--max-bytes=10")
def bytes_passed_by_one_behind_the_bound():
    return delivery(file("a", b"0123456789"), file("b", b""), file("c", b"A"))


@case(Arrives({"f": a_file(b""), "d": a_directory(), "d/l": a_link("m" * 100)}, "d"),
      "--max-bytes=0")
def bytes_none_but_links_and_empty_files():
    return delivery(file("f", b""), tree("d", link("d/l", "m" * 100)))


@case(Refused(EDQUOT, "f"), "--max-bytes=0")
def bytes_none_and_one():
    return delivery(file("f", b"x"))


@case(Arrives({"f": a_file(bytes(2**20))}, "f"), "--max-bytes=1M")
def holes_are_bytes_reached():
    return delivery(file("f", bytes(2**20)))


@case(Refused(EDQUOT, "f"), "--max-bytes=1M")
def holes_are_bytes_passed():
    return delivery(file("f", bytes(2**20 + 1)))


# ---- Sums that overflow ----

HUGE = 2**63 - 1


def huge(what, expect, *options, before=b""):
    how = {"needs": unbounded} if expect.code == ENOSPC else {}
    add(f"limits.{what}", lambda: delivery(before, entry("huge", FILE, filelen=HUGE)), expect,
        *options, **how)


huge("huge", Refused(ENOSPC, "huge"))
huge("huge-over-a-limit", Refused(EDQUOT, "huge"), "--max-bytes=100")
huge("huge-behind-a-file", Refused(EDQUOT, "huge"), "--max-bytes=100", before=file("f", b"60" * 30))
huge("huge-behind-a-full-delivery", Refused(EDQUOT, "huge"), "--max-bytes=60",
     before=file("f", b"60" * 30))
huge("huge-under-the-highest-limit", Refused(ENOSPC, "huge"), f"--max-bytes={ALL_ONES_64}",
     before=file("f"))
huge("huge-at-its-very-limit", Refused(ENOSPC, "huge"), f"--max-bytes={HUGE}")
huge("huge-over-its-limit-by-one", Refused(EDQUOT, "huge"), f"--max-bytes={HUGE - 1}")
huge("huge-and-one-more", Refused(EDQUOT, "huge"), f"--max-bytes={HUGE}", before=file("f"))

# Lengths that would make the sum 0, or small again, are no lengths at all.
for length in ALL_ONES_64, ALL_ONES_64 - 59, 2**63:
    add(f"limits.sum-with-{length}",
        lambda length=length: delivery(file("f", b"60" * 30), entry("huge", FILE, filelen=length)),
        Refused(EINVAL, "f"), "--max-bytes=100")

# ---- Entries ----


@case(Arrives({"d": a_directory(), "d/a": a_file(), "d/l": a_link("a")}, "d"), "--max-files=3")
def files_reached():
    """A directory counts once, however often it is sent; a link counts."""
    return delivery(tree("d", file("d/a"), link("d/l", "a")), directory("d"))


for kind, make in {"file": file("d/x"), "link": link("d/x", "a"),
                   "directory": directory("d/x")}.items():
    add(f"limits.files-passed-by-a-{kind}",
        lambda make=make: delivery(directory("d"), file("d/a"), link("d/l", "a"), make),
        Refused(EDQUOT, "d/x"), "--max-files=3")


@case(Refused(EDQUOT, "f"), "--max-files=0")
def files_none_and_one():
    return delivery(file("f"))


@case(Refused(EDQUOT, "d"), "--max-files=0")
def files_none_and_a_directory():
    return delivery(tree("d"))


@case(Arrives({}), "--max-files=0", "--max-bytes=0")
def files_none():
    return END


@case(Arrives({"f": a_file()}, "f"), f"--max-files={ALL_ONES_64}")
def files_under_the_highest_limit():
    return delivery(file("f"))


# ---- Many ----


def many(directories):
    """A thousand entries for each directory, itself counted; all files are empty."""
    files = b"".join(file(f"ddd/{number:03}", b"") for number in range(999))
    return delivery(*(tree(f"{parent:03}", files.replace(b"ddd/", b"%03d/" % parent))
                      for parent in range(directories)))


def holds_999(path):
    names = os.listdir(path)
    return None if len(names) == len(set(names)) == 999 else f"{path!r} has {len(names)} entries"


@case(Refused(EDQUOT, "002/000"), "--max-files=2001")
def million_entries_and_a_limit():
    return many(1000)


# Not a million: making, syncing and removing them all takes minutes on a disk.
@case(Arrives({f"{parent:03}": holds_999 for parent in range(100)}, "099"), "--max-files=100000")
def hundred_thousand_entries():
    return many(100)


@case(Refused(EDQUOT, "099/998"), "--max-files=99999")
def hundred_thousand_entries_less_one():
    """The very last one is too much: all the others have to be removed again."""
    return many(100)
