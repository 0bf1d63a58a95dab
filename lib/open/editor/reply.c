/*
 * The editor's reply: the saves of the file, as they are made, and how the session ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/reply.h"
#include "open/editwire.h"

#include <errno.h>
#include <qfile.h>
#include <string.h>
#include <unistd.h>

/* Milliseconds. Whoever stops this program usually waits a while before killing it. */
#define LAST_TIMEOUT 5000

void reply_hurry(struct reply *reply)
{
	reply->stream->stop = -1;
	reply->stream->timeout = LAST_TIMEOUT;
}

/* Flush the stream. A stop does not cut a record: the rest of it is sent in a hurry. */
static int flush(struct reply *reply)
{
	int r = stream_flush(reply->stream);

	if (r == -ECANCELED) {
		reply_hurry(reply);
		r = stream_flush(reply->stream);
	}
	if (r < 0)
		reply->ended = true;
	return r == -EALREADY || r == -ETIMEDOUT ? -ECONNRESET : r;
}

static int send_bytes(struct reply *reply, const void *bytes, size_t size)
{
	unsigned char *room;
	ssize_t n = stream_room(reply->stream, size,
				&room); /* the buffer is empty, so there is enough */

	if (n < 0)
		return (int)n;
	memcpy(room, bytes, size);
	stream_put(reply->stream, size);
	return flush(reply);
}

static int send_record(struct reply *reply, enum edit_kind kind, uint32_t code, uint64_t length)
{
	struct edit_record record = {.kind = kind, .code = code, .length = length};
	unsigned char bytes[EDIT_RECORD_SIZE];
	int r;

	edit_record_encode(&record, bytes);
	r = send_bytes(reply, bytes, sizeof(bytes));
	reply->stream->crc = 0; /* the payload has one of its own */
	return r;
}

static int send_crc(struct reply *reply, uint32_t crc)
{
	unsigned char bytes[EDIT_CRC_SIZE];

	edit_crc_encode(crc, bytes);
	return send_bytes(reply, bytes, sizeof(bytes));
}

/*
 * pread(2) until `size` bytes or the end. A failure counts as the end: the checksum shows that
 * something is missing.
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

/* Send exactly the `size` bytes that were announced, whatever happens to the file meanwhile. */
static int send_content(struct reply *reply, int fd, uint64_t size)
{
	int r = 0;

	for (uint64_t offset = 0; r == 0 && offset < size;) {
		size_t piece = size - offset < STREAM_BUFFER_SIZE ? (size_t)(size - offset)
								  : STREAM_BUFFER_SIZE,
		       got;
		unsigned char *room;
		/* The buffer is empty, so there is enough. */
		ssize_t n = stream_room(reply->stream, piece, &room);

		if (n < 0)
			return (int)n;
		got = read_at(fd, room, piece, (off_t)offset);
		memset(room + got, 0, piece - got);
		stream_put(reply->stream, piece);
		offset += piece;
		r = flush(reply);
		if (reply->meanwhile)
			reply->meanwhile(reply->observer);
	}
	return r;
}

/* Has the file kept its content since it was summed? `sent`: the checksum of what was sent. */
static bool remained(int fd, const struct stat *status, const struct content *content,
		     uint32_t sent)
{
	struct stat now;

	return fstat(fd, &now) == 0 && !content_touched(status, &now) && content->crc == sent;
}

/*
 * Send the checksum of the payload that was sent. Perhaps parts of two saves were sent: a wrong
 * checksum makes the opener drop them.
 */
static int send_end(struct reply *reply, bool whole)
{
	uint32_t crc = reply->stream->crc;
	int r = send_crc(reply, whole ? crc : ~crc);

	if (r < 0)
		return r;
	return whole ? 1 : -EAGAIN;
}

static int send_save(struct reply *reply, int fd, const struct stat *status,
		     const struct content *content, int code)
{
	bool whole;
	int r = send_record(reply, EDIT_SAVE, (uint32_t)code, content->size);

	if (r == 0)
		r = send_content(reply, fd, content->size);
	if (r < 0)
		return r;
	whole = remained(fd, status, content, reply->stream->crc);
	r = send_end(reply, whole);
	if (r < 0 && r != -EAGAIN)
		return r;
	reply->last = *content;
	reply->sure = whole;
	reply->saves += whole;
	return r;
}

/* In version 1 there is only one save, which ends with the connection. */
static int send_raw(struct reply *reply, int fd, const struct content *content)
{
	int r;

	if (content->size == 0)
		return -ENOTSUP;
	reply->stream->crc = 0;
	r = send_content(reply, fd, content->size);
	reply->ended = true;
	reply->saves += r == 0;
	return r == 0 ? 1 : r;
}

int reply_save(struct reply *reply, int fd, const struct stat *status, int code, bool again)
{
	struct content content;
	int r;

	if (reply->ended)
		return -ECONNRESET;
	r = content_read(fd, reply->stream->buffer, &content);
	if (r < 0)
		return r;
	/* In version 1 a content that is the same would read as a change. */
	if (reply->sure && !(again && reply->records) && content_same(&reply->last, &content))
		return 0;
	if (!remained(fd, status, &content, content.crc))
		return -EAGAIN;
	return reply->records ? send_save(reply, fd, status, &content, code)
			      : send_raw(reply, fd, &content);
}

int reply_beside(struct reply *reply, const char *name, int fd, const struct stat *status, int code)
{
	const uint64_t size = (uint64_t)status->st_size;
	unsigned char bytes[EDIT_BESIDE_NAME_SIZE];
	struct stat now;
	int r;

	if (reply->ended)
		return -ECONNRESET;
	edit_beside_name_encode(name, bytes);
	r = send_record(reply, EDIT_BESIDE, (uint32_t)code, sizeof(bytes) + size);
	if (r == 0)
		r = send_bytes(reply, bytes, sizeof(bytes));
	if (r == 0)
		r = send_content(reply, fd, size);
	if (r < 0)
		return r;
	return send_end(reply, fstat(fd, &now) == 0 && !content_touched(status, &now));
}

/* Send a record whose payload is a message. */
static int send_message(struct reply *reply, enum edit_kind kind, int code, const char *message)
{
	size_t length = strnlen(message, EDIT_MESSAGE_MAX);
	int r;

	if (!reply->records)
		return 0;
	if (reply->ended)
		return -ECONNRESET;
	r = send_record(reply, kind, (uint32_t)code, length);
	if (r == 0)
		r = send_bytes(reply, message, length);
	if (r == 0)
		r = send_crc(reply, reply->stream->crc);
	return r;
}

int reply_note(struct reply *reply, const char *message)
{
	return send_message(reply, EDIT_NOTE, 0, message);
}

int reply_done(struct reply *reply, int code, const char *message)
{
	int r = send_message(reply, EDIT_DONE, code, message);

	reply->ended |= reply->records;
	return r;
}
