/*
 * What a task is about to send: the files of one call, or of several that are one selection.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_SELECTION_H
#define SEND_SELECTION_H
#include "options.h"

#include <glib.h>

/*
 * Microseconds. A file manager may start a program twice for one selection, with its directories
 * and with its files: calls that follow one another so soon are one.
 */
#define SELECTION_JOINS (300 * G_TIME_SPAN_MILLISECOND)

struct selection {
	enum action action;
	char *to;         /* NULL: the user chooses */
	GPtrArray *files; /* paths, each ended by a NUL */
	gint64 last;      /* when the last call came */
};

void selection_init(struct selection *selection, const struct options *options, gint64 now);
void selection_clear(struct selection *selection);

/* Take the files of another call, if it belongs to this selection. Returns whether it does. */
gboolean selection_join(struct selection *selection, const struct options *options, gint64 now);

/* How many microseconds are left in which another call would join. */
gint64 selection_open(const struct selection *selection, gint64 now);

#endif
