/*
 * Sending a file, small or large.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "send/sender.h"

#include <errno.h>

/* All of the file's content has been sent. */
static int end_file(struct qfile_sender *sender, bool changed)
{
	struct reading *content = &sender->content;

	sender->writer.file = -1;
	reading_close(content);
	return sender_note(sender, JOURNAL_ENTRY, &content->status, changed);
}

static int became(struct qfile_sender *sender, const char *what, struct qfile_error *error)
{
	error_set(error, -ESTALE, "reading", sender->name);
	if (error)
		error->hint = what;
	return -ESTALE;
}

/*
 * The announced length of a large file has been sent. If there is more, the file grew: what it had
 * when it was opened was sent. But if it says that it has not changed, it lies about its size, and
 * what was sent is a part.
 */
static int end_large(struct qfile_sender *sender, struct qfile_error *error)
{
	struct reading *content = &sender->content;
	bool changed = reading_changed(content);
	char byte;
	ssize_t n = reading_read(content, &byte, 1);

	if (n < 0)
		return error_set(error, (int)n, "reading", sender->name);
	if (n > 0 && (content->counted || !changed))
		return became(sender, "it became longer while it was sent", error);
	return end_file(sender, changed);
}

/* Send as much of the large file as fits into the buffer. */
static int send_on(struct qfile_sender *sender, struct qfile_error *error)
{
	struct reading *content = &sender->content;
	uint64_t left = content->length - content->offset;
	off_t offset = (off_t)content->offset;
	unsigned char *room;
	ssize_t n = stream_room(&sender->writer, 1, &room);

	if (n < 0)
		return (int)n;
	n = reading_read(content, room, (uint64_t)n < left ? (size_t)n : (size_t)left);
	if (n < 0)
		return error_set(error, (int)n, "reading", sender->name);
	if (n == 0 && left > 0)
		return became(sender, "it became shorter while it was sent", error);
	if (content->quiet && sender->writer.used == 0)
		stream_put_pages(&sender->writer, (size_t)n, content->fd, offset);
	else
		stream_put(&sender->writer, (size_t)n);
	sender->sent.bytes += (uint64_t)n;
	return content->offset < content->length ? QFILE_STEP_SENT : end_large(sender, error);
}

/* Begin a file that does not fit into the buffer. Its length is known. */
static int begin_large(struct qfile_sender *sender, struct qfile_error *error)
{
	unsigned char *room;
	ssize_t n = stream_room(&sender->writer, sender_fixed_size(sender), &room);

	if (n < 0)
		return (int)n;
	sender_put_fixed(sender, &sender->content.status, sender->content.length, room);
	sender->sent.entries++;
	sender->count.files++;
	/*
	 * The content of a large file begins at a page of the buffer and of the pipe. The receiver
	 * can then write whole pages.
	 */
	n = stream_flush(&sender->writer);
	return n < 0 ? (int)n : send_on(sender, error);
}

/*
 * Read on in a file whose size says nothing, to find its length: the receiver must be told before
 * the content comes. It is read a second time to be sent.
 */
static int count_on(struct qfile_sender *sender, struct qfile_error *error)
{
	struct reading *content = &sender->content;
	unsigned char *room;
	ssize_t n = stream_flush(&sender->writer);

	if (n == 0)
		n = stream_room(&sender->writer, 1, &room);
	if (n < 0)
		return (int)n;
	if (stream_stopped(sender->writer.stop))
		return -ECANCELED;
	n = reading_read(content, room, (size_t)n);
	if (n < 0)
		return sender_miss(sender, (int)n, "reading", error);
	content->length = content->offset;
	if ((size_t)n == STREAM_BUFFER_SIZE)
		return QFILE_STEP_SENT;
	n = reading_rewind(content);
	if (n < 0)
		return sender_miss(sender, (int)n, "reading", error);
	content->counting = content->quiet = false;
	content->counted = true;
	return begin_large(sender, error);
}

/*
 * Read a file into the buffer, behind the room for its header, which then tells how much it was.
 * Returns 0 if it does not fit.
 */
static int send_small(struct qfile_sender *sender, struct qfile_error *error)
{
	struct reading *content = &sender->content;
	size_t fixed = sender_fixed_size(sender), room_size = fixed + (size_t)content->length + 1;
	unsigned char *room;
	ssize_t n;

	for (;;) {
		n = stream_room(&sender->writer, room_size, &room);
		if (n < 0)
			return (int)n;
		room_size = (size_t)n;
		n = reading_read(content, room + fixed, room_size - fixed);
		if (n < 0)
			return sender_miss(sender, (int)n, "reading", error);
		if ((size_t)n < room_size - fixed)
			break;
		if (room_size == STREAM_BUFFER_SIZE)
			return 0;
		room_size = STREAM_BUFFER_SIZE;
		n = reading_rewind(content);
		if (n < 0)
			return sender_miss(sender, (int)n, "reading", error);
	}
	sender_put_fixed(sender, &content->status, (uint64_t)n, room);
	stream_put(&sender->writer, (size_t)n);
	sender->sent.entries++;
	sender->count.files++;
	sender->sent.bytes += (uint64_t)n;
	return end_file(sender, (uint64_t)n != content->length && reading_changed(content));
}

/* Look at a file, and do not send it. */
static int look_at_file(struct qfile_sender *sender, struct qfile_error *error)
{
	const struct walk_entry *entry = &sender->entry;
	int r;

	if (sender->walk.flags & QFILE_LOOK_QUICKLY) {
		r = walk_readable(entry);
		if (r < 0)
			return sender_miss(sender, r, "reading", error);
		sender->sent.entries++;
		sender->count.files++;
		return QFILE_STEP_SENT;
	}
	r = reading_open(&sender->content, &sender->walk, entry, &sender->disk);
	if (r < 0)
		return sender_miss(sender, r, "reading", error);
	sender->sent.entries++;
	sender->count.files++;
	sender->sent.bytes += sender->content.length;
	return end_file(sender, false);
}

int sender_send_file(struct qfile_sender *sender, struct qfile_error *error)
{
	struct reading *content = &sender->content;
	int r;

	if (sender_only_looks(sender))
		return look_at_file(sender, error);
	r = reading_open(content, &sender->walk, &sender->entry, &sender->disk);
	if (r < 0)
		return sender_miss(sender, r, "reading", error);
	if (content->length < STREAM_BUFFER_SIZE - sender_fixed_size(sender)) {
		r = send_small(sender, error);
		if (r != 0)
			return r;
	} else if (reading_has_its_size(content)) {
		return begin_large(sender, error);
	}
	r = reading_rewind(content);
	if (r < 0)
		return sender_miss(sender, r, "reading", error);
	content->counting = true;
	return QFILE_STEP_SENT;
}

int sender_go_on_with_file(struct qfile_sender *sender, struct qfile_error *error)
{
	return sender->content.counting ? count_on(sender, error) : send_on(sender, error);
}
