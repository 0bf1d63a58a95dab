/*
 * Unit tests of the VM that was used last.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/recent.h"
#include "unit.h"

#include <glib/gstdio.h>

static char *top, *directory, *file;

static void set_up(void)
{
	top = g_dir_make_tmp("qfile-send-XXXXXX", NULL);
	ck_assert_ptr_nonnull(top);
	directory = g_build_filename(top, "state", "qfile-send", NULL);
	file = g_build_filename(directory, "last-vm", NULL);
}

static void tear_down(void)
{
	char *state = g_build_filename(top, "state", NULL);

	g_remove(file);
	g_rmdir(directory);
	g_rmdir(state);
	g_rmdir(top);
	g_free(state);
	g_free(file);
	g_free(directory);
	g_free(top);
}

START_TEST(it_is_remembered)
{
	ck_assert_ptr_null(recent_load(directory));
	recent_save(directory, "work");
	ck_text(recent_load(directory), "work");
	recent_save(directory, "home");
	ck_text(recent_load(directory), "home");
	recent_save(directory, "@dispvm");
	ck_text(recent_load(directory), "@dispvm");
}
END_TEST

START_TEST(what_is_no_name_is_none)
{
	recent_save(directory, "work");
	ck_assert(g_file_set_contents(file, "<b>\n", -1, NULL));
	ck_assert_ptr_null(recent_load(directory));
}
END_TEST

START_TEST(where_nothing_can_be_stored_nothing_is)
{
	recent_save("/proc/none", "work");
	ck_assert_ptr_null(recent_load("/proc/none"));
}
END_TEST

TCase *recent_case(void)
{
	TCase *tcase = tcase_create("recent");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, it_is_remembered);
	tcase_add_test(tcase, what_is_no_name_is_none);
	tcase_add_test(tcase, where_nothing_can_be_stored_nothing_is);
	return tcase;
}
