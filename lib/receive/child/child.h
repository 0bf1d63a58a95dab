/*
 * The confined child of a receiver, as its monitor has it.
 *
 * The room lib/receive/child: what runs in the child, and what the monitor hears of it. It may use
 * lib/sandbox, lib/io, lib/format, system/ and text/. Only unpack.c reads the stream, and only in
 * the child. The monitor's side believes no report that it has not checked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CHILD_H
#define CHILD_H
#include "receive/child/relay.h"
#include "receive/child/report.h"
#include "receive/child/said.h"

struct child {
	const struct qfile_receive_options *options;
	struct qfile_receive_outcome *outcome;
	int tree;              /* the directory that becomes its whole file system */
	bool folds, sync_each; /* as in struct unpack_options */
	/* Called when many more entries have come; NULL: nothing is. */
	void (*grown)(void *observer);
	void *observer;
	struct relay stream;
	struct report_reader reader;
	struct said said;
	bool confined;    /* the child has said so */
	bool unsynced;    /* what the child was to sync is left to the monitor */
	bool ended;       /* the sender has closed the stream, */
	int64_t deadline; /* and the child must be done by then, as clock_now() */
	const char *last; /* the whole name of its last entry; NULL: it has said none */
	struct qfile_error *error;
};

/*
 * Unpack the stream through a confined child into `tree`. When this returns the child has ended,
 * whatever it has become. A negative errno, with *error filled, if it failed or `stop` became
 * readable.
 *
 * Begin with options, outcome, tree, folds, sync_each, grown and error set.
 */
int child_run(struct child *child);

#endif
