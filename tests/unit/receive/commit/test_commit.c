/*
 * Commit: a delivery becomes visible whole or not at all.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "faults.h"
#include "unit.h"

#include "played.h"
#include "receive/commit/commit.h"
#include "receive/commit/sweep.h"
#include "receive/commit/sync.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/* The incoming directory is "in"; what lies beside it is nobody's to change. */
static int incoming;
static struct staging staging;
static struct qfile_error error;
static unsigned renamed;
static struct cancel never = {.stop = -1, .deadline = INT64_MAX};
static const struct commit_options fail = {.on_conflict = QFILE_CONFLICT_FAIL, .spare = UINT64_MAX};

static void begin(int way)
{
	scratch_enter_as(way);
	make_dir("in");
	incoming = open_dir("in");
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	renamed = 0;
}

/* The path of something in the staged tree, in a static buffer. */
static const char *staged(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "in/%s/%s/%s", staging.name, STAGING_TREE, name);
	return path;
}

static int commit_and_remove(enum qfile_conflict on_conflict)
{
	const struct commit_options options = {.on_conflict = on_conflict, .spare = UINT64_MAX};
	int r = commit(&staging, &options, &never, &renamed, &error);

	ck_assert_int_eq(staging_remove(&staging), 0);
	return r;
}

/* ---- Deliveries that arrive ---- */

START_TEST(one_file)
{
	begin(_i);
	make_file(staged("report.pdf"), "new");
	make_file("in/older", "old");
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	ck_assert_str_eq(names_in("in"), "older report.pdf");
	ck_assert_str_eq(content_of("in/report.pdf"), "new");
	ck_assert_str_eq(content_of("in/older"), "old");
	ck_assert_uint_eq(renamed, 0);
}
END_TEST

START_TEST(several)
{
	begin(_i);
	make_file(staged("f"), "file");
	make_dir(staged("d"));
	make_file(staged("d/inside"), "inside");
	make_link(staged("l"), "d/inside");
	make_dir(staged("empty"));
	make_file("in/older", "old");
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	ck_assert_str_eq(names_in("in"), "d empty f l older");
	ck_assert_str_eq(content_of("in/l"), "inside");
	ck_assert_str_eq(content_of("in/f"), "file");
	ck_assert_uint_eq(renamed, 0);
}
END_TEST

/*
 * A name so long that it must be cut to be numbered, and then is what it was: the next number is
 * taken.
 */
START_TEST(renamed_to_itself)
{
	char name[256], next[272];

	begin(_i);
	memset(name, 'n', 251);
	strcpy(name + 251, " (2)");
	snprintf(next, sizeof(next), "in/%.251s (3)", name);
	make_file(staged(name), "new");
	MUST(chdir("in"));
	make_file(name, "old");
	MUST(chdir(".."));
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_str_eq(content_of(next), "new");
	ck_assert_uint_eq(renamed, 1);
}
END_TEST

/* A disk that takes shorter names says so when it is asked for the longer one, or given it. */
static const char *const refusing[] = {"faccessat", "renameat2"};

START_TEST(renamed_to_what_the_disk_takes)
{
	const struct commit_options options = {.on_conflict = QFILE_CONFLICT_RENAME,
					       .spare = UINT64_MAX};

	begin(0);
	make_file(staged("report.pdf"), "new");
	make_file("in/report.pdf", "old");
	/* That the name itself is there is the first look. */
	faults_begin_in(refusing[_i], _i == 0 ? 2 : 1, ENAMETOOLONG, false);
	ck_assert_int_eq(commit(&staging, &options, &never, &renamed, &error), 0);
	faults_end();
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("in"), "re (2).pdf report.pdf");
	ck_assert_str_eq(content_of("in/re (2).pdf"), "new");
}
END_TEST

/* What has no such call is no disk that failed, and is told. */
static const int unknown[] = {EINVAL, EPERM, ENOSYS, EOPNOTSUPP};

START_TEST(not_synced)
{
	const struct commit_options options = {.on_conflict = QFILE_CONFLICT_FAIL,
					       .spare = UINT64_MAX};
	int r;

	begin(0);
	make_file(staged("f"), "new");
	faults_begin_in("syncfs", 1, unknown[_i], true);
	r = commit(&staging, &options, &never, &renamed, &error);
	faults_end();
	ck_assert_int_eq(r, -EOPNOTSUPP);
	ck_assert_str_eq(error.doing, "syncing");
	ck_assert_str_eq(error.hint, "it cannot promise that what is written reaches the disk");
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("in"), "");
	/* But this one is a disk's. */
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	make_file(staged("f"), "new");
	faults_begin_in("syncfs", 1, EIO, true);
	ck_assert_int_eq(commit(&staging, &options, &never, &renamed, &error), -EIO);
	faults_end();
	ck_assert_int_eq(staging_remove(&staging), 0);
}
END_TEST

/* Until a sync that was begun has ended, and its thread has left nothing but the result. */
static void await_end(const struct sync_early *early, unsigned before)
{
	struct pollfd fd = {.fd = early->running, .events = POLLIN};

	ck_assert_int_eq(poll(&fd, 1, -1), 1);
	while (open_descriptors() != before + 1)
		sched_yield();
}

START_TEST(begun_early)
{
	struct sync_early early = {.running = -1};
	unsigned before;
	int running, dir;

	scratch_enter();
	dir = open_dir(".");
	before = open_descriptors();
	played_pass(0);
	sync_early(&early, dir);
	running = early.running;
	ck_assert_int_ge(running, 0);
	await_end(&early, before);
	/* Not so soon again: nothing is tried. */
	played_pass(249);
	faults_begin_in("openat", 1, EMFILE, true);
	sync_early(&early, dir);
	faults_end();
	ck_assert_int_eq(early.running, running);
	/* Where it cannot be had, there is none, and that is all. */
	played_pass(1);
	faults_begin_in("openat", 1, EMFILE, true);
	sync_early(&early, dir);
	faults_end();
	ck_assert_int_eq(early.running, -1);
	sync_early(&early, dir);
	await_end(&early, before);
	sync_early_end(&early);
	ck_assert_int_eq(early.running, -1);
	ck_assert_uint_eq(open_descriptors(), before);
	close(dir);
}
END_TEST

/* What the child has synced needs nothing else, unless a mode is changed afterwards. */
static const struct {
	const char *label;
	unsigned entries;
	mode_t mode; /* of a directory */
	const char *fails;
	unsigned number;
	int result;
} synced[] = {
	{"one", 1, 0, "syncfs", 1, 0},
	{"several", 2, 0, "syncfs", 1, 0},
	{"a directory", 2, 0755, "syncfs", 1, 0},
	{"a read-only directory", 2, 0555, "syncfs", 1, -EIO},
	{"one, the names at the top", 1, 0, "fsync", 1, -EIO},
	{"one, its name", 1, 0, "fsync", 2, -EIO},
	{"several, the names at the top", 2, 0, "fsync", 1, -EIO},
	{"several, the decision", 2, 0, "fsync", 2, -EIO},
	{"several, that they have left", 2, 0, "fsync", 3, -EIO},
	{"several, their names", 2, 0, "fsync", 4, -EIO},
};

START_TEST(synced_by_the_child)
{
	const struct commit_options options = {
		.on_conflict = QFILE_CONFLICT_FAIL, .synced = true, .spare = UINT64_MAX};
	char name[16];
	int r;

	begin(0);
	for (unsigned i = 0; i < synced[_i].entries; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make_file(staged(name), "new");
	}
	if (synced[_i].mode != 0) {
		make_dir(staged("d"));
		MUST(chmod(staged("d"), synced[_i].mode));
	}
	faults_begin_in(synced[_i].fails, synced[_i].number, EIO, false);
	r = commit(&staging, &options, &never, &renamed, &error);
	faults_end();
	ck_assert_msg(r == synced[_i].result, "%s: %d", synced[_i].label, r);
	staging_abandon(&staging);
	sweep_here(incoming);
	ck_assert_msg((strcmp(names_in("in"), "") == 0) == (r < 0), "%s: %s", synced[_i].label,
		      names_in("in"));
}
END_TEST

/* EPERM is what a container says of a call that it does not let through. */
START_TEST(without_renameat2)
{
	begin(0);
	make_file(staged("f"), "file");
	make_dir(staged("d"));
	make_file(staged("d/inside"), "inside");
	make_link(staged("l"), "d");
	make_file(staged("taken"), "new");
	make_file("in/taken", "old");
	faults_begin_in("renameat2", 1, EPERM, true);
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_uint_ge(faults_end(), 1); /* the others are another process's */
	ck_assert_str_eq(names_in("in"), "d f l taken taken (2)");
	ck_assert_str_eq(content_of("in/taken"), "old");
	ck_assert_str_eq(content_of("in/d/inside"), "inside");
}
END_TEST

/* A file system says that a name is taken, whatever the name is. */
START_TEST(no_name_is_free)
{
	const struct commit_options options = {.on_conflict = QFILE_CONFLICT_RENAME,
					       .spare = UINT64_MAX};
	int r;

	begin(_i);
	make_file(staged("f"), "new");
	faults_begin_in("renameat2", 1, EEXIST, true);
	r = commit(&staging, &options, &never, &renamed, &error);
	ck_assert_uint_ge(faults_end(), 10);
	ck_assert_int_eq(r, -EEXIST);
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

START_TEST(none)
{
	begin(_i);
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

START_TEST(many)
{
	begin(_i);
	for (unsigned i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		make_file(staged(name), name);
	}
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	for (unsigned i = 0; i < 500; i++) {
		char path[16];

		snprintf(path, sizeof(path), "in/f%u", i);
		ck_assert_str_eq(content_of(path), path + 3);
	}
}
END_TEST

/*
 * A plain user cannot rename a directory that he may not write: its mode is widened for a moment,
 * and nobody finds that later.
 */
static const mode_t top_modes[] = {0555, 0500, 0400, 0111, 0000, 0077, 0700, 0777, 0200, 0300};

START_TEST(top_level_mode_is_kept)
{
	mode_t mode = top_modes[_i / 2];

	begin(_i % 2);
	make_dir(staged("d"));
	make_file(staged("d/f"), "x");
	MUST(chmod(staged("d"), mode));
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	ck_assert_str_eq(names_in("in"), "d");
	ck_assert_msg(mode_of("in/d") == mode, "%o became %o", mode, mode_of("in/d"));
	MUST(chmod("in/d", 0700));
	ck_assert_str_eq(content_of("in/d/f"), "x");
}
END_TEST

START_TEST(several_with_all_modes)
{
	begin(_i);
	for (size_t i = 0; i < COUNT(top_modes); i++) {
		char name[16];

		snprintf(name, sizeof(name), "d%zu", i);
		make_dir(staged(name));
		MUST(chmod(staged(name), top_modes[i]));
		snprintf(name, sizeof(name), "f%zu", i);
		make_file(staged(name), "x");
		MUST(chmod(staged(name), top_modes[i]));
	}
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	for (size_t i = 0; i < COUNT(top_modes); i++) {
		char path[16];

		snprintf(path, sizeof(path), "in/d%zu", i);
		ck_assert_uint_eq(mode_of(path), top_modes[i]);
		snprintf(path, sizeof(path), "in/f%zu", i);
		ck_assert_uint_eq(mode_of(path), top_modes[i]);
	}
}
END_TEST

START_TEST(longest_name)
{
	char name[256], path[300];

	begin(0);
	memset(name, 'n', 255);
	name[255] = '\0';
	make_file(staged(name), "x");
	make_file(staged("other"), "x");
	snprintf(path, sizeof(path), "in/%s", name);
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), 0);
	ck_assert_str_eq(content_of(path), "x");
}
END_TEST

/* ---- Names that are taken ---- */

static void taken_by_file(void)
{
	make_file("in/b", "old");
}

static void taken_by_directory(void)
{
	make_dir("in/b");
}

static void taken_by_link(void)
{
	make_link("in/b", "../elsewhere");
}

static void taken_by_dangling_link(void)
{
	make_link("in/b", "nowhere");
}

static void (*const takers[])(void) = {taken_by_file, taken_by_directory, taken_by_link,
				       taken_by_dangling_link};
static const char *const taker_labels[] = {"file", "directory", "link", "dangling link"};

/* One entry, then several, the taken one among them. */
START_TEST(collision)
{
	const char *label = taker_labels[_i / 2];
	bool several_entries = _i % 2;
	struct stat before, after;

	begin(1);
	make_dir("elsewhere");
	takers[_i / 2]();
	MUST(lstat("in/b", &before));
	make_file(staged("b"), "new");
	if (several_entries) {
		make_file(staged("a"), "new");
		make_dir(staged("c"));
	}
	ck_assert_msg(commit_and_remove(QFILE_CONFLICT_FAIL) == -EEXIST, "%s", label);
	ck_assert_int_eq(error.code, EEXIST);
	ck_assert_msg(strcmp(error.name, "b") == 0, "%s: named \"%s\"", label, error.name);
	ck_assert_msg(strcmp(names_in("in"), "b") == 0, "%s: visible: %s", label, names_in("in"));
	MUST(lstat("in/b", &after));
	ck_assert_msg(before.st_ino == after.st_ino, "%s: replaced", label);
	ck_assert_str_eq(names_in("elsewhere"), "");
}
END_TEST

START_TEST(collision_renamed)
{
	begin(1);
	make_dir("elsewhere");
	takers[_i / 2]();
	make_file(staged("b"), "new");
	if (_i % 2) {
		make_file(staged("a"), "a");
		make_file(staged("c.txt"), "c");
	}
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_str_eq(names_in("in"), _i % 2 ? "a b b (2) c.txt" : "b b (2)");
	ck_assert_str_eq(content_of("in/b (2)"), "new");
	ck_assert_uint_eq(renamed, 1);
	ck_assert_str_eq(names_in("elsewhere"), "");
}
END_TEST

START_TEST(numbers_are_passed_over)
{
	begin(1);
	make_file("in/r.pdf", "1");
	make_file("in/r (2).pdf", "2");
	make_file("in/r (4).pdf", "4");
	make_file(staged("r.pdf"), "new");
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_str_eq(names_in("in"), "r (2).pdf r (3).pdf r (4).pdf r.pdf");
	ck_assert_str_eq(content_of("in/r (3).pdf"), "new");
	ck_assert_str_eq(content_of("in/r.pdf"), "1");
	ck_assert_str_eq(content_of("in/r (2).pdf"), "2");
	ck_assert_str_eq(content_of("in/r (4).pdf"), "4");
}
END_TEST

START_TEST(read_only_directory_renamed)
{
	begin(1);
	make_dir("in/d");
	make_dir(staged("d"));
	make_file(staged("d/f"), "new");
	MUST(chmod(staged("d"), 0555));
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_str_eq(names_in("in"), "d d (2)");
	ck_assert_uint_eq(mode_of("in/d (2)"), 0555);
	ck_assert_str_eq(content_of("in/d (2)/f"), "new");
	MUST(chmod("in/d (2)", 0755));
}
END_TEST

/* The name that one entry would get is the name of another one of the same delivery. */
START_TEST(renamed_beside_its_new_name)
{
	begin(1);
	make_file("in/x", "old");
	make_file(staged("x"), "first");
	make_file(staged("x (2)"), "second");
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_str_eq(content_of("in/x"), "old");
	ck_assert_str_eq(names_in("in"), "x x (2) x (3)");
	/* Which of them has which number does not matter. Both are there. */
	ck_assert_str_ne(content_of("in/x (2)"), "old");
	ck_assert(strcmp(content_of("in/x (2)"), "first") == 0 ||
		  strcmp(content_of("in/x (3)"), "first") == 0);
	ck_assert(strcmp(content_of("in/x (2)"), "second") == 0 ||
		  strcmp(content_of("in/x (3)"), "second") == 0);
}
END_TEST

/* Two long names that differ only where they are cut to make room for the number. */
START_TEST(renamed_to_one_long_name)
{
	char names[2][256], path[1024];

	begin(1);
	for (unsigned i = 0; i < 2; i++) {
		memset(names[i], 'n', 254);
		strcpy(names[i] + 254, i ? "b" : "a");
		snprintf(path, sizeof(path), "in/%s", names[i]);
		make_file(path, "old");
		make_file(staged(names[i]), names[i] + 254);
	}
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_RENAME), 0);
	ck_assert_uint_eq(renamed, 2);
	memcpy(names[0] + 251, " (2)", 5);
	memcpy(names[1] + 251, " (3)", 5);
	snprintf(path, sizeof(path), "in/%s", names[0]);
	ck_assert(exists(path));
	snprintf(path, sizeof(path), "in/%s", names[1]);
	ck_assert(exists(path));
}
END_TEST

/* ---- What must not be delivered ---- */

static void staged_fifo(void)
{
	MUST(mkfifo(staged("p"), 0600));
}

static void staged_socket(void)
{
	MUST(mknod(staged("p"), S_IFSOCK | 0600, 0));
}

/*
 * A child that was taken over could make this: with a directory `commit` in it, the next receiver
 * would take it for a delivery that was decided.
 */
static void staged_staging(void)
{
	make_dir(staged(QFILE_STAGING_PREFIX "0123456789abcdef"));
}

static const struct {
	void (*make)(void);
	const char *name;
} strangers[] = {
	{staged_fifo, "p"},
	{staged_socket, "p"},
	{staged_staging, QFILE_STAGING_PREFIX "0123456789abcdef"},
};

START_TEST(stranger)
{
	begin(1);
	strangers[_i / 2].make();
	if (_i % 2)
		make_file(staged("f"), "x");
	ck_assert_int_eq(commit_and_remove(QFILE_CONFLICT_FAIL), -EPERM);
	ck_assert_str_eq(error.name, strangers[_i / 2].name);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

START_TEST(where_nobody_may)
{
	int r;

	begin(1);
	make_file(staged("a"), "x");
	if (_i)
		make_file(staged("b"), "x");
	MUST(chmod("in", 0500));
	r = commit(&staging, &fail, &never, &renamed, &error);
	ck_assert_int_eq(r, -EACCES);
	MUST(chmod("in", 0700));
	ck_assert_str_eq(names_in("in"), staging.name);
	ck_assert_int_eq(staging_remove(&staging), 0);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

/* ---- What killed receivers left ---- */

/* Decide the delivery, as a receiver does that is killed right after: the lock is free. */
static void decide(void)
{
	char from[128], to[128];

	snprintf(from, sizeof(from), "in/%s/%s", staging.name, STAGING_TREE);
	snprintf(to, sizeof(to), "in/%s/%s", staging.name, STAGING_COMMIT);
	MUST(rename(from, to));
	staging_close(&staging);
}

/* Where it stands in a decided delivery. */
static const char *decided(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "in/%s/%s/%s", staging.name, STAGING_COMMIT, name);
	return path;
}

static const char *const a_b_c[] = {"a", "b", "c", NULL};

static void stage_a_b_c(int way)
{
	begin(way);
	make_file(staged("a"), "new a");
	make_file(staged("b"), "new b");
	make_file(staged("c"), "new c");
}

/* Killed after so many of its renames. */
START_TEST(sweep_finishes)
{
	stage_a_b_c(1);
	decide();
	for (int i = 0; i < _i; i++) {
		char to[16];

		snprintf(to, sizeof(to), "in/%s", a_b_c[i]);
		MUST(rename(decided(a_b_c[i]), to));
	}
	sweep_here(incoming);
	ck_assert_msg(strcmp(names_in("in"), "a b c") == 0, "after %d renames: %s", _i,
		      names_in("in"));
	ck_assert_str_eq(content_of("in/a"), "new a");
	ck_assert_str_eq(content_of("in/b"), "new b");
	ck_assert_str_eq(content_of("in/c"), "new c");
}
END_TEST

/* Killed at each moment of a read-only directory: around its note, mode, rename, and mode. */
START_TEST(sweep_finishes_read_only_directory)
{
	char link[128];

	begin(1);
	make_dir(staged("d"));
	make_file(staged("d/f"), "new");
	MUST(chmod(staged("d"), 0555));
	decide();
	snprintf(link, sizeof(link), "in/%s/%s", staging.name, STAGING_WIDENED);
	if (_i >= 1)
		make_link(link, "d");
	if (_i >= 2)
		MUST(chmod(decided("d"), 01755));
	if (_i >= 3)
		MUST(rename(decided("d"), "in/d"));
	if (_i >= 4)
		MUST(chmod("in/d", 0555));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "d");
	ck_assert_msg(mode_of("in/d") == 0555, "moment %d: mode %o", _i, mode_of("in/d"));
	ck_assert_str_eq(content_of("in/d/f"), "new");
	MUST(chmod("in/d", 0755));
}
END_TEST

/*
 * Between the power cut and the next receiver a name was taken. The sender has been promised
 * nothing, but the rest must not be lost.
 */
START_TEST(sweep_finds_name_taken)
{
	stage_a_b_c(1);
	decide();
	make_file("in/b", "the user's");
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "a b b (2) c");
	ck_assert_str_eq(content_of("in/b"), "the user's");
	ck_assert_str_eq(content_of("in/b (2)"), "new b");
}
END_TEST

/*
 * Or the user has moved away or removed what had arrived: the rest must arrive all the same, and
 * the staging directory go.
 */
START_TEST(sweep_finds_one_gone)
{
	stage_a_b_c(1);
	decide();
	MUST(rename(decided("a"), "moved by the user"));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "b c");
	ck_assert_str_eq(content_of("in/b"), "new b");
	ck_assert_str_eq(content_of("in/c"), "new c");
}
END_TEST

/* The same, with another file under the name by now. */
START_TEST(sweep_finds_one_replaced)
{
	stage_a_b_c(1);
	decide();
	MUST(rename(decided("a"), "moved by the user"));
	make_file("in/a", "the user's");
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "a b c");
	ck_assert_str_eq(content_of("in/a"), "the user's");
	ck_assert_str_eq(content_of("in/b"), "new b");
}
END_TEST

/* What cannot be finished now must not be lost: the next one tries again. */
START_TEST(sweep_leaves_what_it_cannot_finish)
{
	stage_a_b_c(1);
	decide();
	MUST(chmod("in", 0500));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), staging.name);
	ck_assert_str_eq(content_of(decided("b")), "new b");
	MUST(chmod("in", 0700));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "a b c");
}
END_TEST

START_TEST(sweep_removes_undecided)
{
	stage_a_b_c(_i);
	make_file("in/older", "old");
	make_dir("in/.qfile-incoming"); /* not one of ours */
	make_dir(staged("d"));
	make_file(staged("d/f"), "x");
	MUST(chmod(staged("d"), 0));
	staging_close(&staging);
	ck_assert_int_eq(staging_create(&staging, incoming), 0);
	staging_close(&staging);
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), ".qfile-incoming older");
}
END_TEST

/*
 * What the note of a widened directory may say in a staging directory that no receiver wrote: it
 * leads nowhere else, and takes no mode from what is not ours.
 */
static const char *const forged[] = {
	"../outside",   "/",          "..",   ".",
	"../../secret", "the user's", "file", QFILE_STAGING_PREFIX "0",
};

START_TEST(sweep_checks_the_note)
{
	char link[128];

	begin(1);
	make_dir("outside");
	make_file("secret", "x");
	make_dir("in/the user's");
	MUST(chmod("in/the user's", 0755));
	make_file("in/file", "x");
	MUST(chmod("in/file", 01644));
	MUST(chmod("outside", 01755));
	make_file(staged("a"), "x");
	decide();
	snprintf(link, sizeof(link), "in/%s/%s", staging.name, STAGING_WIDENED);
	make_link(link, forged[_i]);
	sweep_here(incoming);
	ck_assert_uint_eq(mode_of("outside"), 01755);
	ck_assert_uint_eq(mode_of("in/the user's"), 0755);
	ck_assert_uint_eq(mode_of("in/file") & 0777, 0644);
	ck_assert_uint_eq(mode_of("secret"), 0644);
	ck_assert_str_eq(names_in("in"), "a file the user's");
}
END_TEST

/* What a sender could plant, were its names not refused: it has no sticky bit, and stays. */
START_TEST(sweep_leaves_what_no_receiver_made)
{
	static const mode_t modes[] = {0700, 0755, 0777, 03700, 01777, 01755};
	char dir[128];

	stage_a_b_c(1);
	decide();
	snprintf(dir, sizeof(dir), "in/%s", staging.name);
	MUST(chmod(dir, modes[_i]));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), staging.name);
	ck_assert_str_eq(content_of(decided("a")), "new a");
}
END_TEST

/* Its maker died before it had a mode, which the umask has spoiled. */
START_TEST(sweep_removes_an_empty_one)
{
	begin(1);
	staging_remove(&staging);
	make_dir("in/" QFILE_STAGING_PREFIX "0123456789abcdef");
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "");
}
END_TEST

START_TEST(sweep_leaves_locked_alone)
{
	char dir[128];
	int fd;

	stage_a_b_c(1);
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), staging.name);
	ck_assert_str_eq(content_of(staged("a")), "new a");

	/* A decided one as well: somebody is at it. */
	decide();
	snprintf(dir, sizeof(dir), "in/%s", staging.name);
	fd = open_dir(dir);
	MUST(flock(fd, LOCK_EX | LOCK_NB));
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), staging.name);
	close(fd);
	sweep_here(incoming);
	ck_assert_str_eq(names_in("in"), "a b c");
}
END_TEST

/* What only looks like a leftover. */
START_TEST(sweep_leaves_others_alone)
{
	scratch_enter_plain();
	make_dir("in");
	make_dir("elsewhere");
	make_file("elsewhere/f", "x");
	make_file("in/.qfile-incoming-0000000000000000", "a file");
	make_link("in/.qfile-incoming-0000000000000001", "../elsewhere");
	sweep_here(open_dir("in"));
	ck_assert_str_eq(names_in("in"), ".qfile-incoming-0000000000000000 "
					 ".qfile-incoming-0000000000000001");
	ck_assert_str_eq(names_in("elsewhere"), "f");
}
END_TEST

/* ---- Killed at any moment ---- */

static unsigned count_delivered(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 200; i++) {
		char path[16];

		snprintf(path, sizeof(path), "in/f%u", i);
		count += exists(path);
	}
	return count;
}

/* Kill a receiver in its commit: after some time, or as soon as one of its files is visible. */
static void kill_committing(int moment)
{
	siginfo_t info = {.si_pid = 0};
	char path[16];
	pid_t pid;

	MUST(pid = fork());
	if (pid == 0)
		_exit(commit(&staging, &fail, &never, &renamed, &error) != 0);
	staging_close(&staging); /* the lock is theirs alone */
	if (moment % 2) {
		snprintf(path, sizeof(path), "in/f%d", moment * 7);
		/* Its number must remain its own until it was killed. */
		while (!exists(path) &&
		       waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		       info.si_pid == 0)
			;
	} else {
		usleep((useconds_t)moment * 500);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/*
 * Once nobody works on it any more, all of it is visible or nothing. No signal makes that another
 * receiver's job; it cleans up.
 */
START_TEST(killed)
{
	char dir[128];
	unsigned count;
	int lock;

	begin(1);
	for (unsigned i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%u", i);
		make_file(staged(name), "x");
	}
	kill_committing(_i);
	snprintf(dir, sizeof(dir), "in/%s", staging.name);
	lock = open_dir(dir);
	MUST(flock(lock, LOCK_EX)); /* the survivor has ended */
	count = count_delivered();
	ck_assert_msg(count == 0 || count == 200, "moment %d: %u of 200 are visible", _i, count);
	close(lock);
	sweep_here(incoming);
	count = count_delivered();
	ck_assert_msg(count == 0 || count == 200, "moment %d, swept: %u of 200 are visible", _i,
		      count);
	ck_assert_msg(!exists(dir), "moment %d: the staging directory stays", _i);
}
END_TEST

Suite *commit_suite(void)
{
	Suite *suite = suite_create("commit");
	TCase *tcase = add_case(suite, "arrive"), *names = add_case(suite, "names"),
	      *refuse = add_case(suite, "refuse"), *sweep = add_case(suite, "sweep");

	add_both_users_test(tcase, one_file);
	add_both_users_test(tcase, several);
	add_both_users_test(tcase, renamed_to_itself);
	add_both_users_test(tcase, no_name_is_free);
	add_both_users_test(tcase, none);
	add_both_users_test(tcase, many);
	tcase_add_loop_test(tcase, top_level_mode_is_kept, 0, 2 * (int)COUNT(top_modes));
	add_both_users_test(tcase, several_with_all_modes);
	tcase_add_test(tcase, longest_name);
	add_table_test(tcase, renamed_to_what_the_disk_takes, refusing);
	add_table_test(tcase, not_synced, unknown);
	tcase_add_test(tcase, begun_early);
	add_table_test(tcase, synced_by_the_child, synced);
	tcase_add_test(tcase, without_renameat2);

	tcase_add_loop_test(names, collision, 0, 2 * (int)COUNT(takers));
	tcase_add_loop_test(names, collision_renamed, 0, 2 * (int)COUNT(takers));
	tcase_add_test(names, numbers_are_passed_over);
	tcase_add_test(names, read_only_directory_renamed);
	tcase_add_test(names, renamed_beside_its_new_name);
	tcase_add_test(names, renamed_to_one_long_name);

	tcase_add_loop_test(refuse, stranger, 0, 2 * (int)COUNT(strangers));
	tcase_add_loop_test(refuse, where_nobody_may, 0, 2);

	tcase_add_loop_test(sweep, sweep_finishes, 0, 4);
	tcase_add_loop_test(sweep, sweep_finishes_read_only_directory, 0, 5);
	tcase_add_test(sweep, sweep_finds_name_taken);
	tcase_add_test(sweep, sweep_finds_one_gone);
	tcase_add_test(sweep, sweep_finds_one_replaced);
	add_both_users_test(sweep, sweep_removes_undecided);
	tcase_add_test(sweep, sweep_leaves_what_it_cannot_finish);
	add_table_test(sweep, sweep_checks_the_note, forged);
	tcase_add_loop_test(sweep, sweep_leaves_what_no_receiver_made, 0, 6);
	tcase_add_test(sweep, sweep_removes_an_empty_one);
	tcase_add_test(sweep, sweep_leaves_locked_alone);
	tcase_add_test(sweep, sweep_leaves_others_alone);
	tcase_add_loop_test(sweep, killed, 0, 24);
	return suite;
}
