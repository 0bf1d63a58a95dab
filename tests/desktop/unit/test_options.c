/*
 * Unit tests of the command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "desktop/qfile-send/model/options.h"
#include "unit.h"

static int parse(struct options *options, const char *const *words)
{
	static char *argv[16];
	int argc = 0;

	for (argv[argc++] = (char *)"qfile-send"; *words; words++)
		argv[argc++] = (char *)*words;
	argv[argc] = NULL;
	return options_parse(options, argc, argv);
}

#define PARSE(options, ...) parse(options, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(all_are_taken)
{
	struct options options;

	ck_assert_int_eq(PARSE(&options, "file"), -1);
	ck_assert_int_eq(options.action, ACTION_COPY);
	ck_assert_ptr_null(options.to);
	ck_assert_int_eq(PARSE(&options, "--move", "--to=work", "--", "--x", "y"), -1);
	ck_assert_int_eq(options.action, ACTION_MOVE);
	ck_assert_str_eq(options.to, "work");
	ck_assert_int_eq(options.count, 2);
	ck_assert_str_eq(options.files[0], "--x");
	ck_assert_int_eq(PARSE(&options, "--prompt", "a", "b", "c"), -1);
	ck_assert_str_eq(options.source, "a");
	ck_assert_str_eq(options.target, "b");
	ck_assert_str_eq(options.service, "c");
}
END_TEST

START_TEST(types_are_taken_in_place_of_files)
{
	struct options options;

	ck_assert_int_eq(PARSE(&options, "--set-default", "text/plain", "image/png"), -1);
	ck_assert_int_eq(options.change, DEFAULT_SET);
	ck_assert_int_eq(options.action, ACTION_OPEN);
	ck_assert_int_eq(options.count, 2);
	ck_assert_str_eq(options.types[1], "image/png");
	ck_assert_ptr_null(options.files);
	ck_assert_int_eq(PARSE(&options, "--view", "--set-default", "--to=@dispvm", "text/plain"),
			 -1);
	ck_assert_int_eq(options.action, ACTION_VIEW);
	ck_assert_str_eq(options.to, "@dispvm");
	ck_assert_int_eq(PARSE(&options, "--unset-default", "text/plain"), -1);
	ck_assert_int_eq(options.change, DEFAULT_UNSET);
}
END_TEST

static const char *const wrong[][6] = {
	{NULL},
	{"--copy", NULL},
	{"", NULL},
	{"--copy", "--move", "file", NULL},
	{"--to=wo rk", "file", NULL},
	{"--to=-x", "file", NULL},
	{"--to=", "file", NULL},
	{"--nonsense", "file", NULL},
	{"--prompt", "a", "b", NULL},
	{"--prompt", "--to=work", "a", "b", "c", NULL},
	{"--set-default", NULL},
	{"--set-default", "inode/directory", NULL},
	{"--set-default", "text/plain", "text/*", NULL},
	{"--set-default", "--copy", "text/plain", NULL},
	{"--set-default", "--to=wo rk", "text/plain", NULL},
	{"--set-default", "--prompt", "text/plain", NULL},
	{"--set-default", "--unset-default", "text/plain", NULL},
	{"--unset-default", NULL},
	{"--unset-default", "--view", "text/plain", NULL},
	{"--unset-default", "--to=work", "text/plain", NULL},
};

START_TEST(what_is_wrong_is_refused)
{
	struct options options;

	ck_assert_int_eq(parse(&options, wrong[_i]), 2);
}
END_TEST

START_TEST(a_line_means_the_same_elsewhere)
{
	struct options options, again;
	char **line;

	PARSE(&options, "--view", "--to=@dispvm", "--", "-x", "/y", "dir/");
	line = options_line(&options, "/home/me");
	ck_assert_int_eq(options_parse(&again, (int)g_strv_length(line), line), -1);
	ck_assert_int_eq(again.action, ACTION_VIEW);
	ck_assert_str_eq(again.to, "@dispvm");
	ck_assert_int_eq(again.count, 3);
	ck_assert_str_eq(again.files[0], "/home/me/-x");
	ck_assert_str_eq(again.files[1], "/y");
	ck_assert_str_eq(again.files[2], "/home/me/dir/");
	g_strfreev(line);
}
END_TEST

TCase *options_case(void)
{
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, all_are_taken);
	tcase_add_test(tcase, types_are_taken_in_place_of_files);
	tcase_add_loop_test(tcase, what_is_wrong_is_refused, 0, (int)G_N_ELEMENTS(wrong));
	tcase_add_test(tcase, a_line_means_the_same_elsewhere);
	return tcase;
}
