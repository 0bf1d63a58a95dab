/*
 * Watching a file: what the events tell of writing and closing.
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

static void link_in_place(void)
{
	make_file("workdir/other", "new");
	MUST(unlink(FILE_NAME));
	MUST(link("workdir/other", FILE_NAME));
}

static void exchange(void)
{
	make_file("workdir/other", "new");
	MUST(renameat2(AT_FDCWD, "workdir/other", AT_FDCWD, FILE_NAME, RENAME_EXCHANGE));
}

static void open_to_write(void)
{
	close(open(FILE_NAME, O_RDWR));
}

static void reopen(void)
{
	write_in_place();
	MUST(open(FILE_NAME, O_RDWR));
}

static void reopen_and_read(void)
{
	reopen();
	/* Read what happened so far: otherwise the kernel makes one event of two openings. */
	ck_assert_int_eq(watch_read(&watch), 0);
	read_it();
}

static void close_another(void)
{
	keep_writing();
	open_to_write();
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
	bool opened, saved, touched, came, modified, closed;
	unsigned kept;
} happenings[] = {
	{"nothing", nothing, false, false, false, false, false, false, 0},
	{"a reader", read_it, true, false, false, false, false, false, 0},
	{"in place", write_in_place, true, true, true, false, true, true, 0},
	{"renamed over", rename_over, false, true, true, true, false, false, 0},
	{"renamed over from another directory", rename_over_from_elsewhere, false, true, true, true,
	 false, false, 0},
	{"exchanged", exchange, false, true, true, true, false, false, 0},
	{"linked", link_in_place, false, false, true, true, false, false, 0},
	{"the old one moved away, a new one written", backup_and_write, true, true, true, true,
	 true, true, 0},
	{"moved away", move_away, true, true, true, false, false, false, 0},
	{"deleted", delete, true, true, true, false, false, false, 0},
	{"opened for writing, not written to", open_to_write, true, true, true, false, false, true,
	 0},
	{"written, not closed", keep_writing, true, false, true, false, true, false, 0},
	{"written, not closed, but by another", close_another, true, true, true, false, true, true,
	 0},
	{"written again, not closed", write_again, true, true, true, false, true, false, 0},
	{"written, and opened to be kept", reopen, true, true, true, false, true, true, 1},
	{"the same, with a reader", reopen_and_read, true, true, true, false, true, true, 1},
	{"touched afterwards", write_and_touch, true, true, true, false, true, true, 0},
	{"truncated by its path", truncate_only, false, false, true, false, true, false, 0},
	{"other files", write_others, false, false, false, false, false, false, 0},
	{"too much for the queue", flood, true, true, true, true, true, true, 0},
};

START_TEST(what_is_told)
{
	const char *label = happenings[_i].label;

	begin();
	happenings[_i].happen();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_msg(watch.opened == happenings[_i].opened, "%s: opened: %d", label, watch.opened);
	ck_assert_msg(watch.saved == happenings[_i].saved, "%s: saved: %d", label, watch.saved);
	ck_assert_msg(watch.touched == happenings[_i].touched, "%s: touched: %d", label,
		      watch.touched);
	ck_assert_msg(watch.came == happenings[_i].came, "%s: came: %d", label, watch.came);
	ck_assert_msg(watch.modified == happenings[_i].modified, "%s: modified: %d", label,
		      watch.modified);
	ck_assert_msg(watch.closed == happenings[_i].closed, "%s: closed: %d", label, watch.closed);
	ck_assert_msg(watch.kept == happenings[_i].kept, "%s: kept: %u", label, watch.kept);
	watch_close(&watch);
}
END_TEST

static int open_own(void)
{
	int fd = open(FILE_NAME, O_RDONLY);

	ck_assert_int_eq(watch_opened_here(&watch), 0);
	return fd;
}

static void close_own(int fd)
{
	close(fd);
	ck_assert_int_eq(watch_closed_here(&watch), 0);
}

/* What this process does itself is no sign of anybody; what others do at the same time is. */
START_TEST(own_looks)
{
	int fd;

	begin();
	close_own(open_own());
	ck_assert(!watch.opened && !watch.looked && !watch.touched);
	fd = open_own();
	read_it();
	close_own(fd);
	ck_assert(watch.opened && watch.looked && !watch.touched);
	watch.opened = watch.looked = false;
	fd = open_own();
	close_own(open_own());
	write_in_place();
	close_own(fd);
	ck_assert(watch.opened && watch.touched && watch.modified && watch.closed);
	ck_assert_uint_eq(watch.kept, 0);
	watch.opened = false;
	close_own(open_own());
	ck_assert(!watch.opened);
	watch_close(&watch);
}
END_TEST

/* Our closing is not that of one who keeps the file, nor is theirs hidden by ours. */
START_TEST(own_looks_at_what_is_kept)
{
	int kept, fd;

	begin();
	write_in_place();
	ck_assert_int_eq(watch_read(&watch), 0);
	MUST(kept = open(FILE_NAME, O_RDONLY));
	ck_assert_int_eq(watch_read(&watch), 0);
	fd = open_own();
	close_own(open_own());
	close_own(fd);
	ck_assert_uint_eq(watch.kept, 1);
	close(kept);
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_uint_eq(watch.kept, 0);
	watch_close(&watch);
}
END_TEST

/* Two equal events may be one: what was not told of ours is not taken from others later. */
START_TEST(own_looks_that_are_not_told)
{
	int fd;

	begin();
	MUST(open(FILE_NAME, O_RDWR));
	MUST(fd = open(FILE_NAME, O_RDONLY));
	ck_assert_int_eq(watch_opened_here(&watch), 0);
	ck_assert(!watch.looked);
	close(fd);
	close(open("workdir/file", O_RDONLY));
	ck_assert_int_eq(watch_closed_here(&watch), 0);
	ck_assert(watch.looked);
	watch.looked = false;
	read_it();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert(watch.looked);
	/* Nor is one that is not told at all, since it was elsewhere. */
	watch.looked = false;
	make_file("elsewhere", "x");
	MUST(fd = open("elsewhere", O_RDONLY));
	ck_assert_int_eq(watch_opened_here(&watch), 0);
	read_it();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert(watch.looked);
	close(fd);
	ck_assert_int_eq(watch_closed_here(&watch), 0);
	watch_close(&watch);
}
END_TEST

START_TEST(times)
{
	int64_t begun;

	begin();
	begun = watch.last;
	played_pass(1000);
	write_in_place();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_int_eq(watch.last, begun + 1000);
	ck_assert_int_eq(watch.closed_at, begun + 1000);
	played_pass(1000);
	read_it();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert_int_eq(watch.last, begun + 1000);
	watch_close(&watch);
}
END_TEST

/* Another directory takes the place: what happens in the old one tells nothing. */
START_TEST(another_directory)
{
	begin();
	MUST(rename("workdir", "old"));
	make_dir("workdir");
	make_file(FILE_NAME, "x");
	ck_assert_int_eq(watch_follow(&watch, "workdir"), 0);
	ck_assert(watch.touched);
	watch.touched = false;
	make_file("old/file", "x");
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert(!watch.touched && !watch.modified);
	write_in_place();
	ck_assert_int_eq(watch_read(&watch), 0);
	ck_assert(watch.touched && watch.modified);
	MUST(rename("workdir", "newer"));
	ck_assert_int_eq(watch_follow(&watch, "workdir"), -ENOENT);
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

	add_table_test(tcase, what_is_told, happenings);
	tcase_add_test(tcase, own_looks);
	tcase_add_test(tcase, own_looks_at_what_is_kept);
	tcase_add_test(tcase, own_looks_that_are_not_told);
	tcase_add_test(tcase, times);
	tcase_add_test(tcase, another_directory);
	tcase_add_test(tcase, what_cannot_be_watched);
	tcase_add_test(tcase, failing_calls);
	return suite;
}
