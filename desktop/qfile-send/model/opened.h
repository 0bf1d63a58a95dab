/*
 * A file that is open in another VM: what its window says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_OPENED_H
#define SEND_OPENED_H
#include "event.h"
#include "words.h"

/* Zeroed: nothing has come yet. */
struct opened {
	gboolean open; /* it was sent, and is open there */
	unsigned saves, saves_here;
	char when[64]; /* the time of the last save; empty: none */
	GString *log;  /* what else is to be known, a line each; NULL: nothing */
};

/* Take what has come. `when`: the time, as text. */
void opened_take(struct opened *opened, const struct subject *subject, const struct event *event,
		 const char *when);
void opened_clear(struct opened *opened);

/* Both are to be freed by the caller. */
char *opened_heading(const struct opened *opened, const struct subject *subject);
char *opened_status(const struct opened *opened, const struct subject *subject);

#endif
