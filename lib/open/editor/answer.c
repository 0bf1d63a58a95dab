/*
 * The editor's answer: saves of the file, as they are saved, and how it ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/answer.h"
#include "open/editwire.h"

#include <errno.h>
#include <qfile.h>
#include <string.h>
#include <unistd.h>

/* Milliseconds. Whoever stops us waits for a while before they kill. */
#define LAST_PATIENCE 5000

void answer_hurry(struct answer *answer)
{
	answer->stream->stop = -1;
	answer->stream->timeout = LAST_PATIENCE;
}

/* Being stopped is no reason to leave a save half sent. */
static int flush(struct answer *answer)
{
	int r = stream_flush(answer->stream);

	if (r == -ECANCELED) {
		answer_hurry(answer);
		r = stream_flush(answer->stream);
	}
	if (r < 0)
		answer->ended = true;
	return r == -EALREADY || r == -ETIMEDOUT ? -ECONNRESET : r;
}

static int send_bytes(struct answer *answer, const void *bytes, size_t size)
{
	unsigned char *room;
	ssize_t n = stream_room(answer->stream, size, &room); /* it is empty: there is enough */

	if (n < 0)
		return (int)n;
	memcpy(room, bytes, size);
	stream_put(answer->stream, size);
	return flush(answer);
}

static int send_record(struct answer *answer, enum edit_kind kind, uint32_t code, uint64_t length)
{
	struct edit_record record = {.kind = kind, .code = code, .length = length};
	unsigned char bytes[EDIT_RECORD_SIZE];
	int r;

	edit_record_encode(&record, bytes);
	r = send_bytes(answer, bytes, sizeof(bytes));
	answer->stream->crc = 0; /* the payload has one of its own */
	return r;
}

static int send_crc(struct answer *answer, uint32_t crc)
{
	unsigned char bytes[EDIT_CRC_SIZE];

	edit_crc_encode(crc, bytes);
	return send_bytes(answer, bytes, sizeof(bytes));
}

/*
 * pread(2) until `size` bytes or the end. What cannot be read any more is taken for the end: the
 * checksum tells.
 */
static size_t read_at(int fd, unsigned char *buffer, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, buffer + done, size - done, offset + (off_t)done);

		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return done;
}

/* So many bytes were announced and so many go, whatever becomes of the file. */
static int send_content(struct answer *answer, int fd, uint64_t size)
{
	int r = 0;

	for (uint64_t offset = 0; r == 0 && offset < size;) {
		size_t piece = size - offset < STREAM_BUFFER_SIZE ? (size_t)(size - offset)
								  : STREAM_BUFFER_SIZE,
		       got;
		unsigned char *room;
		/* It is empty: there is enough. */
		ssize_t n = stream_room(answer->stream, piece, &room);

		if (n < 0)
			return (int)n;
		got = read_at(fd, room, piece, (off_t)offset);
		memset(room + got, 0, piece - got);
		stream_put(answer->stream, piece);
		offset += piece;
		r = flush(answer);
	}
	return r;
}

/* Was all this time the same content in the file? `sent`: the checksum of what went out. */
static bool remained(int fd, const struct stat *status, const struct content *content,
		     uint32_t sent)
{
	struct stat now;

	return fstat(fd, &now) == 0 && !content_touched(status, &now) && content->crc == sent;
}

static int send_save(struct answer *answer, int fd, const struct stat *status,
		     const struct content *content)
{
	uint32_t crc;
	bool whole;
	int r = send_record(answer, EDIT_SAVE, 0, content->size);

	if (r == 0)
		r = send_content(answer, fd, content->size);
	if (r < 0)
		return r;
	crc = answer->stream->crc;
	whole = remained(fd, status, content, crc);
	/* Parts of two saves: the opener must not take it for one. */
	r = send_crc(answer, whole ? crc : ~crc);
	if (r < 0)
		return r;
	answer->last = *content;
	answer->sure = whole;
	answer->saves += whole;
	return whole ? 1 : -EAGAIN;
}

/* Version 1 knows no more than one, which ends with the connection. */
static int send_raw(struct answer *answer, int fd, const struct content *content)
{
	int r;

	if (content->size == 0)
		return -ENOTSUP;
	answer->stream->crc = 0;
	r = send_content(answer, fd, content->size);
	answer->ended = true;
	answer->saves += r == 0;
	return r == 0 ? 1 : r;
}

int answer_save(struct answer *answer, int fd, const struct stat *status)
{
	struct content content;
	int r;

	if (answer->ended)
		return -ECONNRESET;
	r = content_read(fd, answer->stream->buffer, &content);
	if (r < 0)
		return r;
	if (answer->sure && content_same(&answer->last, &content))
		return 0;
	if (!remained(fd, status, &content, content.crc))
		return -EAGAIN;
	return answer->records ? send_save(answer, fd, status, &content)
			       : send_raw(answer, fd, &content);
}

int answer_done(struct answer *answer, int code, const char *message)
{
	size_t length = strlen(message);
	int r;

	if (!answer->records)
		return 0;
	if (answer->ended)
		return -ECONNRESET;
	if (length > EDIT_MESSAGE_MAX)
		length = EDIT_MESSAGE_MAX;
	r = send_record(answer, EDIT_DONE, (uint32_t)code, length);
	if (r == 0)
		r = send_bytes(answer, message, length);
	if (r == 0)
		r = send_crc(answer, answer->stream->crc);
	answer->ended = true;
	return r;
}
