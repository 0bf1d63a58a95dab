/*
 * Which names and link targets are safe, and names made of others.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/name.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define ALL    QFILE_ALLOW_ALL_NAMES
#define UNSAFE QFILE_ALLOW_UNSAFE_LINKS
#define JOINER "\u200d"

/* ---- qfile_name_check() ---- */

#define BYTES(string) string, sizeof(string) - 1

static const struct {
	const char *label, *name;
	size_t length;
	int verdict;   /* with no flags */
	int all_names; /* with QFILE_ALLOW_ALL_NAMES */
} names[] = {
	/* Canonical. */
	{"empty", BYTES(""), -EINVAL, -EINVAL},
	{"one byte", BYTES("a"), 0, 0},
	{"a path", BYTES("a/b/c"), 0, 0},
	{"absolute", BYTES("/a"), -EINVAL, -EINVAL},
	{"the root", BYTES("/"), -EINVAL, -EINVAL},
	{"slash at the end", BYTES("a/"), -EINVAL, -EINVAL},
	{"two slashes", BYTES("a//b"), -EINVAL, -EINVAL},
	{"dot", BYTES("."), -EINVAL, -EINVAL},
	{"dot first", BYTES("./a"), -EINVAL, -EINVAL},
	{"dot inside", BYTES("a/./b"), -EINVAL, -EINVAL},
	{"dot last", BYTES("a/."), -EINVAL, -EINVAL},
	{"dot dot", BYTES(".."), -EINVAL, -EINVAL},
	{"dot dot first", BYTES("../a"), -EINVAL, -EINVAL},
	{"dot dot inside", BYTES("a/../b"), -EINVAL, -EINVAL},
	{"dot dot last", BYTES("a/.."), -EINVAL, -EINVAL},
	{"three dots", BYTES("..."), 0, 0},
	{"dot file", BYTES(".a"), 0, 0},
	{"dot dot file", BYTES("..a"), 0, 0},
	{"dots at the end", BYTES("a.."), 0, 0},
	{"dots between", BYTES("a/..b/.c/d"), 0, 0},
	{"NUL", BYTES("\0"), -EINVAL, -EINVAL},
	{"NUL inside", BYTES("a\0b"), -EINVAL, -EINVAL},
	{"NUL last", BYTES("ab\0"), -EINVAL, -EINVAL},
	{"length ends inside a longer string", "ab/..", 2, 0, 0},

	/* Characters: text/test_character.c has them all. */
	{"printable ASCII", BYTES(" !\"#$%&'()*+,-.0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~"), 0,
	 0},
	{"one space", BYTES(" "), 0, 0},
	{"option-like", BYTES("-rf"), 0, 0},
	{"many scripts", BYTES("Übergröße/中文/😀"), 0, 0},
	{"newline", BYTES("a\nb"), -EILSEQ, 0},
	{"escape", BYTES("\033[31m"), -EILSEQ, 0},
	{"0xff", BYTES("\377"), -EILSEQ, 0},
	{"overlong slash", BYTES("a\300\257b"), -EILSEQ, 0},
	{"overlong dot dot", BYTES("\300\256\300\256"), -EILSEQ, 0},
	{"cut by a slash", BYTES("a\303/b"), -EILSEQ, 0},
	{"cut by the end", "a\303\251", 2, -EILSEQ, 0},
	{"bad in the middle of a path", BYTES("good/b\u202ed/good"), -EILSEQ, 0},
	{"joiner behind a slash", BYTES("😀/" JOINER "😀"), -EILSEQ, 0},

	/* The receiver's own. */
	{"staging prefix", BYTES(".qfile-incoming-"), -EILSEQ, -EILSEQ},
	{"staging directory", BYTES(".qfile-incoming-0123456789abcdef"), -EILSEQ, -EILSEQ},
	{"in a staging directory", BYTES(".qfile-incoming-0123456789abcdef/tree/x"), -EILSEQ,
	 -EILSEQ},
	{"staging prefix, not all of it", BYTES(".qfile-incoming"), 0, 0},
	{"staging prefix in capitals", BYTES(".Qfile-incoming-0"), 0, 0},
	{"staging prefix deeper", BYTES("a/.qfile-incoming-0"), -EILSEQ, -EILSEQ},
	{"staging prefix deepest", BYTES("a/b/c/.qfile-incoming-"), -EILSEQ, -EILSEQ},
	{"staging prefix on the way", BYTES("a/.qfile-incoming-0/b"), -EILSEQ, -EILSEQ},
	{"staging prefix, not all of it, deeper", BYTES("a/.qfile-incoming/b"), 0, 0},
	{"staging prefix behind a letter", BYTES("a.qfile-incoming-0"), 0, 0},
	{"staging prefix across a slash", BYTES(".qfile/-incoming-0"), 0, 0},
};

START_TEST(name_check)
{
	int r = qfile_name_check(names[_i].name, names[_i].length, 0);

	ck_assert_msg(r == names[_i].verdict, "%s: %d instead of %d", names[_i].label, r,
		      names[_i].verdict);
	r = qfile_name_check(names[_i].name, names[_i].length, ALL);
	ck_assert_msg(r == names[_i].all_names, "%s, all names allowed: %d instead of %d",
		      names[_i].label, r, names[_i].all_names);
}
END_TEST

/*
 * Names of `total` bytes whose components have `component` bytes each, the last one what remains.
 */
static const struct {
	size_t total, component;
	int verdict;
} lengths[] = {
	{254, 254, 0},
	{255, 255, 0},
	{256, 256, -ENAMETOOLONG},
	{511, 255, 0},
	{513, 256, -ENAMETOOLONG},
	{16382, 255, 0},
	{16383, 255, -EINVAL},
	{16384, 255, -EINVAL},
	{16382, 1, 0 /* "a/a/.../a/" would end in a slash: the last component has two letters */},
};

START_TEST(name_lengths)
{
	/* Not terminated, so that a sanitizer sees a byte too much. */
	char *name = malloc(lengths[_i].total);
	size_t total = lengths[_i].total;
	int r;

	for (size_t i = 0; i < total; i++)
		name[i] = (i + 1) % (lengths[_i].component + 1) || i + 1 == total ? 'a' : '/';
	r = qfile_name_check(name, total, 0);
	ck_assert_msg(r == lengths[_i].verdict, "%zu bytes in components of %zu: %d", total,
		      lengths[_i].component, r);
	free(name);
}
END_TEST

/* The limit counts bytes, not characters. */
START_TEST(name_lengths_are_in_bytes)
{
	char name[257];

	for (size_t i = 0; i < 256; i += 2)
		memcpy(name + i, "é", 2);
	ck_assert_int_eq(qfile_name_check(name, 254, 0), 0);
	ck_assert_int_eq(qfile_name_check(name, 256, 0), -ENAMETOOLONG);
	name[0] = 'a';
	memmove(name + 1, name + 2, 254);
	ck_assert_int_eq(qfile_name_check(name, 255, 0), 0);
}
END_TEST

/* ---- qfile_name_fault() ---- */

static const struct {
	const char *name;
	size_t length, offset, position;
	int32_t character;
	const char *label, *why;
} faults[] = {
	{BYTES("a\u202eb"), 1, 2, 0x202e, "U+202E", "changes the direction of writing"},
	{BYTES("d/é\u2066b"), 4, 4, 0x2066, "U+2066", "changes the direction of writing"},
	{BYTES("\u200f"), 0, 1, 0x200f, "U+200F", "changes the direction of writing"},
	{BYTES("\u061c"), 0, 1, 0x61c, "U+061C", "changes the direction of writing"},
	{BYTES("a\nb"), 1, 2, '\n', "U+000A", "is a control character"},
	{BYTES("a\0b"), 1, 2, 0, "U+0000", "is a control character"},
	{BYTES("a\302\233"), 1, 2, 0x9b, "U+009B", "is a control character"},
	{BYTES("caf\351"), 3, 4, -1, "byte 0xE9", "is not UTF-8"},
	{BYTES("a\u00a0"), 1, 2, 0xa0, "U+00A0", "is a space that does not stand between words"},
	{BYTES("a\u3164"), 1, 2, 0x3164, "U+3164", "shows nothing there"},
	{BYTES("a\u200db\u202e"), 1, 2, 0x200d, "U+200D", "shows nothing there"},
	{BYTES("a\ufe0f"), 1, 2, 0xfe0f, "U+FE0F", "shows nothing there"},
	{BYTES("😀\u200d\U000e0100"), 4, 2, 0x200d, "U+200D", "shows nothing there"},
	{BYTES("😀\U000e0100"), 4, 2, 0xe0100, "U+E0100", "shows nothing there"},
	{BYTES("d/\u0301"), 2, 3, 0x301, "U+0301", "is a mark with nothing to stand on"},
	{BYTES("a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0302"), 17, 10, 0x302, "U+0302",
	 "is one mark too many on the same letter"},
	{BYTES("a\u2028b"), 1, 2, 0x2028, "U+2028", "ends a line"},
	{BYTES("a\u2029b"), 1, 2, 0x2029, "U+2029", "ends a line"},
	{BYTES("a\uf8ff"), 1, 2, 0xf8ff, "U+F8FF", "means something else on every machine"},
	{BYTES("a\u0378"), 1, 2, 0x378, "U+0378", "is no character that is known here"},
	{BYTES("a\U0010ffff"), 1, 2, 0x10ffff, "U+10FFFF", "is no character that is known here"},
	{BYTES("a\u0600"), 1, 2, 0x600, "U+0600", "changes how the characters beside it are shown"},
};

START_TEST(name_fault)
{
	struct qfile_name_fault fault = {0};

	ck_assert(qfile_name_fault(faults[_i].name, faults[_i].length, &fault));
	ck_assert_uint_eq(fault.offset, faults[_i].offset);
	ck_assert_uint_eq(fault.position, faults[_i].position);
	ck_assert_int_eq(fault.character, faults[_i].character);
	ck_assert_str_eq(fault.label, faults[_i].label);
	ck_assert_str_eq(fault.why, faults[_i].why);
}
END_TEST

/* It has a fault if the check fails for its characters, and not otherwise. */
START_TEST(fault_or_none)
{
	const bool bad = names[_i].verdict == -EILSEQ && names[_i].all_names == 0;
	struct qfile_name_fault fault = {.position = 77};

	if (names[_i].verdict == -EINVAL)
		return;
	ck_assert_msg(qfile_name_fault(names[_i].name, names[_i].length, &fault) == bad, "%s",
		      names[_i].label);
	ck_assert(bad || fault.position == 77);
}
END_TEST

/* ---- qfile_link_check() ---- */

static const struct {
	const char *name, *target;
	int verdict;
} links[] = {
	/* At the top level there is nothing that it could stay in. */
	{"l", "x", -ENOLINK},
	{"l", ".", -ENOLINK},
	{"l", "l", -ENOLINK},
	{"l", "..", -ENOLINK},
	{"l", "/etc/passwd", -ENOLINK},
	/* One deep. */
	{"a/l", "x", 0},
	{"a/l", "x/y/z", 0},
	{"a/l", "l", 0},
	{"a/l", ".", 0},
	{"a/l", "./x", 0},
	{"a/l", "x/", 0},
	{"a/l", "x//y", 0},
	{"a/l", "x/.", 0},
	{"a/l", "...", 0},
	{"a/l", "..x", 0},
	{"a/l", ".x/..y", 0},
	{"a/l", "..", -ENOLINK},
	{"a/l", "../", -ENOLINK},
	{"a/l", "../a", -ENOLINK},
	{"a/l", "../a/x", -ENOLINK},
	{"a/l", "./..", -ENOLINK},
	{"a/l", ".//..", -ENOLINK},
	{"a/l", "/", -ENOLINK},
	{"a/l", "/a/x", -ENOLINK},
	{"a/l", "//x", -ENOLINK},
	/* What is behind a name may be a link itself: nobody knows where ".." leads from there. */
	{"a/l", "x/..", -ENOLINK},
	{"a/l", "x/../y", -ENOLINK},
	{"a/b/c/l", "x/..", -ENOLINK},
	{"a/b/c/l", "../x/..", -ENOLINK},
	{"a/b/c/l", "../x/./../y", -ENOLINK},
	/* Deeper. */
	{"a/b/l", "..", 0},
	{"a/b/l", "../", 0},
	{"a/b/l", "../x", 0},
	{"a/b/l", ".././x", 0},
	{"a/b/l", "..//x", 0},
	{"a/b/l", "../..", -ENOLINK},
	{"a/b/l", "../../a", -ENOLINK},
	{"a/b/l", "..//..", -ENOLINK},
	{"a/b/l", ".././..", -ENOLINK},
	{"a/b/c/l", "../..", 0},
	{"a/b/c/l", "../../x/y", 0},
	{"a/b/c/l", "../../..", -ENOLINK},
	{"a/b/c/l", "../../../x", -ENOLINK},
};

START_TEST(link_check)
{
	const char *target = links[_i].target;
	int r = qfile_link_check(links[_i].name, target, strlen(target), 0);

	ck_assert_msg(r == links[_i].verdict, "%s -> %s: %d instead of %d", links[_i].name, target,
		      r, links[_i].verdict);
	r = qfile_link_check(links[_i].name, target, strlen(target), ALL);
	ck_assert_msg(r == links[_i].verdict, "%s -> %s, all names allowed: %d instead of %d",
		      links[_i].name, target, r, links[_i].verdict);
	r = qfile_link_check(links[_i].name, target, strlen(target), UNSAFE);
	ck_assert_msg(r == 0, "%s -> %s, unsafe links allowed: %d", links[_i].name, target, r);
}
END_TEST

static const struct {
	const char *label, *target;
	size_t length;
	int plain, all, unsafe;
} targets[] = {
	{"empty", BYTES(""), -EINVAL, -EINVAL, -EINVAL},
	{"NUL", BYTES("a\0b"), -EINVAL, -EINVAL, -EINVAL},
	{"NUL last", BYTES("a\0"), -EINVAL, -EINVAL, -EINVAL},
	{"newline", BYTES("a\nb"), -EILSEQ, 0, -EILSEQ},
	{"not UTF-8", BYTES("\377"), -EILSEQ, 0, -EILSEQ},
	{"override", BYTES("a\u202eb"), -EILSEQ, 0, -EILSEQ},
	{"many scripts", BYTES("Übergröße/中文/😀"), 0, 0, 0},
	{"length ends before a climb", "x/..", 1, 0, 0, 0},
	{"length ends inside a dot dot", "../..", 1, 0, 0, 0},
};

START_TEST(link_target_bytes)
{
	const char *target = targets[_i].target;
	size_t length = targets[_i].length;
	int r = qfile_link_check("a/l", target, length, 0);

	ck_assert_msg(r == targets[_i].plain, "%s: %d", targets[_i].label, r);
	r = qfile_link_check("a/l", target, length, ALL);
	ck_assert_msg(r == targets[_i].all, "%s, all names allowed: %d", targets[_i].label, r);
	r = qfile_link_check("a/l", target, length, UNSAFE);
	ck_assert_msg(r == targets[_i].unsafe, "%s, unsafe links allowed: %d", targets[_i].label,
		      r);
}
END_TEST

START_TEST(link_target_length)
{
	static char target[QFILE_NAME_MAX + 1];

	memset(target, 'x', sizeof(target));
	ck_assert_int_eq(qfile_link_check("a/l", target, QFILE_NAME_MAX, 0), 0);
	ck_assert_int_eq(qfile_link_check("a/l", target, QFILE_NAME_MAX + 1, 0), -EINVAL);
}
END_TEST

/* ---- name_numbered() ---- */

static const struct {
	const char *name;
	unsigned number;
	const char *numbered;
} numbered_names[] = {
	{"report.pdf", 2, "report (2).pdf"},
	{"report.pdf", 10, "report (10).pdf"},
	{"report.pdf", 4294967295u, "report (4294967295).pdf"},
	{"report", 2, "report (2)"},
	{"a", 2, "a (2)"},
	{"source.tar.gz", 2, "source (2).tar.gz"},
	{"source.tar.xz", 2, "source (2).tar.xz"},
	{"source.tar", 2, "source (2).tar"},
	{"a.tar.gz", 2, "a (2).tar.gz"},
	{".a.tar.gz", 2, ".a (2).tar.gz"},
	{"..tar.gz", 2, ". (2).tar.gz"},
	{".tar.gz", 2, ".tar (2).gz"},
	{"a.tar.", 2, "a.tar. (2)"},
	{"a.tart.gz", 2, "a.tart (2).gz"},
	{"a.b.c", 2, "a.b (2).c"},
	{".bashrc", 2, ".bashrc (2)"},
	{".config.json", 2, ".config (2).json"},
	{"ends.", 2, "ends. (2)"},
	{"...", 2, "... (2)"},
	{"report (2).pdf", 2, "report (2) (2).pdf"},
	{"Übergröße.pdf", 2, "Übergröße (2).pdf"},
	{"中文", 3, "中文 (3)"},
	{"two words.txt", 2, "two words (2).txt"},
	{"space .txt", 2, "space (2).txt"},
	{"notes (edited in work, 14.36.05)", 2, "notes (edited in work, 14.36.05) (2)"},
	{"Chapter 1. The end", 2, "Chapter 1. The end (2)"},
	{"1. The end.txt", 2, "1. The end (2).txt"},
	{" .txt", 2, " (2).txt"},
	{"wide\u3000.txt", 2, "wide\u3000(2).txt"},
	/* As many spaces as are looked at together. */
	{"narrow\u202f       .txt", 2, "narrow\u202f       (2).txt"},
};

START_TEST(numbered_name)
{
	char text[257];
	int r;

	memset(text, 'X', sizeof(text));
	r = name_numbered(numbered_names[_i].name, numbered_names[_i].number, text);
	ck_assert_msg(r == 0, "%s: %d", numbered_names[_i].name, r);
	ck_assert_msg(strcmp(text, numbered_names[_i].numbered) == 0, "%s: \"%s\"",
		      numbered_names[_i].name, text);
}
END_TEST

/* What a long name is made of: `count` times `unit`, then `rest`. */
static const struct {
	const char *label, *unit;
	size_t count;
	const char *rest;
} long_names[] = {
	{"ASCII", "a", 251, ".pdf"},
	{"ASCII without extension", "a", 255, ""},
	{"two-byte characters", "é", 125, ".pdf"},
	{"two-byte characters, odd", "é", 125, "x.pdf"},
	{"three-byte characters", "中", 83, ".pdf"},
	{"three-byte characters, one on", "中", 83, "x.pdf"},
	{"three-byte characters, two on", "中", 83, "xy.pdf"},
	{"four-byte characters", "😀", 62, ".pdf"},
	{"four-byte characters, three on", "😀", 62, "xyz.pdf"},
	{"two extensions", "中", 82, ".tar.gz"},
};

START_TEST(numbered_long_name)
{
	static const unsigned numbers[] = {2, 10, 100, 1000, 4294967295u};
	const size_t unit = strlen(long_names[_i].unit);
	char name[300] = "", text[257];

	for (size_t i = 0; i < long_names[_i].count; i++)
		memcpy(name + i * unit, long_names[_i].unit, unit);
	strcpy(name + long_names[_i].count * unit, long_names[_i].rest);
	ck_assert_uint_le(strlen(name), 255);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		const char *extension = strchr(long_names[_i].rest, '.'),
			   *label = long_names[_i].label;
		char end[40];
		size_t length;

		memset(text, 'X', sizeof(text));
		ck_assert_msg(name_numbered(name, numbers[i], text) == 0, "%s", label);
		length = strlen(text);
		snprintf(end, sizeof(end), " (%u)%s", numbers[i], extension ? extension : "");
		ck_assert_msg(length <= 255 && text[256] == 'X', "%s: %zu bytes", label, length);
		/* No more is cut than has to be: at most the rest of one character. */
		ck_assert_msg(length > 255 - unit ||
				      length == strlen(name) + strlen(end) -
							(extension ? strlen(extension) : 0),
			      "%s: cut to %zu bytes", label, length);
		ck_assert_msg(qfile_name_check(text, length, 0) == 0, "%s: not UTF-8: \"%s\"",
			      label, text);
		ck_assert_msg(strcmp(text + length - strlen(end), end) == 0, "%s: \"%s\"", label,
			      text);
	}
}
END_TEST

/*
 * A long extension leaves little or no room for the part before it: some of it, whole characters,
 * or nothing at all.
 */
static const struct {
	const char *label, *stem;
} short_stems[] = {
	{"one letter", "a"},          {"two letters", "ab"},
	{"two-byte character", "é"},  {"three-byte character", "中"},
	{"four-byte character", "😀"},
};

START_TEST(numbered_name_with_a_long_extension)
{
	const char *label = short_stems[_i].label;
	unsigned refused = 0;

	for (size_t extension = 200; strlen(short_stems[_i].stem) + extension <= 255; extension++) {
		char name[256] = "", text[257];
		int r;

		memset(name, 'x', 255);
		memcpy(name, short_stems[_i].stem, strlen(short_stems[_i].stem));
		name[strlen(short_stems[_i].stem)] = '.';
		name[strlen(short_stems[_i].stem) + extension] = '\0';
		memset(text, 'X', sizeof(text));
		r = name_numbered(name, 2, text);
		ck_assert_msg(text[256] == 'X', "%s, extension of %zu: wrote behind its end", label,
			      extension);
		if (r == -ENAMETOOLONG) {
			refused++;
			continue;
		}
		ck_assert_msg(r == 0, "%s, extension of %zu: %d", label, extension, r);
		ck_assert_msg(strlen(text) <= 255, "%s, extension of %zu: %zu bytes", label,
			      extension, strlen(text));
		ck_assert_msg(qfile_name_check(text, strlen(text), 0) == 0,
			      "%s, extension of %zu: not UTF-8: \"%.12s...\"", label, extension,
			      text);
		ck_assert_msg(text[0] != ' ',
			      "%s, extension of %zu: nothing left before the number", label,
			      extension);
	}
	/*
	 * " (2)" does not fit behind the whole first character for the four longest extensions. For
	 * all others there must be an answer.
	 */
	ck_assert_msg(refused <= 4, "%s: refused %u", label, refused);
}
END_TEST

/* Nothing is left at the end that needs what was cut off. */
static const struct {
	const char *last, *kept; /* before the cut: what `last` leaves there */
} cut_stems[] = {
	{"👨\u200d👩", "👨"},       /* joined emoji */
	{"م\u200cن", "م"},       /* a non-joiner */
	{"م\u200c\u0651ن", "م"}, /* with a mark behind it */
	{"رُ\u200cن", "رُ"},       /* the same where nothing joins */
	{"র\u200d্", "র"},        /* a joiner before a virama */
	{"1\ufe0f\u20e3", "1"},  /* a keycap */
	{"a\u00a0b", "a"},       /* a space inside */
	{"a\u00a0 b", "a"},      /* two */
	{"क्\u200dष", "क्\u200d"}, /* a virama and a joiner stay */
};

START_TEST(numbered_name_cut_where_characters_depend_on_each_other)
{
	const char *last = cut_stems[_i].last, *kept = cut_stems[_i].kept;

	/* So that the last character of `last` does not fit, and only that one. */
	for (size_t more = 0; more < 3; more++) {
		char name[512], text[257], expected[64];
		size_t room = 255 - strlen(" (2).x"), fill = room - strlen(last) + 1 + more;

		memset(name, 'n', fill);
		strcpy(name + fill, last);
		strcat(name, "yyyy.x");
		ck_assert_int_eq(name_numbered(name, 2, text), 0);
		ck_assert_msg(qfile_name_check(text, strlen(text), 0) == 0, "%d: \"%s\"", _i,
			      text + fill);
		snprintf(expected, sizeof(expected), "n%s (2).x", kept);
		if (more == 0)
			ck_assert_msg(strcmp(text + fill - 1, expected) == 0, "%d: \"%s\"", _i,
				      text + fill - 1);
	}
}
END_TEST

START_TEST(numbered_name_whose_extension_is_too_long)
{
	char name[256] = "a.", text[256];

	memset(name + 2, 'x', 253);
	ck_assert_int_eq(name_numbered(name, 2, text), -ENAMETOOLONG);
	/* And the largest one for which there is room: one letter, the number, the extension. */
	name[251] = '\0';
	ck_assert_int_eq(name_numbered(name, 2, text), 0);
	ck_assert_uint_eq(strlen(text), 255);
	ck_assert_int_eq(strncmp(text, "a (2).xxx", 9), 0);
	ck_assert_int_eq(name_numbered(name, 10, text), -ENAMETOOLONG);
}
END_TEST

/* Disks may take less: 143 bytes where names are encrypted. */
START_TEST(numbered_name_within)
{
	char name[256] = "", text[256];

	memset(name, 'n', 139);
	strcpy(name + 139, ".txt");
	for (size_t longest = 12; longest <= 255; longest++) {
		ck_assert_int_eq(name_numbered_within(name, 2, longest, text), 0);
		ck_assert_uint_eq(strlen(text), longest < 147 ? longest : 147);
		ck_assert_str_eq(text + strlen(text) - 8, " (2).txt");
	}
	ck_assert_int_eq(name_numbered_within(name, 2, 8, text), -ENAMETOOLONG);
}
END_TEST

/* ---- name_tagged() ---- */

static const struct {
	const char *name, *tag, *tagged;
} tagged_names[] = {
	{"report.pdf", "edited in work", "report (edited in work).pdf"},
	{"report", "edited in work", "report (edited in work)"},
	{"source.tar.gz", "x", "source (x).tar.gz"},
	{".bashrc", "edited in work, 2026-11-23 14.36.05",
	 ".bashrc (edited in work, 2026-11-23 14.36.05)"},
	{"Übergröße.txt", "bearbeitet in 中文", "Übergröße (bearbeitet in 中文).txt"},
	{"a", "", "a ()"},
	{"ends.", "x.y", "ends. (x.y)"},
	{"narrow\u202f       .tar.gz", "edited in work",
	 "narrow\u202f       (edited in work).tar.gz"},
};

START_TEST(tagged_name)
{
	char text[257];
	int r;

	memset(text, 'X', sizeof(text));
	r = name_tagged(tagged_names[_i].name, tagged_names[_i].tag, text);
	ck_assert_msg(r == 0 && strcmp(text, tagged_names[_i].tagged) == 0, "%s: %d, \"%s\"",
		      tagged_names[_i].name, r, text);
}
END_TEST

/*
 * A name of `length` bytes, whose last four are ".pdf". The longest that is not cut has 255 bytes
 * with its tag; one more, and it is.
 */
START_TEST(tagged_long_name)
{
	static const char tag[] = "0123456789012345678901234567890123456789";
	const size_t more = sizeof(tag) - 1 + strlen(" ()");

	for (size_t length = 5; length <= 255; length++) {
		const size_t stem = (length + more < 255 ? length : 255 - more) - 4;
		char name[256] = "", expected[512], text[257];

		for (size_t i = 0; i < length - 4; i++)
			name[i] = (char)('a' + i % 26);
		strcat(name, ".pdf");
		memset(text, 'X', sizeof(text));
		snprintf(expected, sizeof(expected), "%.*s (%s).pdf", (int)stem, name, tag);
		ck_assert_int_eq(name_tagged(name, tag, text), 0);
		ck_assert_str_eq(text, expected);
		ck_assert_int_eq(text[256], 'X');
	}
}
END_TEST

/*
 * What is left of a stem of two-byte characters is whole, whatever the tag leaves; and with nothing
 * left of it, there is no name.
 */
START_TEST(tagged_name_with_a_long_tag)
{
	char name[256] = "ééé.pdf", tag[256] = "", text[257];

	for (size_t length = 0; length < 255; length++) {
		const size_t room = 255 - strlen(".pdf") - strlen(" ()");
		const size_t stem = length + 6 <= room   ? 6
				    : length + 4 <= room ? 4
				    : length + 2 <= room ? 2
							 : 0;
		char expected[512];
		int r;

		memset(tag, 't', length);
		memset(text, 'X', sizeof(text));
		r = name_tagged(name, tag, text);
		ck_assert_int_eq(text[256], 'X');
		ck_assert_msg(r == (stem ? 0 : -ENAMETOOLONG), "tag of %zu: %d", length, r);
		snprintf(expected, sizeof(expected), "%.*s (%s).pdf", (int)stem, name, tag);
		if (stem)
			ck_assert_msg(strcmp(text, expected) == 0, "tag of %zu: \"%s\"", length,
				      text);
	}
}
END_TEST

/* ---- name_safe() ---- */

static const struct {
	const char *label, *name;
	size_t length;
	const char *safe; /* NULL: refused */
} safe_names[] = {
	{"plain", BYTES("report.pdf"), "report.pdf"},
	{"one byte", BYTES("a"), "a"},
	{"many scripts", BYTES("Übergröße 中文 😀.txt"), "Übergröße 中文 😀.txt"},
	{"family", BYTES("👨" JOINER "👩"), "👨" JOINER "👩"},
	{"empty", BYTES(""), NULL},
	{"dot", BYTES("."), NULL},
	{"dot dot", BYTES(".."), NULL},
	{"three dots", BYTES("..."), "..."},
	{"dot file", BYTES(".profile"), ".profile"},
	{"slash", BYTES("/"), "_"},
	{"absolute", BYTES("/etc/passwd"), "_etc_passwd"},
	{"climbing", BYTES("../../a"), ".._.._a"},
	{"dot dot slash", BYTES("../"), ".._"},
	{"slash at the end", BYTES("a/"), "a_"},
	{"NUL", BYTES("\0"), "_"},
	{"NUL inside", BYTES("a\0b"), "a_b"},
	{"controls", BYTES("a\nb\t\033[2J\177"), "a_b__[2J_"},
	{"option-like", BYTES("-rf"), "-rf"},
	{"Latin-1", BYTES("caf\351.txt"), "caf_.txt"},
	{"not UTF-8", BYTES("\377\376\200"), "___"},
	{"cut short", BYTES("a\342\202"), "a__"},
	{"overlong slash", BYTES("a\300\257b"), "a__b"},
	{"override: one for the character", BYTES("a\u202efdp.exe"), "a_fdp.exe"},
	{"byte order mark", BYTES("\ufeffa"), "_a"},
	{"joiner first", BYTES(JOINER "a"), "_a"},
	{"joiner behind ASCII", BYTES("a" JOINER "b"), "a_b"},
	{"joiner behind what was replaced", BYTES("\u202e" JOINER "👩"), "__👩"},
	{"joiner behind a slash", BYTES("👨/" JOINER "👩"), "👨__👩"},
	{"two joiners", BYTES("👨" JOINER JOINER "👩"), "👨__👩"},
	{"staging prefix", BYTES(".qfile-incoming-0"), "_qfile-incoming-0"},
	{"staging prefix alone", BYTES(".qfile-incoming-"), "_qfile-incoming-"},
	{"nearly the staging prefix", BYTES(".qfile-incoming"), ".qfile-incoming"},
	{"staging prefix behind a character and a slash", BYTES("é/.qfile-incoming-0"),
	 "é_.qfile-incoming-0"},
	{"staging prefix behind a slash", BYTES("/.qfile-incoming-0"), "_.qfile-incoming-0"},
	{"length ends inside a longer string", "..x", 2, NULL},
	{"character ends behind the length", "a\303\251", 2, "a_"},
};

START_TEST(safe_name)
{
	const char *label = safe_names[_i].label, *safe = safe_names[_i].safe;
	char text[257];
	int r;

	memset(text, 'X', sizeof(text));
	r = name_safe(safe_names[_i].name, safe_names[_i].length, text);
	ck_assert_msg(r == (safe ? 0 : -EINVAL), "%s: %d", label, r);
	if (!safe)
		return;
	ck_assert_msg(strcmp(text, safe) == 0, "%s: \"%s\"", label, text);
	ck_assert_msg(qfile_name_check(text, strlen(text), 0) == 0 && !strchr(text, '/'),
		      "%s: \"%s\"", label, text);
}
END_TEST

/* Of every length: as it is, all of it replaced, and too long. */
START_TEST(safe_name_length)
{
	for (size_t length = 1; length <= 300; length++) {
		/* Not terminated, so that a sanitizer sees a byte too much. */
		char *name = malloc(length), text[257];
		const int verdict = length <= 255 ? 0 : -EINVAL;

		memset(text, 'X', sizeof(text));
		memset(name, 'n', length);
		ck_assert_int_eq(name_safe(name, length, text), verdict);
		ck_assert(verdict < 0 ||
			  (strlen(text) == length && memcmp(text, name, length) == 0));
		memset(name, '\001', length);
		ck_assert_int_eq(name_safe(name, length, text), verdict);
		ck_assert(verdict < 0 || (strlen(text) == length && strspn(text, "_") == length));
		ck_assert_int_eq(text[256], 'X');
		free(name);
	}
}
END_TEST

Suite *name_suite(void)
{
	Suite *suite = suite_create("name");
	TCase *check = add_case(suite, "check"), *link = add_case(suite, "link"),
	      *number = add_case(suite, "number");
	TCase *tag = add_case(suite, "tag"), *safe = add_case(suite, "safe");

	add_table_test(check, name_check, names);
	add_table_test(check, name_lengths, lengths);
	tcase_add_test(check, name_lengths_are_in_bytes);
	add_table_test(check, name_fault, faults);
	add_table_test(check, fault_or_none, names);

	add_table_test(link, link_check, links);
	add_table_test(link, link_target_bytes, targets);
	tcase_add_test(link, link_target_length);

	add_table_test(number, numbered_name, numbered_names);
	add_table_test(number, numbered_long_name, long_names);
	add_table_test(number, numbered_name_with_a_long_extension, short_stems);
	add_table_test(number, numbered_name_cut_where_characters_depend_on_each_other, cut_stems);
	tcase_add_test(number, numbered_name_whose_extension_is_too_long);
	tcase_add_test(number, numbered_name_within);

	add_table_test(tag, tagged_name, tagged_names);
	tcase_add_test(tag, tagged_long_name);
	tcase_add_test(tag, tagged_name_with_a_long_tag);

	add_table_test(safe, safe_name, safe_names);
	tcase_add_test(safe, safe_name_length);
	return suite;
}
