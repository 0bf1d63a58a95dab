/*
 * Showing how far the transfer is.
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
	bool line_open;      /* the terminal's cursor is behind our line */
	int64_t start, last; /* as clock_now() */
	struct qfile_size total;
};

/*
 * Choose by the option's value ("auto", "tty", "json", "none"; NULL: not given), else by what
 * existing wrappers set in the environment. Returns false for a value that is none of these.
 */
bool show_init(struct show *show, const char *option);
/* After show_init(): as JSON, on a descriptor that is for nothing else. */
void show_on(struct show *show, int fd);
/* Is a total wanted that nobody has told? */
bool show_wants_total(const struct show *show);
/*
 * So much of the total is done, and `name` is the current entry, unsanitised. At most ten times a
 * second.
 */
void show_progress(struct show *show, struct qfile_size done, const char *name);
/* The state at the end, and a line of its own for what is written next. */
void show_end(struct show *show, struct qfile_size done, const char *name);
/* From here on another `total` is worked on. */
void show_begin(struct show *show, struct qfile_size total);
/* Make way for a message. */
void show_clear(struct show *show);

#endif
