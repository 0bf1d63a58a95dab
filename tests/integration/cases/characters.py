# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Which characters names may have, against the files of Unicode and the rule in other words."""
import functools
import os
import subprocess
import sys

import suite
from copying import Copying
from expect import check, equal
from settings import BUILD, TOP, need_built
from tap import Skip

sys.path.insert(0, str(TOP / "text"))
import properties  # noqa: E402

test = suite.cases(Copying, once=True)

JUDGE = BUILD / "tests/judge"
NON_JOINER, JOINER, KEYCAP, TEXT, EMOJI = "\u200c", "\u200d", "\u20e3", "\ufe0e", "\ufe0f"


def need_files():
    """The files that the table was made of."""
    directory = properties.DIRECTORY
    if not os.path.exists(f"{directory}/emoji/emoji-test.txt"):
        raise Skip("needs the package unicode-data")
    here = f"Unicode {properties.version_of(directory)}."
    if here not in (TOP / "text/properties-table.h").read_text(encoding="ascii"):
        raise Skip(f"the table is of another version than the files here, which are {here}")


def verdicts(names):
    """Which of these are accepted."""
    need_built(JUDGE)
    encoded = [name.encode() for name in names]
    said = subprocess.run([JUDGE], check=True, stdout=subprocess.PIPE,
                          input=b"".join(len(name).to_bytes(2, "little") + name
                                         for name in encoded)).stdout
    equal(len(said), len(encoded))
    return [byte == ord("+") for byte in said]


def judged(names, expected):
    """Each is accepted or refused as expected says."""
    wrong = [f"{ascii(name)} is {'accepted' if verdict else 'refused'}"
             for name, verdict in zip(names, verdicts(names)) if verdict != expected(name)]
    check(not wrong, f"{len(wrong)} of {len(names)}: {'; '.join(wrong[:10])}")


class Unicode:
    """Sets of characters, as the files have them."""

    def __init__(self):
        directory = properties.DIRECTORY
        self.category = {}
        for fields in properties.lines(directory, "extracted/DerivedGeneralCategory.txt"):
            first, _, last = fields[0].partition("..")
            for number in range(int(first, 16), int(last or first, 16) + 1):
                self.category[number] = fields[1]
        self.joining = {value: self.named("extracted/DerivedJoiningType.txt", value)
                        for value in "LRDCT"}
        self.virama = self.named("extracted/DerivedCombiningClass.txt", "9")
        self.emoji = (self.named("emoji/emoji-data.txt", "Emoji")
                      & self.named("emoji/emoji-data.txt", "Extended_Pictographic"))
        self.tone = self.named("emoji/emoji-data.txt", "Emoji_Modifier")
        self.hidden = (self.named("DerivedCoreProperties.txt", "Default_Ignorable_Code_Point")
                       | set("\u2800\ufffc\U00013441\U00013442\U00016fe4\U0001bc9d\U0001d159"))
        self.styled = {chr(int(fields[0].split()[0], 16)) for fields in
                       properties.lines(directory, "emoji/emoji-variation-sequences.txt")}
        self.scripts = self.scripts_with_joiners()
        self.flags = [word.decode() for word in properties.flags(directory)]

    @staticmethod
    def named(file, value):
        return set(map(chr, properties.characters(properties.DIRECTORY, file, value)))

    def scripts_with_joiners(self):
        """The script of each character, of those scripts that have a joining letter or a virama."""
        by_script = {}
        for fields in properties.lines(properties.DIRECTORY, "Scripts.txt"):
            first, _, last = fields[0].partition("..")
            by_script.setdefault(fields[1], []).append((int(first, 16), int(last or first, 16)))
        using = (self.joining["L"] | self.joining["R"] | self.joining["D"]
                 | self.named("IndicSyllabicCategory.txt", "Virama"))
        return {chr(number): script for script, ranges in by_script.items()
                if any(first <= ord(letter) <= last for first, last in ranges for letter in using)
                for first, last in ranges for number in range(first, last + 1)}

    def script_of(self, letter):
        """Of a letter or a digit in a script with joiners; else None."""
        return self.scripts.get(letter) if (
            self.is_a(letter, ("L", "Nd")) and letter not in self.hidden) else None

    def in_one_word(self, before, after):
        """Is it between letters of one such script?"""
        while self.is_a(before[-1:], "M") and before[-1:] not in self.hidden:
            before = before[:-1]
        return self.script_of(after[:1]) is not None and (
            self.script_of(before[-1:]) == self.script_of(after[:1]))

    def is_a(self, letter, kinds):
        """Is it one, of a category that begins with one of these?"""
        return letter != "" and self.category.get(ord(letter), "Cn").startswith(tuple(kinds))

    def joins(self, before):
        """Does the last letter join with the next one?"""
        while before[-1:] in self.joining["T"] and not before[-1:] in self.hidden:
            before = before[:-1]
        return before[-1:] in self.joining["L"] | self.joining["D"]

    def joined(self, after, types):
        """Is the next letter of one of these types?"""
        while after[:1] in self.joining["T"] and not after[:1] in self.hidden:
            after = after[1:]
        return any(after[:1] in self.joining[value] for value in types)

    def chains(self, before):
        """Does it end in an emoji that can be joined?"""
        if before[-1:] == EMOJI or before[-1:] in self.tone:
            before = before[:-1]
        return before[-1:] in self.emoji

    def joiner_ok(self, before, letter, after):
        if before[-1:] in self.virama:
            return True
        if self.is_a(before[-1:], ("Lo",)) and after[:1] in self.virama:
            return True
        if letter == JOINER and self.chains(before):
            return after[:1] in self.emoji
        if letter == NON_JOINER:
            return self.in_one_word(before, after) or (
                self.joins(before) and self.joined(after, "RD"))
        return self.joins(before) and not self.joined(after, "RDC")

    def is_safe(self, before, letter, after):
        if letter in (JOINER, NON_JOINER):
            return self.joiner_ok(before, letter, after)
        if letter in (TEXT, EMOJI):
            return before[-1:] in self.styled and (ord(before[-1]) > 0x7f or after[:1] == KEYCAP)
        if letter == " ":
            return True
        if self.category.get(ord(letter)) == "Zs":
            return any(not self.is_a(other, "Z") for other in before) and any(
                not self.is_a(other, "Z") for other in after)
        if self.is_a(letter, "M") and not before:
            return False
        return self.is_a(letter, "LMNPS") and letter not in self.hidden

    def accepts(self, name):
        for flag in self.flags:
            name = name.replace(flag, flag[0])
        return all(self.is_safe(name[:i], letter, name[i + 1:]) for i, letter in enumerate(name))

    def borders(self):
        """The characters at both ends of each run of those that are alike, and beside them."""
        sets = [*self.joining.values(), self.virama, self.emoji, self.tone, self.hidden,
                self.styled]
        last, found = None, set()
        for number in range(0x110000):
            kind = (self.category.get(number), self.scripts.get(chr(number)),
                    sum(1 << i for i, members in enumerate(sets) if chr(number) in members))
            if kind != last:
                found.update((number - 1, number))
            last = kind
        return [chr(number) for number in sorted(found)
                if number > 0 and not 0xd800 <= number < 0xe000 and chr(number) not in "./"]


@functools.cache
def unicode():
    return Unicode()


@test("the table of properties is what its program makes of the files of Unicode")
def _(_):
    need_files()
    check((TOP / "text/properties-table.h").read_text(encoding="ascii") ==
          properties.table(properties.DIRECTORY), "run text/properties.py")


@test("every emoji sequence that Unicode lists is accepted in a name")
def _(_):
    need_files()
    names = set()
    for file in ("emoji-test.txt", "emoji-sequences.txt", "emoji-zwj-sequences.txt",
                 "emoji-variation-sequences.txt"):
        for fields in properties.lines(properties.DIRECTORY, f"emoji/{file}"):
            first, _, last = fields[0].partition("..")
            if last:
                names.update(map(chr, range(int(first, 16), int(last, 16) + 1)))
            else:
                names.add("".join(chr(int(number, 16)) for number in first.split()))
    # A digit has styles only as a keycap.
    names = {name for name in names if name[-1] not in TEXT + EMOJI or name[0] > "\x7f"}
    check(len(names) > 4000, f"so few sequences: {len(names)}")
    judged([before + name + after for name in sorted(names) for before in ("", "a")
            for after in ("", "b", ".png")], lambda name: True)


@test("characters that need others are accepted beside those, and nowhere else")
def _(_):
    need_files()
    places = []
    for special in (NON_JOINER, JOINER):
        places += [f"%s{special}%s", f"a%s{special}", f"\u0645{special}%s", f"%s{special}\u0646",
                   f"\u0645%s{special}\u0646", f"\u0631{special}%s", f"%s{special}\u0631",
                   f"\u0631%s{special}\u0631", f"\u0645{special}%s\u0646", f"\u0915{special}%s",
                   f"%s{special}\u094d", f"\u0915\u094d{special}%s",
                   f"\U0001f469{special}%s", f"%s{special}\U0001f680", f"\u2764%s{special}\u2764"]
    places += [f"%s{EMOJI}", f"%s{TEXT}a", f"%s{EMOJI}{KEYCAP}", f"1{EMOJI}%s", f"\u2764{EMOJI}%s",
               "%s", "a%s", "%sa", "a%sa", " %s ", "%s\u0301", "%s\xa0a", "a\xa0%s", "a\u3000%s b",
               "\U0001f3f4%s\U000e007f"]
    borders = unicode().borders()
    check(len(borders) > 3000, f"so few borders: {len(borders)}")
    judged([place.replace("%s", letter) for letter in borders for place in places],
           unicode().accepts)


@test("tags are accepted as the flags that Unicode lists, and nowhere else")
def _(_):
    need_files()
    flags = unicode().flags
    names = [name for flag in flags for end in range(1, len(flag) + 1)
             for name in (flag[:end], flag[:end] + "a", flag[:end - 1] + flag[end:], flag[end:],
                          flag[:end] + "\U000e0061" + flag[end:], "a" + flag[:end])]
    judged([name for name in names if name], unicode().accepts)
    check(all(verdicts([before + flag + after for flag in flags for before in ("", "a", flags[0])
                        for after in ("", "a", "\u0301")])), "a flag is refused")
