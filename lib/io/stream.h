/*
 * Buffered descriptor I/O that keeps the CRC-32 of what passes.
 *
 * There is one buffer each way, filled and emptied in place: small entries share a system call, and
 * large ones are not copied twice.
 *
 * The room lib/io: streams, walking a tree, removing one, the space on a disk, threads. It may use
 * lib/format and system/. It decides nothing about a delivery, starts no processes, and follows a
 * link only where the caller asks for that.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STREAM_H
#define STREAM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Large enough to make the cost of a system call, and of waking the other side, negligible. Small
 * enough to stay in a core's second-level cache while it is read, summed and written. Measured: 64
 * KiB were a few percent slower, 512 KiB no faster. A header with the longest name must fit in it.
 */
#define STREAM_BUFFER_SIZE ((size_t)256 << 10)

/*
 * If `fd` is a pipe, ask the kernel for the largest one that it grants everybody: there are fewer
 * switches between the two sides then.
 */
void stream_widen_pipe(int fd);

/* Convert a timeout in seconds, 0 for none, to poll(2)'s. */
int stream_timeout(unsigned seconds);

/* read(2) that waits even if `fd` is non-blocking, and never returns -EINTR or -EAGAIN. */
ssize_t stream_read_some(int fd, void *buffer, size_t size);
/* Read until `size` bytes have come, or the end. Returns the bytes read or a negative errno. */
ssize_t stream_read_full(int fd, void *buffer, size_t size);
/* Write all `size` bytes. */
int stream_write_full(int fd, const void *buffer, size_t size);
/*
 * The same, to a pipe or socket whose reader may never read. -ETIMEDOUT: it took nothing for
 * `timeout` milliseconds (-1: wait for ever).
 */
int stream_write_timeout(int fd, const void *buffer, size_t size, int timeout);

/* ---- The receiving side ---- */

struct stream_reader {
	int fd;
	unsigned char *buffer; /* STREAM_BUFFER_SIZE, aligned to a page */
	size_t begin, end;     /* the bytes that were read and not taken yet */
	size_t summed;         /* the CRC covers the buffer up to here */
	uint32_t crc;
	int timeout; /* milliseconds to wait for the next byte; -1 (the default): for ever */
	/* A descriptor that becomes readable when the user wants to stop; -1 (default): none. */
	int stop;
};

int stream_reader_open(struct stream_reader *reader, int fd);
void stream_reader_close(struct stream_reader *reader);

/*
 * Read until the buffer has at least `size` bytes (at most STREAM_BUFFER_SIZE), and point *bytes to
 * them without taking them. Returns how many there are. -QFILE_ETRUNCATED: the stream ended before.
 * -ETIMEDOUT: nothing came in time. -ECANCELED: `stop` became readable.
 */
ssize_t stream_peek(struct stream_reader *reader, size_t size, const unsigned char **bytes);
/*
 * The same for the content of a large file, from its `offset` on: at least one byte. If more must
 * be read, the read ends at a page boundary of the file. The file system then writes whole pages,
 * none of them twice, and the kernel copies between aligned addresses.
 */
ssize_t stream_peek_pages(struct stream_reader *reader, uint64_t offset,
			  const unsigned char **bytes);
/* Must a peek at `size` bytes wait for the stream? */
bool stream_must_wait(const struct stream_reader *reader, size_t size);
/* Take `size` of the bytes that a peek showed: the CRC covers them from now on. */
void stream_take(struct stream_reader *reader, size_t size);
/* The CRC of everything that was taken, since stream_reader_sum_anew() if that was called. */
uint32_t stream_reader_crc(struct stream_reader *reader);
void stream_reader_sum_anew(struct stream_reader *reader);

/* ---- The sending side ---- */

struct stream_writer {
	int out, in, stop;     /* as in struct qfile_sender_options */
	unsigned char *buffer; /* STREAM_BUFFER_SIZE */
	size_t used;
	size_t sent; /* how many of the used bytes are written already */
	/* Milliseconds to wait until the other side takes more; -1 (the default): for ever. */
	int timeout;
	uint32_t crc; /* of everything that was flushed */
	/* The buffer is a copy of this file's content at file_offset; -1: of no file. */
	int file;
	off_t file_offset;
};

int stream_writer_open(struct stream_writer *writer, int in, int out, int stop);
void stream_writer_close(struct stream_writer *writer);

/*
 * Point *room to room for at least `size` bytes (at most STREAM_BUFFER_SIZE), after a flush if that
 * is necessary. Returns how much room there is, or fails as stream_flush().
 */
ssize_t stream_room(struct stream_writer *writer, size_t size, unsigned char **room);
/* Add to the stream the `size` bytes that were written to that room. */
void stream_put(struct stream_writer *writer, size_t size);
/*
 * The same for an empty buffer that was filled from `offset` of `file`: the pages of the file may
 * be sent instead of the copy, which spares the kernel another copy. If the file changes before the
 * receiver has them, the checksums differ: do not use this for a file that is being written to.
 */
void stream_put_pages(struct stream_writer *writer, size_t size, int file, off_t offset);
/*
 * Send what is buffered.
 *  -EALREADY: something came from `in`, or the connection was closed, before everything was sent.
 *  -ECANCELED: `stop` became readable.
 *  -ETIMEDOUT: the other side takes nothing.
 * After the last two it can be called again, and goes on where it was.
 */
int stream_flush(struct stream_writer *writer);
/*
 * Read up to `size` bytes from `in`, the other direction. Returns fewer only at the end, or when
 * nothing comes for `timeout` milliseconds (-1: wait as long as it takes). -ECANCELED: `stop`.
 */
ssize_t stream_read_in(struct stream_writer *writer, void *buffer, size_t size, int timeout);
/*
 * Is something left in `out` that nobody will ever read? Only a pipe tells: false where that is not
 * known.
 */
bool stream_left_unread(const struct stream_writer *writer);
/* Is `stop` readable? -1 never is. */
bool stream_stopped(int stop);

#endif
