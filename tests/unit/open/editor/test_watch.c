/*
 * Watching a file: what is a complete save.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "open/editor/watch.h"
#include "played.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILE_NAME "workdir/file"

static struct watch watch;

static void begin(void)
{
	scratch_enter();
	make_dir("workdir");
	make_dir("workdir/below");
	make_file(FILE_NAME, "old");
	played_pass(0);
	ck_assert_int_eq(watch_open(&watch, "workdir", "file"), 0);
}

static void append(int fd)
{
	ck_assert_int_eq(write(fd, "x", 1), 1);
}

/* ---- What programs do ---- */

static void nothing(void)
{
}

static void read_it(void)
{
	content_of(FILE_NAME);
}

static void write_in_place(void)
{
	make_file(FILE_NAME, "new");
}

static void rename_over(void)
{
	make_file("workdir/.file.tmp", "new");
	MUST(rename("workdir/.file.tmp", FILE_NAME));
}

static void rename_over_from_elsewhere(void)
{
	make_file("workdir/below/file", "new");
	MUST(rename("workdir/below/file", FILE_NAME));
}

static void backup_and_write(void)
{
	MUST(rename(FILE_NAME, "workdir/file~"));
	make_file(FILE_NAME, "new");
}

static void move_away(void)
{
	write_in_place();
	MUST(rename(FILE_NAME, "workdir/file~"));
}

static void delete (void)
{
	write_in_place();
	MUST(unlink(FILE_NAME));
}

static void keep_writing(void)
{
	int fd = open(FILE_NAME, O_WRONLY);

	append(fd);
	append(fd);
}

static void write_again(void)
{
	write_in_place();
	keep_writing();
}

static void write_and_touch(void)
{
	write_in_place();
	MUST(utimensat(AT_FDCWD, FILE_NAME, NULL, 0));
	MUST(chmod(FILE_NAME, 0400));
}

static void truncate_only(void)
{
	MUST(truncate(FILE_NAME, 1));
}

static void write_others(void)
{
	make_file("workdir/file~", "x");
	make_file("workdir/fil", "x");
	make_file("workdir/below/file", "x");
	make_file("file", "x");
	MUST(rename("workdir/fil", "workdir/other"));
}

/* More than the kernel remembers, so that of the save itself nothing is told. */
static void flood(void)
{
	for (int i = 0; i < 20000; i++) {
		close(open("workdir/a", O_RDONLY | O_CREAT, 0600));
		MUST(chmod("workdir/a", 0600));
		close(open("workdir/b", O_RDONLY | O_CREAT, 0600));
	}
	write_in_place();
}

static const struct {
	const char *label;
	void (*happen)(void);
	bool opened, saved, complete;
} happenings[] = {
	{"nothing", nothing, false, false, false},
	{"a reader", read_it, true, false, false},
	{"in place", write_in_place, true, true, true},
	{"renamed over", rename_over, false, true, true},
	{"renamed over from another directory", rename_over_from_elsewhere, false, true, true},
	{"the old one moved away, a new one written", backup_and_write, true, true, true},
	{"moved away", move_away, true, true, false},
	{"deleted", delete, true, true, false},
	{"written, not closed", keep_writing, true, false, false},
	{"written again, not closed", write_again, true, true, false},
	{"touched afterwards", write_and_touch, true, true, true},
	{"truncated by its path: not closed either", truncate_only, false, false, false},
	{"other files", write_others, false, false, false},
	{"too much for the queue", flood, false, true, true},
};

START_TEST(what_is_complete)
{
	const char *label = happenings[_i].label;

	begin();
	happenings[_i].happen();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_msg(watch.opened == happenings[_i].opened, "%s: opened: %d", label, watch.opened);
	ck_assert_msg(watch.saved == happenings[_i].saved, "%s: saved: %d", label, watch.saved);
	ck_assert_msg(watch.complete == happenings[_i].complete, "%s: complete: %d", label,
		      watch.complete);
	ck_assert_msg((watch_timeout(&watch) >= 0) == happenings[_i].complete, "%s: timeout %d",
		      label, watch_timeout(&watch));
	watch_close(&watch);
}
END_TEST

START_TEST(settled_after_the_quiet_time_and_once)
{
	begin();
	ck_assert(!watch_settled(&watch));
	write_in_place();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_int_eq(watch_timeout(&watch), 500);
	ck_assert(!watch_settled(&watch));
	played_pass(499);
	ck_assert_int_eq(watch_timeout(&watch), 1);
	ck_assert(!watch_settled(&watch));
	played_pass(1);
	ck_assert_int_eq(watch_timeout(&watch), 0);
	ck_assert(watch_settled(&watch));
	ck_assert(!watch_settled(&watch));
	ck_assert_int_eq(watch_timeout(&watch), -1);
	/* It still is complete, for whoever has to end early. */
	ck_assert(watch.complete);
	watch_close(&watch);
}
END_TEST

START_TEST(whatever_happens_to_it_begins_the_quiet_time_anew)
{
	static void (*const events[])(void) = {write_in_place, rename_over, backup_and_write,
					       write_again};

	for (size_t i = 0; i < COUNT(events); i++) {
		begin();
		write_in_place();
		ck_assert_int_eq(watch_read(&watch), 0);
		played_pass(10000);
		events[i]();
		ck_assert_int_eq(watch_read(&watch), 0);
		ck_assert(!watch_settled(&watch));
		watch_close(&watch);
	}
}
END_TEST

START_TEST(again)
{
	begin();
	write_in_place();
	ck_assert_int_eq(watch_read(&watch), 0);
	played_pass(500);
	ck_assert(watch_settled(&watch));
	watch_again(&watch);
	ck_assert_int_eq(watch_timeout(&watch), 500);
	ck_assert(!watch_settled(&watch));
	played_pass(500);
	ck_assert(watch_settled(&watch));
	watch_close(&watch);
}
END_TEST

START_TEST(what_cannot_be_watched)
{
	unsigned before = open_descriptors();
	struct rlimit limit;

	scratch_enter();
	make_file("file", "x");
	ck_assert_int_eq(watch_open(&watch, "missing", "file"), -ENOENT);
	ck_assert_int_eq(watch_open(&watch, "file", "file"), -ENOTDIR);
	ck_assert_uint_eq(open_descriptors(), before);
	MUST(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 3;
	MUST(setrlimit(RLIMIT_NOFILE, &limit));
	ck_assert_int_eq(watch_open(&watch, ".", "file"), -EMFILE);
	watch_close(&watch);
	ck_assert_int_eq(watch_read(&watch), -EBADF);
}
END_TEST

START_TEST(failing_calls)
{
	unsigned before, number = 0;
	int r;

	scratch_enter();
	make_dir("workdir");
	before = open_descriptors();
	do {
		faults_begin(++number, ENOSPC, false);
		r = watch_open(&watch, "workdir", "file");
		faults_end();
		ck_assert_int_eq(r, faults_failed() ? -ENOSPC : 0);
		watch_close(&watch);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_uint_eq(number, 3);
}
END_TEST

Suite *watch_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *tcase = add_case(suite, "watch");

	add_table_test(tcase, what_is_complete, happenings);
	tcase_add_test(tcase, settled_after_the_quiet_time_and_once);
	tcase_add_test(tcase, whatever_happens_to_it_begins_the_quiet_time_anew);
	tcase_add_test(tcase, again);
	tcase_add_test(tcase, what_cannot_be_watched);
	tcase_add_test(tcase, failing_calls);
	return suite;
}
