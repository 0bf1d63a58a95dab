/*
 * The window that shows how far something is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_PROGRESS_H
#define SEND_PROGRESS_H
#include "model/rate.h"
#include "model/words.h"

#include <gtk/gtk.h>

struct progress;

/*
 * Make it. It appears by itself after half a second: what takes less needs no window. `stop` is
 * called when the user cancels, each time that they do.
 */
struct progress *progress_new(GtkApplication *app, const struct subject *subject,
			      void (*stop)(gpointer data), gpointer data);
/* Show what has come. */
void progress_take(struct progress *progress, const struct event *event);
/* The user wants it to stop, and it has not stopped yet. */
void progress_stopping(struct progress *progress);
void progress_free(struct progress *progress);

#endif
