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
#include "options.h"

#include <stdio.h>

/* The first entries of a list, which may be long. */
#define LISTED_MAX 100
struct listed {
	uint64_t count;
	char *names[LISTED_MAX];
	char *reasons[LISTED_MAX];
};

struct report {
	const struct options *options;
	bool quiet;     /* a success is not said in words */
	const char *to; /* the other VM; NULL: not known */
	const struct qfile_source *sources;
	size_t source_count;
	struct qfile_count sent;
	struct qfile_size size;
	struct qfile_result result;
	struct listed left_out; /* what was not sent */
	struct listed kept;     /* what a move has kept here, though it was sent */
	struct ending ending;
};

/* Add an entry to a list. `why` as a part of a sentence, such as "it is a socket". */
void listed_add(struct listed *listed, const char *name, const char *why);

/*
 * Say how the transfer has ended. A failure is said on stderr. A success too, with what was sent,
 * how much and where, under which names, and what was kept here; if `quiet`, only what was kept.
 * Call this once, and call show_clear() before.
 */
void report_say(const struct report *report);

/* Write the last object of JSON, if the progress is shown so. */
void report_last(const struct report *report, struct show *show);

#endif
