/*
 * The report of a transfer: what has become of it, on stderr for people, and as the last object of
 * JSON for programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPORT_H
#define REPORT_H
#include "cli/show.h"
#include "explain.h"
#include "listed.h"
#include "options.h"

#include <stdio.h>

struct report {
	const struct options *options;
	bool quiet;     /* a success is not said in words */
	int reports_to; /* a descriptor to be told when the last object is written, or -1 */
	const char *to; /* the VM or machine of the receiver, safe to show; NULL: not known */
	const struct qfile_source *sources;
	size_t source_count;
	struct qfile_count sent;
	struct qfile_size size;
	struct qfile_result result;
	struct listed left_out; /* what was not sent */
	struct listed changed;  /* what was sent, but changed meanwhile */
	struct listed times;    /* what was sent with other times, since its own could not be */
	struct listed kept;     /* what a move has kept here, though it was sent */
	struct ending ending;
};

/*
 * Say how the transfer has ended. A failure is said on stderr. A success too, with what was sent,
 * how much and where, under which names, and what was left out, has changed or was kept here; if
 * `quiet`, only these three.
 * Call this once, and call show_clear() before.
 */
void report_say(const struct report *report);

/* What the receiver says that its file system does not keep: enum qfile_lost bits. */
unsigned report_lost(const struct report *report);

/* Write the last object of JSON, if the progress is shown so. */
void report_last(const struct report *report, struct show *show);

#endif
