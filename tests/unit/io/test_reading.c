/*
 * Files that change just when they are read: what is sent of them, and what is told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LARGE 600000

static struct qfile_error error;

static void grow(void)
{
	int fd = open("file", O_WRONLY | O_APPEND);

	MUST(fd);
	MUST(write(fd, "more", 4));
	close(fd);
}

static void grow_much(void)
{
	MUST(truncate("file", LARGE + 7));
}

static void shrink(void)
{
	MUST(truncate("file", 3));
}

static void vanish(void)
{
	MUST(unlink("file"));
}

static void make_link_of_it(void)
{
	vanish();
	make_link("file", "elsewhere");
}

static void make_fifo_of_it(void)
{
	vanish();
	MUST(mkfifo("file", 0600));
}

/*
 * A file of `size` bytes, to which `act` happens before the first call of `before`. Then that many
 * bytes are sent of it, and the step that tells of its end, or error, is `last`.
 */
static const struct {
	const char *label;
	off_t size;
	const char *before;
	void (*act)(void);
	int last;
	uint64_t sent;
} rows[] = {
	{"nothing", 10, "", vanish, QFILE_STEP_SENT, 10},
	{"nothing, large", LARGE, "", vanish, QFILE_STEP_SENT, LARGE},
	{"nothing, empty", 0, "", vanish, QFILE_STEP_SENT, 0},
	{"small grows", 10, "read", grow, QFILE_STEP_CHANGED, 14},
	{"empty grows", 0, "read", grow, QFILE_STEP_CHANGED, 4},
	{"small shrinks", 10, "read", shrink, QFILE_STEP_CHANGED, 3},
	{"small becomes large", 10, "read", grow_much, QFILE_STEP_CHANGED, LARGE + 7},
	{"large grows before its size is believed", LARGE, "pread", grow, QFILE_STEP_SENT,
	 LARGE + 4},
	{"large shrinks before its size is believed", LARGE, "pread", shrink, QFILE_STEP_SENT, 3},
	{"large grows", LARGE, "read", grow, QFILE_STEP_CHANGED, LARGE},
	{"large shrinks", LARGE, "read", shrink, -ESTALE, 3},
	{"vanishes before it is opened", 10, "openat", vanish, QFILE_STEP_VANISHED, 0},
	{"vanishes when it is open", 10, "fstat", vanish, QFILE_STEP_SENT, 10},
	{"becomes a link", 10, "openat", make_link_of_it, QFILE_STEP_VANISHED, 0},
	{"becomes a fifo", 10, "openat", make_fifo_of_it, QFILE_STEP_VANISHED, 0},
};

/* Send "file" to the file "stream", and return the step or error that is not QFILE_STEP_SENT. */
static int send_it(struct qfile_size *size)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_source source = {.path = (char[]){"file"}, .base = (char[]){"file"}};
	struct qfile_sender *sender;
	int fds[2], r, last = QFILE_STEP_SENT;

	MUST(pipe(fds));
	options.in = fds[0];
	MUST(options.out = open("stream", O_WRONLY | O_CREAT, 0600));
	ck_assert_int_eq(qfile_sender_new(&sender, &options), 0);
	qfile_sender_begin(sender, &source);
	while ((r = qfile_sender_step(sender, &error)) > 0) {
		if (r != QFILE_STEP_SENT)
			last = r;
	}
	*size = qfile_sender_sent(sender);
	qfile_sender_free(sender);
	return r < 0 ? r : last;
}

START_TEST(changes)
{
	struct qfile_size size;
	int r;

	scratch_enter();
	make_file("file", "");
	MUST(truncate("file", rows[_i].size));
	/* Longer ago than file systems round times. */
	MUST(utimensat(AT_FDCWD, "file", (struct timespec[2]){{1000, 0}, {1000, 0}}, 0));
	faults_before(rows[_i].before, rows[_i].act);
	r = send_it(&size);
	faults_before("", NULL);
	ck_assert_msg(r == rows[_i].last, "%s: %d", rows[_i].label, r);
	ck_assert_msg(size.bytes == rows[_i].sent, "%s: %llu bytes", rows[_i].label,
		      (unsigned long long)size.bytes);
}
END_TEST

Suite *reading_suite(void)
{
	Suite *suite = suite_create("reading");
	TCase *tcase = add_case(suite, "reading");

	add_table_test(tcase, changes, rows);
	return suite;
}
