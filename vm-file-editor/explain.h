/*
 * Messages for the user of the VM that asked, who reads them there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include <qfile.h>

/* How the session ended, for editor_done(). */
struct ending {
	int code; /* 0 or a positive errno */
	char message[1024];
};

/* The session failed. */
void explain_error(struct ending *ending, const struct qfile_error *error);
/*
 * The handler, a shell command, has ended with this status, as waitpid(2) returns it. The file is
 * at `path`.
 */
void explain_handler(struct ending *ending, const char *handler, const char *path, int status);

#endif
