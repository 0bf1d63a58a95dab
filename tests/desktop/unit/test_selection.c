/*
 * Unit tests of what is one selection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/selection.h"
#include "unit.h"

static struct options call(enum action action, const char *to, char **file)
{
	return (struct options){.action = action, .to = to, .files = file, .count = 1};
}

START_TEST(calls_that_follow_soon_join)
{
	char *one = (char *)"one", *two = (char *)"two";
	struct options first = call(ACTION_COPY, NULL, &one), next = call(ACTION_COPY, NULL, &two);
	struct selection selection;

	selection_init(&selection, &first, 1000);
	ck_assert_int_eq(selection_open(&selection, 1000), SELECTION_JOINS);
	ck_assert(selection_join(&selection, &next, 1000 + SELECTION_JOINS - 1));
	ck_assert_uint_eq(selection.files->len, 2);
	ck_assert_str_eq(g_ptr_array_index(selection.files, 1), "two");
	/* Since the last one. */
	ck_assert(selection_join(&selection, &next, 1000 + 2 * SELECTION_JOINS - 2));
	ck_assert(!selection_join(&selection, &next, 1000 + 3 * SELECTION_JOINS));
	ck_assert_int_eq(selection_open(&selection, 1000 + 3 * SELECTION_JOINS), 0);
	ck_assert_uint_eq(selection.files->len, 3);
	selection_clear(&selection);
}
END_TEST

START_TEST(another_action_or_vm_does_not_join)
{
	char *file = (char *)"file";
	struct options first = call(ACTION_COPY, "work", &file),
		       moved = call(ACTION_MOVE, "work", &file),
		       elsewhere = call(ACTION_COPY, "home", &file),
		       asked = call(ACTION_COPY, NULL, &file), same = first;
	struct selection selection;

	selection_init(&selection, &first, 0);
	ck_assert(!selection_join(&selection, &moved, 1));
	ck_assert(!selection_join(&selection, &elsewhere, 1));
	ck_assert(!selection_join(&selection, &asked, 1));
	ck_assert(selection_join(&selection, &same, 1));
	selection_clear(&selection);
}
END_TEST

TCase *selection_case(void)
{
	TCase *tcase = tcase_create("selection");

	tcase_add_test(tcase, calls_that_follow_soon_join);
	tcase_add_test(tcase, another_action_or_vm_does_not_join);
	return tcase;
}
