/*
 * What qfile-agent and qopen-in-vm say to programs: an object of JSON a line, see their manual
 * pages.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_EVENT_H
#define SEND_EVENT_H
#include <glib.h>

enum phase {
	PHASE_OTHER, /* one that later versions have added */
	PHASE_CALLING,
	PHASE_COUNTING,
	PHASE_SENDING,
	PHASE_RECEIVING,
	PHASE_CONFIRMING,
	PHASE_REMOVING,
	PHASE_OPEN,
	PHASE_DONE,
};

enum outcome {
	OUTCOME_NONE, /* none was said, or one that later versions have added */
	OUTCOME_COPIED,
	OUTCOME_FAILED,
	OUTCOME_STOPPED,
	OUTCOME_DAMAGED,
	OUTCOME_UNKNOWN,
	OUTCOME_COMPLETE,
	OUTCOME_INCOMPLETE,
};

/* Ways to avoid a failure. */
enum {
	HELP_RENAME = 1 << 0,
	HELP_DEREFERENCE = 1 << 1,
	HELP_SKIP_UNREADABLE = 1 << 2,
};

/* Names and texts are untrusted, and NULL where there are none. */
struct event {
	enum phase phase;
	guint64 bytes, entries, total_bytes, total_entries; /* totals: 0 if they are not known */
	char *name;

	/* Of the last object */
	enum outcome outcome;
	guint32 code;
	char *message, *entry;
	unsigned help;
	guint64 left_out, changed, kept; /* how many */
	char *remarks;                   /* what these are, a line each */

	/* Of an opening */
	unsigned saves, saves_here;
	char *note, *beside, *kept_at, *before;
};

/* Returns FALSE if the line is no such object; then there is nothing to clear. */
gboolean event_parse(const char *line, gsize length, struct event *event);
void event_clear(struct event *event);

#endif
