/*
 * The editor: opens a file of another VM, on the side that shows it.
 *
 * The room lib/open/editor: shows a file to a user, and sends back what they save. It may use
 * lib/open, lib/open/holders, which sees who has the file, lib/io, lib/format, system/ and text/.
 * It writes only in a private directory, starts only the handler, and ends nobody's process. It
 * does not confine the handler.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_EDITOR_EDITOR_H
#define OPEN_EDITOR_EDITOR_H
#include <qfile.h>

/* What was being done when something failed that is no concern of the opener's. */
#define EDITOR_MAKING   "making a private directory in"
#define EDITOR_WATCHING "watching the directory"

struct editor;

struct editor_options {
	int in;   /* the request and the content */
	int out;  /* the reply goes here; non-blocking or not */
	int stop; /* a descriptor that becomes readable when the user wants to stop, or -1 */
	const char *directory; /* where to make a private directory for the file */
	/* The VM that asks, which becomes a part of the directory's name; NULL: unknown. */
	const char *from;
	uint64_t max_bytes; /* the longest content that is accepted; UINT64_MAX: any */
	/*
	 * Milliseconds that what was sent may be on its way before a loss of the connection is
	 * noticed: so late it may not have arrived.
	 */
	int64_t on_the_way;
};

/*
 * Make an editor, which has not read or made anything yet. The options' strings must live as long
 * as the editor. -EINVAL: `from` is not the name of a VM. -ENOMEM.
 */
int editor_new(struct editor **editor, const struct editor_options *options);

/*
 * Read the request and the content, and store the content in a private directory, under its name
 * made safe.
 *  -ENODATA: the request or the content is shorter than announced.
 *  -EINVAL: the request is malformed.
 *  -EDQUOT: the content is longer than max_bytes.
 *  -ECANCELED: `stop` became readable.
 * Otherwise the errno of reading or storing.
 */
int editor_receive(struct editor *editor, struct qfile_error *error);
/* After editor_receive(): the file's absolute path. */
const char *editor_path(const struct editor *editor);
/* After editor_receive(): is the file only to be looked at? */
bool editor_view_only(const struct editor *editor);
/* Does the opener understand the message of editor_done()? */
bool editor_tells(const struct editor *editor);
/* How many saves have been sent. */
unsigned editor_saves(const struct editor *editor);

/*
 * Run the handler, and send each save when it is made (in version 1 only the last one, at the end).
 * argv is as for execvp(3). The handler's stdin is /dev/null, and its stdout is the caller's
 * stderr. *status becomes the handler's status, as waitpid(2) returns it; 0 if the handler is still
 * running.
 *
 * Returns 0 when it is known that nobody has the file any more: over.c has the table. Until then
 * the opener's user is told, by notes, what is not known. It may return earlier; then it has tried
 * to send the last save, and has ended nobody:
 *  -ECANCELED: `stop` became readable.
 *  -ECONNRESET: the opener has gone.
 * -ENOTSUP: in version 1, the file is empty now, which cannot be expressed. Otherwise the errno of
 * starting the handler, or of reading the file.
 *
 * The process must have no other children. From now on it adopts orphans (PR_SET_CHILD_SUBREAPER).
 */
int editor_run(struct editor *editor, char *const argv[], char *const environment[], int *status,
	       struct qfile_error *error);

/* What is left after editor_run(). */
enum editor_left {
	EDITOR_NOTHING, /* the private directory is removed by editor_done() */
	/* It stays, with a notice for its user: an application has the file still, or may. */
	EDITOR_USED,
	/* It stays, with a notice: something in it may not have arrived. */
	EDITOR_UNSENT
};

enum editor_left editor_left(const struct editor *editor);
/*
 * After editor_run(): how many files were saved beside the file and are not with the opener, and
 * the name of the first one.
 */
unsigned editor_beside(const struct editor *editor, const char **name);
/* After editor_run(): does a directory or a link stand in the place of the file? */
bool editor_other(const struct editor *editor);
/* After editor_run(): is it a database with changes that are only in its journal? */
bool editor_within(const struct editor *editor);
/* After editor_run(): is there something that the opener takes, and that could not be sent? */
bool editor_misses(const struct editor *editor);
/* After editor_run(): has nobody opened the file? */
bool editor_unopened(const struct editor *editor);
/* After editor_run(), of a file that is only to be looked at: was it changed nevertheless? */
bool editor_changed_in_vain(const struct editor *editor);

/*
 * Remove the private directory with everything in it, unless it stays, and send the end of the
 * reply: `code` is 0 or a positive errno, `message` (at most EDIT_MESSAGE_MAX bytes) is for the
 * opener's user. In version 1 nothing is sent. -ECONNRESET: the opener has gone.
 */
int editor_done(struct editor *editor, int code, const char *message);
/*
 * After editor_done() with EDITOR_USED, in a process of its own: leave the session, close all
 * descriptors but those of the private directory, wait until nobody has the file any more, and
 * remove the directory if all that is in it has arrived. Returns EDITOR_NOTHING then, otherwise
 * EDITOR_UNSENT, and EDITOR_USED if it could not begin.
 */
enum editor_left editor_keep(struct editor *editor);
/*
 * Free the editor, and remove the private directory if editor_done() was not called. Returns 0, or
 * the negative errno of removing the directory or of writing the notice, now or earlier.
 */
int editor_free(struct editor *editor);

#endif
