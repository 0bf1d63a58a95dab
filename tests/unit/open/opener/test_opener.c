/*
 * The opener's session: what it sends, and what becomes of each reply.
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
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct opened opened;

/* ---- What is sent ---- */

static const size_t sizes[] = {0,
			       1,
			       4095,
			       4096,
			       STREAM_BUFFER_SIZE - 1,
			       STREAM_BUFFER_SIZE,
			       STREAM_BUFFER_SIZE + 1,
			       3 * STREAM_BUFFER_SIZE + 5};

static void make_sized_file(const char *path, size_t size)
{
	char *bytes = pattern_of(size);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	free(bytes);
}

/* Another process stores what is sent in the file "sent". */
static pid_t start_reader(void)
{
	pid_t pid = fork();

	MUST(pid);
	if (pid == 0) {
		static char buffer[65536];
		int fd = open("sent", O_WRONLY | O_CREAT | O_EXCL, 0600);
		ssize_t n;

		close(opened.options.out);
		while ((n = read(opened.out, buffer, sizeof(buffer))) > 0) {
			if (write(fd, buffer, (size_t)n) != n)
				_exit(1);
		}
		_exit(n < 0);
	}
	return pid;
}

static void check_sent(const char *name, bool view_only, size_t size)
{
	static unsigned char sent[4 * STREAM_BUFFER_SIZE];
	int fd = open("sent", O_RDONLY);
	struct edit_request request;
	char *expected = pattern_of(size);

	ck_assert_int_eq(read(fd, sent, sizeof(sent)), (ssize_t)(EDIT_REQUEST_SIZE + size));
	close(fd);
	ck_assert_int_eq(edit_request_decode(sent, &request), 0);
	ck_assert_str_eq(request.name, name);
	ck_assert(request.records);
	ck_assert(request.view_only == view_only);
	ck_assert_uint_eq(request.length, size);
	ck_assert_int_eq(memcmp(sent + EDIT_REQUEST_SIZE, expected, size), 0);
	free(expected);
}

/* Sent as a copy, or where it has been quiet, by its pages; under its own name, or a link's. */
START_TEST(sends)
{
	const size_t size = sizes[_i / 4];
	const bool view_only = _i & 1, quiet = _i & 2;
	struct edit_progress progress;
	int status, r;
	pid_t reader;

	scratch_enter_as(_i & 1);
	make_sized_file("file.txt", size);
	make_link("link.txt", "file.txt");
	faults_ahead = quiet ? FILES_ARE_OLD : FILES_ARE_YOUNG;
	opened_init(&opened);
	opened.options.view_only = view_only;
	reader = start_reader();
	ck_assert_int_eq(opener_new(&opened.opener, quiet ? "./link.txt" : "file.txt",
				    &opened.options, &opened.error),
			 0);
	progress = opener_progress(opened.opener);
	ck_assert(progress.done == 0 && progress.total == size);
	while ((r = opener_send(opened.opener, &opened.error)) == 1) {
		struct edit_progress now = opener_progress(opened.opener);

		ck_assert(now.total == size && now.done >= progress.done &&
			  now.done <= progress.done + STREAM_BUFFER_SIZE);
		progress = now;
	}
	ck_assert_int_eq(r, 0);
	close(opened.options.out);
	opened.options.out = -1;
	MUST(waitpid(reader, &status, 0));
	ck_assert_int_eq(status, 0);
	check_sent(quiet ? "link.txt" : "file.txt", view_only, size);
	feed_done(&opened, 0, "");
	next_done(&opened, 0);
	opened_end(&opened);
}
END_TEST

/* Open it, and begin to send, to a pipe that holds less than all. */
static void begin_large(void)
{
	scratch_enter();
	signal(SIGPIPE, SIG_IGN);
	make_sized_file("file", 4 << 20);
	opened_init(&opened);
	fcntl(opened.options.out, F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(opener_new(&opened.opener, "file", &opened.options, &opened.error), 0);
	ck_assert_int_eq(opener_send(opened.opener, &opened.error), 1);
	ck_assert_int_eq(opener_send(opened.opener, &opened.error), 1);
}

static int send_on(void)
{
	int r;

	while ((r = opener_send(opened.opener, &opened.error)) == 1)
		;
	return r;
}

START_TEST(editor_replys_early)
{
	begin_large();
	feed_done(&opened, EDQUOT, "more than I take");
	ck_assert_int_eq(send_on(), 0);
	next_done(&opened, 0);
	ck_assert_int_eq(opened.event.code, EDQUOT);
	ck_assert_str_eq(opened.event.message, "more than I take");
	opened_end(&opened);
}
END_TEST

START_TEST(editor_is_gone_early)
{
	begin_large();
	close(opened.out);
	if (_i == 0)
		feed_end(&opened);
	ck_assert_int_eq(send_on(), 0);
	feed_end(&opened);
	next_fails(&opened, -ECONNRESET);
	opened_end(&opened);
}
END_TEST

/* Who does not have all of the file can neither have changed it nor be done with it. */
START_TEST(success_comes_early)
{
	begin_large();
	if (_i == 0)
		feed_save(&opened, "what");
	else if (_i == 1)
		feed_bytes(&opened, "what", 4);
	else
		feed_done(&opened, 0, "");
	feed_end(&opened);
	ck_assert_int_eq(send_on(), 0);
	next_fails(&opened, -EPROTO);
	opened_end(&opened);
	ck_assert_str_eq(names_in("."), "file");
}
END_TEST

START_TEST(file_becomes_shorter)
{
	begin_large();
	MUST(truncate("file", 5));
	ck_assert_int_eq(send_on(), -ESTALE);
	ck_assert_int_eq(opened.error.code, ESTALE);
	ck_assert_str_eq(opened.error.name, "file");
	ck_assert_ptr_nonnull(opened.error.hint);
	opened_end(&opened);
}
END_TEST

START_TEST(file_becomes_shorter_and_nobody_asks)
{
	begin_large();
	MUST(truncate("file", 5));
	while (opener_send(opened.opener, NULL) == 1)
		;
	ck_assert_int_eq(opener_send(opened.opener, NULL), -ESTALE);
	opened_end(&opened);
}
END_TEST

/* Bytes that were sent and nobody has read yet. */
static int in_pipe(void)
{
	int bytes;

	MUST(ioctl(opened.out, FIONREAD, &bytes));
	return bytes;
}

/*
 * Its size is said to be 0. Having become longer since its length was found, it is not sent whole:
 * then the other side opens nothing. With `_i`, it stays as it is.
 */
START_TEST(size_says_nothing)
{
	struct edit_request request;
	unsigned char bytes[EDIT_REQUEST_SIZE];
	int r;

	opened_init(&opened);
	opened.options.view_only = true;
	ck_assert_int_eq(opener_new(&opened.opener, "/proc/self/maps", &opened.options, NULL), 0);
	do
		r = opener_send(opened.opener, &opened.error);
	while (r == 1 && in_pipe() == 0);
	for (int i = 0; i < 200 && !_i; i++)
		ck_assert_ptr_ne(mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
				 MAP_FAILED);
	while (r == 1)
		r = opener_send(opened.opener, &opened.error);
	MUST(read(opened.out, bytes, sizeof(bytes)));
	ck_assert_int_eq(edit_request_decode(bytes, &request), 0);
	ck_assert_uint_gt(request.length, 1000);
	if (_i) {
		ck_assert_int_eq(r, 0);
		ck_assert_uint_eq(request.length, (uint64_t)in_pipe());
	} else {
		ck_assert_int_eq(r, -ESTALE);
		ck_assert_uint_lt((uint64_t)in_pipe(), request.length);
	}
	opened_end(&opened);
}
END_TEST

static int stop_that_is_due(void)
{
	int fds[2];

	MUST(pipe(fds));
	MUST(write(fds[1], "x", 1));
	return fds[0];
}

START_TEST(stopped_while_sending)
{
	scratch_enter();
	make_file("file", "x");
	opened_init(&opened);
	opened.options.stop = stop_that_is_due();
	ck_assert_int_eq(opener_new(&opened.opener, "file", &opened.options, &opened.error), 0);
	ck_assert_int_eq(send_on(), -ECANCELED);
	ck_assert_int_eq(opened.error.code, ECANCELED);
	opened_end(&opened);
}
END_TEST

static const struct {
	const char *call;
	int error, result;
} sending[] = {{"pread", EINTR, 0},       {"pread", EIO, -EIO}, {"poll", EINTR, 0},
	       {"poll", ENOMEM, -ENOMEM}, {"write", EINTR, 0},  {"write", EIO, -EIO}};

START_TEST(sending_fails)
{
	int r;

	scratch_enter();
	make_file("file", "content");
	opened_init(&opened);
	ck_assert_int_eq(opener_new(&opened.opener, "file", &opened.options, &opened.error), 0);
	faults_begin_in(sending[_i].call, 1, sending[_i].error, false);
	r = send_on();
	faults_end();
	ck_assert_ptr_nonnull(faults_failed());
	ck_assert_int_eq(r, sending[_i].result);
	if (r < 0) {
		ck_assert_int_eq(opened.error.code, -r);
		ck_assert_str_eq(opened.error.name, "file");
	}
	opened_end(&opened);
}
END_TEST

static const char *const no_files[] = {"", "missing", "dir", "fifo"};
static const int no_file_errors[] = {EINVAL, ENOENT, EISDIR, ENOTSUP};

START_TEST(opens_no_file)
{
	unsigned before;

	scratch_enter();
	make_dir("dir");
	MUST(mkfifo("fifo", 0600));
	opened_init(&opened);
	before = open_descriptors();
	ck_assert_int_eq(opener_new(&opened.opener, no_files[_i], &opened.options, &opened.error),
			 -no_file_errors[_i]);
	ck_assert_int_eq(opened.error.code, no_file_errors[_i]);
	ck_assert_str_eq(opened.error.name, no_files[_i]);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(opener_new(&opened.opener, no_files[_i], &opened.options, NULL),
			 -no_file_errors[_i]);
	ck_assert_int_eq(fcntl(opened.out, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(read(opened.out, (char[1]){0}, 1), -1); /* nothing was sent */
}
END_TEST

START_TEST(opens_without_memory)
{
	unsigned before, call = 0;
	int r;

	scratch_enter();
	make_file("file", "x");
	opened_init(&opened);
	before = open_descriptors();
	do {
		opened.opener = NULL;
		faults_begin(++call, ENOMEM, false);
		r = opener_new(&opened.opener, "file", &opened.options, &opened.error);
		faults_end();
		opener_free(opened.opener);
		ck_assert_uint_eq(open_descriptors(), before);
	} while (faults_failed());
	ck_assert_uint_gt(call, 5);
	ck_assert_int_eq(r, 0);
}
END_TEST

/* ---- Records ---- */

START_TEST(saves_each_version)
{
	struct stat before, after;
	unsigned descriptors;

	scratch_enter_as(_i);
	descriptors = open_descriptors();
	make_old_file("file", "before");
	MUST(chmod("file", 04751));
	MUST(stat("file", &before));
	opened_begin(&opened, "file");
	ck_assert_uint_eq(opener_notes(opened.opener), 0);
	feed_save(&opened, "one");
	next_saved(&opened);
	ck_assert_uint_eq(opened.event.save, 1);
	ck_assert_str_eq(opened.event.path, "");
	ck_assert_str_eq(content_of("file"), "one");
	ck_assert_uint_eq(mode_of("file"), 0751);
	MUST(stat("file", &after));
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	feed_save(&opened, "two, longer than all before");
	feed_save(&opened, "");
	feed_done(&opened, 0, "");
	next_saved(&opened);
	ck_assert_str_eq(content_of("file"), "two, longer than all before");
	next_saved(&opened);
	ck_assert_uint_eq(opened.event.save, 3);
	ck_assert_str_eq(content_of("file"), "");
	next_done(&opened, 3);
	ck_assert_int_eq(opened.event.code, 0);
	ck_assert_str_eq(names_in("."), "file");
	opened_end(&opened);
	ck_assert_uint_eq(open_descriptors(), descriptors);
}
END_TEST

START_TEST(save_of_any_size)
{
	const size_t size = sizes[_i];
	char *bytes = pattern_of(size), *got = pattern_of(size + 1);
	struct edit_progress progress;
	unsigned parts = 0;
	pid_t writer;
	int step, fd;

	scratch_enter();
	make_file("file", "before");
	opened_begin(&opened, "file");
	writer = fork();
	MUST(writer);
	if (writer == 0) {
		struct stream_reader sum = {.buffer = (unsigned char *)bytes, .begin = size};
		unsigned char crc[EDIT_CRC_SIZE];

		feed_header(&opened, EDIT_SAVE, 0, size);
		feed_bytes(&opened, bytes, size);
		edit_crc_encode(stream_reader_crc(&sum), crc);
		feed_bytes(&opened, crc, sizeof(crc));
		_exit(0);
	}
	feed_end(&opened);
	while ((step = opener_step(opened.opener, &opened.event, &opened.error)) == OPENER_PART) {
		progress = opener_progress(opened.opener);
		ck_assert_uint_eq(progress.total, size);
		ck_assert_uint_le(progress.done, size);
		parts++;
	}
	ck_assert_int_eq(step, OPENER_SAVED);
	ck_assert_uint_gt(parts, 0);
	MUST(fd = open("file", O_RDONLY));
	ck_assert_int_eq(read(fd, got, size + 1), (ssize_t)size);
	ck_assert_int_eq(memcmp(got, bytes, size), 0);
	next_fails(&opened, -ECONNRESET); /* it never said that this was all */
	opened_end(&opened);
}
END_TEST

/* A version that was damaged on the way is not written; the next one counts. */
START_TEST(damaged)
{
	scratch_enter();
	make_old_file("file", "before");
	opened_begin(&opened, "file");
	feed_damaged(&opened, "half of it");
	feed_save(&opened, "whole");
	feed_damaged(&opened, "");
	feed_done(&opened, 0, "");
	ck_assert_int_eq(opened_next(&opened), OPENER_DAMAGED);
	ck_assert_uint_eq(opened.event.save, 1);
	ck_assert_str_eq(content_of("file"), "before");
	next_saved(&opened);
	ck_assert_uint_eq(opened.event.save, 2);
	ck_assert_str_eq(content_of("file"), "whole");
	ck_assert_int_eq(opened_next(&opened), OPENER_DAMAGED);
	next_done(&opened, 3);
	ck_assert_str_eq(content_of("file"), "whole");
	ck_assert_str_eq(names_in("."), "file");
	opened_end(&opened);
}
END_TEST

/* Wherever the connection is lost: what came whole is there, and nothing else. */
START_TEST(cut_off)
{
	const size_t record = EDIT_RECORD_SIZE + 3 + EDIT_CRC_SIZE;
	unsigned char reply[256];
	size_t length;

	/* Two saves and the end, as they are sent. */
	opened_init(&opened);
	feed_save(&opened, "one");
	feed_save(&opened, "two");
	feed_done(&opened, 0, "bye");
	length = (size_t)read(opened.options.in, reply, sizeof(reply));
	ck_assert_uint_eq(length, 3 * record);
	opened_end(&opened);
	scratch_enter();
	/* Before a whole mark, it may as well be all that an old editor has to say: see raw(). */
	for (size_t cut = EDIT_MARK_SIZE; cut < length; cut++) {
		static const char *const contents[] = {"old", "one", "two"};
		unsigned saves = 0;
		int step;

		make_file("file", "old");
		opened_begin(&opened, "file");
		feed_bytes(&opened, reply, cut);
		feed_end(&opened);
		while ((step = opened_next(&opened)) == OPENER_SAVED)
			ck_assert_str_eq(content_of("file"), contents[++saves]);
		ck_assert_uint_eq(saves, cut / record);
		ck_assert_msg(step == -ECONNRESET, "cut after %zu: %d", cut, step);
		ck_assert_str_eq(content_of("file"), contents[saves]);
		ck_assert_str_eq(names_in("."), "file");
		opened_end(&opened);
	}
}
END_TEST

START_TEST(done_with_a_message)
{
	char message[EDIT_MESSAGE_MAX + 1];

	scratch_enter();
	make_file("file", "x");
	opened_begin(&opened, "file");
	feed_done(&opened, ENOENT, "no\033[2J program\nfor it \303\244");
	next_done(&opened, 0);
	ck_assert_int_eq(opened.event.code, ENOENT);
	ck_assert_str_eq(opened.event.message, "no?[2J program?for it ??");
	opened_end(&opened);
	memset(message, 'm', sizeof(message));
	message[EDIT_MESSAGE_MAX] = '\0';
	opened_begin(&opened, "file");
	feed_done(&opened, UINT32_MAX, message);
	next_done(&opened, 0);
	ck_assert_str_eq(opened.event.message, message);
	ck_assert_int_eq(opened.event.code, EREMOTEIO);
	opened_end(&opened);
}
END_TEST

/* They may come at any time between records, and are neither saves nor the end. */
START_TEST(notes)
{
	scratch_enter();
	make_file("file", "x");
	opened_begin(&opened, "file");
	feed_note(&opened, "\033[2Jgedit\nhas it");
	feed_save(&opened, "one");
	feed_note(&opened, "");
	feed_done(&opened, 0, "bye");
	ck_assert_int_eq(opened_next(&opened), OPENER_NOTE);
	ck_assert_str_eq(opened.event.message, "?[2Jgedit?has it");
	next_saved(&opened);
	ck_assert_str_eq(opened.event.message, "");
	ck_assert_int_eq(opened_next(&opened), OPENER_NOTE);
	ck_assert_str_eq(opened.event.message, "");
	next_done(&opened, 1);
	ck_assert_str_eq(opened.event.message, "bye");
	opened_end(&opened);
}
END_TEST

/* Each makes a reply that is none. */
static void unknown_kind(void)
{
	feed_header(&opened, (enum edit_kind)5, 0, 0);
}

static void beside_that_nobody_asked_for(void)
{
	feed_header(&opened, EDIT_BESIDE, 0, EDIT_BESIDE_NAME_SIZE);
}

static void damaged_note(void)
{
	feed_header(&opened, EDIT_NOTE, 0, 3);
	feed_bytes(&opened, "bye\0\0\0\0", 7);
}

static void long_message(void)
{
	feed_header(&opened, EDIT_DONE, 0, EDIT_MESSAGE_MAX + 1);
}

static void damaged_message(void)
{
	feed_header(&opened, EDIT_DONE, 0, 3);
	feed_bytes(&opened, "bye\0\0\0\0", 7);
}

static void no_mark_behind_a_save(void)
{
	feed_save(&opened, "one");
	feed_bytes(&opened, "and now something quite different", 33);
}

static void negative_length(void)
{
	feed_header(&opened, EDIT_SAVE, 0, UINT64_MAX);
}

static const struct {
	void (*reply)(void);
	const char *content;
} malformed[] = {{unknown_kind, "old"},    {beside_that_nobody_asked_for, "old"},
		 {damaged_note, "old"},    {long_message, "old"},
		 {damaged_message, "old"}, {no_mark_behind_a_save, "one"},
		 {negative_length, "old"}};

START_TEST(malformed_reply)
{
	scratch_enter();
	make_file("file", "old");
	opened_begin(&opened, "file");
	malformed[_i].reply();
	if (strcmp(malformed[_i].content, "one") == 0)
		next_saved(&opened);
	next_fails(&opened, -EPROTO);
	ck_assert_str_eq(content_of("file"), malformed[_i].content);
	opened_end(&opened);
	ck_assert_str_eq(names_in("."), "file");
}
END_TEST

START_TEST(longer_than_allowed)
{
	scratch_enter();
	make_file("file", "old");
	opened_init(&opened);
	opened.options.max_bytes = 4;
	opened_begin_as_set(&opened, "file");
	feed_save(&opened, "four");
	feed_save(&opened, "fives");
	next_saved(&opened);
	next_fails(&opened, -EFBIG);
	ck_assert_str_eq(content_of("file"), "four");
	opened_end(&opened);
}
END_TEST

/* Nothing that comes is written anywhere, however it comes. */
START_TEST(view_only)
{
	const bool raw = _i;
	unsigned before;

	scratch_enter();
	make_file("file", "old");
	MUST(link("file", "other"));
	opened_init(&opened);
	opened.options.view_only = true;
	opened_begin_as_set(&opened, "file");
	ck_assert_uint_eq(opener_notes(opened.opener), 0);
	before = open_descriptors();
	if (raw) {
		feed_bytes(&opened, "a new content", 13);
		feed_end(&opened);
	} else {
		feed_save(&opened, "one");
		feed_damaged(&opened, "two");
		feed_save(&opened, "");
		feed_done(&opened, 0, "bye");
	}
	/* Not even where nobody would see it. */
	ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error), OPENER_PART);
	ck_assert_uint_eq(open_descriptors(), before - raw); /* the end of the reply is closed */
	next_done(&opened, raw ? 1 : 3);
	ck_assert_str_eq(opened.event.message, raw ? "" : "bye");
	ck_assert_str_eq(content_of("file"), "old");
	ck_assert_str_eq(names_in("."), "file other");
	opened_end(&opened);
}
END_TEST

static int stop_later(int *due)
{
	int fds[2];

	MUST(pipe(fds));
	*due = fds[1];
	return fds[0];
}

START_TEST(stopped_while_reading)
{
	int due;

	scratch_enter();
	make_file("file", "old");
	opened_init(&opened);
	opened.options.stop = stop_later(&due);
	opened_begin_as_set(&opened, "file");
	feed_save(&opened, "one");
	next_saved(&opened);
	if (_i) {
		feed_header(&opened, EDIT_SAVE, 0, 5);
		feed_bytes(&opened, "on", 2);
		ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
				 OPENER_PART);
		ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
				 OPENER_PART);
	}
	MUST(write(due, "x", 1));
	next_fails(&opened, -ECANCELED);
	opened_end(&opened);
	ck_assert_str_eq(content_of("file"), "one");
	ck_assert_str_eq(names_in("."), "file");
}
END_TEST

START_TEST(reading_fails)
{
	scratch_enter();
	make_file("file", "old");
	for (int state = 0; state < 4; state++) {
		opened_begin(&opened, "file");
		if (state == 1)
			feed_save(&opened, "old"); /* it fails at the next record, */
		if (state == 2) {
			feed_header(&opened, EDIT_SAVE, 0, 5); /* in a payload, */
			ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
					 OPENER_PART);
		}
		if (state == 3) {
			feed_bytes(&opened, "raw content", 11); /* in a raw content */
			ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
					 OPENER_PART);
			ck_assert_int_eq(opener_step(opened.opener, &opened.event, &opened.error),
					 OPENER_PART);
		}
		if (state == 1)
			next_saved(&opened);
		faults_begin_in("read", 1, EIO, true);
		next_fails(&opened, -EIO);
		faults_end();
		opened_end(&opened);
		ck_assert_str_eq(content_of("file"), "old");
		ck_assert_str_eq(names_in("."), "file");
	}
}
END_TEST

/* ---- Version 1 ---- */

static const char *const raws[] = {
	"x", "P", "PedOSv2", "PedOSv", "12345678", "PedOSv3\n", "a whole new content"};

/* Whether it is whole nobody can tell: the content before it is kept. */
START_TEST(raw)
{
	scratch_enter_as(_i & 1);
	make_old_file("file", "before");
	make_file("file~", "earlier");
	opened_begin(&opened, "file");
	feed_bytes(&opened, raws[_i >> 1], strlen(raws[_i >> 1]));
	feed_end(&opened);
	next_saved(&opened);
	ck_assert_uint_eq(opened.event.save, 1);
	ck_assert_str_eq(event_path(&opened), "file.~1~");
	ck_assert_str_eq(content_of("file"), raws[_i >> 1]);
	ck_assert_str_eq(content_of("file.~1~"), "before");
	ck_assert_str_eq(content_of("file~"), "earlier");
	next_done(&opened, 1);
	next_done(&opened, 1);
	ck_assert_str_eq(names_in("."), "file file.~1~ file~");
	opened_end(&opened);
}
END_TEST

START_TEST(raw_not_modified)
{
	scratch_enter();
	make_file("file", "before");
	opened_begin(&opened, "file");
	feed_end(&opened);
	next_done(&opened, 0);
	ck_assert_int_eq(opened.event.code, 0);
	ck_assert_str_eq(names_in("."), "file");
	ck_assert_str_eq(content_of("file"), "before");
	opened_end(&opened);
}
END_TEST

START_TEST(raw_longer_than_allowed)
{
	const bool too_long = _i;

	scratch_enter();
	make_file("file", "before");
	opened_init(&opened);
	opened.options.max_bytes = 10;
	opened_begin_as_set(&opened, "file");
	feed_bytes(&opened, "12345678901", too_long ? 11 : 10);
	feed_end(&opened);
	if (too_long)
		next_fails(&opened, -EFBIG);
	else
		next_saved(&opened);
	opened_end(&opened);
	ck_assert_str_eq(content_of("file"), too_long ? "before" : "1234567890");
	ck_assert_str_eq(names_in("."), too_long ? "file" : "file file~");
}
END_TEST

START_TEST(raw_beside_what_was_changed)
{
	scratch_enter();
	make_old_file("file", "before");
	opened_begin(&opened, "file");
	make_file("file", "local");
	feed_bytes(&opened, "edited", 6);
	feed_end(&opened);
	next_kept(&opened, ESTALE, "edited");
	next_done(&opened, 1);
	ck_assert_str_eq(content_of("file"), "local");
	ck_assert(!exists("file~"));
	opened_end(&opened);
}
END_TEST

/* ---- Calls that fail ---- */

/* One of them once: no version is lost, and what is said is true. */
static void play_fault(unsigned call, int error, bool lasting)
{
	unsigned before;
	int step, r;

	scratch_enter();
	make_file("file", "old");
	opened_init(&opened);
	before = open_descriptors();
	feed_bytes(&opened, "", 0);
	r = opener_new(&opened.opener, "file", &opened.options, &opened.error);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(send_on(), 0);
	feed_save(&opened, "new");
	faults_begin(call, error, lasting);
	step = opened_next(&opened);
	faults_end();
	if (step == OPENER_SAVED)
		ck_assert_str_eq(content_of("file"), "new");
	else if (step == OPENER_KEPT)
		ck_assert_str_eq(content_of(event_path(&opened)), "new");
	else
		ck_assert_msg(lasting || step == -error, "call %u, %s: %d", call, faults_failed(),
			      step);
	/* One or the other, whole. */
	ck_assert(strcmp(content_of("file"), "new") == 0 || strcmp(content_of("file"), "old") == 0);
	if (!lasting && step > 0 && strcmp(faults_failed() ? faults_failed() : "", "unlinkat") != 0)
		ck_assert_msg(!has_name(".", ".qopen-"), "call %u, %s: %s", call, faults_failed(),
			      names_in("."));
	/* Working again, it goes on. */
	if (step >= 0) {
		feed_save(&opened, "newer");
		step = opened_next(&opened);
		ck_assert_msg(step == OPENER_SAVED || step == OPENER_KEPT, "after call %u, %s: %d",
			      call, faults_failed(), step);
		ck_assert_str_eq(content_of(step == OPENER_SAVED ? "file" : event_path(&opened)),
				 "newer");
	}
	opener_free(opened.opener);
	ck_assert_uint_eq(open_descriptors(), before);
	opened.opener = NULL;
	opened_end(&opened);
}

static const struct {
	int error;
	bool lasting;
} faults[] = {{EIO, false}, {ENOSPC, false}, {ENOMEM, false}, {EIO, true}};

START_TEST(each_call_fails)
{
	unsigned call = 0;

	do
		play_fault(++call, faults[_i].error, faults[_i].lasting);
	while (faults_failed());
	ck_assert_uint_gt(call, 25);
}
END_TEST

Suite *opener_suite(void)
{
	Suite *suite = suite_create("opener");
	TCase *tcase = add_case(suite, "sending");

	tcase_add_loop_test(tcase, sends, 0, 4 * (int)COUNT(sizes));
	tcase_add_test(tcase, editor_replys_early);
	tcase_add_loop_test(tcase, editor_is_gone_early, 0, 2);
	tcase_add_loop_test(tcase, success_comes_early, 0, 3);
	tcase_add_test(tcase, file_becomes_shorter);
	tcase_add_test(tcase, file_becomes_shorter_and_nobody_asks);
	tcase_add_loop_test(tcase, size_says_nothing, 0, 2);
	tcase_add_test(tcase, stopped_while_sending);
	add_table_test(tcase, sending_fails, sending);
	add_table_test(tcase, opens_no_file, no_files);
	tcase_add_test(tcase, opens_without_memory);
	tcase = add_case(suite, "records");
	add_both_users_test(tcase, saves_each_version);
	add_table_test(tcase, save_of_any_size, sizes);
	tcase_add_test(tcase, damaged);
	tcase_add_test(tcase, cut_off);
	tcase_add_test(tcase, done_with_a_message);
	tcase_add_test(tcase, notes);
	add_table_test(tcase, malformed_reply, malformed);
	tcase_add_test(tcase, longer_than_allowed);
	tcase_add_loop_test(tcase, view_only, 0, 2);
	tcase_add_loop_test(tcase, stopped_while_reading, 0, 2);
	tcase_add_test(tcase, reading_fails);
	tcase = add_case(suite, "version 1");
	tcase_add_loop_test(tcase, raw, 0, 2 * (int)COUNT(raws));
	tcase_add_test(tcase, raw_not_modified);
	tcase_add_loop_test(tcase, raw_longer_than_allowed, 0, 2);
	tcase_add_test(tcase, raw_beside_what_was_changed);
	tcase = add_case(suite, "failures");
	add_table_test(tcase, each_call_fails, faults);
	return suite;
}
