/*
 * The opener's session: sends a file, and takes what comes back. qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "format/error.h"
#include "io/stream.h"
#include "open/editwire.h"
#include "open/opener/saving.h"
#include "text/printable.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What has come of the reply. */
enum state {
	AT_BEGIN,  /* nothing */
	AT_RECORD, /* the header of a record comes next */
	IN_SAVE,   /* the payload of a save is coming */
	IN_RAW,    /* the new content is coming as version 1 sends it, up to the end */
	AT_END,    /* everything */
};

struct opener {
	struct opener_options options;
	struct original original;
	struct stream_writer writer;
	struct stream_reader reader;
	struct saving saving;
	bool requested; /* the request has been sent */
	bool sent;      /* all of the content has been sent */
	enum state state;
	unsigned save; /* saves that have begun to come */
	/*
	 * Bytes of the content that is sent, later of the save that comes. total is 0 if it is not
	 * known.
	 */
	uint64_t done, total;
};

int opener_new(struct opener **opener, const char *path, const struct opener_options *options,
	       struct qfile_error *error)
{
	struct opener *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return error_set(error, -ENOMEM, NULL, NULL);
	o->options = *options;
	saving_init(&o->saving, &o->original, options->from, options->keep);
	r = original_open(&o->original, path, options->view_only);
	if (r == 0)
		r = stream_writer_open(&o->writer, options->in, options->out, options->stop);
	if (r == 0)
		r = stream_reader_open(&o->reader, options->in);
	if (r < 0) {
		opener_free(o);
		return error_set(error, r, "opening", path);
	}
	o->reader.stop = options->stop;
	o->total = (uint64_t)o->original.target.seen.status.st_size;
	stream_widen_pipe(options->out);
	stream_widen_pipe(options->in);
	*opener = o;
	return 0;
}

void opener_free(struct opener *opener)
{
	if (!opener)
		return;
	saving_close(&opener->saving);
	original_close(&opener->original);
	stream_writer_close(&opener->writer);
	stream_reader_close(&opener->reader);
	free(opener);
}

unsigned opener_notes(const struct opener *opener)
{
	return opener->original.notes;
}

struct edit_progress opener_progress(const struct opener *opener)
{
	return (struct edit_progress){.done = opener->done, .total = opener->total};
}

/* ---- Sending ---- */

static int send_request(struct opener *opener)
{
	struct edit_request request = {
		.view_only = opener->options.view_only, .records = true, .length = opener->total};
	int r;

	memcpy(request.name, opener->original.base, sizeof(opener->original.base));
	edit_request_encode(&request, opener->writer.buffer);
	stream_put(&opener->writer, EDIT_REQUEST_SIZE);
	r = stream_flush(&opener->writer);
	opener->writer.crc = 0; /* from now on it covers the content alone */
	opener->requested = r == 0;
	return r;
}

static int send_part(struct opener *opener, struct qfile_error *error)
{
	const struct target *target = &opener->original.target;
	uint64_t left = opener->total - opener->done;
	/* The buffer is empty, because each part is flushed. */
	ssize_t n = pread(target->fd, opener->writer.buffer,
			  left < STREAM_BUFFER_SIZE ? (size_t)left : STREAM_BUFFER_SIZE,
			  (off_t)opener->done);

	if (n < 0)
		return errno == EINTR ? 0
				      : error_set(error, -errno, "reading", opener->original.base);
	if (n == 0) {
		error_set(error, -ESTALE, "reading", opener->original.base);
		if (error)
			error->hint = "it became shorter while it was sent";
		return -ESTALE;
	}
	/* A page of a file that is being written to may change after it was summed. */
	if (target->seen.settled)
		stream_put_pages(&opener->writer, (size_t)n, target->fd, (off_t)opener->done);
	else
		stream_put(&opener->writer, (size_t)n);
	opener->done += (uint64_t)n;
	return stream_flush(&opener->writer);
}

int opener_send(struct opener *opener, struct qfile_error *error)
{
	int r;

	if (error)
		error->code = 0;
	if (!opener->requested)
		r = send_request(opener);
	else
		r = opener->done < opener->total ? send_part(opener, error) : 0;
	if (r == -EALREADY) /* the reply has begun, or the editor has gone */
		return 0;
	if (r < 0 && error && error->code == 0)
		error_set(error, r, r == -ECANCELED ? NULL : "sending",
			  r == -ECANCELED ? NULL : opener->original.base);
	if (r < 0)
		return r;
	if (opener->done < opener->total)
		return 1;
	opener->original.target.seen.crc = opener->writer.crc;
	opener->sent = true;
	return 0;
}

/* ---- The reply ---- */

/* As stream_peek(), where the reply must not end yet. */
static ssize_t peek(struct opener *opener, size_t size, const unsigned char **bytes)
{
	ssize_t n = stream_peek(&opener->reader, size, bytes);

	return n == -QFILE_ETRUNCATED ? -ECONNRESET : n;
}

/* Begin a save. */
static int begin(struct opener *opener, enum state state, uint64_t announced)
{
	if (announced > opener->options.max_bytes)
		return -EFBIG;
	/* The editor cannot save a file that it has not received. */
	if (!opener->sent)
		return -EPROTO;
	opener->state = state;
	opener->save++;
	opener->done = 0;
	opener->total = announced;
	stream_reader_sum_anew(&opener->reader);
	if (!opener->options.view_only)
		saving_begin(&opener->saving, announced);
	return OPENER_PART;
}

/* The save is complete, with this checksum. */
static int end(struct opener *opener, uint32_t crc, struct opener_event *event,
	       struct qfile_error *error)
{
	/* Under version 1 nobody can tell whether this is all of it. */
	bool backup = opener->state == IN_RAW;

	opener->state = opener->state == IN_RAW ? AT_END : AT_RECORD;
	if (opener->options.view_only)
		return OPENER_PART;
	return saving_end(&opener->saving, crc, backup, event, error);
}

/* The save has come with a checksum that is not its own. */
static int end_damaged(struct opener *opener)
{
	opener->state = AT_RECORD;
	if (opener->options.view_only)
		return OPENER_PART;
	saving_drop(&opener->saving);
	return OPENER_DAMAGED;
}

/* Take up to `most` bytes of a save. Returns how many; 0 at the end of the stream. */
static ssize_t take_part(struct opener *opener, uint64_t most)
{
	const unsigned char *bytes;
	ssize_t n = stream_peek_pages(&opener->reader, opener->done, &bytes);

	if (n < 0)
		return n == -QFILE_ETRUNCATED ? 0 : n;
	if ((uint64_t)n > most)
		n = (ssize_t)most;
	if (!opener->options.view_only)
		saving_write(&opener->saving, bytes, (size_t)n);
	stream_take(&opener->reader, (size_t)n);
	opener->done += (uint64_t)n;
	return n;
}

static int take_save(struct opener *opener, struct opener_event *event, struct qfile_error *error)
{
	uint64_t left = opener->total - opener->done;
	const unsigned char *bytes;
	uint32_t crc;
	ssize_t n;

	if (left > 0) {
		n = take_part(opener, left);
		return n < 0 ? (int)n : n == 0 ? -ECONNRESET : OPENER_PART;
	}
	crc = stream_reader_crc(&opener->reader);
	n = peek(opener, EDIT_CRC_SIZE, &bytes);
	if (n < 0)
		return (int)n;
	stream_take(&opener->reader, EDIT_CRC_SIZE);
	return crc == edit_crc_decode(bytes) ? end(opener, crc, event, error) : end_damaged(opener);
}

static int take_raw(struct opener *opener, struct opener_event *event, struct qfile_error *error)
{
	uint64_t most = opener->options.max_bytes - opener->done;
	ssize_t n;

	/*
	 * To find a byte too many, do not ask for one more than the limit, which may be the largest
	 * number there is: look at whether a byte is left.
	 */
	n = take_part(opener, most);
	if (n == 0 && opener->reader.begin < opener->reader.end)
		return -EFBIG;
	if (n == 0)
		return end(opener, stream_reader_crc(&opener->reader), event, error);
	return n < 0 ? (int)n : OPENER_PART;
}

/* Take the message of a "done" or "note", whose header has been taken. */
static int take_message(struct opener *opener, const struct edit_record *record,
			struct opener_event *event)
{
	const unsigned char *bytes;
	size_t length = (size_t)record->length;
	ssize_t n = peek(opener, length + EDIT_CRC_SIZE, &bytes);

	if (n < 0)
		return (int)n;
	stream_reader_sum_anew(&opener->reader);
	stream_take(&opener->reader, length);
	if (stream_reader_crc(&opener->reader) != edit_crc_decode(bytes + length))
		return -EPROTO;
	text_printable((const char *)bytes, length, event->message, sizeof(event->message));
	stream_take(&opener->reader, EDIT_CRC_SIZE);
	return 0;
}

/* Take the message of a "done". */
static int take_done(struct opener *opener, const struct edit_record *record,
		     struct opener_event *event)
{
	int r = take_message(opener, record, event);

	if (r < 0)
		return r;
	/* The editor cannot succeed with a file that it has not received. */
	if (record->code == 0 && !opener->sent)
		return -EPROTO;
	event->code = record->code <= INT_MAX ? (int)record->code : EREMOTEIO; /* no errno */
	return OPENER_DONE;
}

static int take_record(struct opener *opener, struct opener_event *event)
{
	struct edit_record record;
	const unsigned char *bytes;
	ssize_t n = peek(opener, EDIT_RECORD_SIZE, &bytes);
	int r;

	if (n < 0)
		return (int)n;
	if (edit_record_decode(bytes, &record) < 0)
		return -EPROTO;
	stream_take(&opener->reader, EDIT_RECORD_SIZE);
	switch (record.kind) {
	case EDIT_DONE:
		return take_done(opener, &record, event);
	case EDIT_NOTE:
		r = take_message(opener, &record, event);
		return r < 0 ? r : OPENER_NOTE;
	case EDIT_SAVE:
		return begin(opener, IN_SAVE, record.length);
	default: /* it was not asked for */
		return -EPROTO;
	}
}

/* Take the beginning of the reply, and find out its version. */
static int take_first(struct opener *opener, struct opener_event *event)
{
	const unsigned char *bytes;
	ssize_t n = stream_peek(&opener->reader, EDIT_MARK_SIZE, &bytes);

	if (n < 0 && n != -QFILE_ETRUNCATED)
		return (int)n;
	if (n >= 0 && edit_is_record(bytes)) {
		opener->state = AT_RECORD;
		return take_record(opener, event);
	}
	/*
	 * There is no mark, so it is version 1: the new content, or nothing if the file was not
	 * changed.
	 */
	if (opener->options.records_only)
		return opener->reader.begin < opener->reader.end ? -EPROTO : -ECONNRESET;
	if (opener->reader.begin < opener->reader.end)
		return begin(opener, IN_RAW, 0);
	return opener->sent ? OPENER_DONE : -ECONNRESET;
}

static int take(struct opener *opener, struct opener_event *event, struct qfile_error *error)
{
	switch (opener->state) {
	case AT_BEGIN:
		return take_first(opener, event);
	case AT_RECORD:
		return take_record(opener, event);
	case IN_SAVE:
		return take_save(opener, event, error);
	case IN_RAW:
		return take_raw(opener, event, error);
	default:
		return OPENER_DONE;
	}
}

int opener_step(struct opener *opener, struct opener_event *event, struct qfile_error *error)
{
	int step;

	event->code = 0;
	event->path[0] = event->message[0] = '\0';
	step = take(opener, event, error);
	event->save = opener->save;
	return step < 0 ? error_set(error, step, step == -ECANCELED ? NULL : "reading the reply",
				    NULL)
			: step;
}
