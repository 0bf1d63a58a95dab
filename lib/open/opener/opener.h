/*
 * The opener: opens a file in another VM, on the side that has the file.
 *
 * The room lib/open/opener: sends a file, and replaces it with the saves that come back. It may use
 * lib/open, lib/io, lib/format, system/ and text/. It writes in the file's directory, in those of
 * opener_options.keep and in the directory for deliveries, nowhere else. It starts no processes,
 * and never trusts the editor's side.
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
	int in;         /* the reply is read here */
	int out;        /* the request and the content go here; non-blocking or not */
	int stop;       /* a descriptor that becomes readable when the user wants to stop, or -1 */
	bool view_only; /* write nothing that comes back anywhere */
	/*
	 * Where a new file in the place of the file would lose its owner, its access, its other
	 * names or its mount, or cannot be put there: write the save into the file itself.
	 */
	bool in_place;
	/*
	 * The user's home directory: files that are saved beside the file there are stored in
	 * `incoming` there. NULL: they are not taken. Not with view_only.
	 */
	const char *home;
	/* As for qfile_incoming_open(). */
	const char *incoming;
	/*
	 * The other side is known to speak version 2. What it sends otherwise, as a login script
	 * does, is -EPROTO, and nothing at all -ECONNRESET; neither is taken for version 1.
	 */
	bool records_only;
	/* The longest save, and the longest file saved beside it, that is taken; UINT64_MAX: any */
	uint64_t max_bytes;
	/* The name of the other VM, for the names of saves that are kept. */
	const char *from;
	/*
	 * Directories, NULL-terminated. A save that can be written neither over nor beside the file
	 * is kept in the first one that can take it. If a directory is missing, it is made with
	 * mode 0700, and so are those above it. One that is a link, open to others, or where
	 * another user has a say in where it is, is skipped: see private_open(). NULL, to check
	 * only whether the file can be opened: then what a crash has left is not looked for.
	 */
	const char *const *keep;
};

/* What the user should know before they edit, as bits. */
enum opener_note {
	/* The file has other names (hard links), which will keep the old content. */
	OPENER_LINKS = 1 << 0,
	/* The caller may not write to the file: saves will be kept beside it. */
	OPENER_READ_ONLY = 1 << 1,
	/* Another opener has it open for editing: saves will be kept beside it. */
	OPENER_SECOND = 1 << 2,
	/* The directory takes no new file, or lets none take the place of this one. */
	OPENER_DIRECTORY = 1 << 3,
	/* A new file in its place would have another owner or group, or no such access list. */
	OPENER_OWNER = 1 << 4,
	/* Something is mounted on it, which a file in its place would not be. */
	OPENER_MOUNT = 1 << 5,
	/* It is marked: its content must not be changed (chattr +i), or only grow (+a). */
	OPENER_IMMUTABLE = 1 << 6,
	/* Saves will be written into the file itself, as options.in_place asks for. */
	OPENER_IN_PLACE = 1 << 7,
	/* A session has left what the file had before a save: see opener_unfinished(). */
	OPENER_UNFINISHED = 1 << 8,
	/*
	 * It is a database with changes that are only in its journal. They are not sent, and would
	 * spoil another content in its place: saves will be kept beside it.
	 */
	OPENER_DATABASE = 1 << 9,
	/* It is on a file system, or a mount, that is read-only. */
	OPENER_READ_ONLY_MOUNT = 1 << 10,
};

/*
 * Open the file at `path`. Symbolic links are followed: a save replaces what they lead to. This
 * sends nothing. `path` and the options' strings must live as long as the opener.
 *  -EINVAL: the path is empty.
 *  -EISDIR: it is a directory.
 *  -ENOTSUP: it is neither a directory nor a regular file.
 *  -ESTALE: the file was removed, or the way to it changes all the time.
 * Otherwise the errno of opening it.
 */
int opener_new(struct opener **opener, const char *path, const struct opener_options *options,
	       struct qfile_error *error);
/* enum opener_note bits; with view_only UNFINISHED and DATABASE only. */
unsigned opener_notes(const struct opener *opener);
/* The path of what the file had before a save that was interrupted, or an empty text. */
const char *opener_unfinished(const struct opener *opener);

/*
 * Send the request, or the next part of the content (a few hundred KiB), or where the file's size
 * says nothing, read the next part to find its length. Returns 1 while there is more to send, and 0
 * at the end: the caller must then close `out` and all copies of it. It also returns 0 if the other
 * side takes no more: opener_step() then tells why. -ESTALE: the file became shorter meanwhile, or
 * its length is not the one that was found. Then the other side has not got all of what it was told
 * to wait for, and opens nothing. -ECANCELED: `stop` became readable. Otherwise the errno of
 * reading or sending.
 */
int opener_send(struct opener *opener, struct qfile_error *error);

/* What has come back. */
enum opener_step {
	OPENER_DONE = 0, /* the reply is complete: see event->code and event->message */
	OPENER_PART = 1, /* a part of a save, or with view_only a whole one */
	/* The file has the content of the save, on stable storage. It may have had it before. */
	OPENER_SAVED = 2,
	/* A save is kept at event->path, on stable storage. event->code tells why. */
	OPENER_KEPT = 3,
	/* A save could be written nowhere. *error tells why. The next one may succeed. */
	OPENER_DROPPED = 4,
	/*
	 * A save had a wrong checksum, and is not used. That happens if the file is saved again
	 * while it is sent.
	 */
	OPENER_DAMAGED = 5,
	/* The session goes on: event->message is for the user. */
	OPENER_NOTE = 6,
	/* A file that was saved beside the file there is at event->path here, on stable storage. */
	OPENER_BESIDE = 7,
	/*
	 * Such a file could not be taken. event->path is its name, and *error tells why: EDQUOT:
	 * too many, or too much in all; EFBIG: longer than max_bytes; EBADMSG: it was damaged on
	 * its way.
	 */
	OPENER_BESIDE_LOST = 8,
};

struct opener_event {
	unsigned save; /* the number of the save, from 1; DONE: how many saves have come */
	/*
	 * DONE: 0, or why the other side failed: a Linux errno.
	 * KEPT: why the save has not replaced the file.
	 *  ESTALE: the file was changed here.
	 *  ENOENT: it was removed here.
	 *  EBUSY: another opener has it open.
	 *  EACCES: the caller may not write to it.
	 *  EDQUOT: too much of what the file had before doubtful saves is kept already.
	 *  Otherwise the errno of replacing it, such as ENOSPC or EROFS.
	 */
	int code;
	/* KEPT: the one enum opener_note bit that explains the code, if one does. */
	unsigned cause;
	/*
	 * SAVED, KEPT, DROPPED, BESIDE: 0, or a Linux errno: why the other side says that the
	 * content may be damaged. With SAVED, what the file had before is kept.
	 */
	int doubt;
	bool in_place; /* SAVED: it was written into the file itself */
	/*
	 * KEPT, BESIDE: where it is. SAVED with version 1, or with a doubt: where what the file had
	 * before is ("FILE~"), unless it had the same content. DROPPED: where what the file had
	 * before is, if it could neither be replaced nor be left as it was. BESIDE_LOST: the name.
	 * Otherwise empty. Unsanitised.
	 */
	char path[4096];
	/* DONE, NOTE: for the user, sanitised; or empty */
	char message[EDIT_MESSAGE_MAX + 1];
};

/*
 * Read on. Returns an enum opener_step or a negative errno. Do not call it again after OPENER_DONE
 * or a failure.
 *  -ECONNRESET: the connection ended before the reply was complete.
 *  -EPROTO: the reply is malformed.
 *  -EFBIG: a save is longer than max_bytes.
 *  -ECANCELED: `stop` became readable. opener_finish() may follow.
 *  -ETIMEDOUT: after opener_finish(), nothing more has come.
 */
int opener_step(struct opener *opener, struct opener_event *event, struct qfile_error *error);

/* Milliseconds in which an editor sends what was saved before, with time to spare: qfile(5). */
#define OPENER_FINISH_TIMEOUT 5000

/*
 * The user wants to end the session: opener_step() takes what is under way. It fails with
 * -ETIMEDOUT when nothing has come for OPENER_FINISH_TIMEOUT, and with -ECANCELED when `stop`
 * becomes readable, which is used from now on.
 */
void opener_finish(struct opener *opener, int stop);
/*
 * Does the path that was opened still lead to the file that has the saves? If not, or if that
 * cannot be seen, `where` becomes the path of that file.
 */
bool opener_in_its_place(const struct opener *opener, char where[4096]);
/* Is everything that was saved beside the file there stored here, without doubt? */
bool opener_has_all_beside(const struct opener *opener);

/* Bytes of the content that is sent, later of the save that comes. total: 0 if it is not known. */
struct edit_progress {
	uint64_t done, total;
};
struct edit_progress opener_progress(const struct opener *opener);
void opener_free(struct opener *opener);

#endif
