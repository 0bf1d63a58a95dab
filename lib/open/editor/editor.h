/*
 * The editor: opening a file in another VM, for the side that shows it.
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
	int in;  /* the request and the content */
	int out; /* the reply goes here; non-blocking or not */
	int stop;
	const char *directory; /* where to make a private directory for the file */
	/* The name of the VM that asks, for the directory's name; NULL: unknown. */
	const char *from;
	uint64_t max_bytes; /* the longest content that is accepted; UINT64_MAX: any */
};

/*
 * A new editor. Nothing is made or read yet. The options' strings must live as long as it. -ENOMEM.
 * -EINVAL: `from` is no VM's name.
 */
int editor_new(struct editor **editor, const struct editor_options *options);

/*
 * Read the request and the content, and store it under its name, made safe, in a private directory.
 * -ENODATA: the request or the content is shorter than announced. -EINVAL: malformed. -EDQUOT:
 * beyond max_bytes. -ECANCELED: `stop`.
 */
int editor_receive(struct editor *editor, struct qfile_error *error);
/* The file's absolute path; and may it be edited? After editor_receive(). */
const char *editor_path(const struct editor *editor);
bool editor_view_only(const struct editor *editor);
/* How many saves were sent so far. */
unsigned editor_saves(const struct editor *editor);

/*
 * Run the handler (argv as execvp(3) takes it) on the file, with stdin from /dev/null and the
 * caller's stderr for stdout too, and send what is saved, as it is saved (under version 1 only the
 * last, at the end). Returns when the handler and all that it started have ended and no other
 * process has the file in use; or with -ECANCELED (`stop`) or -ECONNRESET (the opener has gone),
 * having tried to send what was saved last. What is still running of the handler is then asked to
 * end. -ENOTSUP: under version 1 the file was edited to empty, which cannot be said there. *status
 * is the handler's, as waitpid(2) has it; 0 while it runs. Needs a process without other children;
 * it adopts orphans from here on (PR_SET_CHILD_SUBREAPER).
 */
int editor_run(struct editor *editor, char *const argv[], char *const environment[], int *status,
	       struct qfile_error *error);

/*
 * Remove the private directory, whatever is in it, and tell the opener that nothing more comes:
 * `code` is 0 or a positive errno, `message` (at most EDIT_MESSAGE_MAX bytes) is for its
 * user. Under version 1 nothing can be told. The opener may have gone: -ECONNRESET.
 */
int editor_done(struct editor *editor, int code, const char *message);
/*
 * Free the editor; without editor_done() before, remove the private directory. Returns as
 * removing it did.
 */
int editor_free(struct editor *editor);

#endif
