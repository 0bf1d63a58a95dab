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

/* Does the error concern this side alone, such as a directory of its own that cannot be made? */
bool explain_is_ours(const struct qfile_error *error);
/* The session failed. `logged`: of what concerns this side alone, the log has the reason. */
void explain_error(struct ending *ending, const struct qfile_error *error, bool logged);
/* Add a sentence to the message. */
void explain_more(struct ending *ending, const char *text);

#endif
