/*
 * The sender: walks trees and sends them. qfile(5) describes the format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "format/options.h"
#include "io/stream.h"
#include "io/walk.h"
#include "send/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct qfile_sender {
	struct stream_writer writer;
	struct walk walk;
	struct qfile_size sent;
	struct qfile_count count;
	bool ended;    /* as qfile_sender_ended() */
	FILE *journal; /* NULL: none is kept */
	/*
	 * How many directories deep we are below one that was reached through a link. What is in
	 * them is not noted, because a move must not remove it.
	 */
	size_t unjournalled;
	int file;      /* the large file that is being sent, or -1 */
	off_t offset;  /* how far it is sent */
	uint64_t left; /* bytes of it that have not been sent yet */
	bool quiet;    /* as is_quiet() */
	char name[QFILE_NAME_MAX + 1];
};

int qfile_sender_new(struct qfile_sender **sender, const struct qfile_sender_options *given)
{
	struct qfile_sender_options options = QFILE_SENDER_OPTIONS_INIT;
	struct qfile_sender *s;
	int r = options_take(&options, sizeof(options), sizeof(options), given);

	if (r < 0)
		return r;
	r = -ENOMEM;
	s = calloc(1, sizeof(*s));
	if (!s)
		return r;
	s->file = -1;
	walk_init(&s->walk, options.flags);
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
	if (sender->file >= 0)
		close(sender->file);
	if (sender->journal)
		fclose(sender->journal);
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
 * The format has unsigned 32-bit seconds. A time before 1970 or after 2106 is sent as the nearest
 * one that the format can express.
 */
static void encode_time(const struct timespec *time, uint32_t *seconds, uint32_t *nanoseconds)
{
	*seconds = time->tv_sec < 0            ? 0
		   : time->tv_sec > UINT32_MAX ? UINT32_MAX
					       : (uint32_t)time->tv_sec;
	*nanoseconds = time->tv_sec < 0            ? 0
		       : time->tv_sec > UINT32_MAX ? 999999999
						   : (uint32_t)time->tv_nsec;
}

/*
 * Put the header and the name of an entry into the buffer. If its data fits into the buffer too,
 * there is room for it afterwards.
 */
static int put_header(struct qfile_sender *sender, const struct walk_entry *entry,
		      const struct stat *status, uint64_t filelen)
{
	struct qfile_header header = {
		.namelen = (uint32_t)entry->pathlen + 1,
		.mode = status->st_mode & (S_IFMT | 07777),
		.filelen = filelen,
	};
	size_t fixed = QFILE_HEADER_SIZE + header.namelen;
	unsigned char *room;
	ssize_t n = stream_room(
		&sender->writer,
		filelen < STREAM_BUFFER_SIZE - fixed ? fixed + (size_t)filelen : fixed, &room);

	if (n < 0)
		return (int)n;
	encode_time(&status->st_atim, &header.atime, &header.atime_nsec);
	encode_time(&status->st_mtim, &header.mtime, &header.mtime_nsec);
	qfile_header_encode(&header, room);
	memcpy(room + QFILE_HEADER_SIZE, entry->path, header.namelen);
	stream_put(&sender->writer, fixed);
	return 0;
}

static void note(struct qfile_sender *sender, enum journal_kind kind,
		 const struct walk_entry *entry, const struct stat *status)
{
	struct stat link;

	if (!sender->journal || sender->unjournalled)
		return;
	/* If a link was followed, a move removes only the link. */
	if (entry->followed) {
		kind = JOURNAL_ENTRY;
		if (fstatat(entry->dir, entry->name, &link, AT_SYMLINK_NOFOLLOW) < 0)
			return; /* gone: nothing to remove */
		status = &link;
	}
	journal_write(sender->journal, kind, entry->name, status);
}

/*
 * The pages of a large file are sent themselves, which takes a fifth less time than sending copies.
 * But a page that changes after it was summed, and before the receiver reads it, fails the whole
 * delivery: so this is not done with a file that was written to in the last seconds.
 */
#define QUIET_SECONDS 2

static bool is_quiet(const struct stat *status)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - status->st_mtim.tv_sec > QUIET_SECONDS;
}

/* Send as much of the open file as fits into the buffer. */
static int put_data(struct qfile_sender *sender, struct qfile_error *error)
{
	unsigned char *room;
	ssize_t n = stream_room(&sender->writer, 1, &room);

	if (n < 0)
		return (int)n;
	if ((uint64_t)n > sender->left)
		n = (ssize_t)sender->left;
	n = pread(sender->file, room, (size_t)n, sender->offset);
	if (n < 0)
		return errno == EINTR ? 0 : error_set(error, -errno, "reading", sender->name);
	if (n == 0) {
		error_set(error, -ESTALE, "reading", sender->name);
		if (error)
			error->hint = "it became shorter while it was sent";
		return -ESTALE;
	}
	if (sender->quiet && sender->writer.used == 0)
		stream_put_pages(&sender->writer, (size_t)n, sender->file, sender->offset);
	else
		stream_put(&sender->writer, (size_t)n);
	sender->offset += n;
	sender->left -= (uint64_t)n;
	sender->sent.bytes += (uint64_t)n;
	return 0;
}

/* Close the file, all of which has been put into the buffer. */
static void close_file(struct qfile_sender *sender)
{
	sender->writer.file = -1;
	close(sender->file);
	sender->file = -1;
}

/* Begin a file, and finish it at once if it fits into the buffer. */
static int send_file(struct qfile_sender *sender, const struct walk_entry *entry,
		     struct qfile_error *error)
{
	struct stat status;
	int fd = walk_open(entry, &status), r;

	if (fd < 0)
		return error_set(error, fd, "reading", entry->path);
	sender->file = fd;
	if (!S_ISREG(status.st_mode))
		return error_set(error, -ESTALE, "reading", entry->path);
	sender->offset = 0;
	sender->left = (uint64_t)status.st_size;
	sender->quiet = sender->left >= STREAM_BUFFER_SIZE && is_quiet(&status);
	r = put_header(sender, entry, &status, sender->left);
	if (r < 0)
		return r;
	sender->sent.entries++;
	sender->count.files++;
	note(sender, JOURNAL_ENTRY, entry, &status);
	/*
	 * The content of a large file begins at a page of the buffer and of the pipe. The receiver
	 * can then write whole pages.
	 */
	if (sender->left >= STREAM_BUFFER_SIZE)
		r = stream_flush(&sender->writer);
	if (r == 0 && sender->left > 0)
		r = put_data(sender, error);
	if (r < 0)
		return r;
	if (sender->left == 0)
		close_file(sender);
	return 0;
}

static int send_link(struct qfile_sender *sender, const struct walk_entry *entry,
		     struct qfile_error *error)
{
	char target[QFILE_NAME_MAX + 1];
	unsigned char *room;
	struct stat status;
	ssize_t n;
	int r;

	r = walk_stat(entry, &status);
	if (r < 0)
		return error_set(error, r, "looking at", entry->path);
	n = readlinkat(entry->dir, entry->name, target, sizeof(target));
	if (n < 0)
		return error_set(error, -errno, "reading the link", entry->path);
	r = put_header(sender, entry, &status, (uint64_t)n);
	if (r < 0)
		return r;
	/* This cannot fail: put_header() has made room. */
	n = stream_room(&sender->writer, (size_t)n, &room) < 0 ? -1 : n;
	memcpy(room, target, (size_t)n);
	stream_put(&sender->writer, (size_t)n);
	sender->sent.entries++;
	sender->count.links++;
	note(sender, JOURNAL_ENTRY, entry, &status);
	return 0;
}

static int send_directory(struct qfile_sender *sender, const struct walk_entry *entry)
{
	int r = put_header(sender, entry, &entry->status, 0);

	if (r < 0)
		return r;
	if (entry->kind == WALK_LEAVE) {
		if (sender->unjournalled)
			sender->unjournalled--;
		if (!entry->followed)
			note(sender, JOURNAL_LEAVE, entry, &entry->status);
		return 0;
	}
	sender->sent.entries++;
	sender->count.directories++;
	note(sender, JOURNAL_ENTER, entry, &entry->status);
	if (entry->followed || sender->unjournalled)
		sender->unjournalled++;
	return 0;
}

static int send_entry(struct qfile_sender *sender, const struct walk_entry *entry,
		      struct qfile_error *error)
{
	static const struct stat unknown;
	int r = 0;

	switch (entry->kind) {
	case WALK_FILE:
		r = send_file(sender, entry, error);
		break;
	case WALK_ENTER:
	case WALK_LEAVE:
		r = send_directory(sender, entry);
		break;
	case WALK_LINK:
		if (!(sender->walk.flags & QFILE_IGNORE_LINKS))
			r = send_link(sender, entry, error);
		else
			note(sender, JOURNAL_OTHER, entry, &unknown);
		break;
	case WALK_OTHER:
		note(sender, JOURNAL_OTHER, entry, &unknown);
		return QFILE_STEP_SKIPPED;
	case WALK_END:
		return QFILE_STEP_DONE;
	}
	return r < 0 ? r : QFILE_STEP_SENT;
}

int qfile_sender_step(struct qfile_sender *sender, struct qfile_error *error)
{
	struct walk_entry entry;
	int r;

	if (error)
		error->code = 0;
	if (sender->file >= 0) {
		r = put_data(sender, error);
		if (r == 0 && sender->left == 0)
			close_file(sender);
		if (r == 0)
			r = QFILE_STEP_SENT;
	} else {
		r = walk_next(&sender->walk, &entry, error);
		if (r < 0)
			return r;
		if (entry.kind != WALK_END)
			memcpy(sender->name, entry.path, entry.pathlen + 1);
		r = send_entry(sender, &entry, error);
	}
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
	if (sender->journal && (fflush(sender->journal) != 0 || ferror(sender->journal)))
		return error_set(error, -EIO, "noting what was sent", NULL);
	/* In the middle of an entry no end can be sent: the result has come already. */
	r = sender->file < 0 && sender->walk.dirs.depth == 0 ? send_end(sender) : -EALREADY;
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
