/*
 * Text made fit to be shown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "text/character.h"
#include "text/printable.h"
#include "unit.h"

#define JOINER "\u200d"
#define ENGLAND                                                                      \
	"\U0001f3f4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xa5\xf3\xa0\x81\xae" \
	"\xf3\xa0\x81\xa7\U000e007f"

#define BYTES(string) string, sizeof(string) - 1

static const struct {
	const char *label, *text;
	size_t length, size;
	const char *shown;
} printables[] = {
	{"plain", BYTES("abc ~"), 16, "abc ~"},
	{"empty", BYTES(""), 16, ""},
	{"controls", BYTES("\001\n\t\033[m\177"), 16, "????[m?"},
	{"NUL", BYTES("a\0b"), 16, "a?b"},
	{"UTF-8", BYTES("\303\244\377"), 16, "???"},
	{"just fits", BYTES("abc"), 4, "abc"},
	{"cut", BYTES("abcd"), 4, "abc"},
	{"room for the NUL alone", BYTES("abc"), 1, ""},
};

START_TEST(printable)
{
	char text[32];
	size_t n;

	memset(text, 'X', sizeof(text));
	n = text_printable(printables[_i].text, printables[_i].length, text, printables[_i].size);
	ck_assert_msg(strcmp(text, printables[_i].shown) == 0, "%s: \"%s\"", printables[_i].label,
		      text);
	ck_assert_msg(n == strlen(text), "%s: %zu", printables[_i].label, n);
	ck_assert_msg(text[printables[_i].size] == 'X', "%s: wrote behind its end",
		      printables[_i].label);
}
END_TEST

static const struct {
	const char *label, *name;
	size_t size, columns;
	const char *shown;
	size_t used;
} displays[] = {
	{"plain", "report.pdf", 64, 80, "report.pdf", 10},
	{"empty", "", 64, 80, "", 0},
	{"kept", "Übergröße", 64, 80, "Übergröße", 9},
	{"wide", "中文", 64, 80, "中文", 4},
	{"combining", "cafe\u0301", 64, 80, "cafe\u0301", 4},
	{"controls", "a\nb\033[2J\177", 64, 80, "a?b?[2J?", 8},
	{"override", "a\u202eb", 64, 80, "a?b", 3},
	{"joiner behind ASCII", "a" JOINER "b", 64, 80, "a?b", 3},
	{"joiner between emoji", "👨" JOINER "👩", 64, 80, "👨" JOINER "👩", 4},
	{"joiner between letters", "م\u200cن", 64, 80, "م\u200cن", 2},
	{"too many marks around a joiner",
	 "م\u064e\u064e\u064e\u064e\u200c\u064e\u064e\u064e\u064e\u064eن", 64, 80,
	 "م\u064e\u064e\u064e\u064e?\u064e\u064e\u064e\u064e\u064eن", 3},
	{"spaces", "a\u202fb\u00a0", 64, 80, "a\u202fb?", 4},
	{"keycap", "1\ufe0f\u20e3", 64, 80, "1\ufe0f\u20e3", 1},
	{"flag of tags", ENGLAND, 64, 80, ENGLAND, 2},
	{"not UTF-8: a column for each byte", "a\377\376b", 64, 80, "a??b", 4},
	{"character cut short", "a\342\202", 64, 80, "a??", 3},
	{"just fits", "0123456789", 64, 10, "0123456789", 10},
	{"one too wide", "0123456789", 64, 9, "...456789", 9},
	{"much too wide", "0123456789", 64, 4, "...9", 4},
	{"no room behind the dots", "0123456789", 64, 3, "", 0},
	{"no columns", "0123456789", 64, 0, "", 0},
	{"few columns, but it fits", "abc", 64, 3, "abc", 3},
	{"wide: a half does not fit", "中文字典", 64, 6, "...典", 5},
	{"wide: exactly", "中文字典", 64, 7, "...字典", 7},
	{"wide: no room for one", "中文字典", 64, 4, "...", 3},
	{"an emoji is cut whole", "ab👩\U0001f3fd" JOINER "🚀x", 64, 8, "...x", 4},
	{"a flag is cut whole", "abc" ENGLAND "x", 64, 5, "...x", 4},
	{"bytes run out behind a joiner", "a👨" JOINER "👩", 10, 80, "a👨", 3},
	{"bytes run out behind a virama", "\u09b0" JOINER "\u09cd\u4e2d", 10, 80,
	 "\u09b0" JOINER "\u09cd", 1},
	{"bytes run out behind a space", "a\u00a0\u00a0b", 6, 80, "a", 1},
	{"bytes run out inside of a flag", "a" ENGLAND, 28, 80, "a", 1},
	{"a mark goes with its letter", "0123e\u0301x", 64, 4, "...x", 4},
	{"bytes run out", "abcdef", 4, 80, "abc", 3},
	{"bytes run out inside a character", "a中中", 6, 80, "a中", 3},
	{"bytes run out at a character's end", "a中中", 8, 80, "a中中", 5},
	{"room for the NUL alone", "abc", 1, 80, "", 0},
	{"room for the NUL alone, too wide", "abcdef", 1, 4, "", 0},
	{"room for the dots alone", "abcdefgh", 4, 5, "...", 3},
};

START_TEST(displayable)
{
	char text[80];
	size_t n;

	memset(text, 'X', sizeof(text));
	n = text_displayable(displays[_i].name, strlen(displays[_i].name), text, displays[_i].size,
			     displays[_i].columns);
	ck_assert_msg(strcmp(text, displays[_i].shown) == 0, "%s: \"%s\"", displays[_i].label,
		      text);
	ck_assert_msg(n == displays[_i].used, "%s: %zu columns", displays[_i].label, n);
	ck_assert_msg(text[displays[_i].size] == 'X', "%s: wrote behind its end",
		      displays[_i].label);
}
END_TEST

/*
 * Whatever the width and the size: no more columns than asked for, no byte too much, never half a
 * character.
 */
static const char *const rooms[] = {
	"x中👨👩e\u0301\u202e\377Ü—最後.txt",
	"👩\U0001f3fd" JOINER "🚀 1\ufe0f\u20e3a\u3000 " ENGLAND "م\u200cن",
	"র" JOINER "্যাম क्" JOINER "ष\u00a0❤\ufe0f" JOINER "🔥\u0301",
};

START_TEST(displayable_in_any_room)
{
	const char *name = rooms[_i];

	for (size_t columns = 0; columns < 30; columns++) {
		for (size_t size = 1; size < 60; size++) {
			char text[64];
			size_t n, bytes;

			memset(text, 'X', sizeof(text));
			n = text_displayable(name, strlen(name), text, size, columns);
			bytes = strlen(text);
			ck_assert_msg(n <= columns, "%zu columns, %zu bytes: used %zu", columns,
				      size, n);
			ck_assert_msg(bytes < size && text[size] == 'X',
				      "%zu columns, %zu bytes: too long", columns, size);
			ck_assert_msg(characters_ok(text, text + bytes),
				      "%zu columns, %zu bytes: \"%s\"", columns, size, text);
		}
	}
}
END_TEST

Suite *printable_suite(void)
{
	Suite *suite = suite_create("printable");
	TCase *show = add_case(suite, "show");

	add_table_test(show, printable, printables);
	add_table_test(show, displayable, displays);
	add_table_test(show, displayable_in_any_room, rooms);
	return suite;
}
