/*
 * The sender's own parts: entries, the content of files, and the steps that they are sent in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SENDER_H
#define SENDER_H
#include "io/reading.h"
#include "io/stream.h"
#include "io/walk.h"
#include "send/journal.h"

struct qfile_sender {
	struct stream_writer writer;
	struct walk walk;
	struct qfile_size sent;
	struct qfile_count count;
	bool ended;    /* as qfile_sender_ended() */
	FILE *journal; /* NULL: none is kept */
	int unnoted;   /* why not everything was noted there: 0 or a negative errno */
	/*
	 * How many directories deep we are below one that was reached through a link. What is in
	 * them is not noted, because a move must not remove it.
	 */
	size_t unjournalled;
	struct walk_entry entry; /* the current one: valid until the walk goes on */
	struct reading content;  /* of the current entry, if that is a file */
	struct reading_disk disk;
	bool missed;     /* the last step failed because of this entry alone */
	unsigned looked; /* entries since the last look at `stop` */
	char name[QFILE_NAME_MAX + 1];
};

static inline bool sender_only_looks(const struct qfile_sender *sender)
{
	return sender->walk.flags & (QFILE_LOOK_ONLY | QFILE_LOOK_QUICKLY);
}

/*
 * The current entry cannot be sent, and nothing of it has been: the others may be sent without it.
 * `code` and `doing` as of error_set(). Returns `code`.
 */
int sender_miss(struct qfile_sender *sender, int code, const char *doing,
		struct qfile_error *error);
/* How many bytes the current entry takes without its data. */
size_t sender_fixed_size(const struct qfile_sender *sender);
/* Add the header and the name of the current entry, at `room` for so many bytes. */
void sender_put_fixed(struct qfile_sender *sender, const struct stat *status, uint64_t filelen,
		      unsigned char *room);
/* Note the current entry as one that is not sent. */
void sender_note_left_out(struct qfile_sender *sender);
/*
 * The current entry is sent: note it. `changed`: its content changed meanwhile. Returns the enum
 * qfile_step that tells about it.
 */
int sender_note(struct qfile_sender *sender, enum journal_kind kind, const struct stat *status,
		bool changed);

/*
 * Send the current entry, or the first part of a large file; and the next part. Both return an enum
 * qfile_step or a negative errno.
 */
int sender_send_entry(struct qfile_sender *sender, struct qfile_error *error);
int sender_send_file(struct qfile_sender *sender, struct qfile_error *error);
int sender_go_on_with_file(struct qfile_sender *sender, struct qfile_error *error);

#endif
