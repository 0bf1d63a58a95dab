/*
 * Buffered descriptor I/O that keeps the CRC-32 of what passes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <limits.h>
#include <poll.h>
#include <qfile.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096

void stream_widen_pipe(int fd)
{
	/*
	 * The default of fs.pipe-max-size. It may fail if `fd` is not a pipe, or if the user has
	 * many: that does no harm.
	 */
	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
}

int stream_timeout(unsigned seconds)
{
	return seconds == 0 ? -1 : seconds > INT_MAX / 1000 ? INT_MAX : (int)seconds * 1000;
}

/*
 * Wait until `fd` has one of `events`, or `stop` (-1: none) is readable. `timeout`: milliseconds,
 * -1 for ever.
 */
static int wait_for(int fd, short events, int stop, int timeout)
{
	/* poll(2) ignores -1. */
	struct pollfd pollfds[2] = {{.fd = fd, .events = events}, {.fd = stop, .events = POLLIN}};

	for (;;) {
		int n = poll(pollfds, 2, timeout);

		if (n > 0)
			return pollfds[1].revents ? -ECANCELED : 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

ssize_t stream_read_some(int fd, void *buffer, size_t size)
{
	for (;;) {
		ssize_t n = read(fd, buffer, size);

		if (n >= 0)
			return n;
		if (errno == EAGAIN) {
			/* Whoever shares the descriptor may have made it non-blocking. */
			int r = wait_for(fd, POLLIN, -1, -1);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

ssize_t stream_read_full(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = stream_read_some(fd, (char *)buffer + done, size - done);

		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int stream_write_full(int fd, const void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)buffer + done, size - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			int r = wait_for(fd, POLLOUT, -1, -1);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

int stream_write_timeout(int fd, const void *buffer, size_t size, int timeout)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = size - done < PIPE_BUF ? size - done : PIPE_BUF;
		int r = wait_for(fd, POLLOUT, -1, timeout);

		if (r == 0)
			r = stream_write_full(fd, (const char *)buffer + done, piece);
		if (r < 0)
			return r;
		done += piece;
	}
	return 0;
}

int stream_reader_open(struct stream_reader *reader, int fd)
{
	*reader = (struct stream_reader){.fd = fd,
					 .buffer = aligned_alloc(PAGE, STREAM_BUFFER_SIZE),
					 .timeout = -1,
					 .stop = -1};
	return reader->buffer ? 0 : -ENOMEM;
}

void stream_reader_close(struct stream_reader *reader)
{
	free(reader->buffer);
}

/* Sum what was taken since the last time: in one go for many entries, not once for each. */
static void reader_sum(struct stream_reader *reader)
{
	reader->crc = libdeflate_crc32(reader->crc, reader->buffer + reader->summed,
				       reader->begin - reader->summed);
	reader->summed = reader->begin;
}

/*
 * Read more, at most until the buffer has `limit` bytes. Drops everything that was taken first, so
 * that the read is as large as possible.
 */
static int reader_fill(struct stream_reader *reader, size_t limit)
{
	ssize_t n;

	reader_sum(reader);
	memmove(reader->buffer, reader->buffer + reader->begin, reader->end - reader->begin);
	reader->end -= reader->begin;
	reader->begin = reader->summed = 0;
	if (reader->timeout >= 0 || reader->stop >= 0) {
		int r = wait_for(reader->fd, POLLIN, reader->stop, reader->timeout);

		if (r < 0)
			return r;
	}
	n = stream_read_some(reader->fd, reader->buffer + reader->end, limit - reader->end);
	if (n < 0)
		return (int)n;
	if (n == 0)
		return -QFILE_ETRUNCATED;
	reader->end += (size_t)n;
	return 0;
}

ssize_t stream_peek_pages(struct stream_reader *reader, uint64_t offset,
			  const unsigned char **bytes)
{
	if (reader->begin == reader->end) {
		int r = reader_fill(reader, STREAM_BUFFER_SIZE - (size_t)(offset % PAGE));

		if (r < 0)
			return r;
	}
	*bytes = reader->buffer + reader->begin;
	return (ssize_t)(reader->end - reader->begin);
}

ssize_t stream_peek(struct stream_reader *reader, size_t size, const unsigned char **bytes)
{
	while (reader->end - reader->begin < size) {
		int r = reader_fill(reader, STREAM_BUFFER_SIZE);

		if (r < 0)
			return r;
	}
	*bytes = reader->buffer + reader->begin;
	return (ssize_t)(reader->end - reader->begin);
}

bool stream_must_wait(const struct stream_reader *reader, size_t size)
{
	struct pollfd pollfd = {.fd = reader->fd, .events = POLLIN};

	return reader->end - reader->begin < size && poll(&pollfd, 1, 0) <= 0;
}

void stream_take(struct stream_reader *reader, size_t size)
{
	reader->begin += size;
}

uint32_t stream_reader_crc(struct stream_reader *reader)
{
	reader_sum(reader);
	return reader->crc;
}

void stream_reader_sum_anew(struct stream_reader *reader)
{
	reader->summed = reader->begin;
	reader->crc = 0;
}

int stream_writer_open(struct stream_writer *writer, int in, int out, int stop)
{
	*writer = (struct stream_writer){
		.in = in,
		.out = out,
		.stop = stop,
		.buffer = aligned_alloc(PAGE, STREAM_BUFFER_SIZE),
		.timeout = -1,
		.file = -1,
	};
	return writer->buffer ? 0 : -ENOMEM;
}

void stream_writer_close(struct stream_writer *writer)
{
	free(writer->buffer);
}

ssize_t stream_room(struct stream_writer *writer, size_t size, unsigned char **room)
{
	if (STREAM_BUFFER_SIZE - writer->used < size) {
		int r = stream_flush(writer);

		if (r < 0)
			return r;
	}
	*room = writer->buffer + writer->used;
	return (ssize_t)(STREAM_BUFFER_SIZE - writer->used);
}

void stream_put(struct stream_writer *writer, size_t size)
{
	writer->used += size;
}

void stream_put_pages(struct stream_writer *writer, size_t size, int file, off_t offset)
{
	stream_put(writer, size);
	writer->file = file;
	writer->file_offset = offset;
}

/* Wait until the receiver takes more. A result that has come already goes first. */
static int wait_writable(const struct stream_writer *writer)
{
	struct pollfd pollfds[3] = {
		{.fd = writer->out, .events = POLLOUT},
		{.fd = writer->in, .events = POLLIN},
		{.fd = writer->stop, .events = POLLIN}, /* poll(2) ignores -1 */
	};
	int ready;

	do
		ready = poll(pollfds, 3, writer->timeout);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	if (ready == 0)
		return -ETIMEDOUT;
	if (pollfds[2].revents)
		return -ECANCELED;
	return pollfds[1].revents ? -EALREADY : 0;
}

/* Write what is buffered and not sent yet; if it is a file's content, send the file's pages. */
static ssize_t write_some(struct stream_writer *writer)
{
	size_t left = writer->used - writer->sent;

	if (writer->file >= 0) {
		off_t offset = writer->file_offset + (off_t)writer->sent;
		ssize_t n =
			splice(writer->file, &offset, writer->out, NULL, left, SPLICE_F_NONBLOCK);

		if (n > 0 || (n < 0 && errno != EINVAL))
			return n;
		/* `out` is no pipe, or the file has no pages, or became shorter: send the copy. */
		writer->file = -1;
	}
	return write(writer->out, writer->buffer + writer->sent, left);
}

int stream_flush(struct stream_writer *writer)
{
	while (writer->sent < writer->used) {
		int r = wait_writable(writer);
		ssize_t n;

		if (r < 0)
			return r;
		n = write_some(writer);
		if (n >= 0)
			writer->sent += (size_t)n;
		else if (errno == EPIPE || errno == ECONNRESET)
			return -EALREADY; /* its result, if one came, says why */
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	writer->crc = libdeflate_crc32(writer->crc, writer->buffer, writer->used);
	writer->used = writer->sent = 0;
	writer->file = -1;
	return 0;
}

ssize_t stream_read_in(struct stream_writer *writer, void *buffer, size_t size, int timeout)
{
	size_t done = 0;

	while (done < size) {
		struct pollfd pollfds[2] = {{.fd = writer->in, .events = POLLIN},
					    {.fd = writer->stop, .events = POLLIN}};
		int ready = poll(pollfds, 2, timeout);
		ssize_t n;

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready < 0)
			continue;
		if (pollfds[1].revents)
			return -ECANCELED;
		if (ready == 0)
			break;
		n = read(writer->in, (char *)buffer + done, size - done);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			break;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return (ssize_t)done;
}

/* Milliseconds. */
#define ENDS_WITHIN 1000

bool stream_left_unread(const struct stream_writer *writer)
{
	struct pollfd pollfd = {.fd = writer->out};
	struct stat status;
	int left = 0;

	/*
	 * Without an event that was asked for: POLLERR says that a pipe has no reader. One that
	 * ends may close its other descriptors a moment later.
	 */
	return fstat(writer->out, &status) == 0 && S_ISFIFO(status.st_mode) &&
	       ioctl(writer->out, FIONREAD, &left) == 0 && left > 0 &&
	       poll(&pollfd, 1, ENDS_WITHIN) > 0 && pollfd.revents & POLLERR &&
	       /* What was read meanwhile is known now. */
	       ioctl(writer->out, FIONREAD, &left) == 0 && left > 0;
}

bool stream_stopped(int stop)
{
	struct pollfd pollfd = {.fd = stop, .events = POLLIN};

	return stop >= 0 && poll(&pollfd, 1, 0) > 0;
}
