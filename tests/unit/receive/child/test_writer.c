/*
 * The writer: what is handed over to the thread arrives, in the order in which it was.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "io/stream.h"
#include "receive/child/writer.h"

#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

/* More than both batches hold. */
#define FILES (5 * WRITER_BATCH)

static struct writer *writer;
static unsigned before; /* descriptors that were open */

static void begin(void)
{
	scratch_enter();
	before = open_descriptors();
	writer = writer_start();
	ck_assert_ptr_nonnull(writer);
}

static const char *name_of(unsigned number)
{
	static char name[16];

	snprintf(name, sizeof(name), "%u", number);
	return name;
}

static int create(unsigned number)
{
	int fd = open(name_of(number), O_WRONLY | O_CREAT | O_EXCL, 0600);

	MUST(fd);
	return fd;
}

/* Put a whole file whose content is its name. */
static int put_file(unsigned number)
{
	/* In a place of its own each time: the writer must not depend on it. */
	char *name = strdup(name_of(number));
	struct piece piece = {
		.fd = create(number),
		.bytes = (unsigned char *)name,
		.size = strlen(name),
		.last = true,
		.times = {{.tv_sec = number}, {.tv_sec = 1000 + number}},
		.untrusted_name = name,
	};
	int r = writer_put(writer, &piece);

	memset(name, '!', strlen(name));
	free(name);
	if (r < 0)
		close(piece.fd);
	return r;
}

static int finish(char last[QFILE_NAME_MAX])
{
	bool unsynced = false;
	int r = writer_finish(writer, last, &unsynced);

	ck_assert(!unsynced);
	ck_assert_uint_eq(open_descriptors(), before);
	return r;
}

START_TEST(files_arrive)
{
	static char last[QFILE_NAME_MAX] = "untouched";
	struct stat status;

	begin();
	for (unsigned i = 0; i < FILES; i++)
		ck_assert_int_eq(put_file(i), 0);
	ck_assert_int_eq(finish(last), 0);
	ck_assert_str_eq(last, "untouched");
	for (unsigned i = 0; i < FILES; i++) {
		ck_assert_str_eq(content_of(name_of(i)), name_of(i));
		MUST(stat(name_of(i), &status));
		ck_assert_int_eq(status.st_mtime, 1000 + i);
	}
	/* It goes on after that, and can be waited for in between. */
	ck_assert_int_eq(put_file(FILES), 0);
	ck_assert_int_eq(writer_wait(writer), 0);
	ck_assert_str_eq(content_of(name_of(FILES)), name_of(FILES));
	ck_assert_int_eq(put_file(FILES + 1), 0);
	ck_assert_int_eq(finish(last), 0);
	ck_assert_str_eq(content_of(name_of(FILES + 1)), name_of(FILES + 1));
}
END_TEST

/* What was put is written, though nothing more comes. */
START_TEST(flushed)
{
	struct stat status;

	begin();
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(put_file(i), 0);
	writer_flush(writer);
	MUST(stat("2", &status));
	ck_assert_int_eq(status.st_mtime, 1002);
	ck_assert_uint_eq(open_descriptors(), before);
	writer_flush(writer);
	ck_assert_int_eq(put_file(3), 0);
	ck_assert_int_eq(finish((char[QFILE_NAME_MAX]){""}), 0);
	ck_assert_str_eq(content_of("3"), "3");
}
END_TEST

/* Pieces as large as the stream has them, with a hole in the middle and at the end. */
START_TEST(pieces_of_one_file)
{
	static unsigned char content[6 * STREAM_BUFFER_SIZE], arrived[sizeof(content) + 1];
	static char last[QFILE_NAME_MAX];
	struct piece piece = {.untrusted_name = "large", .size = STREAM_BUFFER_SIZE};
	int fd;

	begin();
	piece.fd = create(0);
	for (size_t i = 0; i < 4 * STREAM_BUFFER_SIZE; i++)
		content[i] = i / STREAM_BUFFER_SIZE == 2 ? 0 : (unsigned char)(i * 7 + i / 251);
	for (; piece.offset < sizeof(content); piece.offset += piece.size) {
		piece.bytes = content + piece.offset;
		piece.last = piece.offset + piece.size == sizeof(content);
		ck_assert_int_eq(writer_put(writer, &piece), 0);
	}
	ck_assert_int_eq(finish(last), 0);
	MUST(fd = open("0", O_RDONLY));
	ck_assert_int_eq(read(fd, arrived, sizeof(arrived)), sizeof(content));
	ck_assert_mem_eq(arrived, content, sizeof(content));
	close(fd);
}
END_TEST

/* The first failure is told of the entry that it was, and nothing is written from there on. */
static const struct {
	const char *call;
	int error, result;
	bool content; /* of the file itself */
} failures[] = {
	{"pwrite", ENOSPC, -ENOSPC, false},
	{"pwrite", EINVAL, -EIO, false},
	{"futimens", ERANGE, -EOVERFLOW, true},
	{"close", EDQUOT, -EDQUOT, true},
};

START_TEST(first_failure)
{
	static char last[QFILE_NAME_MAX];
	unsigned put = 0;
	int r = 0;

	begin();
	faults_begin_in(failures[_i].call, 3, failures[_i].error, false);
	while (put < FILES && r == 0) {
		r = put_file(put++);
		/* The thread is done with the first batch: it has the second one, too. */
		while (put == WRITER_BATCH + 1 && open_descriptors() > before + 1)
			sched_yield();
	}
	faults_end();
	/* It is known two batches later. */
	ck_assert_int_eq(r, failures[_i].result);
	ck_assert_uint_le(put, 2 * WRITER_BATCH + 1);
	ck_assert_int_eq(finish(last), failures[_i].result);
	ck_assert_str_eq(last, "2");
	ck_assert_str_eq(content_of("1"), "1");
	ck_assert_str_eq(content_of("2"), failures[_i].content ? "2" : "");
	ck_assert_str_eq(content_of("3"), "");
	/* It stays. */
	ck_assert_int_eq(put_file(FILES), failures[_i].result);
}
END_TEST

/* ---- A thread that is late ---- */

static sem_t held, let_go;

static void hold(void)
{
	sem_post(&held);
	sem_wait(&let_go);
}

/* While the thread has a batch, the parser writes the next one. The thread's came before. */
static const struct {
	unsigned fault; /* which of the parser's files cannot be written; 0: none */
	bool lasting;   /* nor can the thread's */
	int result;
	unsigned last;
} shared[] = {
	{0, false, 0, 0},
	{5, false, -ENOSPC, WRITER_BATCH + 4},
	{5, true, -ENOSPC, 0},
};

START_TEST(parser_writes_meanwhile)
{
	static char last[QFILE_NAME_MAX];
	unsigned put = 0;

	begin();
	sem_init(&held, 0, 0);
	sem_init(&let_go, 0, 0);
	faults_begin_in("pwrite", shared[_i].fault, ENOSPC, shared[_i].lasting);
	faults_before("pwrite", hold);
	while (put <= WRITER_BATCH)
		ck_assert_int_eq(put_file(put++), 0);
	sem_wait(&held);
	while (put < 2 * WRITER_BATCH)
		ck_assert_int_eq(put_file(put++), 0);
	ck_assert_int_eq(put_file(put), shared[_i].result);
	/* Either way the second batch is done with, and the first one not. */
	ck_assert_uint_eq(open_descriptors(),
			  before + WRITER_BATCH + (shared[_i].result == 0 ? 1 : 0));
	ck_assert_str_eq(content_of(name_of(WRITER_BATCH)), name_of(WRITER_BATCH));
	ck_assert_str_eq(content_of("0"), "");
	sem_post(&let_go);
	ck_assert_int_eq(finish(last), shared[_i].result);
	faults_end();
	ck_assert_str_eq(last, shared[_i].result == 0 ? "" : name_of(shared[_i].last));
	ck_assert_str_eq(content_of("0"), shared[_i].lasting ? "" : "0");
}
END_TEST

static atomic_bool gone_on;

/* Hold the thread until the parser, which is the first thread, sleeps. */
static void hold_until_parser_waits(void)
{
	char state = 'R';

	sem_post(&held);
	while (state != 'S' && !gone_on) {
		FILE *file = fopen("/proc/self/stat", "r");

		ck_assert_ptr_nonnull(file);
		ck_assert_int_eq(fscanf(file, "%*d %*s %c", &state), 1);
		fclose(file);
	}
}

/* The pieces of one file are written by one of the two, however late. */
START_TEST(parts_wait_for_the_thread)
{
	static unsigned char content[STREAM_BUFFER_SIZE];
	static char last[QFILE_NAME_MAX];
	struct piece piece = {.untrusted_name = "large", .bytes = content, .size = sizeof(content)};
	struct stat status;

	begin();
	sem_init(&held, 0, 0);
	memset(content, 'x', sizeof(content));
	piece.fd = create(0);
	faults_before("pwrite", hold_until_parser_waits);
	for (; !piece.last; piece.offset += piece.size) {
		piece.last = piece.offset > 0;
		ck_assert_int_eq(writer_put(writer, &piece), 0);
	}
	sem_wait(&held);
	writer_flush(writer);
	gone_on = true;
	ck_assert_int_eq(finish(last), 0);
	MUST(stat("0", &status));
	ck_assert_int_eq(status.st_size, 2 * sizeof(content));
}
END_TEST

/* By either of the two. Row 1: no file can be synced here. Row 2: one is lost. */
START_TEST(files_are_synced)
{
	static const int errors[] = {0, EINVAL, EIO};
	const int row = _i / 2;
	static char last[QFILE_NAME_MAX];
	struct piece piece = {.last = true, .sync = true, .untrusted_name = "synced"};
	bool unsynced = false;

	begin();
	piece.fd = create(0);
	faults_begin_in("fsync", errors[row] ? 1 : 0, errors[row], false);
	ck_assert_int_eq(writer_put(writer, &piece), 0);
	if (_i % 2 == 0)
		writer_flush(writer);
	ck_assert_int_eq(writer_finish(writer, last, &unsynced), row == 2 ? -EIO : 0);
	ck_assert_uint_eq(faults_end(), 1);
	ck_assert_int_eq(unsynced, row == 1);
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* A user who may have no more processes, and no memory. */
START_TEST(no_thread)
{
	const struct rlimit none = {0, 0};

	scratch_enter_plain();
	if (_i == 0)
		MUST(setrlimit(RLIMIT_NPROC, &none));
	else
		faults_begin_in("calloc", 1, ENOMEM, false);
	ck_assert_ptr_null(writer_start());
	faults_end();
}
END_TEST

Suite *writer_suite(void)
{
	Suite *suite = suite_create("writer");
	TCase *tcase = add_case(suite, "writer");

	tcase_add_test(tcase, files_arrive);
	tcase_add_test(tcase, flushed);
	tcase_add_test(tcase, pieces_of_one_file);
	add_table_test(tcase, first_failure, failures);
	add_table_test(tcase, parser_writes_meanwhile, shared);
	tcase_add_test(tcase, parts_wait_for_the_thread);
	tcase_add_loop_test(tcase, files_are_synced, 0, 6);
	tcase_add_loop_test(tcase, no_thread, 0, 2);
	return suite;
}
