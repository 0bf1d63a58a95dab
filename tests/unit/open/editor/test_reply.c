/*
 * The editor's reply: versions and the end, to the byte.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editwire.h"
#include "unit.h"

#include "faults.h"
#include "open/editor/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct stream_writer stream;
static struct reply reply;

/* A reply that goes to `out`, to an opener that has `content` already. */
static void begin(int out, const char *content)
{
	int fd;

	ck_assert_int_eq(stream_writer_open(&stream, -1, out, -1), 0);
	reply = (struct reply){.stream = &stream, .records = true, .sure = true};
	make_file("had", content);
	MUST(fd = open("had", O_RDONLY));
	ck_assert_int_eq(content_read(fd, stream.buffer, &reply.last), 0);
	close(fd);
}

/* To a file called "reply". */
static void begin_to_file(const char *content)
{
	int out;

	scratch_enter();
	MUST(out = open("reply", O_WRONLY | O_CREAT | O_TRUNC, 0600));
	begin(out, content);
}

static int send_file(const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY), r;

	MUST(fd);
	MUST(fstat(fd, &status));
	r = reply_save(&reply, fd, &status, 0, false);
	close(fd);
	return r;
}

static int send_text(const char *text)
{
	make_file("file", text);
	return send_file("file");
}

/* The file "reply" has exactly these bytes, in hexadecimal. */
static void replied(const char *expected)
{
	char text[2048] = "";
	unsigned char bytes[1000];
	int fd = open("reply", O_RDONLY);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	close(fd);
	for (ssize_t i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	ck_assert_str_eq(text, expected);
}

#define MARK               "5065644f53763200" /* "PedOSv2\0" */
#define LENGTH(length)     length "00000000000000"
#define SAVE(length)       MARK "0100000000000000" LENGTH(length)
#define DONE(code, length) MARK "02000000" code "000000" length "00000000000000"

START_TEST(same_content)
{
	const struct content a = {.size = 1, .digest = 2}, longer = {.size = 2, .digest = 2},
			     other = {.size = 1, .digest = 3};

	ck_assert(content_same(&a, &a));
	ck_assert(!content_same(&a, &longer));
	ck_assert(!content_same(&a, &other));
}
END_TEST

START_TEST(versions)
{
	begin_to_file("old");
	ck_assert_int_eq(send_text("old"), 0);
	replied("");
	ck_assert_int_eq(send_text("123456789"), 1);
	replied(SAVE("09") "313233343536373839"
			   "2639f4cb");
	ck_assert_int_eq(send_text("123456789"), 0);
	/* One that was sent before, but not last, is another. */
	ck_assert_int_eq(send_text(""), 1);
	replied(SAVE("09") "313233343536373839"
			   "2639f4cb" SAVE("00") "00000000");
	ck_assert_int_eq(send_text(""), 0);
	ck_assert_uint_eq(reply.saves, 2);
	ck_assert(!reply.ended);
}
END_TEST

/* Completed saves go again, and may be said to be damaged; what version 1 knows does not. */
START_TEST(again_and_damaged)
{
	struct stat status;
	int fd;

	begin_to_file("old");
	make_file("file", "123456789");
	MUST(fd = open("file", O_RDONLY));
	MUST(fstat(fd, &status));
	ck_assert_int_eq(reply_save(&reply, fd, &status, EIO, false), 1);
	ck_assert_int_eq(reply_save(&reply, fd, &status, ENOSPC, true), 1);
	ck_assert_int_eq(reply_save(&reply, fd, &status, 0, false), 0);
	replied(MARK "0100000005000000" LENGTH("09") "313233343536373839"
						     "2639f4cb" MARK
						     "010000001c000000" LENGTH("09") "3132333435363"
										     "73839"
										     "2639f4cb");
	ck_assert_uint_eq(reply.saves, 2);
	reply.records = false;
	ck_assert_int_eq(reply_save(&reply, fd, &status, 0, true), 0);
	close(fd);
}
END_TEST

START_TEST(beside)
{
	unsigned char bytes[1000], *payload = bytes + EDIT_RECORD_SIZE;
	struct edit_record record;
	struct stat status;
	int fd, out;

	begin_to_file("old");
	make_file("file", "123456789");
	MUST(fd = open("file", O_RDONLY));
	MUST(fstat(fd, &status));
	ck_assert_int_eq(reply_beside(&reply, "copy.txt", fd, &status, ENOSPC), 1);
	MUST(out = open("reply", O_RDONLY));
	ck_assert_int_eq(read(out, bytes, sizeof(bytes)),
			 EDIT_RECORD_SIZE + EDIT_BESIDE_NAME_SIZE + 9 + EDIT_CRC_SIZE);
	ck_assert_int_eq(edit_record_decode(bytes, &record), 0);
	ck_assert_int_eq(record.kind, EDIT_BESIDE);
	ck_assert_uint_eq(record.code, ENOSPC);
	ck_assert_uint_eq(record.length, EDIT_BESIDE_NAME_SIZE + 9);
	ck_assert_str_eq((char *)payload, "copy.txt");
	ck_assert_mem_eq(payload + EDIT_BESIDE_NAME_SIZE, "123456789", 9);
	ck_assert_uint_eq(edit_crc_decode(payload + record.length),
			  libdeflate_crc32(0, payload, record.length));
	/* It is no save. */
	ck_assert_uint_eq(reply.saves, 0);
	/* Written to meanwhile: the checksum is wrong, */
	status.st_mtim.tv_sec--;
	ck_assert_int_eq(reply_beside(&reply, "copy.txt", fd, &status, 0), -EAGAIN);
	ck_assert_int_eq(read(out, bytes, sizeof(bytes)),
			 EDIT_RECORD_SIZE + EDIT_BESIDE_NAME_SIZE + 9 + EDIT_CRC_SIZE);
	ck_assert_uint_ne(edit_crc_decode(payload + record.length),
			  libdeflate_crc32(0, payload, record.length));
	/* and after the end there is nothing. */
	ck_assert_int_eq(reply_done(&reply, 0, ""), 0);
	ck_assert_int_eq(reply_beside(&reply, "copy.txt", fd, &status, 0), -ECONNRESET);
	close(out);
	close(fd);
}
END_TEST

START_TEST(notes)
{
	begin_to_file("old");
	ck_assert_int_eq(reply_note(&reply, "123456789"), 0);
	replied(MARK "0400000000000000" LENGTH("09") "313233343536373839"
						     "2639f4cb");
	ck_assert(!reply.ended);
	ck_assert_int_eq(reply_done(&reply, 0, ""), 0);
	ck_assert_int_eq(reply_note(&reply, "more"), -ECONNRESET);
	begin_to_file("old");
	reply.records = false;
	ck_assert_int_eq(reply_note(&reply, "123456789"), 0);
	replied("");
}
END_TEST

START_TEST(done)
{
	begin_to_file("old");
	ck_assert_int_eq(reply_done(&reply, 0, ""), 0);
	replied(DONE("00", "00") "00000000");
	/* After it, nothing. */
	ck_assert_int_eq(reply_done(&reply, 0, ""), -ECONNRESET);
	ck_assert_int_eq(send_text("new"), -ECONNRESET);
	replied(DONE("00", "00") "00000000");
	begin_to_file("old");
	ck_assert_int_eq(reply_done(&reply, ENOSPC, "123456789"), 0);
	replied(DONE("1c", "09") "313233343536373839"
				 "2639f4cb");
}
END_TEST

START_TEST(long_message)
{
	char message[EDIT_MESSAGE_MAX + 2];
	struct stat status;

	memset(message, 'x', sizeof(message));
	for (size_t length = EDIT_MESSAGE_MAX - 1; length < sizeof(message); length++) {
		message[length] = '\0';
		begin_to_file("old");
		ck_assert_int_eq(reply_done(&reply, 0, message), 0);
		MUST(stat("reply", &status));
		ck_assert_int_eq(
			status.st_size,
			EDIT_RECORD_SIZE + EDIT_CRC_SIZE +
				(off_t)(length > EDIT_MESSAGE_MAX ? EDIT_MESSAGE_MAX : length));
		message[length] = 'x';
	}
}
END_TEST

START_TEST(version_1)
{
	begin_to_file("old");
	reply.records = false;
	ck_assert_int_eq(send_text("old"), 0);
	ck_assert_int_eq(send_text(""), -ENOTSUP);
	ck_assert_int_eq(reply_done(&reply, ENOSPC, "message"), 0);
	replied("");
	ck_assert_int_eq(send_text("new"), 1);
	ck_assert_uint_eq(reply.saves, 1);
	ck_assert_int_eq(send_text("newer"), -ECONNRESET);
	ck_assert_int_eq(reply_done(&reply, 0, ""), 0);
	replied("6e6577");
}
END_TEST

/* ---- A file that changes at the wrong moment ---- */

/* Between the look at it and reading it: nothing of it is sent. */
START_TEST(changed_before)
{
	struct stat status;
	int fd;

	begin_to_file("old");
	make_file("file", "new");
	MUST(fd = open("file", O_RDWR));
	MUST(fstat(fd, &status));
	status.st_mtim.tv_nsec ^= 1; /* as if it had been written to since */
	ck_assert_int_eq(reply_save(&reply, fd, &status, 0, false), -EAGAIN);
	replied("");
	MUST(fstat(fd, &status));
	status.st_mtim.tv_sec--;
	ck_assert_int_eq(reply_save(&reply, fd, &status, 0, false), -EAGAIN);
	MUST(fstat(fd, &status));
	status.st_size--;
	ck_assert_int_eq(reply_save(&reply, fd, &status, 0, false), -EAGAIN);
	replied("");
	close(fd);
	ck_assert_int_eq(send_file("file"), 1);
}
END_TEST

#define LARGE ((size_t)3 << 20) /* more than a pipe takes */

static void make_large(void)
{
	static char bytes[LARGE];
	int fd = open("large", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(bytes, 'a', sizeof(bytes));
	ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	close(fd);
}

static void overwrite_end(void)
{
	int fd = open("large", O_WRONLY);

	if (pwrite(fd, "b", 1, LARGE - 1) != 1)
		_exit(1);
	close(fd);
}

/* Only the content tells. */
static void overwrite_end_secretly(void)
{
	struct stat status;

	if (stat("large", &status) < 0)
		_exit(1);
	overwrite_end();
	if (utimensat(AT_FDCWD, "large", (struct timespec[2]){status.st_atim, status.st_mtim}, 0) <
	    0)
		_exit(1);
}

static void shorten(void)
{
	if (truncate("large", LARGE - 1000) < 0)
		_exit(1);
}

static void lengthen(void)
{
	int fd = open("large", O_WRONLY | O_APPEND);

	if (write(fd, "b", 1) != 1)
		_exit(1);
	close(fd);
}

static void touch_only(void)
{
	struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	if (utimensat(AT_FDCWD, "large", times, 0) < 0)
		_exit(1);
}

/*
 * An opener that reads the header of the first version, lets something happen to the file, and
 * reads on; all goes to the file "reply".
 */
static pid_t start_opener(int *out, void (*happen)(void))
{
	static char bytes[65536];
	int fds[2], fd;
	ssize_t n;
	pid_t pid;

	MUST(pipe(fds));
	MUST(pid = fork());
	if (pid > 0) {
		close(fds[0]);
		*out = fds[1];
		return pid;
	}
	close(fds[1]);
	fd = open("reply", O_WRONLY | O_CREAT, 0600);
	n = read(fds[0], bytes, EDIT_RECORD_SIZE);
	happen();
	do {
		if (n < 0 || write(fd, bytes, (size_t)n) != n)
			_exit(1);
		n = read(fds[0], bytes, sizeof(bytes));
	} while (n > 0);
	_exit(0);
}

static void end_opener(pid_t pid)
{
	int status;

	close(stream.out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/*
 * The next record of the reply is a version, `whole` or with a checksum that says otherwise.
 * Returns the last byte of its content.
 */
static int next_version(int fd, uint64_t length, bool whole)
{
	static unsigned char content[LARGE + 1];
	unsigned char header[EDIT_RECORD_SIZE], crc[EDIT_CRC_SIZE];
	struct edit_record record;
	struct content sum;
	int copy;

	ck_assert_int_eq(read(fd, header, sizeof(header)), sizeof(header));
	ck_assert_int_eq(edit_record_decode(header, &record), 0);
	ck_assert_int_eq(record.kind, EDIT_SAVE);
	ck_assert_uint_eq(record.length, length);
	ck_assert_int_eq(read(fd, content, length), (ssize_t)length);
	ck_assert_int_eq(read(fd, crc, sizeof(crc)), sizeof(crc));
	MUST(copy = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600));
	ck_assert_int_eq(write(copy, content, length), (ssize_t)length);
	ck_assert_int_eq(content_read(copy, stream.buffer, &sum), 0);
	close(copy);
	ck_assert_uint_eq(edit_crc_decode(crc), whole ? sum.crc : ~sum.crc);
	return content[length - 1];
}

static void nothing(void)
{
}

static const struct {
	const char *label;
	void (*happen)(void);
	uint64_t then; /* its length afterwards */
	bool whole;
	int last; /* the last byte that is sent first */
} changes[] = {
	{"nothing", nothing, LARGE, true, 'a'},
	{"written to", overwrite_end, LARGE, false, 'b'},
	{"written to, its time set back", overwrite_end_secretly, LARGE, false, 'b'},
	{"shorter", shorten, LARGE - 1000, false, '\0'},
	{"longer", lengthen, LARGE + 1, false, 'a'},
	{"touched", touch_only, LARGE, false, 'a'},
};

/*
 * While it is sent: what went must not pass for a version, and the next one is whole, even where it
 * should be the same.
 */
START_TEST(changed_while_sent)
{
	pid_t pid;
	int out, r, fd;

	scratch_enter();
	make_large();
	pid = start_opener(&out, changes[_i].happen);
	begin(out, "old");
	r = send_file("large");
	ck_assert_msg(r == (changes[_i].whole ? 1 : -EAGAIN), "%s: %d", changes[_i].label, r);
	ck_assert_uint_eq(reply.saves, changes[_i].whole);
	r = send_file("large");
	ck_assert_msg(r == (changes[_i].whole ? 0 : 1), "%s: %d", changes[_i].label, r);
	ck_assert_uint_eq(reply.saves, 1);
	end_opener(pid);
	MUST(fd = open("reply", O_RDONLY));
	ck_assert_int_eq(next_version(fd, LARGE, changes[_i].whole), changes[_i].last);
	if (!changes[_i].whole)
		next_version(fd, changes[_i].then, true);
	ck_assert_int_eq(read(fd, &r, 1), 0);
}
END_TEST

/* ---- An opener that has gone, or takes nothing ---- */

START_TEST(gone)
{
	int fds[2];

	scratch_enter();
	signal(SIGPIPE, SIG_IGN);
	for (int records = 0; records < 2; records++) {
		MUST(pipe(fds));
		close(fds[0]);
		begin(fds[1], "old");
		reply.records = records;
		ck_assert_int_eq(send_text("new"), -ECONNRESET);
		ck_assert_uint_eq(reply.saves, 0);
		ck_assert_int_eq(send_text("new"), -ECONNRESET);
		ck_assert_int_eq(reply_done(&reply, 0, ""), records ? -ECONNRESET : 0);
		close(fds[1]);
	}
}
END_TEST

/* In the opener's process: the other one finds no room any more. */
static void until_stuck(void)
{
	until_sleeps(getppid());
}

/* Asked to stop in the middle, it still sends the version whole, and the end. */
START_TEST(stopped)
{
	int stop[2], out, fd;
	pid_t pid;

	scratch_enter();
	make_large();
	pid = start_opener(&out, until_stuck);
	begin(out, "old");
	MUST(fcntl(out, F_SETFL, O_NONBLOCK));
	MUST(pipe(stop));
	stream.stop = stop[0];
	ck_assert_int_eq(write(stop[1], "", 1), 1);
	faults_patient = true;
	ck_assert_int_eq(send_file("large"), 1);
	ck_assert_int_eq(reply_done(&reply, ECANCELED, ""), 0);
	end_opener(pid);
	MUST(fd = open("reply", O_RDONLY));
	next_version(fd, LARGE, true);
}
END_TEST

/* An opener that takes nothing does not hold up one who was asked to stop. */
START_TEST(stopped_and_stuck)
{
	int fds[2];

	scratch_enter();
	make_large();
	MUST(pipe(fds));
	MUST(fcntl(fds[1], F_SETFL, O_NONBLOCK));
	begin(fds[1], "old");
	reply_hurry(&reply);
	ck_assert_int_gt(stream.timeout, 0);
	stream.timeout = 10;
	ck_assert_int_eq(send_file("large"), -ECONNRESET);
	ck_assert(reply.ended);
	ck_assert_int_eq(reply_done(&reply, 0, ""), -ECONNRESET);
}
END_TEST

START_TEST(what_cannot_be_read)
{
	struct stat status = {.st_size = 1};

	begin_to_file("old");
	ck_assert_int_eq(reply_save(&reply, -1, &status, 0, false), -EBADF);
	replied("");
	/* That is no reason to give up: the next may be readable. */
	ck_assert_int_eq(send_text("new"), 1);
}
END_TEST

Suite *reply_suite(void)
{
	Suite *suite = suite_create("reply");
	TCase *tcase = add_case(suite, "reply");

	tcase_add_test(tcase, same_content);
	tcase_add_test(tcase, versions);
	tcase_add_test(tcase, again_and_damaged);
	tcase_add_test(tcase, beside);
	tcase_add_test(tcase, notes);
	tcase_add_test(tcase, done);
	tcase_add_test(tcase, long_message);
	tcase_add_test(tcase, version_1);
	tcase_add_test(tcase, changed_before);
	add_table_test(tcase, changed_while_sent, changes);
	tcase_add_test(tcase, gone);
	tcase_add_test(tcase, stopped);
	tcase_add_test(tcase, stopped_and_stuck);
	tcase_add_test(tcase, what_cannot_be_read);
	return suite;
}
