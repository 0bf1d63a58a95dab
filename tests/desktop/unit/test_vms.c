/*
 * Unit tests of the VMs to choose from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/vms.h"
#include "unit.h"

#include <string.h>

static void are(const char *text, const char *last, const char *expected)
{
	GPtrArray *names = vms_parse(text, strlen(text), last);
	GString *got = g_string_new(NULL);

	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(got, "%s ", (char *)g_ptr_array_index(names, i));
	ck_assert_str_eq(got->str, expected);
	g_string_free(got, TRUE);
	g_ptr_array_free(names, TRUE);
}

START_TEST(names_are_listed_the_last_one_first)
{
	are("", NULL, "");
	are("a\nb\nc\n", NULL, "a b c ");
	are("a\nb\nc", "c", "c a b ");
	are("a\nb\n", "gone", "a b ");
}
END_TEST

START_TEST(what_is_no_name_is_left_out)
{
	are("@dispvm\n@dispvm:x\n@dispvm:\n@default\na\n", "a", "a @dispvm @dispvm:x ");
	are("a\n\n-x\n<b>\na\xe2\x80\xae\n@default\nb c\n1\na\nb\n", NULL, "a b ");
}
END_TEST

START_TEST(disposable_ones_have_words)
{
	ck_text(vms_label("work", TRUE), "work");
	ck_text(vms_label("@dispvm", FALSE), "New disposable VM");
	ck_text(vms_label("@dispvm:web", FALSE), "New disposable VM, made from web");
	ck_text(vms_label("@dispvm", TRUE), "New disposable sandbox, on this computer");
	ck_text(vms_label("@dispvm:web", TRUE), "New disposable sandbox, on this computer: web");
	ck_assert(vms_is_disposable("@dispvm"));
	ck_assert(vms_is_disposable("@dispvm:web"));
	ck_assert(!vms_is_disposable("@dispvmx"));
	ck_assert(!vms_is_disposable("@default"));
}
END_TEST

START_TEST(a_part_is_found)
{
	ck_assert(vms_matches("Work-Mail", "k-m"));
	ck_assert(vms_matches("work", ""));
	ck_assert(!vms_matches("work", "works"));
	ck_assert(!vms_matches("work", "x"));
}
END_TEST

TCase *vms_case(void)
{
	TCase *tcase = tcase_create("vms");

	tcase_add_test(tcase, names_are_listed_the_last_one_first);
	tcase_add_test(tcase, what_is_no_name_is_left_out);
	tcase_add_test(tcase, disposable_ones_have_words);
	tcase_add_test(tcase, a_part_is_found);
	return tcase;
}
