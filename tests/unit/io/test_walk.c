/*
 * Walking a source tree: order, completeness, and what is not followed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "faults.h"
#include "unit.h"

#include "io/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct walk walk; /* large */
static struct qfile_error error;

/* Begin with the source at `path`, a relative one of one component. */
static void begin(const char *path, unsigned flags)
{
	static struct qfile_source source;

	source = (struct qfile_source){.path = strdup(path), .base = strdup(path)};
	walk_init(&walk, flags);
	walk_begin(&walk, &source);
}

static const char kinds[] = {[WALK_END] = '.',  [WALK_ENTER] = '(', [WALK_LEAVE] = ')',
			     [WALK_FILE] = 'f', [WALK_LINK] = 'l',  [WALK_OTHER] = 'o'};

/*
 * Walk on to the end and write down what comes, as "(a fa/x )a"; with the error's code behind it if
 * there is one.
 */
static const char *walk_on(void)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (;;) {
		struct walk_entry entry;
		int r = walk_next(&walk, &entry, &error);

		if (r < 0) {
			ck_assert_int_eq(error.code, -r);
			snprintf(text + used, sizeof(text) - used, "%s!%d", used ? " " : "", -r);
			return text;
		}
		if (entry.kind == WALK_END)
			return text;
		ck_assert_uint_eq(entry.pathlen, strlen(entry.path));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%c%s",
					 used ? " " : "", kinds[entry.kind], entry.path);
		ck_assert_uint_lt(used, sizeof(text));
	}
}

/*
 * ---- Order. The trees have one entry in each directory, since nobody knows in which order a
 * directory has them ----
 */

static void tree_file(void)
{
	make_file("s", "x");
}

static void tree_empty(void)
{
	make_dir("s");
}

static void tree_deeper(void)
{
	make_dir("s");
	make_dir("s/a");
	make_dir("s/a/b");
	make_file("s/a/b/f", "x");
}

static void tree_link(void)
{
	make_dir("s");
	make_link("s/l", "../elsewhere");
}

static void tree_fifo(void)
{
	make_dir("s");
	MUST(mkfifo("s/p", 0600));
}

static void source_link(void)
{
	make_link("s", "elsewhere");
}

static void source_fifo(void)
{
	MUST(mkfifo("s", 0600));
}

static void nothing(void)
{
}

static void tree_dots(void)
{
	make_dir("s");
	make_dir("s/...");
	make_file("s/.../..x", "");
}

static void tree_link_to_file(void)
{
	make_dir("s");
	make_link("s/l", "../file");
}

static void tree_link_to_link(void)
{
	make_link("more", "elsewhere");
	make_link("s", "more");
}

static void tree_dangling(void)
{
	make_dir("s");
	make_link("s/l", "nowhere");
}

static void tree_link_to_fifo(void)
{
	make_dir("s");
	MUST(mkfifo("p", 0600));
	make_link("s/l", "../p");
}

static void cycle_here(void)
{
	make_dir("s");
	make_link("s/l", ".");
}

static void cycle_up(void)
{
	make_dir("s");
	make_dir("s/a");
	make_link("s/a/l", "..");
}

static void cycle_outside(void)
{
	make_dir("s");
	make_link("s/l", "../outside");
	make_dir("outside");
	make_link("outside/back", "../s");
}

static void cycle_of_links(void)
{
	make_dir("s");
	make_link("s/l", "l");
}

#define FOLLOW QFILE_DEREFERENCE

static const struct {
	const char *label;
	void (*make)(void);
	unsigned flags;
	const char *walked;
	int end; /* an errno, or 0 */
} orders[] = {
	{"a file", tree_file, 0, "fs", 0},
	{"an empty directory", tree_empty, 0, "(s )s", 0},
	{"directories in directories", tree_deeper, 0, "(s (s/a (s/a/b fs/a/b/f )s/a/b )s/a )s", 0},
	{"a link", tree_link, 0, "(s ls/l )s", 0},
	{"a fifo", tree_fifo, 0, "(s os/p )s", 0},
	{"a link for a source", source_link, 0, "ls", 0},
	{"a fifo for a source", source_fifo, 0, "os", 0},
	{"no source", nothing, 0, "", ENOENT},
	{"names of dots", tree_dots, 0, "(s (s/... fs/.../..x )s/... )s", 0},
	{"a link with nothing behind it", tree_dangling, 0, "(s ls/l )s", 0},
	{"a link to itself", cycle_of_links, 0, "(s ls/l )s", 0},
	{"followed: nothing to follow", tree_deeper, FOLLOW,
	 "(s (s/a (s/a/b fs/a/b/f )s/a/b )s/a )s", 0},
	{"followed: a directory", tree_link, FOLLOW, "(s (s/l fs/l/inside )s/l )s", 0},
	{"followed: a file", tree_link_to_file, FOLLOW, "(s fs/l )s", 0},
	{"followed: a fifo", tree_link_to_fifo, FOLLOW, "(s os/l )s", 0},
	{"followed: a source", source_link, FOLLOW, "(s fs/inside )s", 0},
	{"followed: a link to a link", tree_link_to_link, FOLLOW, "(s fs/inside )s", 0},
	{"followed: nothing behind it", tree_dangling, FOLLOW, "(s", ENOENT},
	{"followed: to where it is", cycle_here, FOLLOW, "(s", ELOOP},
	{"followed: to further up", cycle_up, FOLLOW, "(s (s/a", ELOOP},
	{"followed: out and in again", cycle_outside, FOLLOW, "(s (s/l", ELOOP},
	{"followed: a link to itself", cycle_of_links, FOLLOW, "(s", ELOOP},
};

START_TEST(order)
{
	const char *walked;
	char expected[256];

	scratch_enter();
	make_dir("elsewhere");
	make_file("elsewhere/inside", "x");
	make_file("file", "x");
	orders[_i].make();
	snprintf(expected, sizeof(expected), "%s", orders[_i].walked);
	if (orders[_i].end)
		snprintf(expected + strlen(expected), 16, "%s!%d", *expected ? " " : "",
			 orders[_i].end);
	begin("s", orders[_i].flags);
	walked = walk_on();
	ck_assert_msg(strcmp(walked, expected) == 0, "%s: \"%s\"", orders[_i].label, walked);
	walk_close(&walk);
}
END_TEST

/* One walk can take several sources, and has nothing left of the one before. */
START_TEST(sources_in_turn)
{
	static struct qfile_source sources[] = {{(char *)"a", (char *)"a"},
						{(char *)"b", (char *)"other name"},
						{(char *)"a", (char *)"a"}};

	scratch_enter();
	make_dir("a");
	make_dir("a/d");
	make_file("b", "x");
	walk_init(&walk, 0);
	walk_begin(&walk, &sources[0]);
	ck_assert_str_eq(walk_on(), "(a (a/d )a/d )a");
	ck_assert_str_eq(walk_on(), ""); /* the end is the end */
	walk_begin(&walk, &sources[1]);
	ck_assert_str_eq(walk_on(), "fother name");
	walk_begin(&walk, &sources[2]);
	ck_assert_str_eq(walk_on(), "(a (a/d )a/d )a");
	walk_close(&walk);
}
END_TEST

/*
 * What is said about a directory is how it was entered, also after its content has been changed;
 * and its names can be looked at.
 */
START_TEST(what_an_entry_tells)
{
	struct walk_entry entry;
	struct stat status;
	int fd;

	scratch_enter();
	make_dir("s");
	make_file("s/f", "content");
	MUST(chmod("s", 0750));
	begin("s", 0);
	ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	ck_assert_uint_eq(entry.kind, WALK_ENTER);
	ck_assert_uint_eq(entry.status.st_mode, S_IFDIR | 0750);
	ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	ck_assert_uint_eq(entry.kind, WALK_FILE);
	ck_assert_str_eq(entry.name, "f");
	ck_assert_int_eq(walk_stat(&entry, &status), 0);
	ck_assert_int_eq(status.st_size, 7);
	MUST(fd = walk_open(&entry, &status));
	ck_assert_int_eq(status.st_size, 7);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	MUST(chmod("s", 0700));
	ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	ck_assert_uint_eq(entry.kind, WALK_LEAVE);
	ck_assert_uint_eq(entry.status.st_mode, S_IFDIR | 0750);
	walk_close(&walk);
}
END_TEST

/* ---- Width and depth ---- */

#define MANY 3000

/*
 * Subdirectories, some of them with something in them, and files between them; links to one file
 * are quickly made.
 */
static void make_many(void)
{
	char path[64];

	make_dir("s");
	make_file("one", "");
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "s/f%u", i);
		MUST(link("one", path));
		snprintf(path, sizeof(path), "s/d%u", i);
		make_dir(path);
		snprintf(path, sizeof(path), "s/d%u/inner", i);
		if (i % 10 == 0)
			MUST(link("one", path));
	}
}

/* The place in the directory is lost and found again 3000 times. */
START_TEST(many_subdirectories)
{
	static unsigned char entered[MANY], left[MANY], inner[MANY], files[MANY];

	scratch_enter();
	make_many();
	begin("s", 0);
	for (;;) {
		struct walk_entry entry;
		unsigned number = 0;

		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
		if (entry.kind == WALK_END)
			break;
		if (strcmp(entry.path, "s") == 0)
			continue;
		ck_assert_int_eq(sscanf(entry.path, "s/%*1[df]%u", &number), 1);
		ck_assert_uint_lt(number, MANY);
		if (entry.kind == WALK_ENTER)
			entered[number]++;
		else if (entry.kind == WALK_LEAVE)
			left[number]++;
		else if (entry.path[2] == 'd')
			inner[number]++;
		else
			files[number]++;
	}
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_msg(entered[i] == 1 && left[i] == 1 && inner[i] == (i % 10 == 0) &&
				      files[i] == 1,
			      "%u: entered %u times, left %u, its file %u; file %u", i, entered[i],
			      left[i], inner[i], files[i]);
	walk_close(&walk);
}
END_TEST

START_TEST(deep)
{
	unsigned before, entered = 0, left = 0, files = 0;

	scratch_enter();
	make_deep(open_dir("."), "d", 200);
	before = open_descriptors();
	begin("d", 0);
	for (;;) {
		struct walk_entry entry;

		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
		if (entry.kind == WALK_END)
			break;
		entered += entry.kind == WALK_ENTER;
		left += entry.kind == WALK_LEAVE;
		files += entry.kind == WALK_FILE;
		ck_assert_msg(open_descriptors() - before <= 34, "%s: %u descriptors", entry.path,
			      open_descriptors() - before);
	}
	ck_assert_uint_eq(entered, 200);
	ck_assert_uint_eq(left, 200);
	ck_assert_uint_eq(files, 1);
	walk_close(&walk);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* On the way back from beyond the window of open directories, the rest of each is still found. */
START_TEST(deep_with_files_on_the_way)
{
	unsigned files = 0;
	int at;

	scratch_enter();
	make_dir("s");
	make_file("one", "");
	at = open_dir("s");
	for (unsigned i = 0; i < 50; i++) {
		for (unsigned j = 0; j < 10; j++) {
			char name[16];

			snprintf(name, sizeof(name), "file%u", j);
			MUST(linkat(AT_FDCWD, "one", at, name, 0));
		}
		MUST(mkdirat(at, "d", 0755));
		MUST(at = openat(at, "d", O_RDONLY | O_DIRECTORY));
	}
	begin("s", 0);
	for (;;) {
		struct walk_entry entry;

		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
		if (entry.kind == WALK_END)
			break;
		files += entry.kind == WALK_FILE;
	}
	ck_assert_uint_eq(files, 50 * 10);
	walk_close(&walk);
}
END_TEST

/* Paths of 16382 bytes can be sent. The next longer one is refused by name, not cut. */
START_TEST(longest_path)
{
	static const struct {
		size_t last;
		int end;
	} cases[] = {{253, 0}, {254, 0}, {255, ENAMETOOLONG}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char name[256] = "";
		int at;

		scratch_enter();
		make_dir("s");
		at = open_dir("s");
		/* "s" and 63 components of 255: 16129 bytes. */
		for (unsigned depth = 0; depth < 63; depth++) {
			memset(name, 'n', 255);
			name[255] = '\0';
			if (depth == 62)
				name[253] = '\0'; /* 16127 */
			MUST(mkdirat(at, name, 0755));
			MUST(at = openat(at, name, O_RDONLY | O_DIRECTORY));
		}
		memset(name, 'n', 255);
		name[cases[i].last] = '\0';
		MUST(openat(at, name, O_WRONLY | O_CREAT, 0644));
		begin("s", 0);
		for (;;) {
			struct walk_entry entry;
			int r = walk_next(&walk, &entry, &error);

			if (r < 0 || entry.kind == WALK_END) {
				ck_assert_msg(-r == cases[i].end, "a path of %zu bytes: %d",
					      16128 + cases[i].last, r);
				break;
			}
		}
		walk_close(&walk);
	}
}
END_TEST

/* ---- A tree that changes while it is walked ---- */

/* Walk on until the file "bottom" comes. */
static void walk_to_bottom(void)
{
	struct walk_entry entry;

	do
		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	while (entry.kind != WALK_FILE);
	ck_assert_str_eq(entry.name, "bottom");
}

START_TEST(moved_away)
{
	struct walk_entry entry;
	int r;

	scratch_enter();
	make_deep(open_dir("."), "d", 50);
	make_dir("elsewhere");
	make_file("elsewhere/secret", "x");
	begin("d", 0);
	walk_to_bottom();
	MUST(rename("d/d/d", "elsewhere/d"));
	while ((r = walk_next(&walk, &entry, &error)) == 0 && entry.kind != WALK_END)
		ck_assert_ptr_null(strstr(entry.path, "secret"));
	ck_assert_int_eq(r, -ESTALE);
	ck_assert_int_eq(error.code, ESTALE);
	ck_assert_ptr_nonnull(strstr(error.name, "d/d/d"));
	walk_close(&walk);
}
END_TEST

/*
 * Make a directory of files and one subdirectory "x", and walk until its names are read but "x" has
 * not come: what takes the place of "x" now is found under what "x" was. Which entry comes first is
 * the file system's choice, so this takes a few attempts.
 */
static void begin_before_x(void)
{
	for (unsigned attempt = 0; attempt < 20; attempt++) {
		struct walk_entry entry;
		char path[32];

		scratch_enter();
		make_dir("elsewhere");
		make_file("elsewhere/secret", "x");
		make_dir("s");
		make_dir("s/x");
		for (unsigned i = 0; i < 20; i++) {
			snprintf(path, sizeof(path), "s/file%u", i);
			make_file(path, "");
		}
		begin("s", 0);
		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
		if (entry.kind == WALK_FILE)
			return;
		walk_close(&walk);
	}
	ck_abort_msg("no directory has a file first");
}

static void swap_link(void)
{
	MUST(rmdir("s/x"));
	make_link("s/x", "../elsewhere");
}

static void swap_file(void)
{
	MUST(rmdir("s/x"));
	make_file("s/x", "x");
}

static void swap_fifo(void)
{
	MUST(rmdir("s/x"));
	MUST(mkfifo("s/x", 0600));
}

static void swap_nothing(void)
{
	MUST(rmdir("s/x"));
}

static const struct {
	const char *label;
	void (*swap)(void);
	int end, or_end;
} swaps[] = {
	{"a link", swap_link, ENOTDIR, ELOOP},
	{"a file", swap_file, ENOTDIR, ENOTDIR},
	{"a fifo", swap_fifo, ENOTDIR, ENOTDIR},
	{"nothing", swap_nothing, ENOENT, ENOENT},
};

START_TEST(something_in_place_of_a_directory)
{
	struct walk_entry entry;
	int r;

	begin_before_x();
	swaps[_i].swap();
	while ((r = walk_next(&walk, &entry, &error)) == 0 && entry.kind != WALK_END)
		ck_assert_msg(!strstr(entry.path, "secret"), "%s was followed", swaps[_i].label);
	ck_assert_msg(r == -swaps[_i].end || r == -swaps[_i].or_end, "%s: %d", swaps[_i].label, r);
	ck_assert_str_eq(error.name, "s/x");
	walk_close(&walk);
}
END_TEST

/* Walk until the subdirectory of "s" is over. What may be behind it in "s" has to be looked for. */
static void begin_behind_a(void)
{
	struct walk_entry entry;

	scratch_enter();
	make_dir("s");
	make_dir("s/a");
	begin("s", 0);
	do
		ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	while (entry.kind != WALK_LEAVE);
	ck_assert_str_eq(entry.path, "s/a");
}

/* ext4 refuses to go to a place in a directory that was removed, if the place is a large number. */
START_TEST(removed_on_the_way)
{
	begin_behind_a();
	MUST(rmdir("s/a"));
	MUST(rmdir("s"));
	faults_begin_in("lseek", 1, EINVAL, false);
	ck_assert_str_eq(walk_on(), "!2");
	faults_end();
	ck_assert_str_eq(faults_failed(), "lseek");
	ck_assert_str_eq(error.name, "s");
	ck_assert_str_eq(walk_on(), ")s");
	walk_close(&walk);
}
END_TEST

START_TEST(no_way_to_the_rest)
{
	begin_behind_a();
	make_file("s/f", "x");
	faults_begin_in("lseek", 1, EIO, false);
	ck_assert_str_eq(walk_on(), "!5");
	faults_end();
	ck_assert_str_eq(error.name, "s");
	ck_assert_str_eq(walk_on(), ")s");
	walk_close(&walk);
}
END_TEST

/* A file is opened after its name was handed out. */
START_TEST(something_in_place_of_a_file)
{
	struct walk_entry entry;
	struct stat status;
	int r;

	scratch_enter();
	make_file("secret", "x");
	make_dir("s");
	make_file("s/f", "x");
	begin("s", 0);
	ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	ck_assert_int_eq(walk_next(&walk, &entry, &error), 0);
	MUST(unlink("s/f"));
	ck_assert_int_eq(walk_open(&entry, &status), -ENOENT);
	make_link("s/f", "../secret");
	ck_assert_int_eq(walk_open(&entry, &status), -ELOOP);
	MUST(unlink("s/f"));
	MUST(mkfifo("s/f", 0600));
	/* Nobody writes to it, and this does not wait for somebody. */
	r = walk_open(&entry, &status);
	ck_assert(r < 0 || S_ISFIFO(status.st_mode));
	walk_close(&walk);
}
END_TEST

Suite *walk_suite(void)
{
	Suite *suite = suite_create("walk");
	TCase *tcase = add_case(suite, "order"), *size = add_case(suite, "size"),
	      *change = add_case(suite, "change");

	add_table_test(tcase, order, orders);
	tcase_add_test(tcase, sources_in_turn);
	tcase_add_test(tcase, what_an_entry_tells);

	tcase_add_test(size, many_subdirectories);
	tcase_add_test(size, deep);
	tcase_add_test(size, deep_with_files_on_the_way);
	tcase_add_test(size, longest_path);

	tcase_add_test(change, moved_away);
	tcase_add_test(change, removed_on_the_way);
	tcase_add_test(change, no_way_to_the_rest);
	add_table_test(change, something_in_place_of_a_directory, swaps);
	tcase_add_test(change, something_in_place_of_a_file);
	return suite;
}
