/*
 * Private directories: made where the user says, whatever others put in the way.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/private.h"
#include "unit.h"

#include "faults.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define OTHER 4711 /* an account */

/* Does `path` lead to the private directory `expected`, which is there afterwards? */
static void check_opens(const char *path, const char *expected)
{
	unsigned before = open_descriptors();
	struct stat status, there;
	int fd = private_open(path);

	ck_assert_msg(fd >= 0, "%s: %d", path, fd);
	MUST(fstat(fd, &status));
	MUST(lstat(expected, &there));
	ck_assert_uint_eq(status.st_ino, there.st_ino);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	close(fd);
	ck_assert_uint_eq(open_descriptors(), before);
}

static void check_refused(const char *path, int error)
{
	unsigned before = open_descriptors();
	int r = private_open(path);

	ck_assert_msg(r == -error, "%s: %d", path, r);
	ck_assert_uint_eq(open_descriptors(), before);
}

static const struct {
	const char *path, *expected;
} good[] = {
	{"new", "new"},    {"a/b/c", "a/b/c"},      {".//a/./b//", "a/b"},
	{"a/../b", "b"},   {"link/x/y", "dir/x/y"}, {"chain/x", "dir/x"},
	{"dir/up/x", "x"}, {"absolute/x", "dir/x"},
};

START_TEST(opened)
{
	char here[PATH_MAX], path[2 * PATH_MAX];

	scratch_enter_as(_i & 1);
	make_dir("dir");
	make_link("link", "dir");
	make_link("chain", "./link/../link");
	make_link("dir/up", "..");
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/dir", here);
	make_link("absolute", path);
	if (strcmp(good[_i >> 1].path, "absolute/x") == 0 && !scratch_reachable())
		return;
	check_opens(good[_i >> 1].path, good[_i >> 1].expected);
	check_opens(good[_i >> 1].path, good[_i >> 1].expected);
}
END_TEST

static const struct {
	const char *path;
	int error;
} bad[] = {
	{"", ENOENT},    {"file", ENOTDIR},   {"file/x", ENOTDIR},
	{"link", ELOOP}, {"link/", ELOOP},    {"itself/x", ELOOP},
	{"open", EPERM}, {"dangling/x/y", 0}, {"dir/link", ELOOP},
};

START_TEST(not_opened)
{
	scratch_enter_as(_i & 1);
	make_dir("dir");
	make_file("file", "x");
	make_dir("open");
	MUST(chmod("open", 0701));
	make_link("link", "dir");
	make_link("dir/link", "nowhere");
	make_link("itself", "itself");
	make_link("dangling", "missing");
	if (bad[_i >> 1].error)
		check_refused(bad[_i >> 1].path, bad[_i >> 1].error);
	else /* a link of one's own says where it is to be */
		check_opens(bad[_i >> 1].path, "missing/x/y");
	ck_assert_str_eq(names_in("open"), "");
	ck_assert(!exists("dir/nowhere"));
}
END_TEST

START_TEST(name_too_long)
{
	char name[PATH_MAX + 8];

	scratch_enter();
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	check_refused(name, ENAMETOOLONG);
	name[300] = '\0';
	check_refused(name, ENAMETOOLONG);
}
END_TEST

/* ---- What another user has a say in: root alone can arrange that ---- */

/* The home of another user, in which they made links to where nothing of theirs may lead. */
static void make_home(void)
{
	scratch_enter();
	make_dir("etc");
	make_dir("home");
	make_link("home/.local", "../etc");
	make_dir("home/real");
	make_dir("tmp");
	MUST(chmod("tmp", 01777));
	make_link("tmp/link", "../etc");
	make_dir("tmp/theirs");
	MUST(chmod("tmp/theirs", 0700));
	MUST(lchown("tmp/link", OTHER, OTHER));
	MUST(lchown("tmp/theirs", OTHER, OTHER));
	MUST(lchown("home", OTHER, OTHER));
	MUST(lchown("home/.local", OTHER, OTHER));
	make_link("to-home", "home/real");
}

static const char *const theirs[] = {"home/.local/share/x", "home/x",   "home/real/x",
				     "tmp/link/x",          "tmp/link", "tmp/theirs",
				     "tmp/theirs/x",        "to-home/x"};

START_TEST(place_of_somebody_else)
{
	make_home();
	check_refused(theirs[_i], EPERM);
	ck_assert_str_eq(names_in("etc"), "");
	ck_assert_str_eq(names_in("home"), ".local real");
	ck_assert_str_eq(names_in("home/real"), "");
	ck_assert_str_eq(names_in("tmp/theirs"), "");
	check_opens("tmp/ours/x", "tmp/ours/x");
}
END_TEST

static void swap(void)
{
	MUST(renameat2(AT_FDCWD, "tmp/dir", AT_FDCWD, "tmp/link", RENAME_EXCHANGE));
}

static const char *swapped_before;
static unsigned calls_until_swap;

static void swap_in_time(void)
{
	if (calls_until_swap-- > 0)
		faults_before(swapped_before, swap_in_time);
	else
		swap();
}

static const char *const calls[] = {"openat", "fstat", "mkdirat", "fstatat", "readlinkat"};

/* A directory of ours and a link of theirs, exchanged before each call of each kind. */
START_TEST(swapped_at_each_call)
{
	for (unsigned call = 0; call < 12; call++) {
		int fd;

		make_home();
		make_dir("tmp/dir");
		swapped_before = calls[_i];
		calls_until_swap = call;
		faults_before(swapped_before, swap_in_time);
		fd = private_open("tmp/dir/a/b");
		faults_before("", NULL);
		ck_assert_msg(fd >= 0 || fd == -EPERM, "%d", fd);
		close(fd);
		ck_assert_str_eq(names_in("etc"), "");
	}
}
END_TEST

#define ROUNDS 3000 /* that came out in each of the two ways */

START_TEST(swapped_all_the_time)
{
	unsigned done = 0, refused = 0;
	pid_t pid;

	make_home();
	make_dir("tmp/dir");
	MUST(pid = fork());
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			swap();
	}
	while (done < ROUNDS || refused < ROUNDS) {
		int fd = private_open("tmp/dir/a");

		ck_assert_msg(fd >= 0 || fd == -EPERM, "%d", fd);
		done += fd >= 0;
		refused += fd < 0;
		close(fd);
	}
	MUST(kill(pid, SIGKILL));
	ck_assert_str_eq(names_in("etc"), "");
}
END_TEST

/* Whatever fails: nothing stays open, and no other error is told. */
START_TEST(each_call_fails)
{
	unsigned call = 0, before;
	int r;

	scratch_enter();
	make_dir("dir");
	make_link("link", "dir");
	before = open_descriptors();
	do {
		rmdir("dir/x/y");
		rmdir("dir/x");
		faults_begin(++call, EIO, false);
		r = private_open("link/x/y");
		faults_end();
		ck_assert_msg(r >= 0 || r == -EIO, "%d", r);
		if (r >= 0)
			close(r);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_int_ge(r, 0);
	ck_assert_uint_gt(call, 10);
}
END_TEST

Suite *private_suite(void)
{
	Suite *suite = suite_create("private");
	TCase *tcase = add_case(suite, "path");

	tcase_add_loop_test(tcase, opened, 0, 2 * (int)COUNT(good));
	tcase_add_loop_test(tcase, not_opened, 0, 2 * (int)COUNT(bad));
	tcase_add_test(tcase, name_too_long);
	tcase_add_test(tcase, each_call_fails);
	tcase = add_case_if(suite, "of somebody else", geteuid() == 0, "needs root");
	add_table_test(tcase, place_of_somebody_else, theirs);
	add_table_test(tcase, swapped_at_each_call, calls);
	tcase_add_test(tcase, swapped_all_the_time);
	return suite;
}
