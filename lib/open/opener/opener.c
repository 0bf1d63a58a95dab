/*
 * The opener's session: sends a file, and takes what comes back. qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/opener.h"
#include "format/error.h"
#include "io/reading.h"
#include "io/stream.h"
#include "open/database.h"
#include "open/editwire.h"
#include "open/opener/beside.h"
#include "open/opener/in_place.h"
#include "open/opener/lock.h"
#include "open/opener/saving.h"
#include "text/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What has come of the reply. */
enum state {
	AT_BEGIN,  /* nothing */
	AT_RECORD, /* the header of a record comes next */
	IN_SAVE,   /* the payload of a save is coming */
	IN_BESIDE, /* that of a file that was saved beside the file, behind its name */
	IN_RAW,    /* the new content is coming as version 1 sends it, up to the end */
	AT_END,    /* everything */
};

struct opener {
	struct opener_options options;
	const char *path; /* that was opened */
	struct original original;
	struct stream_writer writer;
	struct stream_reader reader;
	struct saving saving;
	struct beside beside;
	char unfinished[4096]; /* for opener_unfinished() */
	bool counting;  /* the length is being found by reading, since the size says nothing */
	bool counted;   /* it was found so */
	bool requested; /* the request has been sent */
	bool sent;      /* all of the content has been sent */
	struct digest digest; /* of what was sent of it */
	enum state state;
	unsigned save; /* saves that have begun to come */
	int doubt;     /* what the other side says of what is coming: an errno */
	/*
	 * Bytes of the content that is sent, later of the save that comes. total is 0 if it is not
	 * known.
	 */
	uint64_t done, total;
};

/* Take the length from the file's size, or find out that the size says nothing. */
static void find_length(struct opener *opener)
{
	struct target *target = &opener->original.target;
	struct reading content = {.fd = target->fd, .status = target->seen.status};

	opener->counting = content.status.st_size == 0 || !reading_has_its_size(&content);
	opener->total = opener->counting ? 0 : (uint64_t)content.status.st_size;
	/* Nor do the times say anything of such a file. */
	if (opener->counting)
		target->seen.settled = false;
}

/* May another session be in the middle of a save? */
static bool others_save(const struct opener *opener)
{
	return opener->options.view_only ? lock_is_held(&opener->original.target.seen.status)
					 : opener->original.notes & OPENER_SECOND;
}

/* What is known only now that the options are. */
static void add_notes(struct opener *opener)
{
	struct original *original = &opener->original;
	const unsigned needs = OPENER_LINKS | OPENER_DIRECTORY | OPENER_OWNER | OPENER_MOUNT;
	const unsigned prevents = OPENER_SECOND | OPENER_READ_ONLY | OPENER_READ_ONLY_MOUNT |
				  OPENER_IMMUTABLE | OPENER_DATABASE;
	const struct target *target = &original->target;

	if (database_look(target->dir, target->name, target->fd, &target->seen.status) ==
	    DATABASE_WITHIN)
		original->notes |= OPENER_DATABASE;
	if (opener->options.in_place && original->notes & needs && !(original->notes & prevents))
		original->notes |= OPENER_IN_PLACE;
	if (opener->options.keep && !others_save(opener))
		in_place_unfinished(&original->target, opener->options.keep, opener->unfinished);
	if (opener->unfinished[0])
		original->notes |= OPENER_UNFINISHED;
}

int opener_new(struct opener **opener, const char *path, const struct opener_options *options,
	       struct qfile_error *error)
{
	struct opener *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return error_set(error, -ENOMEM, NULL, NULL);
	o->options = *options;
	o->path = path;
	saving_init(&o->saving, &o->original, &o->options);
	beside_init(&o->beside, &o->options);
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
	find_length(o);
	add_notes(o);
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
	beside_close(&opener->beside);
	original_close(&opener->original);
	stream_writer_close(&opener->writer);
	stream_reader_close(&opener->reader);
	free(opener);
}

unsigned opener_notes(const struct opener *opener)
{
	return opener->original.notes;
}

const char *opener_unfinished(const struct opener *opener)
{
	return opener->unfinished;
}

bool opener_in_its_place(const struct opener *opener, char where[4096])
{
	const struct target *target = &opener->original.target;
	struct stat named, has;

	if (stat(opener->path, &named) == 0 &&
	    fstatat(target->dir, target->name, &has, AT_SYMLINK_NOFOLLOW) == 0 &&
	    seen_same_file(&named, &has))
		return true;
	target_path(target->dir, target->name, where);
	return false;
}

bool opener_has_all_beside(const struct opener *opener)
{
	return beside_has_all(&opener->beside);
}

void opener_finish(struct opener *opener, int stop)
{
	opener->reader.stop = stop;
	opener->reader.timeout = OPENER_FINISH_TIMEOUT;
}

struct edit_progress opener_progress(const struct opener *opener)
{
	return (struct edit_progress){.done = opener->done, .total = opener->total};
}

/* ---- Sending ---- */

static bool takes_beside(const struct opener *opener)
{
	return opener->options.home && !opener->options.view_only;
}

static int send_request(struct opener *opener)
{
	struct edit_request request = {
		.view_only = opener->options.view_only,
		.beside = takes_beside(opener),
		.records = true,
		.length = opener->total,
	};
	int r;

	memcpy(request.name, opener->original.base, sizeof(opener->original.base));
	edit_request_encode(&request, opener->writer.buffer);
	stream_put(&opener->writer, EDIT_REQUEST_SIZE);
	r = stream_flush(&opener->writer);
	digest_begin(&opener->digest);
	opener->requested = r == 0;
	return r;
}

static int became(const struct opener *opener, const char *what, struct qfile_error *error)
{
	error_set(error, -ESTALE, "reading", opener->original.base);
	if (error)
		error->hint = what;
	return -ESTALE;
}

/* Read the next piece into the empty buffer. Returns its size, 0 at the end of the file. */
static ssize_t read_piece(struct opener *opener, uint64_t most, struct qfile_error *error)
{
	ssize_t n;

	do
		n = pread(opener->original.target.fd, opener->writer.buffer,
			  most < STREAM_BUFFER_SIZE ? (size_t)most : STREAM_BUFFER_SIZE,
			  (off_t)opener->done);
	while (n < 0 && errno == EINTR);
	return n < 0 ? error_set(error, -errno, "reading", opener->original.base) : n;
}

/* Read on to find the length. */
static int count_part(struct opener *opener, struct qfile_error *error)
{
	ssize_t n;

	if (stream_stopped(opener->options.stop))
		return -ECANCELED;
	n = read_piece(opener, STREAM_BUFFER_SIZE, error);
	if (n < 0)
		return (int)n;
	opener->done += (uint64_t)n;
	if (n > 0)
		return 1;
	opener->total = opener->done;
	opener->done = 0;
	opener->counting = false;
	opener->counted = true;
	return 1;
}

/*
 * A length that was found by reading is sent on only while it is true: without the last part, the
 * other side opens nothing.
 */
static int check_end(struct opener *opener, size_t n, struct qfile_error *error)
{
	char byte;

	if (!opener->counted || opener->done + n < opener->total)
		return 0;
	return pread(opener->original.target.fd, &byte, 1, (off_t)opener->total) == 0
		       ? 0
		       : became(opener, "it became longer while it was sent", error);
}

static int send_part(struct opener *opener, struct qfile_error *error)
{
	const struct target *target = &opener->original.target;
	ssize_t n = read_piece(opener, opener->total - opener->done, error);
	int r;

	if (n < 0)
		return (int)n;
	if (n == 0)
		return became(opener, "it became shorter while it was sent", error);
	r = check_end(opener, (size_t)n, error);
	if (r < 0)
		return r;
	digest_add(&opener->digest, opener->writer.buffer, (size_t)n);
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
	if (opener->counting)
		r = count_part(opener, error);
	else if (!opener->requested)
		r = send_request(opener);
	else
		r = opener->done < opener->total ? send_part(opener, error) : 0;
	if (r == -EALREADY) /* the reply has begun, or the editor has gone */
		return 0;
	if (r < 0 && error && error->code == 0)
		error_set(error, r, r == -ECANCELED ? NULL : "sending",
			  r == -ECANCELED ? NULL : opener->original.base);
	if (r != 0)
		return r;
	if (opener->done < opener->total)
		return 1;
	opener->original.target.seen.digest = digest_value(&opener->digest);
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

/* A payload of `length` bytes begins. */
static void begin_payload(struct opener *opener, enum state state, uint64_t length)
{
	opener->state = state;
	opener->done = 0;
	opener->total = length;
	stream_reader_sum_anew(&opener->reader);
}

/* Begin a save. */
static int begin(struct opener *opener, enum state state, uint64_t announced)
{
	if (announced > opener->options.max_bytes)
		return -EFBIG;
	/* The editor cannot save a file that it has not received. */
	if (!opener->sent)
		return -EPROTO;
	begin_payload(opener, state, announced);
	opener->save++;
	if (!opener->options.view_only)
		saving_begin(&opener->saving, announced);
	return OPENER_PART;
}

/* Begin a file that was saved beside the file: take its name. */
static int begin_beside(struct opener *opener, const struct edit_record *record)
{
	char untrusted_name[EDIT_BESIDE_NAME_SIZE];
	const unsigned char *bytes;
	ssize_t n;

	if (!opener->sent)
		return -EPROTO;
	n = peek(opener, EDIT_BESIDE_NAME_SIZE, &bytes);
	if (n < 0)
		return (int)n;
	if (edit_beside_name_decode(bytes, untrusted_name) < 0)
		return -EPROTO;
	begin_payload(opener, IN_BESIDE, record->length - EDIT_BESIDE_NAME_SIZE);
	stream_take(&opener->reader, EDIT_BESIDE_NAME_SIZE);
	n = beside_begin(&opener->beside, untrusted_name, opener->total);
	return n < 0 ? (int)n : OPENER_PART;
}

/* The save is complete. */
static int end(struct opener *opener, struct opener_event *event, struct qfile_error *error)
{
	/* Under version 1 nobody can tell whether this is all of it. */
	bool doubtful = opener->state == IN_RAW || opener->doubt != 0;

	opener->state = opener->state == IN_RAW ? AT_END : AT_RECORD;
	if (opener->options.view_only)
		return OPENER_PART;
	event->doubt = opener->doubt;
	return saving_end(&opener->saving, doubtful, event, error);
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
	if (opener->state == IN_BESIDE)
		beside_write(&opener->beside, bytes, (size_t)n);
	else if (!opener->options.view_only)
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
	if (opener->state == IN_BESIDE) {
		opener->state = AT_RECORD;
		event->doubt = opener->doubt;
		return beside_end(&opener->beside, crc != edit_crc_decode(bytes),
				  opener->doubt != 0, event, error);
	}
	return crc == edit_crc_decode(bytes) ? end(opener, event, error) : end_damaged(opener);
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
		return end(opener, event, error);
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

/* The code of a record, or EREMOTEIO for what is no errno. */
static int code_of(const struct edit_record *record)
{
	return record->code <= INT_MAX ? (int)record->code : EREMOTEIO;
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
	event->code = code_of(record);
	return OPENER_DONE;
}

/* How much follows a header that is taken at once with it. */
static size_t head_size(const struct edit_record *record)
{
	if (record->kind == EDIT_SAVE)
		return 0;
	return record->kind == EDIT_BESIDE ? EDIT_BESIDE_NAME_SIZE
					   : (size_t)record->length + EDIT_CRC_SIZE;
}

static int take_record(struct opener *opener, struct opener_event *event)
{
	struct edit_record record;
	const unsigned char *bytes;
	ssize_t n = peek(opener, EDIT_RECORD_SIZE, &bytes);
	int r;

	if (n < 0)
		return (int)n;
	if (edit_record_decode(bytes, &record) < 0 ||
	    (record.kind == EDIT_BESIDE && !takes_beside(opener)))
		return -EPROTO;
	/* Nothing is taken before all of it is there: who is interrupted begins here again. */
	n = peek(opener, EDIT_RECORD_SIZE + head_size(&record), &bytes);
	if (n < 0)
		return (int)n;
	stream_take(&opener->reader, EDIT_RECORD_SIZE);
	opener->doubt = code_of(&record);
	switch (record.kind) {
	case EDIT_DONE:
		return take_done(opener, &record, event);
	case EDIT_NOTE:
		r = take_message(opener, &record, event);
		return r < 0 ? r : OPENER_NOTE;
	case EDIT_SAVE:
		return begin(opener, IN_SAVE, record.length);
	default:
		return begin_beside(opener, &record);
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
	case IN_BESIDE:
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

	event->code = event->doubt = 0;
	event->cause = 0;
	event->in_place = false;
	event->path[0] = event->message[0] = '\0';
	step = take(opener, event, error);
	event->save = opener->save;
	return step < 0 ? error_set(error, step, step == -ECANCELED ? NULL : "reading the reply",
				    NULL)
			: step;
}
