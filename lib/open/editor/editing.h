/*
 * Editing: sends back what is saved, until no process has the file in use any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EDITING_H
#define EDITING_H
#include "open/editor/handler.h"
#include "open/editor/in_use.h"
#include "open/editor/saves.h"

struct editing {
	struct saves saves;
	int out, stop; /* as in struct editor_options */
	struct handler handler;
	pid_t user;         /* the process that in_use() found last */
	int64_t started;    /* when the handler was started, as clock_now() */
	int64_t ended;      /* when the handler and all that it started had ended; 0: not yet */
	bool used;          /* after that, another process had the file in use */
	int64_t idle_since; /* since when no process has; 0: one has, or it was not checked yet */
};

/* Run the handler, as editor_run(). */
int editing_run(struct editing *editing, char *const argv[], char *const environment[],
		struct qfile_error *error);

#endif
