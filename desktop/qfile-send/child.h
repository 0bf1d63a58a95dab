/*
 * A program that does the work, without a window: started, listened to, stopped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_CHILD_H
#define SEND_CHILD_H
#include "model/event.h"

#include <gio/gio.h>

struct child;

/* What its owner is told, from the main loop. */
struct child_calls {
	void (*event)(const struct event *event, gpointer data);
	/*
	 * It has ended, and nothing more comes; the owner frees it. `last`: the last object, or
	 * NULL if it has said none. `status`: as of a shell. `said`: what it has written to stderr,
	 * the end of that, untrusted.
	 */
	void (*ended)(const struct event *last, int status, const char *said, gpointer data);
};

/*
 * Start argv[0] with argv[1] and --progress-fd before the others. `ends_with_us`: however this
 * process ends, it is asked to end then. Returns NULL, and *error, if that is not possible.
 */
struct child *child_start(const char *const argv[], gboolean ends_with_us,
			  const struct child_calls *calls, gpointer data, GError **error);
/* Ask it to end. What does not end within `patience` seconds is killed, with all that it started.
 */
void child_stop(struct child *child, unsigned patience);
void child_free(struct child *child);

#endif
