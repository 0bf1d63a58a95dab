/*
 * Sending one entry: its header, and its note for a move.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "send/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

static bool has_times_of_the_format(const struct stat *status)
{
	return status->st_atim.tv_sec >= 0 && status->st_atim.tv_sec <= UINT32_MAX &&
	       status->st_mtim.tv_sec >= 0 && status->st_mtim.tv_sec <= UINT32_MAX;
}

int sender_miss(struct qfile_sender *sender, int code, const char *doing, struct qfile_error *error)
{
	sender->missed = true;
	return error_set(error, code, doing, sender->entry.path);
}

size_t sender_fixed_size(const struct qfile_sender *sender)
{
	return QFILE_HEADER_SIZE + sender->entry.pathlen + 1;
}

void sender_put_fixed(struct qfile_sender *sender, const struct stat *status, uint64_t filelen,
		      unsigned char *room)
{
	struct qfile_header header = {
		.namelen = (uint32_t)sender->entry.pathlen + 1,
		.mode = status->st_mode & (S_IFMT | 07777),
		.filelen = filelen,
	};

	encode_time(&status->st_atim, &header.atime, &header.atime_nsec);
	encode_time(&status->st_mtim, &header.mtime, &header.mtime_nsec);
	qfile_header_encode(&header, room);
	memcpy(room + QFILE_HEADER_SIZE, sender->entry.path, header.namelen);
	stream_put(&sender->writer, sender_fixed_size(sender));
}

/* Note the current entry for a move. `keep` is an errno of struct journal_record. */
static void note(struct qfile_sender *sender, enum journal_kind kind, uint32_t keep,
		 const struct stat *status)
{
	const struct walk_entry *entry = &sender->entry;
	struct stat link;
	int r;

	if (!sender->journal || sender->unjournalled)
		return;
	/* If a link was followed, a move removes only the link. */
	if (entry->followed && kind != JOURNAL_OTHER) {
		kind = JOURNAL_ENTRY;
		if (fstatat(entry->dir, entry->name, &link, AT_SYMLINK_NOFOLLOW) < 0)
			return; /* gone: nothing to remove */
		status = &link;
	}
	r = journal_write(sender->journal, kind, keep, entry->name, status);
	if (r < 0 && sender->unnoted == 0)
		sender->unnoted = r;
}

void sender_note_left_out(struct qfile_sender *sender)
{
	static const struct stat unknown;

	note(sender, JOURNAL_OTHER, 0, &unknown);
}

int sender_note(struct qfile_sender *sender, enum journal_kind kind, const struct stat *status,
		bool changed)
{
	bool exact = has_times_of_the_format(status);
	uint32_t keep = changed                                        ? ESTALE
			: exact || sender->walk.flags & QFILE_ANY_TIME ? 0
								       : EOVERFLOW;

	note(sender, kind, keep, status);
	if (changed)
		return QFILE_STEP_CHANGED;
	return exact ? QFILE_STEP_SENT : QFILE_STEP_TIME;
}

/* Would the receiver refuse the current entry? Returns an errno of why. */
static int refusal(const struct qfile_sender *sender, const char *target, size_t length)
{
	const struct walk_entry *entry = &sender->entry;
	const unsigned allowed =
		sender->walk.flags & QFILE_LOOK_ALL_NAMES ? QFILE_ALLOW_ALL_NAMES : 0;
	int r = qfile_name_check(entry->path, entry->pathlen, allowed);

	return r < 0 || !target ? r : qfile_link_check(entry->path, target, length, allowed);
}

static int send_link(struct qfile_sender *sender, struct qfile_error *error)
{
	const struct walk_entry *entry = &sender->entry;
	char target[QFILE_NAME_MAX + 1];
	size_t fixed = sender_fixed_size(sender);
	unsigned char *room;
	struct stat status;
	ssize_t n, length;
	int r;

	if (sender->walk.flags & QFILE_LOOK_QUICKLY) {
		sender->sent.entries++;
		return QFILE_STEP_SENT;
	}
	r = walk_stat(entry, &status);
	if (r < 0)
		return sender_miss(sender, r, "looking at", error);
	length = readlinkat(entry->dir, entry->name, target, sizeof(target));
	/* EINVAL: something else took its place. */
	if (length < 0)
		return sender_miss(sender, errno == EINVAL ? -ESTALE : -errno, "reading the link",
				   error);
	sender->sent.entries++;
	sender->count.links++;
	if (sender_only_looks(sender)) {
		r = refusal(sender, target, (size_t)length);
		if (r < 0) {
			error_set(error, r, NULL, entry->path);
			return QFILE_STEP_REFUSABLE;
		}
		return sender_note(sender, JOURNAL_ENTRY, &status, false);
	}
	n = stream_room(&sender->writer, fixed + (size_t)length, &room);
	if (n < 0)
		return (int)n;
	sender_put_fixed(sender, &status, (uint64_t)length, room);
	memcpy(room + fixed, target, (size_t)length);
	stream_put(&sender->writer, (size_t)length);
	return sender_note(sender, JOURNAL_ENTRY, &status, false);
}

/* Send the header of a directory: before what is in it, and again after that. */
static int send_directory(struct qfile_sender *sender)
{
	const struct walk_entry *entry = &sender->entry;

	if (!sender_only_looks(sender)) {
		unsigned char *room;
		ssize_t n = stream_room(&sender->writer, sender_fixed_size(sender), &room);

		if (n < 0)
			return (int)n;
		sender_put_fixed(sender, &entry->status, 0, room);
	}
	if (entry->kind == WALK_LEAVE) {
		if (sender->unjournalled)
			sender->unjournalled--;
		if (!entry->followed)
			return sender_note(sender, JOURNAL_LEAVE, &entry->status, false);
		return QFILE_STEP_SENT;
	}
	sender->sent.entries++;
	sender->count.directories++;
	note(sender, JOURNAL_ENTER, 0, &entry->status);
	if (entry->followed || sender->unjournalled)
		sender->unjournalled++;
	return QFILE_STEP_SENT;
}

int sender_send_entry(struct qfile_sender *sender, struct qfile_error *error)
{
	int r = 0;

	switch (sender->entry.kind) {
	case WALK_FILE:
		r = sender_send_file(sender, error);
		break;
	case WALK_ENTER:
		r = send_directory(sender);
		break;
	case WALK_LEAVE:
		return send_directory(sender);
	case WALK_LINK:
		if (!(sender->walk.flags & QFILE_IGNORE_LINKS))
			return send_link(sender, error);
		sender_note_left_out(sender);
		return QFILE_STEP_EXCLUDED;
	case WALK_EXCLUDED:
		sender_note_left_out(sender);
		return QFILE_STEP_EXCLUDED;
	case WALK_OTHER:
		sender_note_left_out(sender);
		return QFILE_STEP_SKIPPED;
	case WALK_END:
		return QFILE_STEP_DONE;
	}
	if (r >= 0 && sender->walk.flags & QFILE_LOOK_ONLY && refusal(sender, NULL, 0) < 0) {
		error_set(error, refusal(sender, NULL, 0), NULL, sender->entry.path);
		return QFILE_STEP_REFUSABLE;
	}
	return r;
}
