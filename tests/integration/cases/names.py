# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Which names can be delivered, and how names are shown."""
import os
import re

import stream as wire
import suite
import tree
from copying import (EEXIST, EILSEQ, EINVAL, ENAMETOOLONG, Answer, Copying, answer,
                     length_of_delivery)
from expect import equal, exists, has
from settings import AGENT

test = suite.cases(Copying, once=True)

MODE = wire.FILE | 0o644


def bytes_of(name):
    return name if isinstance(name, bytes) else name.encode()


def refuses(t, code, names, *options):
    """A file of such a name refuses the delivery, at the top level and below, and is named. The
    names: text or bytes."""
    for name in map(bytes_of, names):
        t.deliver(wire.delivery(wire.file("innocent"), wire.file(name)),
                  *options).refused(code, name)
        below = b"dir/" + name
        t.deliver(wire.delivery(wire.tree("dir", wire.file(below))), *options).refused(code, below)


def arrive(t, names):
    """Files of these names arrive, each with its name as content."""
    os.mkdir("names")
    for name in names:
        tree.write(f"names/{name}", name)
    equal(tree.names_in("names"), sorted(names))
    t.send("names").exits(0)
    tree.same_tree("names", t.into("names"))


def plainly_one_line(said):
    """Nothing but ASCII that can be printed, up to the end of a line."""
    equal(re.sub(rb"[ -~]", b"", said), b"\n")


@test("names in many scripts arrive")
def _(t):
    arrive(t,
           ["plain", "with space", "Ελληνικά", "Русский", "العربية", "עברית", "हिन्दी", "বাংলা",
            "தமிழ்", "ไทย", "ქართული", "հայերեն", "አማርኛ", "中文", "日本語の名前", "한국어", "ខ្មែរ", "မြန်မာ",
            "བོད", "ᏣᎳᎩ", "Ünïcödé", "decomposed e\u0301", "Tiếng Việt", "ﬁ ligature", "𝔐𝔞𝔱𝔥", "𐍈"])


@test("emoji arrive, with their joiners, tones and flags")
def _(t):
    arrive(t, [
        "\U0001F469\u200D\U0001F469\u200D\U0001F467\u200D\U0001F466",  # a family
        "\U0001F469\U0001F3FD\u200D\U0001F680",  # an astronaut with a skin tone
        "\U0001F3F3\uFE0F\u200D\U0001F308",  # a rainbow flag
        "\U0001F1EA\U0001F1FA",  # two letters that make a flag
        "\u2764\uFE0F.txt"])


@test("punctuation and symbols arrive")
def _(t):
    arrive(t, ["-rf", "--help", "*", "?", "~", "$HOME", "`id`", "$(id)", "it's", '"quoted"',
               "back\\slash", "semi;colon", "a&b|c", "<in>out", "(x) [y] {z}", "#hash", "!bang",
               "100%", "a:b", "a=b,c+d", "^caret", ".hidden", "...", "..a", "a..", " leading",
               "trailing ", "€ £ ¥ ₿", "«„“”»", "—–…", "±×÷√∞", "½ ² Ⅷ", "→⇒", "☃", ".qfile",
               "x.qfile-incoming-1"])


@test("names of 255 bytes arrive, in any script")
def _(t):
    ascii_name, wide = "x" * 255, "語" * 85
    os.makedirs(f"names/{wide}")
    tree.write(f"names/{ascii_name}")
    tree.write(f"names/{wide}/{ascii_name}")
    t.send("names").exits(0)
    tree.same_tree("names", t.into("names"))
    equal(len(tree.picture(t.into("names"))), 4)


@test("a name of 255 bytes arrives at the top level")
def _(t):
    name = "0" * 255
    tree.write(name, "x")
    t.send(name).exits(0)
    tree.same_tree(name, t.into(name))


@test("a name longer than 255 bytes refuses the delivery")
def _(t):
    refuses(t, ENAMETOOLONG, ["0" * 256])


@test("control characters refuse the delivery")
def _(t):
    refuses(t, EILSEQ,
            ["bell\a", "new\nline", "tab\t", "\x1b[31mred", "delete\x7f", "\u0085", "\u009b31m"])


@test("characters that change how others are shown refuse the delivery")
def _(t):
    # An override, a mark, an isolate, a zero-width space, a byte order mark, a soft hyphen, an
    # annotation.
    refuses(t, EILSEQ,
            ["exe\u202Efdp.txt", "\u200F", "\u2066x", "a\u200Bb", "\uFEFFx", "a\u00ADb", "\uFFF9"])


@test("spaces that nothing is beside, and separators of lines, refuse the delivery")
def _(t):
    refuses(t, EILSEQ, ["\u00A0x", "x\u00A0", "\u2003", "\u3000", "\u2028", "x\u2029x", "\u202F"])


@test("characters that show nothing refuse the delivery")
def _(t):
    refuses(t, EILSEQ, ["x\U000E0100", "x\uFE0F", "\u3164", "x\u115F", "x\u2800", "x\u200Cx",
                        "\u0301x", "x\u00A0", "x\U000E0067\U000E007F"])


@test("names as people have them arrive: spaces of a Mac, joiners of scripts, emoji")
def _(t):
    names = ["Screenshot 2026-11-28 at 10.04.12\u202FAM.png", "Titre\u00A0: fin",
             "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645.txt",
             "\u0915\u094D\u200D\u0937", "\u2764\uFE0F\u200D\U0001F525", "1\uFE0F\u20E3",
             "\U0001F3F4" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng\x7f"), "cafe\u0301"]
    for name in names:
        tree.write(name)
    t.send(*names).exits(0)
    equal(tree.names_in(os.fsencode(t.incoming)), sorted(map(os.fsencode, names)))


@test("the receiver's log says which character of which name")
def _(t):
    end = t.deliver(wire.delivery(wire.file("a\u202Eb")), "-v").exits(1)
    has(end.said, '"a?b": the name has U+202E as character 2, which changes the direction')


@test("private and unassigned characters refuse the delivery")
def _(t):
    refuses(t, EILSEQ, ["\uE000", "\U0010FFFD", "\u0378", "\uFDD0", "\uFFFE"])


@test("bytes that are no UTF-8 refuse the delivery")
def _(t):
    # A lone byte, a continuation, a cut sequence, overlong forms, half a surrogate, beyond Unicode,
    # Latin-1.
    refuses(t, EILSEQ, [b"\xff", b"\x80", b"\xe2\x82", b"\xc0\xaf", b"\xe0\x80\xaf",
                        b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe9t\xe9"])


@test("--allow-all-names accepts any bytes")
def _(t):
    os.mkdir("names")
    inside = [b"new\nline", b"\xff\x01\x80", "exe\u202Efdp.txt".encode()]
    for name in inside:
        tree.write(b"names/" + name)
    top = os.fsdecode(b"\x1b[31m\xfe")
    tree.write(top)
    t.run(AGENT, f"--via={t.via('--allow-all-names')}", "names", top).exits(0)
    tree.same_tree("names", t.into("names"))
    exists(t.into(top))
    equal(tree.names_in(os.fsencode(t.into("names"))), sorted(inside))


@test("--no-allow-all-names takes that back")
def _(t):
    refuses(t, EILSEQ, ["new\nline"], "--allow-all-names", "--no-allow-all-names")


@test("a path that is not canonical refuses the delivery, whatever is allowed")
def _(t):
    for option in ("--no-allow-all-names", "--allow-all-names"):
        for name in ("/etc/passwd", "/", ".", "..", "./x", "../x", "x/..", "x/.", "x/../y", "x//y",
                     "x/", "/x"):
            t.deliver(wire.delivery(wire.tree("x", wire.file(name, b"evil"))),
                      option).refused(EINVAL, name)


@test("an empty name, a name without its NUL and one with another NUL refuse the delivery")
def _(t):
    t.deliver(wire.header(1, MODE) + b"\0" + wire.END).refused(EINVAL, "")
    # What the answer to this one names, nobody promises.
    equal(Answer(t.deliver(wire.header(4, MODE) + b"name" + wire.END).exits(1).out).code, EINVAL)
    t.nothing_arrived()
    t.deliver(wire.header(5, MODE) + b"a\0b\0\0" + wire.END,
              "--allow-all-names").refused(EINVAL, "a")


@test("a name of 16383 bytes with its NUL is the longest, one more refuses the delivery")
def _(t):
    components = ["0" * 254] * 64
    path = "/".join([*components, "0" * 62])
    equal(len(path), 16382)
    # its directories were not sent
    t.deliver(wire.delivery(wire.file(path, b""))).refused(EINVAL, path)
    t.deliver(wire.delivery(wire.file(f"{path}0", b""))).refused(EINVAL, "")
    directories = (wire.directory("/".join(components[:depth])) for depth in range(1, 65))
    t.deliver(wire.delivery(*directories, wire.file(path, b""))).arrives(path)


@test("the staging prefix cannot be delivered, whatever is allowed")
def _(t):
    name = ".qfile-incoming-0123456789abcdef"
    for option in ("--no-allow-all-names", "--allow-all-names"):
        t.deliver(wire.delivery(wire.file(name)), option).refused(EILSEQ, name)


@test("the receiver shows a name with control characters sanitised")
def _(t):
    end = t.deliver(wire.delivery(wire.file("\x1b]0;owned\a\n")), "-v").exits(1)
    plainly_one_line(end.err.split(b"\n", 1)[1])
    has(end.said, "owned")


@test("the sender shows a name of the receiver's sanitised")
def _(t):
    tree.write("file", "hello")

    def play(role):
        role.read(length_of_delivery("file", 5))
        role.write(answer(EEXIST, 0, b"\x1b[31mred\xff\xe2\x80\xae"))
    end = t.run(AGENT, f"--via={t.peer(play)}", "file").exits(1)
    has(end.said, '"?[31mred??" is there already')
    plainly_one_line(end.err)
