/*
 * The sender: walks trees and sends them. qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "send/sender.h"
#include "format/error.h"
#include "format/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int qfile_sender_new(struct qfile_sender **sender, const struct qfile_sender_options *given)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *s;
	int r = options_take(&options, sizeof(options), sizeof(options), given);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->content.fd = -1;
	walk_init(&s->walk, options.flags);
	r = patterns_init(&s->walk.exclude, options.exclude);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	if (stream_writer_open(&s->writer, options.in, options.out, options.stop) < 0)
		goto fail;
	if (options.journal >= 0) {
		int fd = dup(options.journal);

		s->journal = fd < 0 ? NULL : fdopen(fd, "w");
		if (!s->journal) {
			r = -errno;
			if (fd >= 0)
				close(fd);
			goto fail;
		}
	}
	if (!sender_only_looks(s))
		stream_widen_pipe(options.out);
	*sender = s;
	return 0;
fail:
	qfile_sender_free(s);
	return r;
}

void qfile_sender_free(struct qfile_sender *sender)
{
	if (!sender)
		return;
	reading_close(&sender->content);
	if (sender->journal)
		fclose(sender->journal);
	patterns_free(&sender->walk.exclude);
	walk_close(&sender->walk);
	stream_writer_close(&sender->writer);
	free(sender);
}

void qfile_sender_begin(struct qfile_sender *sender, const struct qfile_source *source)
{
	walk_begin(&sender->walk, source);
}

struct qfile_size qfile_sender_sent(const struct qfile_sender *sender)
{
	return sender->sent;
}

struct qfile_count qfile_sender_count(const struct qfile_sender *sender)
{
	return sender->count;
}

bool qfile_sender_ended(const struct qfile_sender *sender)
{
	return sender->ended;
}

const char *qfile_sender_name(const struct qfile_sender *sender)
{
	return sender->name;
}

/*
 * Is it gone, or is something else in its place, since its directory was read? A link that is
 * followed may also lead nowhere, or back to where it is.
 */
static bool has_vanished(const struct walk_entry *entry, int code)
{
	struct stat link;

	/* Something is there: a link in place of what was listed, or a way that leads in a circle.
	 */
	if (!entry->followed && code == -ELOOP)
		return entry->name &&
		       fstatat(entry->dir, entry->name, &link, AT_SYMLINK_NOFOLLOW) == 0 &&
		       S_ISLNK(link.st_mode);
	if (!entry->followed)
		return code == -ENOENT || code == -ENOTDIR || code == -ENXIO || code == -ESTALE;
	return entry->name && fstatat(entry->dir, entry->name, &link, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

/* What to do about an entry that cannot be read, because of `code`. Nothing of it has been sent. */
static int leave_out(struct qfile_sender *sender, int code)
{
	int step = code;

	reading_close(&sender->content);
	/* That is not the entry's fault. */
	if (sender->walk.lost || code == -ENOMEM || code == -EMFILE || code == -ENFILE)
		return code;
	if (has_vanished(&sender->entry, code))
		step = QFILE_STEP_VANISHED;
	else if (sender->walk.flags & QFILE_SKIP_UNREADABLE || sender_only_looks(sender))
		step = QFILE_STEP_UNREADABLE;
	if (step > 0 && sender->entry.name)
		sender_note_left_out(sender);
	return step;
}

/* Looking alone waits for nothing that would notice `stop`. */
#define LOOKS_UNTIL_STOP 256

static int next_entry(struct qfile_sender *sender, struct qfile_error *error)
{
	struct walk_entry *entry = &sender->entry;
	int r;

	if (sender_only_looks(sender) && ++sender->looked == LOOKS_UNTIL_STOP) {
		sender->looked = 0;
		if (stream_stopped(sender->writer.stop))
			return -ECANCELED;
	}
	r = walk_next(&sender->walk, entry, error);
	sender->missed = r < 0;
	if (r < 0 || entry->kind != WALK_END)
		memcpy(sender->name, entry->path, entry->pathlen + 1);
	return r < 0 ? r : sender_send_entry(sender, error);
}

static int not_noted(const struct qfile_sender *sender, struct qfile_error *error)
{
	return error_set(error, sender->unnoted, "noting what was sent, in TMPDIR or /var/tmp",
			 NULL);
}

int qfile_sender_step(struct qfile_sender *sender, struct qfile_error *error)
{
	int r;

	if (error)
		error->code = 0;
	if (sender->unnoted < 0)
		return not_noted(sender, error);
	sender->missed = false;
	r = sender->content.fd < 0 ? next_entry(sender, error)
				   : sender_go_on_with_file(sender, error);
	if (r < 0 && sender->missed)
		r = leave_out(sender, r);
	if (r == -EALREADY)
		return QFILE_STEP_RESULT;
	if (r < 0 && error && error->code == 0)
		error_set(error, r, "sending", r == -ECANCELED ? NULL : sender->name);
	return r;
}

/*
 * Milliseconds to wait for the rest of a result that has begun: a receiver sends all of it in one
 * go.
 */
#define TIMEOUT 1000

static int read_result(struct qfile_sender *sender, struct qfile_result *result)
{
	unsigned char bytes[QFILE_RESULT_SIZE], length[QFILE_RESULT_NAMELEN_SIZE];
	ssize_t n = stream_read_in(&sender->writer, bytes, sizeof(bytes), -1);

	if (n < 0)
		return (int)n;
	if ((size_t)n < sizeof(bytes))
		return -ECONNRESET;
	qfile_result_decode(bytes, result);
	/*
	 * The result of an old receiver ends here: it closes the connection, or nothing more comes
	 * in time. A length that no name can have is not worth failing for.
	 */
	n = stream_read_in(&sender->writer, length, sizeof(length), TIMEOUT);
	if ((size_t)n == sizeof(length) && qfile_result_namelen_decode(length, result) == 0) {
		n = stream_read_in(&sender->writer, result->name, result->namelen, TIMEOUT);
		result->namelen = n < 0 ? 0 : (size_t)n;
	}
	return n == -ECANCELED ? -ECANCELED : 0;
}

/* End the stream. -EALREADY: the receiver did not wait for the end. */
static int send_end(struct qfile_sender *sender)
{
	unsigned char *room;
	ssize_t n = stream_room(&sender->writer, QFILE_HEADER_SIZE, &room);

	if (n < 0)
		return (int)n;
	memset(room, 0, QFILE_HEADER_SIZE);
	stream_put(&sender->writer, QFILE_HEADER_SIZE);
	return stream_flush(&sender->writer);
}

int qfile_sender_finish(struct qfile_sender *sender, struct qfile_result *result,
			struct qfile_error *error)
{
	bool early;
	int r;

	/* Before the end is sent: without the end nothing is delivered. */
	if (sender->journal && fflush(sender->journal) != 0 && sender->unnoted == 0)
		sender->unnoted = -errno;
	if (sender->unnoted < 0)
		return not_noted(sender, error);
	/* In the middle of an entry no end can be sent: the result has come already. */
	r = sender->content.fd < 0 && sender->walk.dirs.depth == 0 ? send_end(sender) : -EALREADY;
	early = r == -EALREADY;
	if (r < 0 && !early)
		return error_set(error, r, "sending", NULL);
	sender->ended = !early;
	r = read_result(sender, result);
	if (r == -ECONNRESET && stream_left_unread(&sender->writer))
		sender->ended = false;
	if (r < 0)
		return error_set(error, r, "waiting for the result", NULL);
	if (result->code)
		return error_set_bytes(error, -EREMOTEIO, NULL, result->name, result->namelen);
	if (early)
		return error_set(error, -EPROTO, "sending", NULL);
	if (result->crc != sender->writer.crc)
		return error_set(error, -EBADMSG, "comparing the checksum", NULL);
	return 0;
}
