/*
 * Unit tests of what is made safe for a window.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/shown.h"
#include "unit.h"

#include <string.h>

static const struct {
	const char *name, *shown;
} names[] = {
	{"report.pdf", NAMED("report.pdf")},
	{"<b>&amp;", NAMED("<b>&amp;")},
	{"a\nb\tc", NAMED("a?b?c")},
	{"x\xe2\x80\xaegpj.exe", NAMED("x?gpj.exe")},
	{"\xe2\x81\xa9"
	 "out",
	 NAMED("?out")},
	{"zero\xe2\x80\x8bwidth", NAMED("zero?width")},
	{"bad\xff\xc3", NAMED("bad??")},
	{"\xd7\xa9\xd7\x9c", NAMED("\xd7\xa9\xd7\x9c")},
	{"\x1b]0;title\x07", NAMED("?]0;title?")},
	{"", NAMED("")},
};

START_TEST(names_are_safe)
{
	ck_text(shown_name(names[_i].name, 60), names[_i].shown);
	ck_text(shown_text(names[_i].name), names[_i].shown);
}
END_TEST

START_TEST(a_long_name_keeps_its_end)
{
	ck_text(shown_name("0123456789.pdf", 10), NAMED("...789.pdf"));
}
END_TEST

/* 16 KB of a letter, or of what is none. */
static const char *const many[] = {"x", "\xc3\xa4", "\xff", "\n", "\xe2\x80\xae"};

START_TEST(a_sentence_is_short_however_long_it_was)
{
	GString *long_one = g_string_new("begin ");
	char *text;

	while (long_one->len < 16384)
		g_string_append(long_one, many[_i]);
	text = shown_text(long_one->str);
	ck_assert(g_str_has_prefix(text, "\xe2\x81\xa8"
					 "begin "));
	ck_assert(g_str_has_suffix(text, "...\xe2\x81\xa9"));
	ck_assert(g_utf8_validate(text, -1, NULL));
	ck_assert_int_lt(g_utf8_strlen(text, -1), 1300);
	g_free(text);
	g_string_free(long_one, TRUE);
}
END_TEST

START_TEST(lines_stay_lines)
{
	ck_text(shown_lines("one\ntw\xffo\n\nthree", 15), "one\ntw?o\n\nthree");
	ck_text(shown_lines("a\rb\0c\n", 6), "a?b?c");
	ck_text(shown_lines("", 0), "");
}
END_TEST

START_TEST(of_many_lines_the_last_are_kept)
{
	GString *text = g_string_new(NULL);
	char *shown;
	unsigned count = 1;

	for (unsigned i = 0; i < 3 * SHOWN_LINES; i++)
		g_string_append_printf(text, "line %u\n", i);
	shown = shown_lines(text->str, text->len);
	for (const char *at = shown; *at; at++)
		count += *at == '\n';
	ck_assert_uint_eq(count, SHOWN_LINES);
	ck_assert(g_str_has_prefix(shown, "line 400\n"));
	ck_assert(g_str_has_suffix(shown, "\nline 599"));
	g_free(shown);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(what_qrexec_chooses_has_words)
{
	ck_text(shown_vm("work", TRUE), NAMED("work"));
	ck_text(shown_vm("@default", FALSE), "the other VM");
	ck_text(shown_vm("@dispvm:fedora", FALSE), "a disposable VM");
	ck_text(shown_vm("@dispvm", TRUE), "a disposable sandbox");
}
END_TEST

TCase *shown_case(void)
{
	TCase *tcase = tcase_create("shown");

	tcase_add_loop_test(tcase, names_are_safe, 0, (int)G_N_ELEMENTS(names));
	tcase_add_test(tcase, a_long_name_keeps_its_end);
	tcase_add_loop_test(tcase, a_sentence_is_short_however_long_it_was, 0,
			    (int)G_N_ELEMENTS(many));
	tcase_add_test(tcase, lines_stay_lines);
	tcase_add_test(tcase, of_many_lines_the_last_are_kept);
	tcase_add_test(tcase, what_qrexec_chooses_has_words);
	return tcase;
}
