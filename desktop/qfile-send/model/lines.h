/*
 * Lines of a stream that comes in pieces.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_LINES_H
#define SEND_LINES_H
#include <glib.h>

/* Bytes of a line: one that is longer is left out. */
#define LINES_LONGEST (8 << 20)

struct lines {
	GString *rest;     /* a line that has not ended yet */
	gboolean too_long; /* it is, and is left out */
};

void lines_init(struct lines *lines);
void lines_clear(struct lines *lines);

/* Gets one line without its newline, NUL-terminated; it may contain NUL. */
typedef void (*lines_take)(const char *line, gsize length, gpointer data);

/* Take what has come, and pass on the lines that are complete. */
void lines_feed(struct lines *lines, const char *bytes, gsize length, lines_take take,
		gpointer data);

#endif
