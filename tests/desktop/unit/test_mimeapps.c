/*
 * Unit tests of the list of default applications.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/mimeapps.h"
#include "unit.h"

#define TYPE "text/plain"
#define ID   "qfile-send-open.desktop"
#define MARK "# This group was added by qfile-send --set-default.\n"

static const struct {
	const char *type;
	gboolean ok;
} types[] = {
	{"application/pdf", TRUE},
	{"application/vnd.ms-excel.sheet.macroEnabled.12", TRUE},
	{"image/svg+xml", TRUE},
	{"inode/directory", FALSE},
	{"Inode/directory", FALSE},
	{"inode/x-empty", FALSE},
	{"x-scheme-handler/https", FALSE},
	{"x-content/video-dvd", FALSE},
	{"text/*", FALSE},
	{"*/*", FALSE},
	{"text", FALSE},
	{"text/", FALSE},
	{"/plain", FALSE},
	{"", FALSE},
	{"text/plain/x", FALSE},
	{"text/plain;", FALSE},
	{"text/pl=ain", FALSE},
	{"text/plain\n[Default Applications]", FALSE},
	{"text/pl\xc3\xa4in", FALSE},
	{"../plain", FALSE},
	{"#text/plain", FALSE},
	{"[text/plain]", FALSE},
};

START_TEST(types_are_those_of_files)
{
	char *longest = g_strnfill(127, 'x'), *type = g_strconcat("a/", longest, NULL),
	     *longer = g_strconcat(type, "x", NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		ck_assert_msg(mimeapps_type_ok(types[i].type) == types[i].ok, "%s", types[i].type);
	ck_assert(mimeapps_type_ok(type));
	ck_assert(!mimeapps_type_ok(longer));
	g_free(longest);
	g_free(type);
	g_free(longer);
}
END_TEST

START_TEST(entries_have_names_by_which_they_are_known)
{
	static const char *const others[] = {"qfile-send.desktop", "qfile-send-openers.desktop",
					     "x-qfile-send-open.desktop", "qfile-send-open", ""};

	ck_text(mimeapps_id(ACTION_OPEN, NULL), ID);
	ck_text(mimeapps_id(ACTION_VIEW, NULL), "qfile-send-view.desktop");
	ck_text(mimeapps_id(ACTION_VIEW, "@dispvm:x"), "qfile-send-view-@dispvm:x.desktop");
	ck_assert(mimeapps_is_ours(ID));
	ck_assert(mimeapps_is_ours("qfile-send-view-@dispvm:x.desktop"));
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
		ck_assert(!mimeapps_is_ours(others[i]));
}
END_TEST

#define DEFAULTS "[Default Applications]\n"
#define ADDED    "[Added Associations]\n"
#define REMOVED  "[Removed Associations]\n"
#define OURS     TYPE "=" ID "\n"

/* What is there before, and what it becomes. */
static const struct {
	const char *before, *after;
} lists[] = {
	{"", DEFAULTS OURS MARK "\n" ADDED OURS MARK},
	{"# mine\n" ADDED "\n" DEFAULTS "image/png=a\n",
	 "# mine\n" ADDED OURS "\n" DEFAULTS OURS "image/png=a\n"},
	/* What was the default is the next one. */
	{DEFAULTS TYPE "=a;b;\n[Added Associations]",
	 DEFAULTS TYPE "=" ID ";a;b;\n" ADDED TYPE "=" ID},
	{"[Default Applications]\r\n" TYPE " = a\r\n\r\n" ADDED TYPE "=\r\n",
	 "[Default Applications]\r\n" TYPE " = " ID ";a\r\n\r\n" ADDED TYPE "=" ID ";\r\n"},
	/* Of lines and groups that are there twice, programs take different ones. */
	{DEFAULTS TYPE "=a\n" TYPE "=b\n[X]\n" TYPE "=x\n" DEFAULTS TYPE "=c\n" ADDED, DEFAULTS TYPE
	 "=" ID ";a\n" TYPE "=" ID ";b\n[X]\n" TYPE "=x\n" DEFAULTS TYPE "=" ID ";c\n" ADDED OURS},
	/* These are other types, a comment, and a line of another group. */
	{"[X]\n" TYPE "=x\n" DEFAULTS "text/plain2=a\ntext/pla=a\n#" TYPE "=a\n" ADDED,
	 "[X]\n" TYPE "=x\n" DEFAULTS OURS "text/plain2=a\ntext/pla=a\n#" TYPE "=a\n" ADDED OURS},
	{"no line feed", "no line feed\n" DEFAULTS OURS MARK "\n" ADDED OURS MARK},
};

START_TEST(what_is_set_is_taken_back_to_the_byte)
{
	char *after = mimeapps_set(lists[_i].before, TYPE, ID), *again, *other;

	ck_assert_str_eq(after, lists[_i].after);
	ck_text(mimeapps_unset(after, TYPE), lists[_i].before);
	/* With another VM meanwhile, and another type. */
	again = mimeapps_set(after, TYPE, "qfile-send-view-work.desktop");
	other = mimeapps_set(again, "image/gif", ID);
	g_free(again);
	again = mimeapps_unset(other, TYPE);
	ck_assert_ptr_nonnull(again);
	ck_text(mimeapps_unset(again, "image/gif"), lists[_i].before);
	ck_assert_ptr_null(mimeapps_unset(again, TYPE));
	ck_assert_ptr_null(mimeapps_unset(lists[_i].before, TYPE));
	g_free(after);
	g_free(again);
	g_free(other);
}
END_TEST

START_TEST(what_others_have_changed_since_stays)
{
	/* Another program has been made the default, and has added itself. */
	ck_text(mimeapps_unset(DEFAULTS TYPE "=a;\n" ADDED TYPE "=a;" ID ";b;\n", TYPE),
		DEFAULTS TYPE "=a;\n" ADDED TYPE "=a;b;\n");
	ck_text(mimeapps_unset(ADDED TYPE "=a; " ID "\n", TYPE), ADDED TYPE "=a;\n");
	/* A group that has got another line is not empty. */
	ck_text(mimeapps_unset(ADDED OURS MARK "image/png=a\n", TYPE), ADDED MARK "image/png=a\n");
	/* What was removed by hand is wanted again. */
	ck_text(mimeapps_set(REMOVED TYPE "=a;" ID ";\n" DEFAULTS ADDED, TYPE, ID),
		REMOVED TYPE "=a;\n" DEFAULTS OURS ADDED OURS);
}
END_TEST

TCase *mimeapps_case(void)
{
	TCase *tcase = tcase_create("mimeapps");

	tcase_add_test(tcase, types_are_those_of_files);
	tcase_add_test(tcase, entries_have_names_by_which_they_are_known);
	tcase_add_loop_test(tcase, what_is_set_is_taken_back_to_the_byte, 0,
			    (int)G_N_ELEMENTS(lists));
	tcase_add_test(tcase, what_others_have_changed_since_stays);
	return tcase;
}
