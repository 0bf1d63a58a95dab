/*
 * A version takes the place of the file, with a backup where one is wanted: the name leads to one
 * complete version all the time, also when calls fail.
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

#include <stdlib.h>
#include <unistd.h>

/* ---- In its place ---- */

START_TEST(replace)
{
	unsigned before;

	scratch_enter_as(_i);
	make_old_file("file", "before");
	before = open_descriptors();
	open_file();
	for (int i = 0; i < 3; i++) {
		begin(i == 1 ? "" : "after");
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		check_tidy("file");
		ck_assert_str_eq(content_of("file"), i == 1 ? "" : "after");
	}
	original_close(&original);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* By every way that file systems leave. */
static const struct {
	const char *call;
	int error;
	bool backup;
} ways[] = {
	{"renameat2", EINVAL, false}, /* cannot exchange */
	{"renameat2", ENOSYS, true},  {"renameat2", EOPNOTSUPP, false},
	{"bind", ENOLCK, false},      {"faccessat", ENOENT, true}, /* no /proc */
	{"openat", EOPNOTSUPP, true},                              /* no files without a name */
};

START_TEST(replace_by_each_way)
{
	char backup[NAME_MAX + 1];

	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0640));
	open_file();
	faults_begin_in(ways[_i].call, 1, ways[_i].error, false);
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, ways[_i].backup ? backup : NULL), 0);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	check_tidy(ways[_i].backup ? "file file~" : "file");
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert_uint_eq(mode_of("file"), 0640);
	/* And once more. */
	begin("later");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	ck_assert_str_eq(content_of("file"), "later");
}
END_TEST

/* Another opener notices a version just as it does the original. */
START_TEST(replace_keeps_the_lock)
{
	struct original second;

	start();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(target_replace(target, &save, NULL), 0);
		save_end(&save);
		ck_assert_int_eq(original_open(&second, "file", false), 0);
		ck_assert_uint_eq(second.notes, OPENER_SECOND);
		original_close(&second);
		begin("later");
	}
	original_close(&original);
	ck_assert_int_eq(original_open(&second, "file", false), 0);
	ck_assert_uint_eq(second.notes, 0);
}
END_TEST

/* While it is still open here: a program that is being written cannot be run. */
START_TEST(replace_a_program)
{
	scratch_enter();
	make_old_file("file", "#!/bin/sh\nexit 7\n");
	MUST(chmod("file", 0755));
	open_file();
	begin("#!/bin/sh\nexit 8\n");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	save_end(&save);
	ck_assert_int_eq(WEXITSTATUS(system("./file")), 8);
}
END_TEST

START_TEST(replace_one_of_two_names)
{
	start();
	MUST(link("file", "other"));
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert_str_eq(content_of("other"), "before");
}
END_TEST

/* In a directory that may not be listed, and so cannot be synced by itself. */
START_TEST(replace_in_directory_that_cannot_be_listed)
{
	scratch_enter_plain();
	make_dir("dir");
	make_old_file("dir/file", "before");
	MUST(chmod("dir", 0300));
	open_named("dir/file");
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	save_end(&save);
	MUST(chmod("dir", 0700));
	ck_assert_str_eq(names_in("dir"), "file");
	ck_assert_str_eq(content_of("dir/file"), "after");
}
END_TEST

/* ---- When calls fail ---- */

static const struct {
	const char *call;
	int error, result;
} failures[] = {
	{"renameat2", EBUSY, -EXDEV}, /* something is mounted there */
	{"renameat2", EPERM, -EPERM},   {"fsync", EIO, -EIO},
	{"fsetxattr", ENOSPC, 0}, /* there is nothing to set */
	{"fremovexattr", EIO, -EIO},    {"linkat", ENOSPC, -ENOSPC},
	{"getrandom", ENOSYS, -ENOSYS}, {"openat", EMFILE, -EMFILE},
	{"pread", EIO, -EIO},           {"pread", EINTR, 0},
	{"malloc", ENOMEM, -ENOMEM},    {"fstat", EIO, -EIO},
};

START_TEST(replace_fails)
{
	unsigned before;
	int r;

	scratch_enter();
	make_file("file", "before");
	open_file();
	begin("after");
	before = open_descriptors();
	faults_begin_in(failures[_i].call, 1, failures[_i].error, false);
	r = target_replace(target, &save, NULL);
	faults_end();
	ck_assert_msg(r == failures[_i].result, "%s: %d", failures[_i].call, r);
	ck_assert_str_eq(content_of("file"), r < 0 ? "before" : "after");
	ck_assert_uint_eq(open_descriptors(), before);
	check_tidy("file");
}
END_TEST

/* Where names cannot be exchanged, what somebody writes while the save goes to the disk stays. */
START_TEST(no_exchange_and_a_change)
{
	static const char *const calls[] = {"fsync", "renameat2"};

	start();
	faults_begin_in("renameat2", 1, EINVAL, false);
	faults_before(calls[_i], change);
	ck_assert_int_eq(target_replace(target, &save, NULL), -ESTALE);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_str_eq(content_of("file"), "local");
	check_tidy("file");
}
END_TEST

static void make_private(void)
{
	MUST(chmod("file", 0600));
}

/* Whom somebody locks out while the save goes to the disk stays out. */
START_TEST(mode_is_changed_meanwhile)
{
	char backup[NAME_MAX + 1];

	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0644));
	open_file();
	begin("after");
	/* Row 1: where names cannot be exchanged. Row 2: where a backup is made. */
	faults_begin_in("renameat2", _i == 1 ? 1 : 0, EINVAL, false);
	faults_before("fsync", make_private);
	ck_assert_int_eq(target_replace(target, &save, _i == 2 ? backup : NULL), 0);
	faults_end();
	check_tidy(_i == 2 ? "file file~" : "file");
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert_uint_eq(mode_of("file"), 0600);
}
END_TEST

/* What has just got its name is not on every disk yet. It does not take the file's place. */
START_TEST(named_save_cannot_be_synced)
{
	start();
	if (!save.name[0]) {
		faults_begin_in("fsync", 2, EIO, false);
		ck_assert_int_eq(target_replace(target, &save, NULL), -EIO);
		faults_end();
		ck_assert_str_eq(content_of("file"), "before");
	}
	check_tidy("file");
}
END_TEST

/* A directory that cannot be synced: the version may be in its place, but is not said to be. */
START_TEST(directory_cannot_be_synced)
{
	static const int errors[] = {EIO, EINVAL, ENOSYS, EOPNOTSUPP};

	start();
	/* A save without a name is synced once more when it has one. */
	faults_begin_in("fsync", save.name[0] ? 2 : 3, errors[_i], false);
	/* Else all of the file system is. */
	ck_assert_int_eq(target_replace(target, &save, NULL), errors[_i] == EIO ? -EIO : 0);
	faults_end();
	ck_assert_str_eq(content_of("file"), "after");
	save_end(&save);
	/* What is there now is what is expected from now on. */
	begin("later");
	ck_assert_int_eq(target_replace(target, &save, NULL), 0);
	check_tidy("file");
}
END_TEST

/* ---- Backups ---- */

static const struct {
	const char *label, *name, *taken, *backup;
} backups[] = {
	{"plain", "report.pdf", "", "report.pdf~"},
	{"taken", "report.pdf", "report.pdf~", "report.pdf.~1~"},
	{"taken twice", "x", "x~ x.~1~", "x.~2~"},
	{"a hole", "x", "x~ x.~2~", "x.~1~"},
};

START_TEST(backup)
{
	char taken[64], made[NAME_MAX + 1];

	scratch_enter();
	make_old_file(backups[_i].name, "before");
	strcpy(taken, backups[_i].taken);
	for (char *name = strtok(taken, " "); name; name = strtok(NULL, " "))
		make_file(name, "earlier");
	open_named(backups[_i].name);
	begin("after");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_str_eq(made, backups[_i].backup);
	ck_assert_str_eq(content_of(made), "before");
	ck_assert_str_eq(content_of(backups[_i].name), "after");
	strcpy(taken, backups[_i].taken);
	for (char *name = strtok(taken, " "); name; name = strtok(NULL, " "))
		ck_assert_str_eq(content_of(name), "earlier");
	ck_assert(!has_name(".", ".qopen-"));
}
END_TEST

/* A name that leaves no room is cut, but not within a character. */
START_TEST(backup_of_long_name)
{
	static const char umlaut[] = "\303\244";
	char name[NAME_MAX + 1], made[NAME_MAX + 1];

	scratch_enter();
	for (size_t i = 0; i + 1 < NAME_MAX; i += 2)
		memcpy(name + i, umlaut, 2);
	name[NAME_MAX - 1] = 'x';
	name[NAME_MAX] = '\0';
	make_old_file(name, "before");
	open_named(name);
	begin("one");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_uint_eq(strlen(made), NAME_MAX);
	ck_assert_str_eq(made + NAME_MAX - 3, "\303\244~");
	ck_assert_str_eq(content_of(made), "before");
	begin("two");
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	save_end(&save);
	ck_assert_str_eq(made + strlen(made) - 6, "\303\244.~1~");
	ck_assert_uint_le(strlen(made), NAME_MAX);
	ck_assert_str_eq(content_of(made), "one");
}
END_TEST

/* Where a file has only one name, the backup is a copy. */
static const int no_links[] = {EPERM, EOPNOTSUPP, ENOSYS, EMLINK};

START_TEST(backup_is_a_copy)
{
	char made[NAME_MAX + 1];

	scratch_enter();
	make_old_file("file", "before");
	MUST(chmod("file", 0640));
	open_file();
	begin("after");
	faults_begin_in("linkat", 2, no_links[_i], false);
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	faults_end();
	save_end(&save);
	ck_assert_str_eq(made, "file~");
	ck_assert_str_eq(content_of("file~"), "before");
	ck_assert_uint_eq(mode_of("file~"), 0640);
	ck_assert_str_eq(content_of("file"), "after");
	ck_assert(!has_name(".", ".qopen-"));
}
END_TEST

static void show_new_ctime(void)
{
	MUST(chmod("file", mode_of("file")));
}

static void number_otherwise(void)
{
	faults_before("pread", show_new_ctime);
	MUST(unlink("file~"));
	make_file("file~", "looks like another one");
}

/* Many in user space number a file by its name: by a second one it looks like another file. */
START_TEST(backup_with_another_number)
{
	char made[NAME_MAX + 1];

	start();
	faults_before("fstatat", number_otherwise);
	ck_assert_int_eq(target_replace(target, &save, made), 0);
	ck_assert_str_eq(made, "file~");
	ck_assert_str_eq(content_of("file~"), "before");
	ck_assert_str_eq(content_of("file"), "after");
	check_tidy("file file~");
}
END_TEST

/* Where there can be no backup, nothing is replaced; where nothing is replaced, there is none. */
START_TEST(backup_comes_and_goes_with_the_version)
{
	char made[NAME_MAX + 1];

	start();
	faults_begin_in("linkat", 2, ENOSPC, false);
	ck_assert_int_eq(target_replace(target, &save, made), -ENOSPC);
	faults_end();
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "before");
	begin("after");
	faults_before("renameat2", change);
	ck_assert_int_eq(target_replace(target, &save, made), -ESTALE);
	check_tidy("file");
	ck_assert_str_eq(content_of("file"), "local");
}
END_TEST

Suite *replace_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *tcase = add_case(suite, "replace");

	add_both_users_test(tcase, replace);
	add_table_test(tcase, replace_by_each_way, ways);
	tcase_add_test(tcase, replace_keeps_the_lock);
	tcase_add_test(tcase, replace_a_program);
	tcase_add_test(tcase, replace_one_of_two_names);
	tcase_add_test(tcase, replace_in_directory_that_cannot_be_listed);
	tcase = add_case(suite, "failures");
	add_table_test(tcase, replace_fails, failures);
	tcase_add_loop_test(tcase, no_exchange_and_a_change, 0, 2);
	tcase_add_loop_test(tcase, mode_is_changed_meanwhile, 0, 3);
	tcase_add_test(tcase, named_save_cannot_be_synced);
	tcase_add_loop_test(tcase, directory_cannot_be_synced, 0, 4);
	tcase = add_case(suite, "backup");
	add_table_test(tcase, backup, backups);
	tcase_add_test(tcase, backup_of_long_name);
	add_table_test(tcase, backup_is_a_copy, no_links);
	tcase_add_test(tcase, backup_with_another_number);
	tcase_add_test(tcase, backup_comes_and_goes_with_the_version);
	return suite;
}
