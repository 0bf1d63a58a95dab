/*
 * A version grows in a file without a name, and moves to where it is to be kept.
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
#include <stdlib.h>
#include <unistd.h>

/* ---- A version ---- */

static const struct {
	const char *call;
	int error;
	bool named;
} creations[] = {
	{"", 0, false},
	{"openat", EOPNOTSUPP, true}, /* the file system has no files without a name */
	{"openat", EISDIR, true},
	{"openat", EINVAL, true},
	{"faccessat", ENOENT, true}, /* there is no /proc */
};

/* It has no name, or one that no user thinks of, and gets the one that it is given. */
START_TEST(version_by_each_way)
{
	struct stat status;
	unsigned before;

	scratch_enter_as(_i & 1);
	before = open_descriptors();
	target->dir = open_dir(".");
	faults_begin_in(creations[_i >> 1].call, creations[_i >> 1].error ? 1 : 0,
			creations[_i >> 1].error, false);
	begin("content");
	faults_end();
	ck_assert(creations[_i >> 1].named == has_name(".", ".qopen-"));
	ck_assert(creations[_i >> 1].named == !!save.name[0]);
	MUST(fstat(save.fd, &status));
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	MUST(fchmod(save.fd, 0640));
	make_file("taken", "x");
	ck_assert_int_eq(save_link(&save, "taken"), -EEXIST);
	ck_assert_str_eq(content_of("taken"), "x");
	ck_assert_int_eq(save_link(&save, "name"), 0);
	check_tidy("name taken");
	ck_assert_str_eq(content_of("name"), "content");
	ck_assert_uint_eq(mode_of("name"), 0640);
	close(target->dir);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(version_is_private)
{
	struct stat status;

	scratch_enter();
	target->dir = open_dir(".");
	begin("");
	MUST(fstat(save.fd, &status));
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert_int_ne(fcntl(save.fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert_int_eq(save_name(&save), 0);
	ck_assert_int_eq(save_name(&save), 0); /* once is enough */
	ck_assert_str_eq(names_in("."), save.name);
	check_tidy("");
}
END_TEST

/* Where a file cannot be renamed to a name only if that is free, it is linked. */
static const int no_flags[] = {EINVAL, ENOSYS, EOPNOTSUPP};

START_TEST(version_without_noreplace)
{
	scratch_enter();
	target->dir = open_dir(".");
	begin("content");
	ck_assert_int_eq(save_name(&save), 0);
	make_file("taken", "x");
	faults_begin_in("renameat2", 1, no_flags[_i], true);
	ck_assert_int_eq(save_link(&save, "taken"), -EEXIST);
	ck_assert_int_eq(save_link(&save, "name"), 0);
	faults_end();
	check_tidy("name taken");
	ck_assert_str_eq(content_of("name"), "content");
}
END_TEST

START_TEST(version_larger_than_the_disk)
{
	static const uint64_t sizes[] = {INT64_MAX, (uint64_t)1 << 62, (uint64_t)1 << 50};

	scratch_enter();
	target->dir = open_dir(".");
	for (size_t i = 0; i < COUNT(sizes); i++) {
		ck_assert_int_eq(save_begin(&save, target->dir, sizes[i]), -ENOSPC);
		ck_assert_int_eq(save.fd, -1);
	}
	check_tidy("");
}
END_TEST

/* ---- A version that moves to another directory ---- */

static const char *const moving_calls[] = {"",       "sendfile", "sendfile",
					   "openat", "fstatfs",  "linkat"};
static const int moving_errors[] = {0, EINTR, ENOSPC, EACCES, EIO, EIO};
static const int moving_results[] = {0, 0, -ENOSPC, -EACCES, -EIO, 0};

START_TEST(version_moves)
{
	static char bytes[600000];
	int other, r;

	scratch_enter();
	make_dir("other");
	other = open_dir("other");
	target->dir = open_dir(".");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)('a' + i * 7 % 26);
	ck_assert_int_eq(save_begin(&save, target->dir, sizeof(bytes) + 4), 0);
	ck_assert_int_eq(save_write(&save, bytes, sizeof(bytes)), 0);
	faults_begin_in(moving_calls[_i], moving_errors[_i] ? 1 : 0, moving_errors[_i], false);
	r = save_move(&save, other);
	faults_end();
	ck_assert_int_eq(r, moving_results[_i]);
	/* Wherever it is, it is whole, and grows on. */
	ck_assert_int_eq(save_write(&save, "more", 4), 0);
	ck_assert_int_eq(save_link(&save, "name"), 0);
	ck_assert(exists("name") == (r < 0));
	ck_assert(exists("other/name") == (r == 0));
	ck_assert_uint_eq(save.size, sizeof(bytes) + 4);
	{
		static char got[sizeof(bytes) + 8];

		ck_assert_int_eq(pread(save.fd, got, sizeof(got), 0), sizeof(bytes) + 4);
		ck_assert_int_eq(memcmp(got, bytes, sizeof(bytes)), 0);
		ck_assert_int_eq(memcmp(got + sizeof(bytes), "more", 4), 0);
	}
	save_end(&save);
}
END_TEST

static void shorten(void)
{
	MUST(ftruncate(save.fd, 1));
}

/* What cannot be is not taken for success. */
START_TEST(version_became_shorter)
{
	int other;

	scratch_enter();
	make_dir("other");
	other = open_dir("other");
	target->dir = open_dir(".");
	begin("content");
	faults_before("sendfile", shorten);
	ck_assert_int_eq(save_move(&save, other), -EIO);
	save_end(&save);
	ck_assert_str_eq(names_in("other"), "");
}
END_TEST

Suite *version_suite(void)
{
	Suite *suite = suite_create("version");
	TCase *tcase = add_case(suite, "version");

	tcase_add_loop_test(tcase, version_by_each_way, 0, 2 * (int)COUNT(creations));
	tcase_add_test(tcase, version_is_private);
	add_table_test(tcase, version_without_noreplace, no_flags);
	tcase_add_test(tcase, version_larger_than_the_disk);
	add_table_test(tcase, version_moves, moving_calls);
	tcase_add_test(tcase, version_became_shorter);
	return suite;
}
