# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""What may stand in a name, and what must not."""
from case import EILSEQ, EINVAL, ENAMETOOLONG, Arrives, Refused, a_directory, a_file, add, case
from home import chain
from stream import END, FILE, delivery, directory, entry, file, header, tree

ALL_NAMES = "--allow-all-names"
OWN = b".qfile-incoming-"


def refuse(what, name, code, told=None):
    """A file of this name, behind something that has arrived already."""
    told = name if told is None else told
    add(f"names.{what}", lambda: delivery(tree("d", file("d/a")), file(name)), Refused(code, told))


def accept(what, name, *options):
    add(f"names.{what}", lambda: delivery(file(name)), Arrives({name: a_file()}, name), *options)


# ---- Where a name leads: EINVAL, with every option ----

ELSEWHERE = {
    "absolute": "/etc/passwd", "slash": "/", "two-slashes": "//", "absolute-twice": "//etc/passwd",
    "dot": ".", "dot-dot": "..", "dot-slash": "./", "dot-dot-slash": "../", "below-dot": "./x",
    "below-dot-dot": "../x", "two-up": "../../letters/private",
    "another-source": "../personal/monday", "dot-inside": "d/./x", "dot-dot-inside": "d/../x",
    "dot-dot-out": "d/../../x", "dot-dot-at-the-end": "d/..", "dot-at-the-end": "d/.",
    "dot-dot-behind-a-file": "d/a/../x", "empty-component": "d//x", "three-slashes": "d///x",
    "trailing-slash": "x/", "trailing-slash-of-a-directory": "d/",
    "dot-dot-and-controls": "\x1b/../x",
}
for what, name in ELSEWHERE.items():
    refuse(what, name, EINVAL)
    add(f"names.{what}-with-all-names",
        lambda name=name: delivery(tree("d", file("d/a")), file(name)), Refused(EINVAL, name),
        ALL_NAMES)


@case(Refused(EINVAL, "."))
def dot_as_a_directory():
    return delivery(directory("."), directory("."))


@case(Refused(EINVAL, ".."))
def dot_dot_as_a_directory():
    """Its second header would set the mode of what is above."""
    return delivery(directory(".."), directory("..", 0o777))


@case(Refused(EINVAL, "d/.."))
def dot_dot_as_a_directory_inside():
    return delivery(directory("d"), directory("d/..", 0o777), directory("d"))


@case(Refused(EINVAL, "d/"))
def trailing_slash_of_a_directorys_second_header():
    return delivery(directory("d"), directory("d/"))


# Harmless, however they look to a shell or to another system.
HARMLESS = {
    "three-dots": "...", "dots-and-space": ". .", "dot-dot-and-space": ".. ", "space": " ",
    "dash": "-", "option": "-rf", "home": "~", "star": "*", "command": "$(id)", "semicolon": "a;b",
    "quotes": "'\"`", "backslash": "\\", "backslash-climb": "..\\x", "percent-climb": "%2e%2e%2fx",
    "drive": "C:", "device": "nul", "hidden": ".hidden", "dot-at-the-end": "x.",
    "two-dot-leader": "\u2025", "fullwidth-slash": "\uff0f", "division-slash": "\u2215",
}
for what, name in HARMLESS.items():
    accept(f"harmless-{what}", name)


# ---- NUL ----


@case(Refused(EINVAL, "a"))
def nul_inside():
    """What is told is what stands before it."""
    return delivery(file("a\0b"))


@case(Refused(EINVAL, "a"), ALL_NAMES)
def nul_inside_with_all_names():
    return delivery(file("a\0b"))


@case(Refused(EINVAL, "a"))
def two_nuls_at_the_end():
    return delivery(file("a\0"))


@case(Refused(EINVAL))
def nothing_but_nuls():
    return delivery(tree("d", file("d/a")), header(8, FILE), bytes(8))


@case(Refused(EINVAL, "d"))
def nul_before_a_climb():
    return delivery(tree("d"), file("d\0/../../x"))


@case(Refused(EINVAL, "ab"))
def no_nul():
    return header(3, FILE, 1) + b"abc" + b"x" + END


@case(Refused(EINVAL, "a"))
def no_nul_but_behind_the_name():
    return header(2, FILE, 1) + b"ab\0" + b"x" + END


# ---- Characters ----

NOT_UTF8 = {
    "overlong-slash": b"\xc0\xaf", "overlong-dots": b"\xc0\xae\xc0\xae",
    "overlong-nul": b"\xc0\x80", "overlong-letter": b"\xc1\x81",
    "overlong-slash-in-3": b"\xe0\x80\xaf", "overlong-in-3": b"\xe0\x9f\xbf",
    "overlong-slash-in-4": b"\xf0\x80\x80\xaf", "overlong-in-4": b"\xf0\x8f\xbf\xbf",
    "surrogate": b"\xed\xa0\x80", "low-surrogate": b"\xed\xbf\xbf",
    "surrogate-pair": b"\xed\xa0\xbd\xed\xb8\x80", "truncated-2": b"\xc3",
    "truncated-3": b"\xe2\x82", "truncated-4": b"\xf0\x9f\x98",
    "truncated-before-ascii": b"\xe2\x82x", "continuation-alone": b"\x80",
    "continuations": b"\xbf\xbf\xbf", "one-too-many": b"\xc3\xa9\xa9",
    "beyond-unicode": b"\xf4\x90\x80\x80", "f5": b"\xf5\x80\x80\x80",
    "five-bytes": b"\xf8\x88\x80\x80\x80", "six-bytes": b"\xfc\x84\x80\x80\x80\x80", "fe": b"\xfe",
    "ff": b"\xff", "latin-1": b"caf\xe9",
}
for what, bad in NOT_UTF8.items():
    refuse(f"not-utf8-{what}", b"a" + bad, EILSEQ)
    accept(f"not-utf8-{what}-with-all-names", b"a" + bad, ALL_NAMES)


@case(Refused(EILSEQ, b"d\xc3"))
def truncated_utf8_before_a_slash():
    """The slash must not be taken for the rest of the character."""
    return delivery(directory(b"d\xc3"), file(b"d\xc3/\xa9"))


@case(Refused(EILSEQ, b"d/\xc0\xaf"))
def not_utf8_in_the_second_component():
    return delivery(directory("d"), file(b"d/\xc0\xaf"))


for byte in [*range(1, 0x20), 0x7f]:
    refuse(f"control-{byte:02x}", b"a" + bytes([byte]) + b"b", EILSEQ)
    accept(f"control-{byte:02x}-with-all-names", b"a" + bytes([byte]) + b"b", ALL_NAMES)

UNSAFE = {
    "c1-controls": "\x80\x85\x9b\x9d\x9f",
    "direction": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "separators": "\u2028\u2029",
    "invisible": "\xad\u034f\u115f\u1160\u17b4\u180b\u180e\u180f\u200b\u200c\u200d\u2060"
                 "\u2063\u2800\u3164\ufe00\ufe0e\ufe0f\ufeff\uffa0\ufff9\ufffc\U00013441"
                 "\U0001bca0\U0001d159\U0001d173\U000e0001\U000e0041\U000e007f\U000e0100"
                 "\U000e01ef",
    "private": "\ue000\uf8ff\U000f0000\U0010fffd", "not-characters": "\ufdd0\ufffe\uffff\U0010ffff",
    "unassigned": "\u0378\U0001f8ff\U000e0fff",
}
for what, characters in UNSAFE.items():
    for character in characters:
        refuse(f"{what}-{ord(character):04x}", f"a{character}b.exe", EILSEQ)


@case(Arrives({"a\u202egnp.exe": a_file()}, "a\u202egnp.exe"), ALL_NAMES)
def direction_with_all_names():
    return delivery(file("a\u202egnp.exe"))


# Spaces that look like the plain one: inside of names, but not around them.
for space in "\xa0\u1680\u2000\u2003\u2007\u200a\u202f\u205f\u3000":
    accept(f"space-{ord(space):04x}", f"a{space}b.exe")
    refuse(f"space-{ord(space):04x}-first", f"{space}b.exe", EILSEQ)
    refuse(f"space-{ord(space):04x}-last", f"b.exe{space}", EILSEQ)
    refuse(f"space-{ord(space):04x}-alone", space, EILSEQ)
    refuse(f"space-{ord(space):04x}-behind-a-slash", f"d/{space}x", EILSEQ)
refuse("spaces-in-a-long-row", "a.pdf" + 9 * "\u3000" + ".exe", EILSEQ)

refuse("joiner-first", "\u200dx", EILSEQ)
refuse("joiner-behind-ascii", "a\u200db", EILSEQ)
refuse("joiner-behind-a-joiner", "\u0915\u200d\u200d\u0937", EILSEQ)
refuse("joiner-behind-a-slash", "d/\u200dx", EILSEQ)
accept("joiner-in-an-emoji", "\U0001f469\u200d\U0001f680")
accept("joiner-in-a-script", "\u0915\u094d\u200d\u0937")
refuse("joiner-between-letters", "\u05d0\u200c\u05d1", EILSEQ)
refuse("joiner-last", "\u0645\u200c", EILSEQ)
accept("joiner-in-a-persian-plural", "\u06a9\u0627\u0631\u200c\u0647\u0627")
refuse("joiner-in-it-twice", "\u06a9\u0627\u0631\u200c\u200c\u0647\u0627", EILSEQ)
accept("joiner-in-persian", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")
refuse("style-selector-behind-a-letter", "x\ufe0f", EILSEQ)
refuse("style-selector-behind-a-digit", "1\ufe0f", EILSEQ)
accept("style-selector-behind-an-emoji", "\u2764\ufe0f")
accept("keycap", "1\ufe0f\u20e3")
ENGLAND = "".join(chr(0xe0000 + ord(letter)) for letter in "gbeng") + "\U000e007f"
accept("flag-of-tags", "\U0001f3f4" + ENGLAND)
refuse("tags-behind-a-letter", "x" + ENGLAND, EILSEQ)
refuse("tags-that-are-no-flag", "\U0001f3f4" + ENGLAND[::-1], EILSEQ)
refuse("tags-without-an-end", "\U0001f3f4" + ENGLAND[:-1], EILSEQ)
refuse("mark-first", "\u0301x", EILSEQ)
refuse("mark-behind-a-slash", "d/\u0301x", EILSEQ)
accept("marks", "x" + 8 * "\u0301")
refuse("marks-without-end", "x" + 9 * "\u0301", EILSEQ)
accept("replacement-character", "\ufffd")
accept("many-scripts", "\u00e9\u03b1\u0436\u05d0\u0628\u0939\u4e2d\ud55c\U00010348\u20ac\u2603")


@case(
    Arrives({"caf\u00e9": a_file(b"composed"), "cafe\u0301": a_file(b"decomposed")}, "cafe\u0301"))
def composed_and_decomposed():
    """Two names to the file system, and both arrive."""
    return delivery(file("caf\u00e9", b"composed"), file("cafe\u0301", b"decomposed"))


@case(Arrives({"scope": a_file(b"latin"), "\u0455\u0441\u043e\u0440\u0435": a_file(b"cyrillic")},
              "\u0455\u0441\u043e\u0440\u0435"))
def look_alikes():
    return delivery(file("scope", b"latin"), file("\u0455\u0441\u043e\u0440\u0435", b"cyrillic"))


@case(Arrives({"Readme": a_file(b"1"), "README": a_file(b"2"), "readme": a_file(b"3")}, "readme"))
def differing_in_case():
    return delivery(file("Readme", b"1"), file("README", b"2"), file("readme", b"3"))


# ---- The receiver's own names ----

for what, name in {"alone": OWN, "and-digits": OWN + b"0123456789abcdef",
                   "below": OWN + b"0123456789abcdef/tree"}.items():
    refuse(f"staging-prefix-{what}", name, EILSEQ)
    add(f"names.staging-prefix-{what}-with-all-names", lambda name=name: delivery(file(name)),
        Refused(EILSEQ, name), ALL_NAMES)


@case(Refused(EILSEQ, OWN + b"0123456789abcdef"), "--on-conflict=rename")
def staging_directory_of_the_senders_making():
    """The next receiver would publish what seems to be decided in it."""
    staging = ".qfile-incoming-0123456789abcdef"
    return delivery(tree(staging, tree(f"{staging}/commit", file(f"{staging}/commit/x"))))


@case(Refused(EILSEQ, b"d/" + OWN + b"0"))
def staging_prefix_inside_a_directory():
    """A later delivery to that directory would find it there."""
    return delivery(tree("d", file(b"d/" + OWN + b"0")))


@case(Refused(EILSEQ, b"d/" + OWN + b"0123456789abcdef"), ALL_NAMES)
def staging_directory_inside_a_directory():
    staging = f"d/{OWN.decode()}0123456789abcdef"
    return delivery(tree("d", tree(staging, tree(f"{staging}/commit"))))


accept("staging-prefix-less-its-dash", OWN[:-1])
accept("staging-prefix-in-capitals", OWN.upper())
accept("staging-prefix-not-at-the-beginning", b"x" + OWN)

# ---- Lengths ----

LONG = "m" * 255

accept("component-of-255", LONG)
accept("component-of-255-of-two-bytes-each", "\u00e9" * 127 + "x")
accept("component-of-255-with-all-names", b"\xff" * 255, ALL_NAMES)
refuse("component-of-256", LONG + "m", ENAMETOOLONG)
refuse("component-of-256-of-two-bytes-each", "\u00e9" * 128, ENAMETOOLONG)
refuse("component-of-256-in-the-middle", f"d/{LONG}m/x", ENAMETOOLONG)
refuse("component-of-256-controls", "\x01" * 256, ENAMETOOLONG)
refuse("component-of-256-with-the-staging-prefix", OWN + b"x" * 240, ENAMETOOLONG)
refuse("component-of-256-before-dot-dot", f"{LONG}m/..", ENAMETOOLONG)
refuse("component-of-256-behind-dot-dot", f"../{LONG}m", EINVAL)
refuse("component-of-16382", "m" * 16382, ENAMETOOLONG)


# 63 directories one in the other, the deepest with a path of 16127 bytes; and a name for a file
# there, of 16383 with its NUL.
PARENTS = ["/".join([LONG] * depth) for depth in range(1, 64)]
LONGEST = f"{PARENTS[-1]}/{'m' * 254}"


@case(Arrives({LONG: chain(LONGEST)}, LONGEST))
def name_of_16383():
    return delivery(*map(directory, PARENTS), file(LONGEST))


@case(Refused(EINVAL, PARENTS[-1]))
def name_of_16384():
    return delivery(*map(directory, PARENTS), file(LONGEST + "m"))


@case(Refused(EINVAL, "d/" * 8191))
def name_of_16383_with_a_trailing_slash():
    return delivery(directory("d"), file("d/" * 8191))


@case(Refused(EINVAL, "d/" * 8190 + "dd"))
def name_of_16383_without_its_parents():
    return delivery(directory("d"), file("d/" * 8190 + "dd"))


@case(Refused(EINVAL, "m" * 16382))
def name_of_16383_without_a_nul():
    return delivery(entry("m" * 16382, FILE, namelen=16383)[:32] + b"m" * 16383)
