/*
 * The receiver's parser on disks that refuse, fail and cannot, with one thread and with two.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "io/stream.h"
#include "receive/child/report.h"
#include "receive/child/unpack.h"
#include "streams.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- Every call fails once ---- */

#define LARGE (STREAM_BUFFER_SIZE + 20000)
#define CHAIN 35 /* a little more than lib/io/dirstack.c keeps descriptors for */

/*
 * A stream that comes by every call: a large file, holes, a directory that is sealed from
 * elsewhere, deep chains. Returns how many entries it has.
 */
static unsigned put_everything(unsigned chains)
{
	static unsigned char large[LARGE];

	memset(large, 'x', sizeof(large) / 2);
	put_script("d:d f:d/f l:d/l:f d:d/e f:d/e/deep f:d/back");
	put_entry(S_IFREG | 0600, "d/large", large, sizeof(large));
	put_script("d:other d:d d:other");
	/* The first chain is left level by level, the second all at once. */
	for (unsigned chain = 0; chain < chains; chain++) {
		char name[2 * CHAIN] = "";

		for (int depth = 0; depth < CHAIN; depth++) {
			snprintf(name + strlen(name), sizeof(name) - strlen(name), "%s%c",
				 depth ? "/" : "", "cC"[chain]);
			put_entry(S_IFDIR | 0755, name, "", 0);
		}
		for (int depth = CHAIN; chain == 0 && depth > 0; depth--) {
			put_entry(S_IFDIR | 0755, name, "", 0);
			name[2 * (depth - 1) - (depth > 1)] = '\0';
		}
	}
	put_script("d:last .");
	return 9 + chains * CHAIN;
}

/* Unpack it with the `number`th call failing. Returns what unpack() does. */
static int unpack_with_fault(unsigned number, int error_number, bool lasting)
{
	unsigned before;
	int r;

	scratch_enter();
	make_dir("root");
	options.root = open_dir("root");
	options.report = open("/dev/null", O_WRONLY);
	MUST(lseek(options.in, 0, SEEK_SET));
	before = open_descriptors();
	faults_begin(number, error_number, lasting);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_msg(open_descriptors() == before, "call %u, %s: descriptors are left", number,
		      faults_failed());
	close(options.root);
	close(options.report);
	return r;
}

static bool whole(unsigned entries)
{
	struct stat status;

	return received.size.entries == entries && stat("root/d/large", &status) == 0 &&
	       status.st_size == LARGE && exists("root/d/e/deep") && exists("root/d/back") &&
	       exists("root/d/l") && mode_of("root/other") == 0755 && mode_of("root/d") == 0755;
}

/* What is asked for again instead. */
static bool goes_on(const char *call, int error_number)
{
	return error_number == EINTR && (strcmp(call, "read") == 0 || strcmp(call, "pwrite") == 0 ||
					 strcmp(call, "write") == 0 || strcmp(call, "poll") == 0);
}

/*
 * Is this what unpack() makes of it? A directory that may not be written to can have been sealed by
 * the stream itself.
 */
static bool acceptable(const char *call, int error_number, int r)
{
	if (strcmp(call, "aligned_alloc") == 0 || strcmp(call, "calloc") == 0 ||
	    strcmp(call, "reallocarray") == 0)
		return r == -ENOMEM;
	return r == -error_number || (error_number == EACCES && (r == -EINVAL || r == -EEXIST)) ||
	       (error_number == ENOENT && (r == -EINVAL || r == -EADDRNOTAVAIL));
}

static const int fault_errors[] = {EIO, EACCES, EINTR, ENOSPC, ENOENT};

START_TEST(every_call_fails)
{
	int error_number = fault_errors[_i];
	unsigned number = 1, entries = put_everything(error_number == EIO ? 2 : 0);

	options.timeout = HANGS;
	open_stream();
	for (;; number++) {
		int r = unpack_with_fault(number, error_number, false);
		const char *call = faults_failed();

		if (!call) {
			ck_assert_int_eq(r, 0);
			ck_assert(whole(entries));
			break;
		}
		/* Where it does not matter, nothing may be missing. */
		if (r == 0)
			ck_assert_msg((goes_on(call, error_number) || strcmp(call, "close") == 0) &&
					      whole(entries),
				      "call %u, %s", number, call);
		else
			ck_assert_msg(!goes_on(call, error_number) &&
					      acceptable(call, error_number, r),
				      "call %u, %s: %d", number, call, r);
	}
	ck_assert_uint_gt(number, 50);
}
END_TEST

/* As on a disk that is gone. */
START_TEST(every_call_from_one_on_fails)
{
	unsigned entries = put_everything(0), number = 0;
	int r;

	open_stream();
	do {
		r = unpack_with_fault(++number, EIO, true);
		ck_assert_msg(r < 0 || whole(entries), "call %u, %s", number, faults_failed());
	} while (faults_failed());
	ck_assert_int_eq(r, 0);
	ck_assert_uint_gt(number, 50);
}
END_TEST

/* ---- What disks have not ---- */

/* A disk that takes names for one, and wants each file synced. */
START_TEST(folding_disk)
{
	scratch_enter();
	options.folds = options.sync_each = true;
	put_script("d:d f:d/f d:d .");
	ck_assert_int_eq(unpack_stream(), 0);
	ck_assert_str_eq(content_of("root/d/f"), "d/f");
}
END_TEST

static const struct {
	const char *call;
	int error, verdict;
} folded[] = {
	{"mkdirat", EEXIST, -ENOTUNIQ},
	{"mkdirat", EINVAL, -EADDRNOTAVAIL},
	{"fsync", EIO, -EIO},
	{"fsync", EINVAL, 0},
};

START_TEST(folding_disk_refuses)
{
	int r;

	scratch_enter();
	options.folds = options.sync_each = true;
	put_script("d:d f:d/f .");
	begin_in_root();
	faults_begin_in(folded[_i].call, 1, folded[_i].error, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_str_eq(faults_failed(), folded[_i].call);
	ck_assert_int_eq(r, folded[_i].verdict);
}
END_TEST

static const struct {
	int error, verdict;
} growing[] = {{EPERM, 0}, {EINVAL, 0}, {EFBIG, -EFBIG}};

/* ---- Stable storage ---- */

static const struct {
	unsigned files; /* in a directory, */
	uint64_t bytes; /* and one more with so many, if any */
	int error;      /* of the first fsync(); 0: none */
	int result;
	unsigned synced;
} few[] = {
	{1, 0, 0, 0, 2},
	{UNPACK_SYNCED_MAX - 1, 0, 0, 0, UNPACK_SYNCED_MAX},
	{UNPACK_SYNCED_MAX, 0, 0, 0, 0},
	{3 * UNPACK_SYNCED_MAX, 0, 0, 0, 0},
	{1, UNPACK_SYNCED_BYTES - 1, 0, 0, 3},
	{1, UNPACK_SYNCED_BYTES, 0, 0, 0},
	{1, 0, EIO, -EIO, 1},
	{1, 0, EINVAL, 0, 2},
};

/* Few entries are synced here, and many are left to the monitor. No descriptor stays open. */
START_TEST(few_are_synced)
{
	unsigned before, calls;
	char name[32], *large;
	int r;

	scratch_enter();
	put_entry(S_IFDIR | 0755, "d", "", 0);
	for (unsigned i = 0; i < few[_i].files; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	if (few[_i].bytes > 0) {
		large = calloc(1, few[_i].bytes);
		put_entry(S_IFREG | 0644, "d/large", large, few[_i].bytes);
		free(large);
	}
	put_entry(S_IFDIR | 0755, "d", "", 0);
	put_end();
	begin_in_root();
	before = open_descriptors();
	faults_begin_in("fsync", few[_i].error ? 1 : 0, few[_i].error, false);
	r = unpack(&options, &received, last);
	calls = faults_end();
	ck_assert_int_eq(r, few[_i].result);
	ck_assert_uint_eq(calls, few[_i].synced);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert(unpack_synced(&received.size) == (few[_i].synced > 0));
}
END_TEST

/* A directory is synced once, however often it ends. */
START_TEST(directory_ends_often)
{
	unsigned before;

	scratch_enter();
	for (unsigned i = 0; i < 5 * UNPACK_SYNCED_MAX; i++)
		put_entry(S_IFDIR | 0755, "d", "", 0);
	put_entry(S_IFREG | 0644, "d/f", "x", 1);
	put_end();
	begin_in_root();
	before = open_descriptors();
	faults_begin_in("fsync", 0, 0, false);
	ck_assert_int_eq(unpack(&options, &received, last), 0);
	ck_assert_uint_eq(faults_end(), 2);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* What a disk says when a file is closed is heard, also where files were kept open first. */
START_TEST(lost_at_closing)
{
	char name[32];
	int r;

	scratch_enter();
	for (unsigned i = 0; i <= UNPACK_SYNCED_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	put_end();
	begin_in_root();
	faults_begin_in("close", 1 + (unsigned)_i, EIO, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_str_eq(faults_failed(), "close");
	ck_assert_int_eq(r, -EIO);
}
END_TEST

/* Unpack, and return how many reports say that something is not synced: after all others. */
static unsigned reports_of_unsynced(unsigned failing, int calls)
{
	static struct report_reader reader;
	unsigned unsynced = 0;
	int fds[2], r;

	MUST(pipe2(fds, O_NONBLOCK));
	options.report = fds[1];
	begin_in_root();
	faults_begin_in("fsync", failing, EINVAL, false);
	ck_assert_int_eq(unpack(&options, &received, last), 0);
	ck_assert_int_eq((int)faults_end(), calls);
	close(fds[1]);
	reader = (struct report_reader){.fd = fds[0]};
	while ((r = report_receive(&reader)) >= 0) {
		if (r == 1)
			ck_assert_uint_eq(unsynced, 0);
		unsynced += r == 1 && reader.report.kind == REPORT_UNSYNCED;
	}
	ck_assert_int_eq(r, -ECONNRESET);
	return unsynced;
}

/*
 * Where a file has no sync of its own, the monitor is told, once, after all else; else it is not.
 */
START_TEST(unsynced_is_reported)
{
	scratch_enter();
	put_script("f:a f:b .");
	ck_assert_uint_eq(reports_of_unsynced(_i ? 1 : 0, 2), _i ? 1 : 0);
}
END_TEST

/* A file that ends in a hole, where no file can be made longer. */
START_TEST(disk_without_growing)
{
	static unsigned char expected[3 * 4096];
	int r;

	scratch_enter();
	memset(expected, 'x', 4096);
	put_entry(S_IFREG | 0644, "f", expected, sizeof(expected));
	put_end();
	begin_in_root();
	faults_begin_in("ftruncate", 1, growing[_i].error, false);
	r = unpack(&options, &received, last);
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_int_eq(r, growing[_i].verdict);
	if (r == 0)
		check_file("root/f", expected, sizeof(expected));
}
END_TEST

/* ---- With a writer ---- */

/* What the writer meets comes before what the parser finds wrong meanwhile. */
START_TEST(earlier_failure_is_told)
{
	char name[32];

	scratch_enter();
	start_writer();
	for (unsigned i = 0; i < UNPACK_SYNCED_MAX + 3; i++) {
		snprintf(name, sizeof(name), "%u", i);
		put_entry(S_IFREG | 0644, name, "x", 1);
	}
	put_entry(S_IFREG | 0644, "../out", "x", 1);
	begin_in_root();
	/* The second file behind those that are kept. */
	faults_begin_in("futimens", UNPACK_SYNCED_MAX + 2, EIO, false);
	ck_assert_int_eq(unpack(&options, &received, last), -EIO);
	faults_end();
	ck_assert_str_eq(last, "17");
	ck_assert_str_eq(content_of("root/18"), "");
}
END_TEST

/*
 * The mode of a directory comes when its files are complete, if nobody can pass through the
 * directory then: what fails of them keeps it from coming.
 */
static const struct {
	const char *script;
	mode_t mode; /* that the directory has in the end */
} sealings[] = {
	{"d:d f:d/f d000:d .", 0700},
	{"d:d f:d/f d600:d .", 0700},
	{"d:d d:d/e f:d/e/f d:d/e d000:d .", 0700},
	{"d:d f:d/f d500:d .", 0500},
};

START_TEST(files_come_before_a_seal)
{
	struct stat status;

	scratch_enter();
	start_writer();
	options.sync_each = true; /* so that none is kept */
	put_script(sealings[_i].script);
	begin_in_root();
	faults_begin_in("pwrite", 1, EIO, false);
	ck_assert_int_eq(unpack(&options, &received, last), -EIO);
	faults_end();
	ck_assert_str_eq(last + strlen(last) - 2, "/f");
	MUST(stat("root/d", &status));
	ck_assert_uint_eq(status.st_mode & 0777, sealings[_i].mode);
}
END_TEST

/* The stream ends within the content of a file of which the writer has the beginning. */
START_TEST(unfinished_file_is_closed)
{
	static unsigned char bytes[3 * STREAM_BUFFER_SIZE];
	unsigned before;

	scratch_enter();
	start_writer();
	memset(bytes, 'x', sizeof(bytes));
	put_header(&(struct qfile_header){
		.namelen = 2, .mode = S_IFREG | 0644, .filelen = UNPACK_SYNCED_BYTES + 1});
	put_bytes("f", 2);
	put_bytes(bytes, sizeof(bytes));
	begin_in_root();
	before = open_descriptors();
	ck_assert_int_eq(unpack(&options, &received, last), -QFILE_ETRUNCATED);
	ck_assert_str_eq(last, "f");
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* The same by the writer. */
START_TEST(writer_reports_unsynced)
{
	scratch_enter();
	start_writer();
	options.sync_each = true;
	put_script("f:a f:b f:c .");
	ck_assert_uint_eq(reports_of_unsynced(_i ? 2 : 0, 3), _i ? 1 : 0);
}
END_TEST

Suite *unpack_disk_suite(void)
{
	Suite *suite = suite_create("unpack_disk");
	TCase *faulty = add_case(suite, "faults"), *disks = add_case(suite, "disks"),
	      *threads = add_case(suite, "writer");

	add_table_test(faulty, every_call_fails, fault_errors);
	tcase_add_test(faulty, every_call_from_one_on_fails);

	tcase_add_test(disks, folding_disk);
	add_table_test(disks, folding_disk_refuses, folded);
	add_table_test(disks, few_are_synced, few);
	tcase_add_test(disks, directory_ends_often);
	tcase_add_loop_test(disks, unsynced_is_reported, 0, 2);
	tcase_add_loop_test(disks, lost_at_closing, 0, UNPACK_SYNCED_MAX + 1);
	add_table_test(disks, disk_without_growing, growing);

	tcase_add_test(threads, earlier_failure_is_told);
	add_table_test(threads, files_come_before_a_seal, sealings);
	tcase_add_test(threads, unfinished_file_is_closed);
	tcase_add_loop_test(threads, writer_reports_unsynced, 0, 2);
	return suite;
}
