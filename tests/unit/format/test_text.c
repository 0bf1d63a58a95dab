/*
 * The names under which the library offers what text/ does: its own tests are in text/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

START_TEST(vm_names)
{
	ck_assert(qfile_vm_name_ok("work"));
	ck_assert(!qfile_vm_name_ok("../work"));
}
END_TEST

START_TEST(printable_text)
{
	char text[4];

	ck_assert_uint_eq(qfile_printable("a\u00e9bcd", 6, text, sizeof(text)), 3);
	ck_assert_str_eq(text, "a??");
}
END_TEST

START_TEST(displayable_text)
{
	char text[64];

	ck_assert_uint_eq(qfile_displayable("\u4e2d\nabcdef", 10, text, sizeof(text), 80), 9);
	ck_assert_str_eq(text, "\u4e2d?abcdef");
	ck_assert_uint_eq(qfile_displayable("\u4e2d\nabcdef", 10, text, sizeof(text), 5), 5);
	ck_assert_str_eq(text, "...ef");
	ck_assert_uint_eq(qfile_displayable("abcdef", 6, text, 3, 80), 2);
	ck_assert_str_eq(text, "ab");
}
END_TEST

Suite *text_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *names = add_case(suite, "names");

	tcase_add_test(names, vm_names);
	tcase_add_test(names, printable_text);
	tcase_add_test(names, displayable_text);
	return suite;
}
