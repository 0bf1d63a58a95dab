#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""Write properties-table.h, from the files of Unicode: text/properties.py [DIRECTORY]

DIRECTORY is where they are; by default that of Debian's package unicode-data. What the table means
is in properties.h; the rule that it serves, in doc/names.md.
"""
import os
import re
import sys

DIRECTORY = "/usr/share/unicode"

# Characters that show nothing, though Unicode does not count them as ignorable.
BLANK = {
    0x2800: "BRAILLE PATTERN BLANK",
    0xfffc: "OBJECT REPLACEMENT CHARACTER",
    0x13441: "EGYPTIAN HIEROGLYPH FULL BLANK",
    0x13442: "EGYPTIAN HIEROGLYPH HALF BLANK",
    0x16fe4: "KHITAN SMALL SCRIPT FILLER",
    0x1bc9d: "DUPLOYAN THICK LETTER SELECTOR",
    0x1d159: "MUSICAL SYMBOL NULL NOTEHEAD",
}


def lines(directory, name):
    """The fields of each line of a file of Unicode."""
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        for line in file:
            fields = [field.strip() for field in line.split("#")[0].split(";")]
            if len(fields) > 1:
                yield fields


def characters(directory, name, value):
    """The set of the characters that have this value in the second field."""
    found = set()
    for fields in lines(directory, name):
        if fields[1] == value:
            first, _, last = fields[0].partition("..")
            found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


def version_of(directory):
    with open(os.path.join(directory, "DerivedCoreProperties.txt"), encoding="utf-8") as file:
        return re.search(r"-([0-9.]+)\.txt", file.readline()).group(1)


def properties(directory):
    """The set of characters of each property."""
    joining = {value: characters(directory, "extracted/DerivedJoiningType.txt", value)
               for value in "LRDCT"}
    emoji = {value: characters(directory, "emoji/emoji-data.txt", value)
             for value in ("Emoji", "Extended_Pictographic", "Emoji_Modifier")}
    styled = {int(fields[0].split()[0], 16)
              for fields in lines(directory, "emoji/emoji-variation-sequences.txt")}
    hidden = set(BLANK) | characters(directory, "DerivedCoreProperties.txt",
                                     "Default_Ignorable_Code_Point")
    return {
        "HIDDEN": hidden,
        "VIRAMA": characters(directory, "extracted/DerivedCombiningClass.txt", "9"),
        "JOINS_NEXT": joining["L"] | joining["D"],
        "JOINS_LAST": joining["R"] | joining["D"],
        "JOINS_BOTH": joining["C"],
        # All marks are, too; properties_of() adds them.
        "TRANSPARENT": joining["T"] & (
            characters(directory, "extracted/DerivedGeneralCategory.txt", "Lm")),
        "PICTOGRAPH": emoji["Emoji"] & emoji["Extended_Pictographic"],
        "TONE": emoji["Emoji_Modifier"],
        "STYLED": styled,
        **script_letters(directory, hidden),
    }


def joining_scripts(directory):
    """The scripts in which letters join: cursive ones, and those whose virama makes conjuncts."""
    joining = characters(directory, "IndicSyllabicCategory.txt", "Virama").union(
        *(characters(directory, "extracted/DerivedJoiningType.txt", value) for value in "LRD"))
    found = {}
    for fields in lines(directory, "Scripts.txt"):
        first, _, last = fields[0].partition("..")
        found.setdefault(fields[1], set()).update(range(int(first, 16), int(last or first, 16) + 1))
    return [found[name] for name in sorted(found) if found[name] & joining]


def script_letters(directory, hidden):
    """The set of the letters and digits of each of these scripts, called by a number from 1 on."""
    letters = set().union(*(characters(directory, "extracted/DerivedGeneralCategory.txt", value)
                            for value in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd"))) - hidden
    return {f"SCRIPT({number})": script & letters
            for number, script in enumerate(joining_scripts(directory), 1)}


def flags(directory):
    """Each flag that is made of tags, in UTF-8."""
    found = set()
    for fields in lines(directory, "emoji/emoji-sequences.txt"):
        if fields[1] == "RGI_Emoji_Tag_Sequence":
            numbers = fields[0].split()
            found.add("".join(chr(int(number, 16)) for number in numbers).encode())
    return sorted(found)


def ranges(sets):
    """(first, last, names) of each run of characters with the same properties, above ASCII."""
    names = {}
    for name, members in sets.items():
        for character in members:
            if character >= 0x80:
                names.setdefault(character, []).append(name)
    found = []
    for character in sorted(names):
        if found and found[-1][1] == character - 1 and found[-1][2] == names[character]:
            found[-1][1] = character
        else:
            found.append([character, character, names[character]])
    return found


def table(directory):
    """The text of properties-table.h."""
    version = version_of(directory)
    rows = [f"\t{{{first:#x}, {last - first}, {' | '.join(names)}}},\n"
            for first, last, names in ranges(properties(directory))]
    words = flags(directory)
    assert len({len(word) for word in words}) == 1
    quoted = "".join("\t{" + ", ".join(map(str, word[:14])) + ",\n\t "
                     + ", ".join(map(str, word[14:])) + "},\n" for word in words)
    return f"""\
/*
 * The properties of characters: Unicode {version}. Written by properties.py; do not edit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
/* clang-format off */
#define ROWS {len(rows)}
static const struct {{
	uint32_t first;
	uint16_t more; /* how many follow that have the same properties */
	uint32_t properties;
}} table[ROWS] = {{
{"".join(rows)}}};

/* Flags that are made of tags, in UTF-8. All have FLAG_BYTES. */
#define FLAGS {len(words)}
static const unsigned char flags[FLAGS][FLAG_BYTES] = {{
{quoted}}};
"""


if __name__ == "__main__":
    TEXT = table(*sys.argv[1:] or [DIRECTORY])
    with open(os.path.join(os.path.dirname(__file__), "properties-table.h"), "w",
              encoding="ascii") as out:
        out.write(TEXT)
