/*
 * Where a version is put that cannot take the file's place: beside it, or in a private directory;
 * and the disks that are full.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editwire.h"
#include "open/opener/opener.h"
#include "unit.h"

#include "faults.h"
#include "io/stream.h"
#include "open/opened.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

static struct opened opened;

/* ---- Kept elsewhere ---- */

/* The clock of a user far in the east stands still. */
#define NOW "2026-11-23 14.36.05"

static void stop_clock(void)
{
	MUST(setenv("TZ", "HERE-5:30", 1));
	faults_time = 1795424765;
}

static void check_path(const char *relative)
{
	ck_assert_str_eq(event_path(&opened), relative);
}

/* What the user does here while it is open there. */
static void remove_it(void)
{
	MUST(unlink("dir/report.pdf"));
}

static void change_it(void)
{
	make_file("dir/report.pdf", "local");
}

static void save_it_as_editors_do(void)
{
	make_file("dir/new", "local");
	MUST(rename("dir/new", "dir/report.pdf"));
}

static void make_it_read_only(void)
{
	MUST(chmod("dir/report.pdf", 0444));
}

static const struct {
	void (*act)(void);
	int code;
	const char *there;
} conflicts[] = {
	{change_it, ESTALE, "local"},
	{save_it_as_editors_do, ESTALE, "local"},
	{remove_it, ENOENT, NULL},
	{make_it_read_only, EACCES, "before"},
};

/*
 * The edits stand beside it, in one place, through a chain of links; until that one is changed
 * here, too.
 */
START_TEST(beside)
{
	static const char first[] = "dir/report (edited in work, " NOW ").pdf";

	scratch_enter_plain();
	stop_clock();
	make_dir("dir");
	make_old_file("dir/report.pdf", "before");
	make_link("link", "dir/report.pdf");
	opened_begin(&opened, "link");
	conflicts[_i].act();
	if (conflicts[_i].code == EACCES && access("dir/report.pdf", W_OK) == 0) {
		/* This user may write whatever its mode: nothing is read-only to them. */
		feed_save(&opened, "one");
		next_saved(&opened);
		return;
	}
	feed_save(&opened, "one");
	next_kept(&opened, conflicts[_i].code, "one");
	ck_assert_uint_eq(opened.event.save, 1);
	check_path(first);
	feed_save(&opened, "two");
	next_kept(&opened, conflicts[_i].code, "two");
	check_path(first);
	MUST(chmod(first, 0644)); /* it is read-only where the original is */
	make_file(first, "local, too");
	feed_save(&opened, "three");
	next_kept(&opened, conflicts[_i].code, "three");
	check_path("dir/report (edited in work, " NOW ") (2).pdf");
	ck_assert_str_eq(content_of(first), "local, too");
	feed_done(&opened, 0, "");
	next_done(&opened, 3);
	if (conflicts[_i].there)
		ck_assert_str_eq(content_of("dir/report.pdf"), conflicts[_i].there);
	else
		ck_assert(!exists("dir/report.pdf"));
	ck_assert(!has_name("dir", ".qopen-"));
	ck_assert(!exists("private"));
	opened_end(&opened);
}
END_TEST

/* What is kept beside is no more open to others than the original. */
START_TEST(beside_keeps_the_mode)
{
	scratch_enter();
	make_file("report.pdf", "before");
	MUST(chmod("report.pdf", 0640));
	opened_begin(&opened, "report.pdf");
	make_file("report.pdf", "local");
	feed_save(&opened, "one");
	next_kept(&opened, ESTALE, "one");
	ck_assert_uint_eq(mode_of(event_path(&opened)), 0640);
	opened_end(&opened);
}
END_TEST

START_TEST(beside_without_attributes)
{
	scratch_enter();
	make_old_file("report.pdf", "before");
	opened_begin(&opened, "report.pdf");
	MUST(unlink("report.pdf"));
	feed_save(&opened, "one");
	faults_begin_in("fremovexattr", 1, EIO, false);
	next_kept(&opened, ENOENT, "one");
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_uint_eq(mode_of(event_path(&opened)), 0600);
	opened_end(&opened);
}
END_TEST

/* What cannot have the original's attributes does not take its place. */
START_TEST(attributes_do_not_fit)
{
	scratch_enter();
	make_old_file("report.pdf", "before");
	opened_begin(&opened, "report.pdf");
	feed_save(&opened, "one");
	faults_begin_in("fremovexattr", 1, ENOSPC, false);
	next_kept(&opened, ENOSPC, "one");
	faults_end();
	ck_assert_str_eq(content_of("report.pdf"), "before");
	/* The next one may be lucky. */
	feed_save(&opened, "two");
	next_saved(&opened);
	ck_assert_str_eq(content_of("report.pdf"), "two");
	opened_end(&opened);
}
END_TEST

static void refuse_renames(void)
{
	faults_begin_in("renameat", 1, EACCES, true);
}

/*
 * Where names cannot be exchanged, and a rename is refused, the file is not open any more. A save
 * of a database with changes in its journal does not take its place all the same.
 */
START_TEST(database_that_is_not_open)
{
	static const char database[101] = "SQLite format 3";
	int fd;

	scratch_enter_plain();
	MUST(fd = open("file", O_WRONLY | O_CREAT | O_EXCL, 0644));
	ck_assert_int_eq(write(fd, database, sizeof(database)), sizeof(database));
	close(fd);
	opened_begin(&opened, "file");
	feed_save(&opened, "one");
	faults_begin_in("renameat2", 1, EINVAL, false);
	faults_before("renameat", refuse_renames);
	next_kept(&opened, EACCES, "one");
	faults_end();
	make_file("file-journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7");
	feed_save(&opened, "two");
	next_kept(&opened, EBUSY, "two");
	ck_assert_str_eq(content_of("file"), database);
	/* The journal is empty when the changes are in the database. */
	make_file("file-journal", "");
	feed_save(&opened, "three");
	next_saved(&opened);
	ck_assert_str_eq(content_of("file"), "three");
	opened_end(&opened);
}
END_TEST

START_TEST(second_opener)
{
	struct opened first;

	scratch_enter_as(_i);
	make_old_file("report.pdf", "before");
	opened_begin(&first, "report.pdf");
	opened_begin(&opened, "report.pdf");
	ck_assert_uint_eq(opener_notes(first.opener), 0);
	ck_assert_uint_eq(opener_notes(opened.opener), OPENER_SECOND);
	feed_save(&first, "first");
	next_saved(&first);
	feed_save(&opened, "second");
	next_kept(&opened, EBUSY, "second");
	feed_save(&first, "first again");
	next_saved(&first);
	ck_assert_str_eq(content_of("report.pdf"), "first again");
	opened_end(&first);
	feed_save(&opened, "second again");
	next_kept(&opened, EBUSY, "second again");
	ck_assert_str_eq(content_of("report.pdf"), "first again");
	opened_end(&opened);
}
END_TEST

/* The name of the VM may be anything; that of the file, too. */
static const struct {
	const char *from, *shown;
} origins[] = {
	{"work", "work"},
	{"", "another VM"},
	{"a/b", "a_b"},
	{"..", "another VM"},
	{"new\nline", "new_line"},
	{"1234567890123456789012345678901234567890123456789012345678901234567890",
	 "1234567890123456789012345678901234567890123456789012345678901234"},
};

START_TEST(name_says_whence)
{
	char expected[256];

	scratch_enter();
	stop_clock();
	make_old_file("report.tar.gz", "before");
	opened_init(&opened);
	opened.options.from = origins[_i].from;
	opened_begin_as_set(&opened, "report.tar.gz");
	MUST(unlink("report.tar.gz"));
	feed_save(&opened, "one");
	next_kept(&opened, ENOENT, "one");
	snprintf(expected, sizeof(expected), "report (edited in %s, " NOW ").tar.gz",
		 origins[_i].shown);
	check_path(expected);
	opened_end(&opened);
}
END_TEST

/* 255 bytes: a stem is shortened; what is nearly all extension gets another name. */
START_TEST(name_is_long)
{
	static const char tag[] = " (edited in work, " NOW ")";
	const bool all_extension = _i;
	char name[256], expected[512];

	scratch_enter();
	stop_clock();
	memset(name, 'n', 255);
	name[255] = '\0';
	name[all_extension ? 2 : 250] = '.';
	make_old_file(name, "before");
	opened_begin(&opened, name);
	MUST(unlink(name));
	feed_save(&opened, "one");
	next_kept(&opened, ENOENT, "one");
	if (all_extension)
		snprintf(expected, sizeof(expected), "file%s", tag);
	else
		snprintf(expected, sizeof(expected), "%.*s%s.nnnn", (int)(250 - strlen(tag)), name,
			 tag);
	check_path(expected);
	opened_end(&opened);
}
END_TEST

/* ---- In a private directory ---- */

static const char *const two_private[] = {"private/deep/one", "private/two", NULL};

/* A file in a directory that takes no new one. */
static void begin_in_sealed_directory(void)
{
	scratch_enter_plain();
	stop_clock();
	make_dir("dir");
	make_old_file("dir/report.pdf", "before");
	opened_init(&opened);
	opened.options.keep = two_private;
	opened_begin_as_set(&opened, "dir/report.pdf");
	MUST(chmod("dir", 0500));
}

static void end_in_sealed_directory(void)
{
	opened_end(&opened);
	MUST(chmod("dir", 0700));
	ck_assert_str_eq(content_of("dir/report.pdf"), "before");
	ck_assert_str_eq(names_in("dir"), "report.pdf");
}

#define REPORT "report (edited in work, " NOW ").pdf"

START_TEST(private)
{
	begin_in_sealed_directory();
	feed_save(&opened, "one");
	faults_begin_in("syncfs", 0, 0, false);
	next_kept(&opened, EACCES, "one");
	ck_assert_uint_eq(faults_end(), 1); /* the directories are new */
	check_path("private/deep/one/" REPORT);
	ck_assert_uint_eq(mode_of("private"), 0700);
	ck_assert_uint_eq(mode_of("private/deep/one"), 0700);
	ck_assert_uint_eq(mode_of("private/deep/one/" REPORT), 0600);
	feed_save(&opened, "two");
	next_kept(&opened, EACCES, "two");
	check_path("private/deep/one/" REPORT);
	ck_assert_str_eq(names_in("private/deep/one"), REPORT);
	end_in_sealed_directory();
}
END_TEST

/*
 * The directories in turn, until one takes it; where none does, the next version may have more
 * luck.
 */
START_TEST(private_in_turn)
{
	begin_in_sealed_directory();
	make_file("private", "a file");
	feed_save(&opened, "one");
	feed_save(&opened, "");
	ck_assert_int_eq(opened_next(&opened), OPENER_DROPPED);
	ck_assert_uint_eq(opened.event.save, 1);
	ck_assert_int_eq(opened.error.code, EACCES);
	ck_assert_str_eq(opened.error.name, "report.pdf");
	ck_assert_int_eq(opened_next(&opened), OPENER_DROPPED);
	MUST(unlink("private"));
	make_dir("private");
	make_file("private/deep", "a file");
	feed_save(&opened, "three");
	next_kept(&opened, EACCES, "three");
	check_path("private/two/" REPORT);
	/* The first is to be had again. */
	MUST(unlink("private/deep"));
	feed_save(&opened, "four");
	next_kept(&opened, EACCES, "four");
	check_path("private/deep/one/" REPORT);
	ck_assert_str_eq(content_of("private/two/" REPORT), "three");
	/* And the original's, in the end. */
	MUST(chmod("dir", 0700));
	feed_save(&opened, "five");
	next_saved(&opened);
	MUST(truncate("dir/report.pdf", 0));
	make_file("dir/report.pdf", "before");
	end_in_sealed_directory();
}
END_TEST

static const char *const no_directories[] = {"", "a-file/x", "link", "public", NULL};
static const mode_t public_modes[] = {0755, 0710, 0701, 0770, 0777, 01777};

/* What others could look into or take away from is not private, nor is what a link leads to. */
START_TEST(private_directory_that_is_public)
{
	scratch_enter_plain();
	stop_clock();
	make_dir("dir");
	make_old_file("dir/report.pdf", "before");
	make_file("a-file", "x");
	make_dir("good");
	MUST(chmod("good", 0700));
	make_link("link", "good");
	make_dir("public");
	MUST(chmod("public", public_modes[_i]));
	opened_init(&opened);
	opened.options.keep = no_directories;
	opened_begin_as_set(&opened, "dir/report.pdf");
	MUST(chmod("dir", 0500));
	feed_save(&opened, "one");
	ck_assert_int_eq(opened_next(&opened), OPENER_DROPPED);
	ck_assert_str_eq(names_in("public"), "");
	ck_assert_str_eq(names_in("good"), "");
	MUST(chmod("public", 0700));
	feed_save(&opened, "two");
	next_kept(&opened, EACCES, "two");
	check_path("public/" REPORT);
	ck_assert_uint_eq(mode_of("public/" REPORT), 0600);
	end_in_sealed_directory();
}
END_TEST

/*
 * Whatever fails in one private directory, made for the first time: it or the other takes the
 * version.
 */
START_TEST(private_directory_fails)
{
	unsigned call = 1, in_second = 0; /* the first call reads the reply */
	int step;

	begin_in_sealed_directory();
	do {
		feed_save(&opened, "one");
		faults_begin(++call, EIO, false);
		step = opened_next(&opened);
		faults_end();
		ck_assert_msg(step == OPENER_KEPT, "call %u, %s: %d", call, faults_failed(), step);
		ck_assert_str_eq(content_of(event_path(&opened)), "one");
		in_second += strstr(opened.event.path, "/two/") != NULL;
		ck_assert(faults_failed() || strstr(opened.event.path, "/deep/one/"));
		/* So that they have to be made again. */
		unlink("private/deep/one/" REPORT);
		unlink("private/two/" REPORT);
		rmdir("private/deep/one");
		rmdir("private/deep");
		rmdir("private/two");
		MUST(rmdir("private"));
	} while (faults_failed());
	ck_assert_uint_gt(in_second, 5);
	end_in_sealed_directory();
}
END_TEST

START_TEST(private_directory_of_somebody_else)
{
	scratch_enter();
	make_dir("dir");
	make_old_file("dir/report.pdf", "before");
	MUST(chmod("dir/report.pdf", 0666));
	make_dir("private");
	MUST(chmod("private", 0700));
	MUST(chown("private", 4711, 4711));
	opened_begin(&opened, "dir/report.pdf");
	faults_begin_in("openat", 1, EROFS, false);
	feed_save(&opened, "one");
	ck_assert_int_eq(opened_next(&opened), OPENER_DROPPED);
	faults_end();
	ck_assert_int_eq(opened.error.code, EROFS);
	ck_assert_str_eq(names_in("private"), "");
	opened_end(&opened);
}
END_TEST

START_TEST(directory_is_removed)
{
	scratch_enter();
	make_dir("dir");
	make_old_file("dir/file", "before");
	opened_begin(&opened, "dir/file");
	MUST(unlink("dir/file"));
	MUST(rmdir("dir"));
	feed_save(&opened, "one");
	next_kept(&opened, ENOENT, "one");
	ck_assert(has_name("private", "file (edited in work, "));
	opened_end(&opened);
}
END_TEST

/* ---- A full disk: a small file system of its own ---- */

#define DISK_SIZE ((uint64_t)64 << 10)

static uint64_t free_bytes(const char *path)
{
	struct statfs status;

	MUST(statfs(path, &status));
	return (uint64_t)status.f_bavail * (uint64_t)status.f_bsize;
}

static void begin_on_disk(void)
{
	scratch_enter();
	stop_clock();
	make_dir("disk");
	ck_assert(mount_own("disk", 0, "size=64k"));
	make_old_file("disk/file", "before");
	opened_begin(&opened, "disk/file");
}

static void end_on_disk(void)
{
	ck_assert_str_eq(content_of("disk/file"), "before");
	ck_assert_str_eq(names_in("disk"), "file");
	/* Nothing holds on to what did not fit. */
	ck_assert_uint_eq(free_bytes("disk"), DISK_SIZE - 4096);
	opened_end(&opened);
}

/* Is the kept file a pattern of this size? */
static void check_kept_pattern(size_t size)
{
	char *expected = pattern_of(size), *got = pattern_of(size);
	int fd = open(event_path(&opened), O_RDONLY);

	MUST(fd);
	memset(got, 0, size);
	ck_assert_int_eq(read(fd, got, size), (ssize_t)size);
	ck_assert_int_eq(read(fd, (char[1]){0}, 1), 0);
	ck_assert_int_eq(memcmp(got, expected, size), 0);
	close(fd);
}

/* Of a version whose length nobody knows, the disk takes a part. That goes where the rest goes. */
START_TEST(disk_is_full_in_the_middle)
{
	const size_t size = 300000;
	char *bytes = pattern_of(size);

	begin_on_disk();
	feed_bytes(&opened, bytes, 20000);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
				 OPENER_PART);
	ck_assert_uint_lt(free_bytes("disk"), DISK_SIZE - 4096 - 16384);
	feed_bytes(&opened, bytes + 20000, size - 20000);
	feed_end(&opened);
	ck_assert_int_eq(opened_next(&opened), OPENER_KEPT);
	ck_assert_int_eq(opened.event.code, ENOSPC);
	check_path("private/file (edited in work, " NOW ")");
	check_kept_pattern(size);
	end_on_disk();
}
END_TEST

/* Where it is known, nothing is tried there. */
START_TEST(disk_is_too_small)
{
	const size_t size = 300000;
	char *bytes = pattern_of(size);
	struct stream_reader sum = {.buffer = (unsigned char *)bytes, .begin = size};
	unsigned char crc[EDIT_CRC_SIZE];

	begin_on_disk();
	feed_header(&opened, EDIT_SAVE, 0, size);
	feed_bytes(&opened, bytes, 50000);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
				 OPENER_PART);
	ck_assert_uint_eq(free_bytes("disk"), DISK_SIZE - 4096);
	feed_bytes(&opened, bytes + 50000, size - 50000);
	edit_crc_encode(stream_reader_crc(&sum), crc);
	feed_bytes(&opened, crc, sizeof(crc));
	ck_assert_int_eq(opened_next(&opened), OPENER_KEPT);
	ck_assert_int_eq(opened.event.code, ENOSPC);
	check_kept_pattern(size);
	/* A small one has its place. */
	feed_save(&opened, "before");
	next_saved(&opened);
	end_on_disk();
}
END_TEST

/* What no disk has room for is dropped, with nothing written, as it passes. */
START_TEST(no_disk_is_large_enough)
{
	begin_on_disk();
	feed_header(&opened, EDIT_SAVE, 0, (uint64_t)1 << 62);
	feed_bytes(&opened, "0123456789", 10);
	feed_end(&opened);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
				 OPENER_PART);
	ck_assert_str_eq(names_in("private"), "");
	next_fails(&opened, -ECONNRESET);
	end_on_disk();
}
END_TEST

Suite *saving_suite(void)
{
	Suite *suite = suite_create("saving");
	TCase *tcase = add_case(suite, "beside");
	add_table_test(tcase, beside, conflicts);
	tcase_add_test(tcase, beside_keeps_the_mode);
	tcase_add_test(tcase, beside_without_attributes);
	tcase_add_test(tcase, attributes_do_not_fit);
	tcase_add_test(tcase, database_that_is_not_open);
	add_both_users_test(tcase, second_opener);
	add_table_test(tcase, name_says_whence, origins);
	tcase_add_loop_test(tcase, name_is_long, 0, 2);
	tcase = add_case(suite, "private");
	tcase_add_test(tcase, private);
	tcase_add_test(tcase, private_in_turn);
	add_table_test(tcase, private_directory_that_is_public, public_modes);
	tcase_add_test(tcase, private_directory_fails);
	tcase_add_test(tcase, directory_is_removed);
	tcase = add_case_if(suite, "private directory of somebody else", geteuid() == 0,
			    "needs root");
	tcase_add_test(tcase, private_directory_of_somebody_else);
	tcase = add_case_if(suite, "full disk", can_mount(0),
			    "this user cannot mount a file system of their own");
	tcase_add_test(tcase, disk_is_full_in_the_middle);
	tcase_add_test(tcase, disk_is_too_small);
	tcase_add_test(tcase, no_disk_is_large_enough);
	return suite;
}
