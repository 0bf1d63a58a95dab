/*
 * The working directory: a private directory, and what programs leave in it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "open/editor/workdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct workdir workdir;

static void create(bool view_only)
{
	int fd = workdir_create(&workdir, view_only);

	ck_assert_msg(fd >= 0, "creating: %s", strerror(-fd));
	ck_assert_int_eq(write(fd, "content", 7), 7);
	close(fd);
}

START_TEST(make)
{
	char here[PATH_MAX];
	unsigned before;

	scratch_enter_as(_i);
	if (!scratch_reachable())
		return;
	make_dir("tmp");
	make_link("link", "tmp");
	umask(0277); /* would make it unusable */
	before = open_descriptors();
	ck_assert_ptr_nonnull(getcwd(here, sizeof(here)));
	ck_assert_int_eq(workdir_make(&workdir, "link", "work", "file.txt"), 0);
	/* Absolute, links resolved, after the VM. */
	ck_assert_int_eq(strncmp(workdir.path, here, strlen(here)), 0);
	ck_assert_int_eq(strncmp(workdir.path + strlen(here), "/tmp/qopen-work-", 16), 0);
	ck_assert_uint_eq(strlen(workdir.path), strlen(here) + strlen("/tmp/qopen-work-XXXXXX/"
								      "file.txt"));
	ck_assert_str_eq(workdir.name, "file.txt");
	ck_assert_int_eq(strncmp(workdir.base, "qopen-work-", 11), 0);
	ck_assert_uint_eq(mode_of(workdir.directory) & 0077, 0);
	umask(022);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("tmp"), "");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

START_TEST(make_without_a_name)
{
	struct workdir other;

	scratch_enter();
	ck_assert_int_eq(workdir_make(&workdir, ".", NULL, "f"), 0);
	ck_assert_int_eq(workdir_make(&other, ".", NULL, "f"), 0);
	ck_assert_uint_eq(strlen(workdir.base), strlen("qopen-XXXXXX"));
	ck_assert_uint_eq(mode_of(workdir.directory), 0700);
	ck_assert_str_ne(workdir.path, other.path);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_int_eq(workdir_remove(&other), 0);
}
END_TEST

START_TEST(make_where_it_cannot_be)
{
	char deep[PATH_MAX] = "", name[256];

	scratch_enter_plain();
	if (!scratch_reachable())
		return;
	make_dir("sealed");
	MUST(chmod("sealed", 0500));
	make_file("file", "");
	ck_assert_int_eq(workdir_make(&workdir, "missing", NULL, "f"), -ENOENT);
	ck_assert_int_eq(workdir_make(&workdir, "file", NULL, "f"), -ENOTDIR);
	ck_assert_int_eq(workdir_make(&workdir, "sealed", NULL, "f"), -EACCES);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	/* A directory that only just has a path. */
	memset(name, 'd', 255);
	name[255] = '\0';
	while (strlen(deep) + 256 < 4000) {
		strcat(deep, name);
		strcat(deep, "/");
		make_dir(deep);
	}
	memset(name, 'n', 255);
	ck_assert_int_eq(workdir_make(&workdir, deep, "work", name), -ENAMETOOLONG);
}
END_TEST

START_TEST(file_modes)
{
	scratch_enter_as(_i);
	if (!scratch_reachable())
		return;
	ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
	umask(0777);
	create(_i);
	umask(022);
	ck_assert_uint_eq(mode_of(workdir.path), _i ? 0400 : 0600);
	ck_assert_str_eq(content_of(workdir.path), "content");
	ck_assert_int_eq(workdir_create(&workdir, false), -EEXIST);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("."), "");
}
END_TEST

/* ---- What may be under the file's name, later ---- */

static void a_file(const char *path)
{
	make_file(path, "content");
}

static void a_sealed_file(const char *path)
{
	make_file(path, "content");
	MUST(chmod(path, 0));
}

static void nothing(const char *path)
{
	(void)path;
}

static void a_link(const char *path)
{
	make_file("outside", "content");
	make_link(path, "../outside");
}

static void a_fifo(const char *path)
{
	MUST(mkfifo(path, 0600));
}

static void a_sealed_fifo(const char *path)
{
	MUST(mkfifo(path, 0));
}

static void a_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	MUST(chdir(workdir.directory));
	strcpy(address.sun_path, workdir.name);
	MUST(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	MUST(chdir(".."));
	close(fd);
	(void)path;
}

static const struct {
	const char *label;
	void (*put)(const char *path);
	bool opens;
} things[] = {
	{"a file", a_file, true},
	{"a file of mode 000", a_sealed_file, true},
	{"nothing", nothing, false},
	{"a link", a_link, false},
	{"a directory", make_dir, false},
	{"a fifo", a_fifo, false},
	{"a fifo of mode 000", a_sealed_fifo, false},
	{"a socket", a_socket, false},
};

START_TEST(open_what_is_there)
{
	const char *label = things[_i / 2].label;
	struct stat status;
	unsigned before;
	int fd;

	scratch_enter_as(_i % 2);
	if (!scratch_reachable())
		return;
	ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
	before = open_descriptors();
	things[_i / 2].put(workdir.path);
	fd = workdir_open(&workdir, &status);
	ck_assert_msg(things[_i / 2].opens ? fd >= 0 : fd == -ENOENT, "%s: %d", label, fd);
	if (fd >= 0) {
		ck_assert_int_eq(status.st_size, 7);
		close(fd);
	}
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_msg(strcmp(names_in("."), things[_i / 2].put == a_link ? "outside" : "") == 0,
		      "%s: left: %s", label, names_in("."));
}
END_TEST

/* ---- Removing ---- */

START_TEST(remove_whatever_was_left)
{
	char path[PATH_MAX + 32];

	scratch_enter_as(_i);
	if (!scratch_reachable())
		return;
	make_dir("outside");
	make_file("outside/f", "x");
	ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
	create(true);
	snprintf(path, sizeof(path), "%s/.~lock.file#", workdir.directory);
	make_file(path, "lock");
	snprintf(path, sizeof(path), "%s/link", workdir.directory);
	make_link(path, "../outside");
	snprintf(path, sizeof(path), "%s/fifo", workdir.directory);
	MUST(mkfifo(path, 0));
	make_deep(workdir.dir, "d", 2000);
	snprintf(path, sizeof(path), "%s/d", workdir.directory);
	MUST(chmod(path, 0));
	MUST(chmod(workdir.directory, 0500));
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("."), "outside");
	ck_assert_str_eq(content_of("outside/f"), "x");
}
END_TEST

START_TEST(removed_by_somebody_else)
{
	scratch_enter();
	ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
	MUST(rmdir(workdir.directory));
	ck_assert_int_eq(workdir_remove(&workdir), 0);
}
END_TEST

/*
 * A program that is just ending removes its own files while we go over them: at any call, something
 * has gone.
 */
START_TEST(removed_under_a_program_that_is_ending)
{
	char path[PATH_MAX + 32];
	unsigned number = 0;
	int r;

	scratch_enter();
	do {
		ck_assert_int_eq(workdir_make(&workdir, ".", "work", "file"), 0);
		create(false);
		snprintf(path, sizeof(path), "%s/d", workdir.directory);
		make_dir(path);
		make_deep(workdir.dir, "e", 2);
		faults_begin(++number, ENOENT, false);
		r = workdir_remove(&workdir);
		faults_end();
		ck_assert_msg(r == 0, "call %u, %s: %s", number, faults_failed(), strerror(-r));
		ck_assert_str_eq(names_in("."), "");
	} while (faults_failed());
	ck_assert_uint_gt(number, 10);
}
END_TEST

/* What is not ours to remove is told, and nobody waits for it. */
START_TEST(what_cannot_be_removed)
{
	scratch_enter_plain();
	if (!scratch_reachable())
		return;
	make_dir("tmp");
	ck_assert_int_eq(workdir_make(&workdir, "tmp", "work", "file"), 0);
	create(false);
	MUST(chmod("tmp", 0500));
	ck_assert_int_eq(workdir_remove(&workdir), -EACCES);
	MUST(chmod("tmp", 0700));
}
END_TEST

/* ---- What others put in its place ---- */

static void put_link(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "tmp/%s", names_in("tmp"));
	MUST(rename(path, "moved"));
	MUST(symlink("../victim", path));
}

static void put_theirs(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "tmp/%s", names_in("tmp"));
	MUST(rename(path, "moved"));
	make_dir(path);
	MUST(chmod(path, 0700));
	MUST(chown(path, 4711, 4711));
}

static void make_it_open(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "tmp/%s", names_in("tmp"));
	MUST(chmod(path, 0755));
}

static void (*const put[])(void) = {put_link, make_it_open, put_theirs};
static unsigned turn;

/* The first directory that is opened is the one that it is in. */
static void put_later(void)
{
	static bool again;

	again = !again;
	if (again)
		faults_before("openat", put_later);
	else
		put[turn]();
}

START_TEST(replaced_while_it_is_made)
{
	unsigned before;

	scratch_enter();
	make_dir("tmp");
	make_dir("victim");
	make_file("victim/file", "precious");
	if (put[_i] == put_theirs && geteuid() != 0)
		return;
	before = open_descriptors();
	turn = (unsigned)_i;
	faults_before("openat", put_later);
	ck_assert_int_eq(workdir_make(&workdir, "tmp", "work", "file"), -EPERM);
	ck_assert_str_eq(names_in("victim"), "file");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

static void swap_above(void)
{
	MUST(renameat2(AT_FDCWD, "tmp", AT_FDCWD, "link", RENAME_EXCHANGE));
}

static void swap_above_later(void)
{
	static bool again;

	again = !again;
	if (again)
		faults_before("fstat", swap_above_later);
	else
		swap_above();
}

/* The directory that it is in turns into a link to another one while its path is found. */
START_TEST(found_by_the_kernel)
{
	scratch_enter();
	make_dir("tmp");
	make_dir("victim");
	make_link("link", "victim");
	faults_before("fstat", swap_above);
	ck_assert_int_eq(workdir_make(&workdir, "tmp", "work", "file"), -ESTALE);
	ck_assert_str_eq(names_in("victim"), "");
	ck_assert_str_eq(names_in("link"), "");
	faults_before("", NULL);
	swap_above();
	/* Once its path is known, it is where it was found. */
	faults_before("fstat", swap_above_later);
	ck_assert_int_eq(workdir_make(&workdir, "tmp", "work", "file"), 0);
	ck_assert_str_eq(names_in("victim"), "");
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("link"), "");
}
END_TEST

/* Nor is another one removed, which has its path later. */
START_TEST(removed_where_it_was_made)
{
	char path[PATH_MAX];

	scratch_enter();
	make_dir("tmp");
	make_dir("victim");
	make_link("link", "victim");
	ck_assert_int_eq(workdir_make(&workdir, "tmp", "work", "file"), 0);
	create(false);
	snprintf(path, sizeof(path), "victim/%s", workdir.base);
	make_dir(path);
	swap_above();
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert(exists(path));
	ck_assert_str_eq(names_in("link"), "");
}
END_TEST

/* Another directory takes the place of ours. One of another user's is not worked in. */
START_TEST(follow)
{
	char *directory = workdir.directory;
	unsigned before;

	scratch_enter();
	make_dir("tmp");
	ck_assert_int_eq(workdir_make(&workdir, "tmp", NULL, "file.txt"), 0);
	create(false);
	before = open_descriptors();
	ck_assert_int_eq(workdir_follow(&workdir), 0);
	MUST(rename(directory, "old"));
	ck_assert_int_eq(workdir_follow(&workdir), -ENOENT);
	make_link(directory, "old");
	ck_assert_int_lt(workdir_follow(&workdir), 0);
	MUST(unlink(directory));
	MUST(mkdir(directory, 0755));
	ck_assert(!!workdir_look(&workdir, "file.txt").there);
	if (geteuid() == 0) {
		MUST(chown(directory, 1, 1));
		ck_assert_int_eq(workdir_follow(&workdir), -EPERM);
		MUST(chown(directory, 0, 0));
	}
	ck_assert_int_eq(workdir_follow(&workdir), 1);
	ck_assert(!workdir_look(&workdir, "file.txt").there);
	ck_assert_uint_eq(mode_of(directory), 0700);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("tmp"), "");
	ck_assert_str_eq(content_of("old/file.txt"), "content");
}
END_TEST

START_TEST(follow_where_it_was_moved)
{
	char here[PATH_MAX], expected[2 * PATH_MAX];
	unsigned before;

	scratch_enter();
	MUST(getcwd(here, sizeof(here)) ? 0 : -1);
	make_dir("tmp");
	make_dir("other");
	ck_assert_int_eq(workdir_make(&workdir, "tmp", NULL, "file.txt"), 0);
	create(false);
	before = open_descriptors();
	MUST(rename(workdir.directory, "other/new"));
	ck_assert_int_eq(workdir_follow_move(&workdir), 0);
	snprintf(expected, sizeof(expected), "%s/other/new", here);
	ck_assert_str_eq(workdir.directory, expected);
	ck_assert_str_eq(workdir.base, "new");
	snprintf(expected, sizeof(expected), "%s/other/new/file.txt", here);
	ck_assert_str_eq(workdir.path, expected);
	ck_assert_str_eq(workdir.name, "file.txt");
	ck_assert_int_eq(workdir_follow(&workdir), 0);
	ck_assert(!!workdir_look(&workdir, "file.txt").there);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
	ck_assert_str_eq(names_in("other"), "");
	/* One that was removed is nowhere. */
	ck_assert_int_eq(workdir_make(&workdir, "tmp", NULL, "file.txt"), 0);
	MUST(rmdir(workdir.directory));
	ck_assert_int_eq(workdir_follow_move(&workdir), -ENOENT);
	ck_assert_int_eq(workdir_remove(&workdir), 0);
}
END_TEST

Suite *workdir_suite(void)
{
	Suite *suite = suite_create("workdir");
	TCase *tcase = add_case(suite, "make"), *opening = add_case(suite, "open"),
	      *removing = add_case(suite, "remove");

	add_both_users_test(tcase, make);
	tcase_add_test(tcase, make_without_a_name);
	tcase_add_test(tcase, make_where_it_cannot_be);
	add_both_users_test(tcase, file_modes);
	tcase_add_loop_test(opening, open_what_is_there, 0, 2 * (int)COUNT(things));
	add_both_users_test(removing, remove_whatever_was_left);
	tcase_add_test(removing, removed_by_somebody_else);
	tcase_add_test(removing, removed_under_a_program_that_is_ending);
	tcase_add_test(removing, what_cannot_be_removed);
	tcase = add_case(suite, "replaced");
	add_table_test(tcase, replaced_while_it_is_made, put);
	tcase_add_test(tcase, found_by_the_kernel);
	tcase_add_test(tcase, removed_where_it_was_made);
	tcase_add_test(tcase, follow);
	tcase_add_test(tcase, follow_where_it_was_moved);
	return suite;
}
