/*
 * The opener: opening a file in another VM, for the side that has the file.
 *
 * The room lib/open/opener: sends a file, and replaces it with the saves that come back. It may use
 * lib/open, lib/io, lib/format, system/ and text/. It writes in the file's directory and in those
 * of opener_options.keep, nowhere else. It starts no processes, and never trusts the editor's side.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_OPENER_OPENER_H
#define OPEN_OPENER_OPENER_H
#include "open/editwire.h"
#include <qfile.h>

struct opener;

struct opener_options {
	int in;  /* the reply is read here */
	int out; /* the request and the content go here; non-blocking or not */
	int stop;
	bool view_only;     /* nothing that comes back is written anywhere */
	uint64_t max_bytes; /* the longest save that is accepted; UINT64_MAX: any */
	/* The name of the other VM, for the names of edits that are kept beside the file. */
	const char *from;
	const char *const
		*keep; /* directories, NULL-terminated: where an edit is kept that can be written
			  neither over nor beside the file. The first that can take it does. Made,
			  0700, where they are missing, as are those above them; passed over where
			  it is a link, not the caller's, or open to others */
};

/* What is worth telling the user before they edit, as bits. */
enum opener_note {
	/* The file has other names (hard links), which will keep the old content. */
	OPENER_LINKS = 1 << 0,
	/* The caller may not write to the file: edits will be kept beside it. */
	OPENER_READ_ONLY = 1 << 1,
	/* Another opener has it open for editing: edits will be kept beside it. */
	OPENER_SECOND = 1 << 2,
};

/*
 * Open the file at `path`, following symbolic links: what they lead to is what will change. Sends
 * nothing. The options' strings must live as long as the opener. -EINVAL: the path is empty.
 * -EISDIR: a directory. -ENOTSUP: neither that nor a regular file. Else the errno of opening it.
 */
int opener_new(struct opener **opener, const char *path, const struct opener_options *options,
	       struct qfile_error *error);
/* enum opener_note bits; none with view_only. */
unsigned opener_notes(const struct opener *opener);

/*
 * Send the request, or the next part of the content (a few hundred KiB). Returns 1 while there is
 * more to send, 0 at the end: the caller now closes `out`, all of whose copies the editor must see
 * closed. -ESTALE: the file became shorter meanwhile. -ECANCELED: `stop`. That the other side takes
 * no more is no error here: opener_step() tells why.
 */
int opener_send(struct opener *opener, struct qfile_error *error);

/* What came back. */
enum opener_step {
	OPENER_DONE = 0,  /* the other side has ended: event->code and message */
	OPENER_PART = 1,  /* a part of a save, or one that view_only passes over */
	OPENER_SAVED = 2, /* a save is in the file's place, on stable storage */
	/* A save is at event->path instead, on stable storage: event->code tells why. */
	OPENER_KEPT = 3,
	/* A save could be written nowhere: *error tells why. The next may have more luck. */
	OPENER_DROPPED = 4,
	/*
	 * A save came with a wrong checksum, as when it was saved again while it was sent: not
	 * written.
	 */
	OPENER_DAMAGED = 5,
};

struct opener_event {
	unsigned save; /* the save's number, from 1; of DONE: how many have come */
	/*
	 * DONE: 0 or why the other side failed, a Linux errno as it says. KEPT: ESTALE: the file
	 * was changed here; ENOENT: it was removed here; EBUSY: another opener has it; EACCES: the
	 * caller may not write to it; else the errno of writing it in its place (ENOSPC, EROFS
	 * ...).
	 */
	int code;
	/*
	 * KEPT: where the save is. SAVED under version 1: where the content before it is
	 * ("FILE~"); else empty. Unsanitised.
	 */
	char path[4096];
	char message[EDIT_MESSAGE_MAX + 1]; /* DONE: for the user, sanitised; or empty */
};

/*
 * Read on. Returns an enum opener_step or a negative errno, after which nothing more is to be
 * read. -ECONNRESET: the reply ended without its end. -EPROTO: it is malformed. -EFBIG: a save
 * is longer than max_bytes. -ECANCELED: `stop`.
 */
int opener_step(struct opener *opener, struct opener_event *event, struct qfile_error *error);

/* How far sending, or else the save that is coming, is: total is 0 where it is not known. */
struct edit_progress {
	uint64_t done, total;
};
struct edit_progress opener_progress(const struct opener *opener);
void opener_free(struct opener *opener);

#endif
