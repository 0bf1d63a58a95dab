/*
 * A task: the files of one selection, from the question which VM is meant to their end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_TASK_H
#define SEND_TASK_H
#include "model/options.h"

#include <gtk/gtk.h>

struct task;

/*
 * Begin one for a call of qfile-send, whose exit status `line` takes. `ended` is called when it is
 * over; the task has gone then.
 */
struct task *task_new(GtkApplication *app, const struct options *options,
		      GApplicationCommandLine *line,
		      void (*ended)(struct task *task, gpointer data), gpointer data);
/* Take the files of another call, if it belongs to the same selection. Returns whether it does. */
gboolean task_join(struct task *task, const struct options *options, GApplicationCommandLine *line);

#endif
