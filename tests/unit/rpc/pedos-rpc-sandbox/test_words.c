/*
 * Command lines that are put together.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpc-sandbox/options.h"
#include "pedos-rpc-sandbox/words.h"

static struct words words;

START_TEST(words_are_copies_in_their_order)
{
	char text[] = "one";

	words_add(&words, text, "", "two words", NULL);
	words_add_format(&words, "%d%%s%s", 7, "x");
	text[0] = 'X';
	ck_assert_uint_eq(words.count, 4);
	ck_assert_str_eq(words.list[0], "one");
	ck_assert_str_eq(words.list[1], "");
	ck_assert_str_eq(words.list[2], "two words");
	ck_assert_str_eq(words.list[3], "7%sx");
	ck_assert_ptr_null(words.list[4]);
}
END_TEST

static void fill(void)
{
	for (int i = 0; i < WORDS_MAX; i++)
		words_add(&words, "x", NULL);
}

START_TEST(so_many_have_room)
{
	fill();
	ck_assert_uint_eq(words.count, WORDS_MAX);
	ck_assert_ptr_null(words.list[WORDS_MAX]);
}
END_TEST

START_TEST(one_more_ends_the_program)
{
	fill();
	words_add(&words, "x", NULL);
}
END_TEST

Suite *words_suite(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = add_case(suite, "words");

	tcase_add_test(tcase, words_are_copies_in_their_order);
	tcase_add_test(tcase, so_many_have_room);
	tcase_add_exit_test(tcase, one_more_ends_the_program, EXIT_FAILED);
	return suite;
}
