/*
 * The file that is opened in another VM: what a path leads to, and what is told of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "unit.h"

#include "faults.h"
#include "open/opened.h"
#include "open/opener/original.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct original original;

static void make_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	strcpy(address.sun_path, path);
	MUST(fd = socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	close(fd);
}

/* Two directories, files in both, and links of all kinds between them. */
static void make_world(void)
{
	make_dir("a");
	make_dir("b");
	make_dir("b/c");
	make_file("a/file", "in a");
	make_file("b/c/file", "in c");
	make_link("here", "a/file");
	make_link("a/there", "../b/c/file");
	make_link("b/chain", "../a/there");
	make_link("a/dir", "../b/c");
	make_link("through", "a/dir/file");
	make_link("dangling", "a/nothing");
	make_link("itself", "itself");
	make_link("to-dir", "a");
	MUST(mkfifo("fifo", 0600));
	make_socket("socket");
	make_link("to-fifo", "fifo");
}

/* ---- What a path leads to ---- */

static const struct {
	const char *path, *dir, *name, *base;
} good[] = {
	{"a/file", "a", "file", "file"},       {"./a//file", "a", "file", "file"},
	{"here", "a", "file", "here"},         {"a/there", "b/c", "file", "there"},
	{"b/chain", "b/c", "file", "chain"},   {"a/dir/file", "b/c", "file", "file"},
	{"through", "b/c", "file", "through"}, {"b/../here", "a", "file", "here"},
	{"/dev/fd/42", "a", "file", "42"},
};

static void check_good(const char *path, const char *dir, const char *name, const char *base)
{
	struct stat expected, status;

	ck_assert_int_eq(original_open(&original, path, false), 0);
	MUST(stat(dir, &expected));
	MUST(fstat(original.target.dir, &status));
	ck_assert_msg(status.st_ino == expected.st_ino, "%s: another directory", path);
	ck_assert_str_eq(original.target.name, name);
	ck_assert_str_eq(original.base, base);
	MUST(stat(path, &expected));
	MUST(fstat(original.target.fd, &status));
	ck_assert_uint_eq(status.st_ino, expected.st_ino);
	ck_assert_int_eq(original.target.seen.status.st_size, expected.st_size);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}

START_TEST(path_of_a_file)
{
	char absolute[PATH_MAX + 32], here[PATH_MAX];
	unsigned before;

	scratch_enter();
	make_world();
	MUST(dup2(open("a/file", O_RDONLY), 42));
	before = open_descriptors();
	check_good(good[_i].path, good[_i].dir, good[_i].name, good[_i].base);
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	snprintf(absolute, sizeof(absolute), "%s%s%s", *good[_i].path == '/' ? "" : here,
		 *good[_i].path == '/' ? "" : "/", good[_i].path);
	check_good(absolute, good[_i].dir, good[_i].name, good[_i].base);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static const struct {
	const char *path;
	int error;
} bad[] = {
	{"", EINVAL},
	{"a", EISDIR},
	{"a/", EISDIR},
	{".", EISDIR},
	{"/", EISDIR},
	{"to-dir", EISDIR},
	{"missing", ENOENT},
	{"missing/file", ENOENT},
	{"dangling", ENOENT},
	{"a/file/", ENOTDIR},
	{"a/file/more", ENOTDIR},
	{"itself", ELOOP},
	{"fifo", ENOTSUP},
	{"to-fifo", ENOTSUP},
	{"socket", ENOTSUP},
	{"/dev/null", ENOTSUP},
};

START_TEST(path_of_no_file)
{
	for (int view_only = 0; view_only < 2; view_only++) {
		unsigned before;
		int r;

		scratch_enter();
		make_world();
		before = open_descriptors();
		r = original_open(&original, bad[_i].path, view_only);
		ck_assert_msg(r == -bad[_i].error, "\"%s\": %d", bad[_i].path, r);
		ck_assert_uint_eq(open_descriptors(), before);
	}
}
END_TEST

START_TEST(path_too_long)
{
	char path[PATH_MAX + 8];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(original_open(&original, path, false), -ENAMETOOLONG);
	path[300] = '\0';
	ck_assert_int_eq(original_open(&original, path, false), -ENAMETOOLONG);
}
END_TEST

/* Some things change between two looks of ours. */

static void turn_into_fifo(void)
{
	MUST(unlink("file"));
	MUST(mkfifo("file", 0600));
}

static void turn_into_long_link(void)
{
	char target[400];

	memset(target, 'x', sizeof(target));
	target[sizeof(target) - 1] = '\0';
	MUST(unlink("file"));
	make_link("file", target);
}

static void turn_into_loop(void)
{
	MUST(unlink("file"));
	make_link("file", "file");
}

static void turn_into_link_to_missing(void)
{
	MUST(unlink("file"));
	make_link("file", "nowhere/file");
}

static const struct {
	const char *before;
	void (*act)(void);
	int error;
} turns[] = {
	{"openat", turn_into_fifo, -ENOTSUP},
	/* It is gone by the time that it is locked, and then looked at anew. */
	{"fstat", turn_into_fifo, -EAGAIN},
	{"openat", turn_into_long_link, -ENAMETOOLONG},
	{"openat", turn_into_loop, -ELOOP},
	{"openat", turn_into_link_to_missing, -ENOENT},
};

START_TEST(file_turns_into_something_else)
{
	unsigned before;
	int r;

	scratch_enter();
	make_file("file", "x");
	before = open_descriptors();
	faults_before(turns[_i].before, turns[_i].act);
	r = original_open(&original, "file", false);
	/* Once more: it is what it has become now. */
	ck_assert_msg(r == (turns[_i].error == -EAGAIN ? -ENOTSUP : turns[_i].error), "%d", r);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(unreadable)
{
	scratch_enter_plain();
	make_file("file", "x");
	MUST(chmod("file", 0));
	/* Where even the plain user is let in, they are root of a kind. */
	ck_assert_int_eq(original_open(&original, "file", false),
			 access("file", R_OK) == 0 ? 0 : -EACCES);
	make_dir("dir");
	make_file("dir/file", "x");
	MUST(chmod("dir", 0));
	ck_assert_int_eq(original_open(&original, "dir/file", false),
			 access("dir/file", R_OK) == 0 ? 0 : -EACCES);
	MUST(chmod("dir", 0700));
}
END_TEST

/* What may be searched is enough. */
START_TEST(directory_that_cannot_be_listed)
{
	scratch_enter_plain();
	make_dir("dir");
	make_file("dir/file", "x");
	MUST(chmod("dir", 0300));
	check_good("dir/file", "dir", "file", "file");
	MUST(chmod("dir", 0700));
}
END_TEST

/* ---- What is worth telling ---- */

START_TEST(other_names)
{
	scratch_enter();
	make_file("file", "x");
	MUST(link("file", "other"));
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	ck_assert_uint_eq(original.notes, OPENER_LINKS);
	original_close(&original);
	ck_assert_int_eq(original_open(&original, "file", true), 0);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}
END_TEST

START_TEST(read_only)
{
	scratch_enter_plain();
	make_file("file", "x");
	MUST(chmod("file", 0444));
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	ck_assert_uint_eq(original.notes, access("file", W_OK) == 0 ? 0 : OPENER_READ_ONLY);
	original_close(&original);
	ck_assert_int_eq(original_open(&original, "file", true), 0);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}
END_TEST

START_TEST(second)
{
	struct original first;

	scratch_enter_as(_i);
	make_file("file", "x");
	/* To view it only disturbs nobody. */
	ck_assert_int_eq(original_open(&original, "file", true), 0);
	ck_assert_int_eq(original_open(&first, "file", false), 0);
	ck_assert_uint_eq(first.notes, 0);
	original_close(&original);
	ck_assert_int_eq(original_open(&original, "file", true), 0);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	ck_assert_uint_eq(original.notes, OPENER_SECOND);
	original_close(&original);
	original_close(&first);
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}
END_TEST

static void replace(void)
{
	make_file("new", "newer");
	MUST(rename("new", "file"));
}

/* What is locked is what is there, not what another opener has just replaced. */
START_TEST(replaced_while_it_is_opened)
{
	struct stat status, there;

	scratch_enter();
	make_file("file", "x");
	faults_before("bind", replace);
	ck_assert_int_eq(original_open(&original, "file", false), 0);
	MUST(fstat(original.target.fd, &status));
	MUST(stat("file", &there));
	ck_assert_uint_eq(status.st_ino, there.st_ino);
	ck_assert_int_eq(original.target.seen.status.st_size, 5);
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}
END_TEST

START_TEST(file_system_without_locks)
{
	scratch_enter();
	make_file("file", "x");
	for (unsigned call = 1;; call++) {
		faults_begin(call, ENOLCK, false);
		if (original_open(&original, "file", false) == 0 && faults_failed() &&
		    strcmp(faults_failed(), "bind") == 0)
			break;
		ck_assert_ptr_nonnull(faults_failed());
		faults_end();
		original_close(&original);
	}
	faults_end();
	ck_assert_uint_eq(original.notes, 0);
	original_close(&original);
}
END_TEST

/* Whatever fails: nothing stays open, and no other error is told. */
START_TEST(each_call_fails)
{
	unsigned call = 0, before;
	int r;

	scratch_enter();
	make_world();
	before = open_descriptors();
	do {
		faults_begin(++call, EIO, false);
		r = original_open(&original, "through", false);
		faults_end();
		if (r == 0)
			original_close(&original);
		else
			ck_assert_int_eq(r, -EIO);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_int_eq(r, 0);
	ck_assert_uint_gt(call, 6);
}
END_TEST

/* ---- Files that others exchange for links meanwhile ---- */

/*
 * A file system where the kernel follows no links at all: it refuses them as those that others made
 * in /tmp are refused where fs.protected_symlinks is set.
 */
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static void make_shared(void)
{
	scratch_enter();
	make_file("secret", "secret");
	make_dir("shared");
	ck_assert(mount_own("shared", MS_NOSYMFOLLOW, NULL));
	make_file("shared/file", "bait");
	make_link("shared/link", "../secret");
}

static void swap(void)
{
	MUST(renameat2(AT_FDCWD, "shared/file", AT_FDCWD, "shared/link", RENAME_EXCHANGE));
}

/* Refused, or what anybody may see. Returns whether it was opened. */
static bool never_the_secret(const char *path)
{
	char content[16] = "";
	int r = original_open(&original, path, false);

	if (r < 0) {
		ck_assert_msg(r == -ELOOP || r == -ESTALE, "%d", r);
		return false;
	}
	MUST(read(original.target.fd, content, sizeof(content) - 1));
	ck_assert_str_eq(content, "bait");
	original_close(&original);
	return true;
}

static const char *swapped_before;
static unsigned calls_until_swap;
static bool and_back, swapped;

static void swap_in_time(void)
{
	if (calls_until_swap > 0) {
		calls_until_swap--;
		faults_before(swapped_before, swap_in_time);
		return;
	}
	swap();
	if (swapped)
		return;
	swapped = true;
	if (and_back)
		faults_before(swapped_before, swap_in_time);
}

static const char *const looks[] = {"openat",  "readlinkat", "fstat",
				    "fstatat", "faccessat",  "bind"};

/* Before each call of each kind, for good or until the next one. */
START_TEST(swapped_at_each_call)
{
	make_shared();
	for (int way = 0; way < 4; way++) {
		for (unsigned call = 0;; call++) {
			swapped_before = looks[_i];
			calls_until_swap = call;
			and_back = way & 1;
			swapped = false;
			if (way & 2) /* it begins as a link */
				swap();
			faults_before(swapped_before, swap_in_time);
			never_the_secret("shared/file");
			faults_before("", NULL);
			MUST(unlink("shared/file"));
			MUST(unlink("shared/link"));
			make_file("shared/file", "bait");
			make_link("shared/link", "../secret");
			if (!swapped)
				break;
		}
	}
}
END_TEST

/* Of those in which it was a file, and of those in which it was a link. */
#define ROUNDS 3000

/* Another process does it as often as it can. */
START_TEST(swapped_all_the_time)
{
	unsigned opened = 0, refused = 0;
	pid_t pid;

	make_shared();
	MUST(pid = fork());
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			swap();
	}
	while (opened < ROUNDS || refused < ROUNDS) {
		if (never_the_secret("shared/file"))
			opened++;
		else
			refused++;
	}
	MUST(kill(pid, SIGKILL));
}
END_TEST

/* ---- Files that have no name any more ---- */

static const char *const decoys[] = {"file (deleted)", "file"};

/* What is there in its stead, or looks like its name, is another file. */
START_TEST(removed)
{
	char path[64];
	int fd;

	scratch_enter();
	make_file("file", "bait");
	MUST(fd = open("file", O_RDONLY));
	MUST(unlink("file"));
	make_file(decoys[_i], "secret");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int view_only = 0; view_only < 2; view_only++)
		ck_assert_int_eq(original_open(&original, path, view_only), -ESTALE);
}
END_TEST

/* What it was called by the descriptor of another name counts. */
START_TEST(renamed)
{
	char path[64];
	int fd;

	scratch_enter();
	make_file("file", "x");
	MUST(fd = open("file", O_RDONLY));
	MUST(rename("file", "moved (deleted)"));
	make_file("file", "secret");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_int_eq(original_open(&original, path, false), 0);
	ck_assert_str_eq(original.target.name, "moved (deleted)");
	original_close(&original);
}
END_TEST

Suite *original_suite(void)
{
	Suite *suite = suite_create("original");
	TCase *tcase = add_case(suite, "path");

	add_table_test(tcase, path_of_a_file, good);
	add_table_test(tcase, path_of_no_file, bad);
	tcase_add_test(tcase, path_too_long);
	add_table_test(tcase, file_turns_into_something_else, turns);
	tcase_add_test(tcase, unreadable);
	tcase_add_test(tcase, directory_that_cannot_be_listed);
	tcase = add_case(suite, "notes");
	tcase_add_test(tcase, other_names);
	tcase_add_test(tcase, read_only);
	add_both_users_test(tcase, second);
	tcase_add_test(tcase, replaced_while_it_is_opened);
	tcase_add_test(tcase, file_system_without_locks);
	tcase_add_test(tcase, each_call_fails);
	tcase = add_case(suite, "removed");
	add_table_test(tcase, removed, decoys);
	tcase_add_test(tcase, renamed);
	tcase = add_case_if(suite, "swapped", can_mount(MS_NOSYMFOLLOW),
			    "no file system without links here");
	add_table_test(tcase, swapped_at_each_call, looks);
	tcase_add_test(tcase, swapped_all_the_time);
	return suite;
}
