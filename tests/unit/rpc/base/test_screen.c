/*
 * Text of a peer's on a terminal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "base/lines.h"
#include "base/screen.h"
#include "text/printable.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define ROOM 256

static const struct {
	const char *untrusted, *shown;
} texts[] = {
	{"", ""},
	{"a line\nand another\n", "a line\nand another\n"},
	{"\ta\tb\r\n", "\ta\tb\n"},
	/* A carriage return writes over nothing: it ends the line. */
	{"a\rb", "a\nb"},
	{"a\r", "a\n"},
	{"a\r\r\nb\n\rc", "a\n\nb\n\nc"},
	{"a\r\n\nb", "a\n\nb"},
	{"a\r\303\251\n", "a\n\303\251\n"},
	{"a\r\302\n", "a\n?\n"},
	{"\033[31mred\033[m", "?[31mred?[m"},
	{"bell\a, backspace\b, delete\177, form\f, vertical\v", "bell?, backspace?, delete?, "
								"form?, vertical?"},
	{"a ~!", "a ~!"},
	{"gr\303\274n \342\202\254 \360\237\232\200", "gr\303\274n \342\202\254 \360\237\232\200"},
	/* Wide. */
	{"\346\227\245\346\234\254", "\346\227\245\346\234\254"},
	/* A combining accent. */
	{"e\314\201t", "e\314\201t"},
	/* right-to-left override. */
	{"\342\200\256fdp.exe", "?fdp.exe"},
	/* Control characters of 8 bits. */
	{"a\302\233b\302\205c", "a?b?c"},
	/* Byte order mark, line separator. */
	{"a\357\273\277b\342\200\250c", "a?b?c"},
	/* A continuation of nothing. */
	{"a\200b", "a?b"},
	/* Cut. */
	{"a\303", "a?"},
	{"a\342\202", "a??"},
	{"a\360\237\232", "a???"},
	{"a\342b", "a?b"},
	{"a\342\202b", "a??b"},
	{"\342\202\342\202\254", "??\342\202\254"},
	{"\342\n\202", "?\n?"},
	/* Overlong. */
	{"\300\257", "??"},
	{"\340\200\257", "???"},
	/* A surrogate. */
	{"\355\240\200", "???"},
	/* Beyond Unicode. */
	{"\364\220\200\200", "????"},
	{"\377\376\374\200\200\200\200\200", "????????"},
	/* two, joined. */
	{"\360\237\221\250\342\200\215\360\237\221\251", "\360\237\221\250\342\200\215\360\237\221"
							 "\251"},
	/* A joiner in Persian, and one that is the last character so far. */
	{"\331\205\342\200\214\331\206", "\331\205\342\200\214\331\206"},
	{"\331\205\342\200\214", "\331\205\342\200\214"},
	{"1\342\200\214\331\206", "1?\331\206"},
	/* Where nothing joins. */
	{"\330\261\331\217\342\200\214\331\206", "\330\261\331\217\342\200\214\331\206"},
	{"\330\261\331\217\342\200\215\331\206", "\330\261\331\217?\331\206"},
	/* Spaces, wherever they are; selectors; a keycap. */
	{"\302\240\302\240a\302\240\n", "\302\240\302\240a\302\240\n"},
	{"\342\235\244\357\270\217 a\357\270\217", "\342\235\244\357\270\217 a?"},
	{"1\357\270\217\342\203\243", "1\357\270\217\342\203\243"},
	/* A mark on nothing, and one too many. */
	{"\314\201\n\314\201", "?\n?"},
	{"a\314\201\314\201\314\201\314\201\314\201\314\201\314\201\314\201\314\201",
	 "a\314\201\314\201\314\201\314\201\314\201\314\201\314\201\314\201?"},
	/* Joined to ASCII. */
	{"a\342\200\215b", "a?b"},
	{"\n\342\200\215", "\n?"},
	{"\303\251a\342\200\215", "\303\251a?"},
	{"\303\251\n\342\200\215", "\303\251\n?"},
	{"\342\200\215\342\200\215", "??"},
	{"\303\251\342\200\215\342\200\215\303\251", "\303\251??\303\251"},
	/* In Devanagari, where one may be right, but not two. */
	{"\340\244\225\342\200\215\342\200\215", "\340\244\225\342\200\215?"},
	{"\342\200\256\342\200\215", "??"}, /* joined to what is not shown */
	{"\360\237\221\342\200\215", "????"},
};

/* Show it in pieces that end where bits of `cuts` are set. */
static size_t show(const char *untrusted, size_t size, uint64_t cuts, char *text)
{
	struct rpc_screen screen = {.count = 0};
	size_t begin = 0, done = 0;

	for (size_t end = 1; end <= size; end++) {
		char *exact;

		if (end < size && !(cuts >> end & 1))
			continue;
		exact = malloc(end - begin);
		if (!exact)
			ck_abort_msg("out of memory");
		memcpy(exact, untrusted + begin, end - begin);
		done += rpc_screen_clean(&screen, exact, end - begin, text + done);
		free(exact);
		begin = end;
	}
	return done + rpc_screen_clean(&screen, NULL, 0, text + done);
}

START_TEST(text)
{
	char shown[ROOM];
	size_t length = show(texts[_i].untrusted, strlen(texts[_i].untrusted), 0, shown);

	ck_assert_msg(length == strlen(texts[_i].shown) &&
			      memcmp(shown, texts[_i].shown, length) == 0,
		      "%d: %.*s", _i, (int)length, shown);
}
END_TEST

/* Every way to cut it, as far as that can be done; of long ones, every two places. */
START_TEST(text_in_pieces)
{
	size_t size = strlen(texts[_i].untrusted), length = strlen(texts[_i].shown);
	char shown[ROOM];

	for (uint64_t cuts = 0; size <= 12 && cuts < 1u << size; cuts++) {
		if (show(texts[_i].untrusted, size, cuts, shown) != length ||
		    memcmp(shown, texts[_i].shown, length) != 0)
			ck_abort_msg("cut: %#lx", cuts);
	}
	for (size_t a = 0; size > 12 && a < size; a++) {
		for (size_t b = a; b < size; b++) {
			uint64_t cuts = (uint64_t)1 << a | (uint64_t)1 << b;

			if (show(texts[_i].untrusted, size, cuts, shown) != length ||
			    memcmp(shown, texts[_i].shown, length) != 0)
				ck_abort_msg("cut at %zu and %zu", a, b);
		}
	}
}
END_TEST

static size_t encode(uint32_t character, char *bytes)
{
	size_t length = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

	for (size_t i = length; i-- > 1; character >>= 6)
		bytes[i] = (char)(0x80 | (character & 0x3f));
	bytes[0] = (char)(length == 1 ? character : (0xf00 >> length & 0xff) | character);
	return length;
}

/*
 * Each character by itself: what text_displayable() lets stand, any space, lines and tabs, and
 * nothing else.
 */
START_TEST(every_character)
{
	for (uint32_t character = 0; character < 0x110000; character++) {
		char bytes[5] = "", shown[8], expected[8];
		size_t length = encode(character, bytes), wide = 4;

		text_displayable(bytes, length, expected, sizeof(expected), wide);
		if (character == '\n' || character == '\t')
			expected[0] = (char)character;
		if (character == '\r')
			expected[0] = '\n';
		if (utf8proc_category((int32_t)character) == UTF8PROC_CATEGORY_ZS)
			memcpy(expected, bytes, length + 1);
		if (show(bytes, length, 0, shown) != strlen(expected) ||
		    memcmp(shown, expected, strlen(expected)) != 0)
			ck_abort_msg("%#x", character);
	}
}
END_TEST

/* It never takes more room than it says, and nothing is left of one text in the next. */
START_TEST(room)
{
	static const char parts[][4] = {"\360\237\232", "\200\n",   "\342",
					"\202\254",     "\303\251", "x",
					"\342\200\215", "\364\220", "\377\377\377"};
	struct rpc_screen screen = {.count = 0};
	char shown[16];
	unsigned seed = 1;

	for (unsigned i = 0; i < 100000; i++) {
		const char *part;
		size_t size, length;

		seed = seed * 1664525 + 1013904223;
		part = parts[(seed >> 16) % COUNT(parts)];
		size = strlen(part);
		memset(shown, 'Z', sizeof(shown));
		length = rpc_screen_clean(&screen, part, size, shown);
		for (size_t k = length; k < sizeof(shown); k++) {
			if (shown[k] != 'Z')
				ck_abort_msg("wrote behind its end");
		}
		if (length > size + RPC_SCREEN_EXTRA)
			ck_abort_msg("%zu bytes of %zu", length, size);
	}
	rpc_screen_clean(&screen, NULL, 0, shown);
	ck_assert_uint_eq(screen.count, 0);
}
END_TEST

/* ---- Lines with a name ---- */

static const struct {
	const char *text, *lines;
} named[] = {
	{"", ""},
	{"a\n", "vm: a\n"},
	{"a\nb\n", "vm: a\nvm: b\n"},
	{"\n\na\n", "vm: \nvm: \nvm: a\n"},
	/* What has no end gets one. */
	{"a", "vm: a\n"},
	{"a\nb", "vm: a\nvm: b\n"},
	{"other: {\"bytes\":1}\nvm: x", "vm: other: {\"bytes\":1}\nvm: vm: x\n"},
};

/* However it is cut, the same; and at each moment whole lines. */
START_TEST(named_lines)
{
	const char *input = named[_i].text;

	for (unsigned cuts = 0; cuts < 1u << (strlen(input) < 10 ? strlen(input) : 10); cuts++) {
		struct rpc_lines of = {.name = "vm"};
		char lines[RPC_LINES_ROOM(64)];
		size_t begin = 0, done = 0;

		for (size_t end = 1; end <= strlen(input); end++) {
			if (end < strlen(input) && !(cuts >> end % 10 & 1))
				continue;
			done += rpc_lines_put(&of, input + begin, end - begin, lines + done);
			ck_assert(done == 0 || lines[done - 1] == '\n');
			begin = end;
		}
		done += rpc_lines_put(&of, NULL, 0, lines + done);
		lines[done] = '\0';
		ck_assert_str_eq(lines, named[_i].lines);
	}
}
END_TEST

/* Each line of a terminal is cleared first, whatever is drawn there. */
START_TEST(lines_drawn_over)
{
	struct rpc_lines of = {.name = "vm", .drawn_over = true};
	char lines[RPC_LINES_ROOM(3)];
	size_t done = rpc_lines_put(&of, "a\nb", 3, lines);

	done += rpc_lines_put(&of, NULL, 0, lines + done);
	lines[done] = '\0';
	ck_assert_str_eq(lines, "\r\033[Kvm: a\n\r\033[Kvm: b\n");
}
END_TEST

/* A line without end is cut, between two characters, and each part has the name. */
START_TEST(long_line)
{
	struct rpc_lines of = {.name = "vm"};
	static char input[9000], lines[RPC_LINES_ROOM(sizeof(input))];
	size_t done, characters = 0;

	for (size_t i = 0; i < sizeof(input); i += 3)
		memcpy(input + i, "\342\202\254", 3);
	done = rpc_lines_put(&of, input, sizeof(input), lines);
	done += rpc_lines_put(&of, NULL, 0, lines + done);
	for (char *line = lines, *end; line < lines + done; line = end + 1) {
		end = memchr(line, '\n', (size_t)(lines + done - line));
		ck_assert(end && end - line <= RPC_LINE_MAX + 4 && memcmp(line, "vm: ", 4) == 0);
		ck_assert_uint_eq((size_t)(end - line - 4) % 3, 0);
		characters += (size_t)(end - line - 4) / 3;
	}
	ck_assert_uint_eq(characters, sizeof(input) / 3);
}
END_TEST

/* It never takes more room than it says: at the worst each byte is a line. */
START_TEST(room_of_lines)
{
	struct rpc_lines of;
	static char input[500], lines[RPC_LINES_ROOM(sizeof(input))];

	memset(of.name, 'n', sizeof(of.name));
	of.name[sizeof(of.name) - 1] = '\0';
	of.drawn_over = true;
	of.count = 0;
	memset(input, 'x', sizeof(input));
	for (unsigned i = 0; i < 2; i++)
		ck_assert_uint_le(rpc_lines_put(&of, input, 400, lines), sizeof(lines));
	memset(input, '\n', sizeof(input));
	ck_assert_uint_le(rpc_lines_put(&of, input, sizeof(input), lines), sizeof(lines));
}
END_TEST

Suite *screen_suite(void)
{
	Suite *suite = suite_create("screen");
	TCase *tcase = add_case(suite, "text");

	add_table_test(tcase, text, texts);
	add_table_test(tcase, text_in_pieces, texts);
	tcase_add_test(tcase, every_character);
	tcase_add_test(tcase, room);
	add_table_test(tcase, named_lines, named);
	tcase_add_test(tcase, lines_drawn_over);
	tcase_add_test(tcase, long_line);
	tcase_add_test(tcase, room_of_lines);
	return suite;
}
