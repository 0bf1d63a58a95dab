/*
 * Unit tests of lines that come in pieces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/lines.h"
#include "unit.h"

#include <string.h>

static void take(const char *line, gsize length, gpointer data)
{
	ck_assert_uint_eq(strlen(line), length);
	g_string_append_printf(data, "[%s]", line);
}

START_TEST(lines_are_whole_however_they_come)
{
	static const char text[] = "one\n\ntwo\nthree";

	for (gsize piece = 1; piece < sizeof(text); piece++) {
		GString *got = g_string_new(NULL);
		struct lines lines;

		lines_init(&lines);
		for (gsize at = 0; at < sizeof(text) - 1; at += piece)
			lines_feed(&lines, text + at, MIN(piece, sizeof(text) - 1 - at), take, got);
		ck_assert_str_eq(got->str, "[one][][two]");
		lines_clear(&lines);
		g_string_free(got, TRUE);
	}
}
END_TEST

START_TEST(one_that_is_too_long_is_left_out)
{
	char *many = g_malloc(LINES_LONGEST);
	GString *got = g_string_new(NULL);
	struct lines lines;

	memset(many, 'x', LINES_LONGEST);
	lines_init(&lines);
	lines_feed(&lines, many, LINES_LONGEST, take, got);
	lines_feed(&lines, "x", 1, take, got);
	ck_assert_uint_eq(lines.rest->len, 0);
	lines_feed(&lines, "rest\nnext\n", 10, take, got);
	ck_assert_str_eq(got->str, "[next]");
	lines_clear(&lines);
	g_string_free(got, TRUE);
	g_free(many);
}
END_TEST

TCase *lines_case(void)
{
	TCase *tcase = tcase_create("lines");

	tcase_add_test(tcase, lines_are_whole_however_they_come);
	tcase_add_test(tcase, one_that_is_too_long_is_left_out);
	return tcase;
}
