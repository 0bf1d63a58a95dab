/*
 * Showing the progress of a transfer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SHOW_H
#define SHOW_H
#include <qfile.h>
#include <stdbool.h>
#include <stdint.h>

enum show_mode {
	SHOW_NONE,
	SHOW_TTY,  /* one line, redrawn */
	SHOW_JSON, /* one object a line */
	SHOW_GUI,  /* a percentage a line, as `zenity --progress` reads it */
};

struct show {
	enum show_mode mode;
	int fd;
	bool utf8;
	bool line_open;      /* the cursor is at the end of our line */
	int64_t start, last; /* as clock_now() */
	struct qfile_size total;
};

/*
 * Choose how to show the progress by the option's value ("auto", "tty", "json" or "none"). NULL
 * means that the option was not given: then the environment, which wrappers set, decides. Returns
 * false for another value.
 */
bool show_init(struct show *show, const char *option);
/* After show_init(): as JSON, on a descriptor that is for nothing else. */
void show_on(struct show *show, int fd);
/* Should the caller find out the total? */
bool show_wants_total(const struct show *show);
/*
 * Show that `done` of the total is done. `name` is the current entry, unsanitised. This does
 * nothing if the last time was less than a tenth of a second ago.
 */
void show_progress(struct show *show, struct qfile_size done, const char *name);
/* Show the progress at the end, and begin a new line. */
void show_end(struct show *show, struct qfile_size done, const char *name);
/* Begin anew, with another total. */
void show_begin(struct show *show, struct qfile_size total);
/* Remove the line, so that a message can be written. */
void show_clear(struct show *show);

#endif
