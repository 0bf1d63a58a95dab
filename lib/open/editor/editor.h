/*
 * The editor: opens a file of another VM, on the side that shows it.
 *
 * The room lib/open/editor: shows a file to a user, and sends back what they save. It may use
 * lib/open, lib/io, lib/format, system/ and text/. It writes only in a private directory, and
 * starts only the handler. It does not confine the handler, and reads /proc to see who has the file
 * in use.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPEN_EDITOR_EDITOR_H
#define OPEN_EDITOR_EDITOR_H
#include <qfile.h>

struct editor;

struct editor_options {
	int in;   /* the request and the content */
	int out;  /* the reply goes here; non-blocking or not */
	int stop; /* a descriptor that becomes readable when the user wants to stop, or -1 */
	const char *directory; /* where to make a private directory for the file */
	/* The VM that asks, which becomes a part of the directory's name; NULL: unknown. */
	const char *from;
	uint64_t max_bytes; /* the longest content that is accepted; UINT64_MAX: any */
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
/* How many saves have been sent. */
unsigned editor_saves(const struct editor *editor);

/*
 * Run the handler, and send each save when it is made (in version 1 only the last one, at the end).
 * argv is as for execvp(3). The handler's stdin is /dev/null, and its stdout is the caller's
 * stderr. *status becomes the handler's status, as waitpid(2) returns it; 0 if the handler is still
 * running.
 *
 * Returns 0 when the handler and all that it started have ended, and no other process has the file
 * in use. It may return earlier; then it has tried to send the last save, and has sent SIGTERM to
 * what was left of the handler:
 *  -ECANCELED: `stop` became readable.
 *  -ECONNRESET: the opener has gone.
 * -ENOTSUP: in version 1, the file is empty now, which cannot be expressed. Otherwise the errno of
 * starting the handler, or of reading the file.
 *
 * The process must have no other children. From now on it adopts orphans (PR_SET_CHILD_SUBREAPER).
 */
int editor_run(struct editor *editor, char *const argv[], char *const environment[], int *status,
	       struct qfile_error *error);

/*
 * Remove the private directory with everything in it, and send the end of the reply: `code` is 0 or
 * a positive errno, `message` (at most EDIT_MESSAGE_MAX bytes) is for the opener's user. In version
 * 1 nothing is sent. -ECONNRESET: the opener has gone.
 */
int editor_done(struct editor *editor, int code, const char *message);
/*
 * Free the editor, and remove the private directory if editor_done() was not called. Returns 0, or
 * the negative errno of removing the directory, now or earlier.
 */
int editor_free(struct editor *editor);

#endif
