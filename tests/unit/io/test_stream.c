/*
 * Buffered descriptor I/O and its checksum.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "io/stream.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- The receiving side ---- */

/* Checksums that zlib's crc32() gives. */
static const struct {
	const char *label, *bytes;
	size_t length;
	uint32_t crc;
} sums[] = {
	{"nothing", "", 0, 0},
	{"check value", "123456789", 9, 0xcbf43926},
	{"a letter", "a", 1, 0xe8b7be43},
	{"a zero", "\0", 1, 0xd202ef8d},
	{"32 zeros: the end header",
	 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32, 0x190a55ad},
	{"4 bytes of ones", "\377\377\377\377", 4, 0xffffffff},
	{"a sentence", "The quick brown fox jumps over the lazy dog", 43, 0x414fa339},
};

START_TEST(reader_crc)
{
	for (size_t piece = 1; piece <= sums[_i].length + 1; piece++) {
		struct stream_reader reader;
		const unsigned char *bytes;

		ck_assert_int_eq(
			stream_reader_open(&reader, feed(sums[_i].bytes, sums[_i].length, piece)),
			0);
		for (size_t taken = 0; taken < sums[_i].length; taken++) {
			ck_assert_int_ge(stream_peek(&reader, 1, &bytes), 1);
			stream_take(&reader, 1);
		}
		ck_assert_msg(stream_reader_crc(&reader) == sums[_i].crc,
			      "%s, in pieces of %zu: %#x", sums[_i].label, piece,
			      stream_reader_crc(&reader));
		close(reader.fd);
		stream_reader_close(&reader);
	}
}
END_TEST

START_TEST(reader_crc_covers_what_was_taken_only)
{
	struct stream_reader reader;
	const unsigned char *bytes;

	ck_assert_int_eq(stream_reader_open(&reader, feed("123456789and more", 17, 17)), 0);
	ck_assert_int_eq(stream_peek(&reader, 17, &bytes), 17);
	ck_assert_uint_eq(stream_reader_crc(&reader), 0);
	stream_take(&reader, 4);
	ck_assert_uint_eq(stream_reader_crc(&reader), 0x9be3e0a3); /* "1234" */
	stream_take(&reader, 5);
	ck_assert_uint_eq(stream_reader_crc(&reader), 0xcbf43926);
	ck_assert_uint_eq(stream_reader_crc(&reader), 0xcbf43926);
	stream_reader_close(&reader);
}
END_TEST

/* Bytes that differ from their neighbours and from those a buffer or a page further. */
static unsigned char pattern(size_t at)
{
	return (unsigned char)(at * 31 + at / 4096 * 7 + at / STREAM_BUFFER_SIZE);
}

static unsigned char *make_pattern(size_t size)
{
	unsigned char *bytes = malloc(size);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i);
	return bytes;
}

/* The sum by the book, one bit after another. */
static uint32_t plain_crc(const unsigned char *bytes, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/*
 * Peeking and taking in steps that do not divide the buffer: again and again a step reaches over
 * its end.
 */
static const struct {
	const char *label;
	size_t size, piece, peek, take;
} passes[] = {
	{"one byte at a time", 5000, 1, 1, 1},
	{"headers from single bytes", 32 * 200, 1, 32, 32},
	{"across the end", 3 * STREAM_BUFFER_SIZE, 65536, 1000, 1000},
	{"across the end, names", 3 * STREAM_BUFFER_SIZE, 4097, 16383, 16383},
	{"taking less than was peeked", 2 * STREAM_BUFFER_SIZE, 65536, 16383, 777},
	{"whole buffers", 4 * STREAM_BUFFER_SIZE, 65536, STREAM_BUFFER_SIZE, STREAM_BUFFER_SIZE},
	{"nearly whole buffers", 3 * STREAM_BUFFER_SIZE, 65536, STREAM_BUFFER_SIZE - 1,
	 STREAM_BUFFER_SIZE - 1},
	{"whole buffers, taken in part", 2 * STREAM_BUFFER_SIZE, 65536, STREAM_BUFFER_SIZE, 100000},
};

START_TEST(reader_pass)
{
	const char *label = passes[_i].label;
	unsigned char *expected = make_pattern(passes[_i].size);
	struct stream_reader reader;
	size_t done = 0;

	ck_assert_int_eq(
		stream_reader_open(&reader, feed(expected, passes[_i].size, passes[_i].piece)), 0);
	while (done < passes[_i].size) {
		size_t left = passes[_i].size - done,
		       peek = passes[_i].peek < left ? passes[_i].peek : left;
		size_t take = passes[_i].take < left ? passes[_i].take : left;
		const unsigned char *bytes;
		ssize_t n = stream_peek(&reader, peek, &bytes);

		ck_assert_msg(n >= (ssize_t)peek, "%s: at %zu: %zd", label, done, n);
		ck_assert_msg(n <= (ssize_t)STREAM_BUFFER_SIZE && n <= (ssize_t)left,
			      "%s: at %zu: %zd", label, done, n);
		ck_assert_msg(memcmp(bytes, expected + done, (size_t)n) == 0,
			      "%s: other bytes at %zu", label, done);
		stream_take(&reader, take);
		done += take;
	}
	ck_assert_msg(stream_reader_crc(&reader) == plain_crc(expected, passes[_i].size),
		      "%s: checksum", label);
	stream_reader_close(&reader);
	free(expected);
}
END_TEST

static const struct {
	const char *label;
	size_t sent, take, peek;
} truncations[] = {
	{"nothing at all", 0, 0, 1},
	{"one byte short", 31, 0, 32},
	{"behind what was taken", 32, 32, 1},
	{"in the middle of a second one", 40, 32, 32},
	{"a buffer, and nothing more", STREAM_BUFFER_SIZE, STREAM_BUFFER_SIZE, 1},
	{"a byte short of a buffer", STREAM_BUFFER_SIZE - 1, 0, STREAM_BUFFER_SIZE},
};

START_TEST(reader_truncation)
{
	unsigned char *sent = make_pattern(truncations[_i].sent + 1);
	struct stream_reader reader;
	const unsigned char *bytes;

	ck_assert_int_eq(stream_reader_open(&reader, feed(sent, truncations[_i].sent, 1000)), 0);
	if (truncations[_i].take) {
		ck_assert_int_ge(stream_peek(&reader, truncations[_i].take, &bytes),
				 (ssize_t)truncations[_i].take);
		stream_take(&reader, truncations[_i].take);
	}
	ck_assert_msg(stream_peek(&reader, truncations[_i].peek, &bytes) == -QFILE_ETRUNCATED, "%s",
		      truncations[_i].label);
	/* The sender is told the sum of what counted. */
	ck_assert_msg(stream_reader_crc(&reader) == plain_crc(sent, truncations[_i].take),
		      "%s: checksum", truncations[_i].label);
	stream_reader_close(&reader);
	free(sent);
}
END_TEST

/* A file that holds the pattern, open at its start. */
static int pattern_file(size_t size)
{
	unsigned char *bytes = make_pattern(size);
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fflush(file), 0);
	MUST(lseek(fileno(file), 0, SEEK_SET));
	free(bytes);
	return fileno(file);
}

/*
 * From wherever in a file: the first read ends at a whole page of it, and so do those that follow.
 */
static const uint64_t offsets[] = {0, 1, 100, 4095, 4096, 4097, (1ull << 40) + 33};

START_TEST(reader_pages)
{
	const size_t size = 3 * STREAM_BUFFER_SIZE;
	unsigned char *expected = make_pattern(size);
	uint64_t offset = offsets[_i];
	struct stream_reader reader;
	const unsigned char *bytes;
	size_t done = 0;

	ck_assert_int_eq(stream_reader_open(&reader, pattern_file(size)), 0);
	for (unsigned i = 0; i < 3 && done < size; i++) {
		ssize_t n = stream_peek_pages(&reader, offset, &bytes);

		ck_assert_msg(n > 0 && n <= (ssize_t)STREAM_BUFFER_SIZE, "at %llu: %zd",
			      (unsigned long long)offset, n);
		ck_assert_msg((offset + (uint64_t)n) % 4096 == 0 || done + (size_t)n == size,
			      "at %llu: %zd", (unsigned long long)offset, n);
		ck_assert_mem_eq(bytes, expected + done, (size_t)n);
		/* What is there already is given first, however it lies. */
		stream_take(&reader, 1);
		ck_assert_int_eq(stream_peek_pages(&reader, offset + 1, &bytes), n - 1);
		stream_take(&reader, (size_t)n - 1);
		offset += (uint64_t)n;
		done += (size_t)n;
	}
	ck_assert_uint_eq(stream_reader_crc(&reader), plain_crc(expected, done));
	MUST(lseek(reader.fd, 0, SEEK_END));
	ck_assert_int_eq(stream_peek_pages(&reader, 0, &bytes), -QFILE_ETRUNCATED);
	stream_reader_close(&reader);
	free(expected);
}
END_TEST

START_TEST(reader_fails)
{
	struct stream_reader reader;
	const unsigned char *bytes;

	ck_assert_int_eq(stream_reader_open(&reader, -1), 0);
	ck_assert_int_eq(stream_peek(&reader, 1, &bytes), -EBADF);
	stream_reader_close(&reader);
}
END_TEST

/* The other side of a pipe may have made it non-blocking. */
START_TEST(full_reads_and_writes_wait)
{
	const size_t size = 300000; /* more than a pipe holds */
	unsigned char *sent = make_pattern(size), *got = malloc(size + 1);
	int fds[2];
	pid_t pid;

	MUST(pipe2(fds, O_NONBLOCK));
	MUST(pid = fork());
	if (pid == 0) {
		close(fds[0]);
		until_sleeps(getppid()); /* the reader finds nothing at first */
		_exit(stream_write_full(fds[1], sent, size) != 0);
	}
	close(fds[1]);
	ck_assert_int_eq(stream_read_full(fds[0], got, 100), 100);
	until_sleeps(pid); /* the writer finds no room */
	/* The end comes first. */
	ck_assert_int_eq(stream_read_full(fds[0], got + 100, size + 1 - 100), (ssize_t)size - 100);
	ck_assert_mem_eq(got, sent, size);
	free(sent);
	free(got);
}
END_TEST

/* ---- A peer that falls silent ---- */

static const struct {
	unsigned seconds;
	int timeout;
} timeouts[] = {{0, -1},
		{1, 1000},
		{600, 600000},
		{2147483, 2147483000},
		{2147484, INT_MAX},
		{UINT_MAX, INT_MAX}};

START_TEST(timeout_in_milliseconds)
{
	ck_assert_int_eq(stream_timeout(timeouts[_i].seconds), timeouts[_i].timeout);
}
END_TEST

START_TEST(reader_times_out)
{
	struct stream_reader reader;
	const unsigned char *bytes;
	int fds[2];

	MUST(pipe2(fds, _i ? O_NONBLOCK : 0));
	ck_assert_int_eq(write(fds[1], "1234", 4), 4);
	ck_assert_int_eq(stream_reader_open(&reader, fds[0]), 0);
	ck_assert_int_eq(reader.timeout, -1);
	reader.timeout = 50;
	/* What is there is had, and waiting for more ends; nothing is lost by it. */
	ck_assert_int_ge(stream_peek(&reader, 4, &bytes), 4);
	ck_assert_int_eq(stream_peek(&reader, 5, &bytes), -ETIMEDOUT);
	ck_assert_int_eq(write(fds[1], "5", 1), 1);
	ck_assert_int_ge(stream_peek(&reader, 5, &bytes), 5);
	ck_assert_mem_eq(bytes, "12345", 5);
	stream_take(&reader, 5);
	ck_assert_int_eq(stream_peek_pages(&reader, 0, &bytes), -ETIMEDOUT);
	/* An end is an end, not silence. */
	close(fds[1]);
	ck_assert_int_eq(stream_peek(&reader, 1, &bytes), -QFILE_ETRUNCATED);
	stream_reader_close(&reader);
}
END_TEST

START_TEST(timed_write)
{
	const size_t size = 300000; /* more than a pipe holds */
	unsigned char *sent = make_pattern(size), *got = malloc(size);
	int fds[2], status;
	pid_t pid;

	MUST(pipe(fds));
	MUST(pid = fork());
	if (pid == 0) {
		close(fds[0]);
		_exit(stream_write_timeout(fds[1], sent, size, -1) != 0);
	}
	close(fds[1]);
	until_sleeps(pid); /* the writer finds no room */
	ck_assert_int_eq(stream_read_full(fds[0], got, size), (ssize_t)size);
	ck_assert_mem_eq(got, sent, size);
	MUST(waitpid(pid, &status, 0));
	ck_assert_int_eq(status, 0);
	free(sent);
	free(got);
}
END_TEST

START_TEST(timed_write_to_nobody)
{
	unsigned char bytes[70000] = {0}; /* a little more than a pipe holds */
	int fds[2];

	signal(SIGPIPE, SIG_IGN);
	MUST(pipe(fds));
	ck_assert_int_eq(stream_write_timeout(fds[1], bytes, sizeof(bytes), 50), -ETIMEDOUT);
	close(fds[0]);
	ck_assert_int_eq(stream_write_timeout(fds[1], bytes, 1, 50), -EPIPE);
}
END_TEST

/* ---- The sending side ---- */

struct pipes {
	int out[2], in[2], stop[2];
	struct stream_writer writer;
};

/* A writer whose other ends are in our hands. */
static void open_pipes(struct pipes *pipes)
{
	signal(SIGPIPE, SIG_IGN);
	MUST(pipe2(pipes->out, O_NONBLOCK));
	MUST(pipe2(pipes->in, O_NONBLOCK));
	MUST(pipe2(pipes->stop, O_NONBLOCK));
	ck_assert_int_eq(
		stream_writer_open(&pipes->writer, pipes->in[0], pipes->out[1], pipes->stop[0]), 0);
}

static void put_bytes(struct stream_writer *writer, const void *bytes, size_t size)
{
	unsigned char *room;

	ck_assert_int_ge(stream_room(writer, size, &room), (ssize_t)size);
	memcpy(room, bytes, size);
	stream_put(writer, size);
}

START_TEST(writer_crc)
{
	struct pipes pipes;
	char got[64];

	open_pipes(&pipes);
	for (size_t i = 0; i < sums[_i].length; i++)
		put_bytes(&pipes.writer, sums[_i].bytes + i, 1);
	/* Nothing goes out before its time: small entries share a system call. */
	ck_assert_int_eq(read(pipes.out[0], got, sizeof(got)), -1);
	ck_assert_int_eq(stream_flush(&pipes.writer), 0);
	ck_assert_msg(pipes.writer.crc == sums[_i].crc, "%s: %#x", sums[_i].label,
		      pipes.writer.crc);
	if (sums[_i].length)
		ck_assert_int_eq(read(pipes.out[0], got, sizeof(got)), (ssize_t)sums[_i].length);
	ck_assert_mem_eq(got, sums[_i].bytes, sums[_i].length);
	/* And nothing goes out twice. */
	ck_assert_int_eq(stream_flush(&pipes.writer), 0);
	ck_assert_int_eq(read(pipes.out[0], got, sizeof(got)), -1);
	ck_assert_uint_eq(pipes.writer.crc, sums[_i].crc);
}
END_TEST

START_TEST(writer_room)
{
	struct pipes pipes;
	unsigned char *room;

	open_pipes(&pipes);
	close(pipes.writer.out);
	MUST(pipes.writer.out = open("/dev/null", O_WRONLY));
	ck_assert_int_eq(stream_room(&pipes.writer, 1, &room), (ssize_t)STREAM_BUFFER_SIZE);
	ck_assert_int_eq(stream_room(&pipes.writer, STREAM_BUFFER_SIZE, &room),
			 (ssize_t)STREAM_BUFFER_SIZE);
	stream_put(&pipes.writer, 100);
	ck_assert_int_eq(stream_room(&pipes.writer, 1, &room), (ssize_t)STREAM_BUFFER_SIZE - 100);
	ck_assert_int_eq(stream_room(&pipes.writer, STREAM_BUFFER_SIZE - 100, &room),
			 (ssize_t)STREAM_BUFFER_SIZE - 100);
	/* One byte more than is left: what is there goes out first. */
	ck_assert_int_eq(stream_room(&pipes.writer, STREAM_BUFFER_SIZE - 99, &room),
			 (ssize_t)STREAM_BUFFER_SIZE);
	ck_assert_uint_eq(pipes.writer.used, 0);
}
END_TEST

/* Much more than the buffer and the pipe hold, to a reader with a rhythm of its own. */
START_TEST(writer_to_a_slow_reader)
{
	const size_t size = 3 * STREAM_BUFFER_SIZE + 12345, step = 10007;
	unsigned char *sent = make_pattern(size), *got = malloc(size);
	struct pipes pipes;
	uint32_t crc;
	int status;
	pid_t pid;

	open_pipes(&pipes);
	MUST(pid = fork());
	if (pid == 0) {
		close(pipes.out[1]);
		_exit(stream_read_full(pipes.out[0], got, size) != (ssize_t)size ||
		      memcmp(got, sent, size) != 0);
	}
	for (size_t done = 0; done < size; done += step)
		put_bytes(&pipes.writer, sent + done, size - done < step ? size - done : step);
	ck_assert_int_eq(stream_flush(&pipes.writer), 0);
	crc = plain_crc(sent, size);
	ck_assert_uint_eq(pipes.writer.crc, crc);
	MUST(waitpid(pid, &status, 0));
	ck_assert_msg(status == 0, "other bytes arrived");
	free(sent);
	free(got);
}
END_TEST

/*
 * Where pages can be sent, and where they cannot: the same bytes, the same sum. What is put later
 * is no page of the file.
 */
START_TEST(writer_pages)
{
	const size_t size = 2 * STREAM_BUFFER_SIZE - 999, at = 4096 + 7;
	unsigned char *expected = make_pattern(at + size), *got = malloc(size + 3);
	int file = pattern_file(at + size), sink = _i == 0 ? -1 : fileno(tmpfile()), status;
	struct pipes pipes;
	pid_t pid = 0;

	open_pipes(&pipes);
	if (_i == 0) {
		MUST(pid = fork());
		if (pid == 0) {
			close(pipes.out[1]);
			_exit(stream_read_full(pipes.out[0], got, size + 3) != (ssize_t)size + 3 ||
			      memcmp(got, expected + at, size) != 0 ||
			      memcmp(got + size, "end", 3) != 0);
		}
	} else {
		pipes.writer.out = sink;
	}
	for (size_t done = 0; done < size;) {
		unsigned char *room;
		ssize_t n = stream_room(&pipes.writer, STREAM_BUFFER_SIZE, &room);

		ck_assert_int_eq(n, (ssize_t)STREAM_BUFFER_SIZE);
		n = pread(file, room, (size_t)n, (off_t)(at + done));
		stream_put_pages(&pipes.writer, (size_t)n, file, (off_t)(at + done));
		ck_assert_int_eq(stream_flush(&pipes.writer), 0);
		done += (size_t)n;
	}
	put_bytes(&pipes.writer, "end", 3);
	ck_assert_int_eq(stream_flush(&pipes.writer), 0);
	memcpy(got, expected + at, size);
	memcpy(got + size, "end", 3);
	ck_assert_uint_eq(pipes.writer.crc, plain_crc(got, size + 3));
	if (_i == 0) {
		MUST(waitpid(pid, &status, 0));
		ck_assert_msg(status == 0, "other bytes arrived");
		return;
	}
	memset(got, 0, size + 3);
	ck_assert_int_eq(pread(sink, got, size + 3, 0), (ssize_t)size + 3);
	ck_assert_mem_eq(got, expected + at, size);
	ck_assert_mem_eq(got + size, "end", 3);
}
END_TEST

/* Fill the buffer, so that it does not go into a pipe whole. */
static void put_much(struct stream_writer *writer)
{
	unsigned char *room;

	ck_assert_int_eq(stream_room(writer, STREAM_BUFFER_SIZE, &room),
			 (ssize_t)STREAM_BUFFER_SIZE);
	memset(room, 'x', STREAM_BUFFER_SIZE);
	stream_put(writer, STREAM_BUFFER_SIZE);
}

/* What happens while the pipe is full and nobody reads. */
enum event {
	RESULT,
	HANG_UP,
	STOP,
	READER_GONE
};
static const struct {
	const char *label;
	enum event event;
	int verdict;
} events[] = {
	{"a result", RESULT, -EALREADY},
	{"the connection closed without one", HANG_UP, -EALREADY},
	{"a stop", STOP, -ECANCELED},
	{"nobody will ever read", READER_GONE, -EALREADY},
};

static void cause(const struct pipes *pipes, enum event event)
{
	switch (event) {
	case RESULT:
		MUST(write(pipes->in[1], "result", 6));
		break;
	case HANG_UP:
		close(pipes->in[1]);
		break;
	case STOP:
		MUST(write(pipes->stop[1], "", 1));
		break;
	case READER_GONE:
		close(pipes->out[0]);
		break;
	}
}

/* It happens before the flush. */
START_TEST(writer_finds_event)
{
	struct pipes pipes;

	open_pipes(&pipes);
	put_much(&pipes.writer);
	cause(&pipes, events[_i].event);
	ck_assert_msg(stream_flush(&pipes.writer) == events[_i].verdict, "%s", events[_i].label);
}
END_TEST

/* It happens while the flush waits. */
START_TEST(writer_is_woken_by_event)
{
	struct pipes pipes;
	pid_t pid;
	int r;

	open_pipes(&pipes);
	put_much(&pipes.writer);
	MUST(pid = fork());
	if (pid > 0) { /* we flush, it causes: the ends that it holds must be its alone */
		close(pipes.in[1]);
		close(pipes.out[0]);
		close(pipes.stop[1]);
		r = stream_flush(&pipes.writer);
		ck_assert_msg(r == events[_i].verdict, "%s: %d", events[_i].label, r);
		kill(pid, SIGKILL);
		return;
	}
	close(pipes.out[1]);
	until_sleeps(getppid());
	cause(&pipes, events[_i].event);
	pause();
}
END_TEST

/*
 * Room for more is there, and yet the result goes first: what would be sent now would be sent for
 * nothing.
 */
START_TEST(writer_prefers_the_result)
{
	struct pipes pipes;
	unsigned char *room;
	char byte;

	open_pipes(&pipes);
	put_bytes(&pipes.writer, "abc", 3);
	cause(&pipes, RESULT);
	ck_assert_int_eq(stream_flush(&pipes.writer), -EALREADY);
	ck_assert_int_eq(read(pipes.out[0], &byte, 1), -1);
	/* Making room fails for the same reason, not by giving none. */
	put_bytes(&pipes.writer, "d", 1);
	ck_assert_int_eq(stream_room(&pipes.writer, STREAM_BUFFER_SIZE, &room), -EALREADY);
}
END_TEST

START_TEST(writer_without_stop)
{
	struct pipes pipes;

	open_pipes(&pipes);
	pipes.writer.stop = -1;
	cause(&pipes, STOP);
	put_bytes(&pipes.writer, "abc", 3);
	ck_assert_int_eq(stream_flush(&pipes.writer), 0);
}
END_TEST

static const struct {
	const char *label, *sent;
	size_t piece, want;
	ssize_t got;
} results[] = {
	{"whole", "0123456789abcdef", 16, 16, 16},
	{"in pieces", "0123456789abcdef", 1, 16, 16},
	{"more than wanted", "0123456789abcdef", 16, 10, 10},
	{"too short", "01234", 2, 16, 5},
	{"none", "", 1, 16, 0},
};

START_TEST(result)
{
	struct pipes pipes;
	char got[16];
	ssize_t n;

	open_pipes(&pipes);
	pipes.writer.in = feed(results[_i].sent, strlen(results[_i].sent), results[_i].piece);
	fcntl(pipes.writer.in, F_SETFL, O_NONBLOCK);
	n = stream_read_in(&pipes.writer, got, results[_i].want, -1);
	ck_assert_msg(n == results[_i].got, "%s: %zd", results[_i].label, n);
	ck_assert_msg(memcmp(got, results[_i].sent, (size_t)n) == 0, "%s", results[_i].label);
}
END_TEST

START_TEST(result_stopped)
{
	struct pipes pipes;
	char got[16];

	open_pipes(&pipes);
	cause(&pipes, STOP);
	ck_assert_int_eq(stream_read_in(&pipes.writer, got, sizeof(got), -1), -ECANCELED);
	ck_assert_int_eq(stream_read_in(&pipes.writer, got, sizeof(got), 0), -ECANCELED);
}
END_TEST

/* A receiver that stays connected and says no more. */
START_TEST(result_that_does_not_go_on)
{
	struct pipes pipes;
	char got[16];

	open_pipes(&pipes);
	ck_assert_int_eq(stream_read_in(&pipes.writer, got, sizeof(got), 10), 0);
	cause(&pipes, RESULT);
	ck_assert_int_eq(stream_read_in(&pipes.writer, got, sizeof(got), 10), 6);
	ck_assert_mem_eq(got, "result", 6);
}
END_TEST

START_TEST(stopped)
{
	struct pipes pipes;

	open_pipes(&pipes);
	ck_assert(!stream_stopped(-1));
	ck_assert(!stream_stopped(pipes.stop[0]));
	cause(&pipes, STOP);
	ck_assert(stream_stopped(pipes.stop[0]));
	ck_assert(stream_stopped(pipes.stop[0])); /* it stays so */
}
END_TEST

/*
 * A larger pipe is a favour: what is no pipe stays as it is, and nothing that is in the pipe is
 * lost.
 */
START_TEST(widening)
{
	struct pipes pipes;
	char got[3];
	int before;

	open_pipes(&pipes);
	MUST(write(pipes.out[1], "abc", 3));
	before = fcntl(pipes.out[1], F_GETPIPE_SZ);
	stream_widen_pipe(pipes.out[1]);
	ck_assert_int_ge(fcntl(pipes.out[1], F_GETPIPE_SZ), before);
	ck_assert_int_eq(read(pipes.out[0], got, 3), 3);
	ck_assert_mem_eq(got, "abc", 3);
	stream_widen_pipe(open("/dev/null", O_WRONLY));
	stream_widen_pipe(-1);
}
END_TEST

Suite *stream_suite(void)
{
	Suite *suite = suite_create("stream");
	TCase *reader = add_case(suite, "reader"), *writer = add_case(suite, "writer");

	add_table_test(reader, reader_crc, sums);
	tcase_add_test(reader, reader_crc_covers_what_was_taken_only);
	add_table_test(reader, reader_pass, passes);
	add_table_test(reader, reader_truncation, truncations);
	add_table_test(reader, reader_pages, offsets);
	tcase_add_test(reader, reader_fails);
	tcase_add_test(reader, full_reads_and_writes_wait);
	add_table_test(reader, timeout_in_milliseconds, timeouts);
	tcase_add_loop_test(reader, reader_times_out, 0, 2);
	tcase_add_test(reader, timed_write);
	tcase_add_test(reader, timed_write_to_nobody);

	add_table_test(writer, writer_crc, sums);
	tcase_add_test(writer, writer_room);
	tcase_add_test(writer, writer_to_a_slow_reader);
	tcase_add_loop_test(writer, writer_pages, 0, 2);
	add_table_test(writer, writer_finds_event, events);
	add_table_test(writer, writer_is_woken_by_event, events);
	tcase_add_test(writer, writer_prefers_the_result);
	tcase_add_test(writer, writer_without_stop);
	add_table_test(writer, result, results);
	tcase_add_test(writer, result_stopped);
	tcase_add_test(writer, result_that_does_not_go_on);
	tcase_add_test(writer, stopped);
	tcase_add_test(writer, widening);
	return suite;
}
