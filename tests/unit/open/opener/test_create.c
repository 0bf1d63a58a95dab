/*
 * A version is put in a place of its own, under a name that was free.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "unit.h"

#include "faults.h"
#include "open/opened.h"
#include "open/opener/original.h"
#include "open/opener/replaced.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- A place of its own ---- */

START_TEST(create)
{
	struct target kept = {.dir = -1, .fd = -1};
	unsigned before;

	scratch_enter_as(_i);
	target->dir = open_dir(".");
	before = open_descriptors();
	make_file("name.txt", "taken");
	make_link("name (2).txt", "nowhere");
	begin("one");
	ck_assert_int_eq(target_create(&kept, &save, "name.txt"), 0);
	ck_assert_str_eq(kept.name, "name (3).txt");
	save_end(&save);
	/* The next replaces it, with that one's mode. */
	MUST(chmod("name (3).txt", 0640));
	begin("two");
	ck_assert_int_eq(target_replace(&kept, &save, NULL), 0);
	check_tidy("name (2).txt name (3).txt name.txt");
	ck_assert_str_eq(content_of("name (3).txt"), "two");
	ck_assert_uint_eq(mode_of("name (3).txt"), 0640);
	/* Another one closes the first. */
	begin("three");
	ck_assert_int_eq(target_create(&kept, &save, "other"), 0);
	save_end(&save);
	ck_assert_str_eq(content_of("other"), "three");
	target_close(&kept);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static const struct {
	const char *call;
	unsigned number;
	int result;
} creation_failures[] = {
	{"fsync", 1, -EIO},
	{"linkat", 1, -EIO},
	{"fstat", 2, -EIO}, /* the first is for the lock, which it can do without */
	{"fsync", 2, -EIO},
};

START_TEST(create_fails)
{
	struct target kept = {.dir = -1, .fd = -1};

	scratch_enter();
	target->dir = open_dir(".");
	begin("content");
	faults_begin_in(creation_failures[_i].call, creation_failures[_i].number, EIO, false);
	ck_assert_int_eq(target_create(&kept, &save, "name"), -EIO);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	check_tidy("");
	target_close(&kept);
}
END_TEST

START_TEST(create_without_descriptors)
{
	struct target kept = {.dir = -1, .fd = -1};
	struct rlimit none = {.rlim_cur = 1, .rlim_max = 1024};

	scratch_enter();
	target->dir = open_dir(".");
	begin("content");
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	ck_assert_int_eq(target_create(&kept, &save, "name"), -EMFILE);
	none.rlim_cur = 1024;
	MUST(setrlimit(RLIMIT_NOFILE, &none));
	check_tidy("");
}
END_TEST

START_TEST(path)
{
	char here[2048], expected[4096], got[4096];

	scratch_enter();
	make_dir("dir");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(expected, sizeof(expected), "%s/dir/name", here);
	target_path(open_dir("dir"), "name", got);
	ck_assert_str_eq(got, expected);
	target_path(open_dir("/"), "name", got);
	ck_assert_str_eq(got, "/name");
	target_path(-1, "name", got);
	ck_assert_str_eq(got, "name");
}
END_TEST

/* One that is longer than there is room for. */
START_TEST(path_too_long)
{
	static char name[NAME_MAX + 1];
	char got[4096];
	int at;

	memset(name, 'x', NAME_MAX);
	scratch_enter();
	at = open_dir(".");
	for (int i = 0; i < 20; i++) {
		target_path(at, name, got);
		ck_assert_str_eq(got + strlen(got) - NAME_MAX, name);
		MUST(mkdirat(at, name, 0700));
		MUST(at = openat(at, name, O_RDONLY | O_DIRECTORY));
	}
	ck_assert_str_eq(got, name);
}
END_TEST

Suite *create_suite(void)
{
	Suite *suite = suite_create("place of its own");
	TCase *tcase = add_case(suite, "create");

	add_both_users_test(tcase, create);
	add_table_test(tcase, create_fails, creation_failures);
	tcase_add_test(tcase, create_without_descriptors);
	tcase_add_test(tcase, path);
	tcase_add_test(tcase, path_too_long);
	return suite;
}
