/*
 * Buffered descriptor I/O that keeps the CRC-32 of what passes.
 *
 * One buffer each way, filled and emptied in place: small entries share a system call, large ones
 * are not copied twice.
 *
 * The room lib/io: streams, walking a tree, removing one, the space on a disk. It may use
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
 * Large enough that the price of a system call and of waking the other side vanishes, small enough
 * to stay in a core's second-level cache between being read, summed and written: measured, 64 KiB
 * were a few percent slower, 512 KiB no faster. Also the bound that a header and its longest name
 * must fit in.
 */
#define STREAM_BUFFER_SIZE ((size_t)256 << 10)

/*
 * Ask the kernel for the largest pipe that it grants everybody, where `fd` is a pipe: fewer
 * switches between the two sides.
 */
void stream_widen_pipe(int fd);

/* A timeout of so many seconds as poll(2) has it: 0 means none. */
int stream_timeout(unsigned seconds);

/* Read until `size` bytes or the end. Returns the bytes read or a negative errno. */
ssize_t stream_read_full(int fd, void *buffer, size_t size);
/* Write all of it. */
int stream_write_full(int fd, const void *buffer, size_t size);
/*
 * The same, to a pipe or socket whose reader may never come: -ETIMEDOUT after `timeout`
 * milliseconds (-1: never) in which it took nothing.
 */
int stream_write_timeout(int fd, const void *buffer, size_t size, int timeout);

/* ---- The receiving side ---- */

struct stream_reader {
	int fd;
	unsigned char *buffer; /* STREAM_BUFFER_SIZE, aligned to a page */
	size_t begin, end;     /* what is read and not taken yet */
	size_t summed;         /* the CRC covers the buffer up to here */
	uint32_t crc;
	int timeout; /* milliseconds to wait for the next byte; -1: for ever, as opened */
	/* A descriptor that becomes readable when no more is to be read; -1: none, as opened. */
	int stop;
};

int stream_reader_open(struct stream_reader *reader, int fd);
void stream_reader_close(struct stream_reader *reader);

/*
 * Have at least `size` bytes (at most STREAM_BUFFER_SIZE) in the buffer and return them at *bytes,
 * without taking them. Returns how many there are; -QFILE_ETRUNCATED when the stream ends before,
 * -ETIMEDOUT when timeout does. -ECANCELED: `stop`.
 */
ssize_t stream_peek(struct stream_reader *reader, size_t size, const unsigned char **bytes);
/*
 * The same for a large file's content: at least one byte, and where more has to be read, so much
 * that what follows the file's `offset` ends at a whole page. The file system then writes whole
 * pages, none of them twice, and the kernel copies between aligned addresses.
 */
ssize_t stream_peek_pages(struct stream_reader *reader, uint64_t offset,
			  const unsigned char **bytes);
/* Take `size` of the bytes peeked at: they count into the CRC. */
void stream_take(struct stream_reader *reader, size_t size);
/* The CRC of all that was taken, or of what was since stream_reader_sum_anew(). */
uint32_t stream_reader_crc(struct stream_reader *reader);
void stream_reader_sum_anew(struct stream_reader *reader);

/* ---- The sending side ---- */

struct stream_writer {
	int out, in, stop;     /* as in struct qfile_sender_options */
	unsigned char *buffer; /* STREAM_BUFFER_SIZE */
	size_t used;
	size_t sent; /* of these: what is gone already */
	/* Milliseconds to wait until the other side takes more; -1: for ever, as opened. */
	int timeout;
	uint32_t crc; /* of all that was flushed */
	/* The buffer's content is a copy of what this file has at file_offset; -1: of no file's. */
	int file;
	off_t file_offset;
};

int stream_writer_open(struct stream_writer *writer, int in, int out, int stop);
void stream_writer_close(struct stream_writer *writer);

/*
 * Room for at least `size` bytes (at most STREAM_BUFFER_SIZE) at *room, flushing if need be.
 * Returns how much there is, or as stream_flush().
 */
ssize_t stream_room(struct stream_writer *writer, size_t size, unsigned char **room);
/* That many bytes were put there. */
void stream_put(struct stream_writer *writer, size_t size);
/*
 * The same for an empty buffer that was filled from `offset` of `file`: its pages may be sent in
 * place of their copy, which spares the kernel from making another. Should the file change before
 * the receiver has them, the checksums will differ: not for files that are being written.
 */
void stream_put_pages(struct stream_writer *writer, size_t size, int file, off_t offset);
/*
 * Send what is buffered. -EALREADY: something came from `in`, or the connection was closed, before
 * all of it was sent. -ECANCELED: `stop`. -ETIMEDOUT: it takes nothing. After the last two it can
 * be called again, and goes on where it was.
 */
int stream_flush(struct stream_writer *writer);
/*
 * Read up to `size` bytes from `in`, the other direction. Returns fewer only at the end, or when
 * nothing comes for `timeout` milliseconds (-1: wait as long as it takes). -ECANCELED: `stop`.
 */
ssize_t stream_read_in(struct stream_writer *writer, void *buffer, size_t size, int timeout);
/* Is `stop` readable? */
bool stream_stopped(int stop);

#endif
