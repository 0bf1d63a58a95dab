/*
 * Refused calls in the log: a line a second for each caller, however often they call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_REFUSALS_H
#define RPCD_REFUSALS_H
#include <stdint.h>

#define REFUSALS_CALLERS 64 /* that have lines of their own */
#define REFUSALS_TEXT    1024

/* Callers of which nobody knows who they are: all of them are one. */
#define REFUSALS_UNKNOWN UINT32_MAX

struct refusals {
	struct refused {
		unsigned origin;
		unsigned count; /* since the last line */
		int64_t logged; /* when that was, as clock_now(); 0: this one is free */
		char last[REFUSALS_TEXT];
	} callers[REFUSALS_CALLERS + 1]; /* the last is for all that have none of their own */
};

/*
 * Log that a call was refused; `text` says who, what and why. If there was a line about this
 * caller's in the last second, it is counted for the next.
 */
void refusals_add(struct refusals *refusals, unsigned origin, const char *text);

/* Log what was counted, where its second has passed. Returns the milliseconds to the next; or -1.
 */
int refusals_flush(struct refusals *refusals);

/* Log all that was counted, since this is the end. */
void refusals_end(struct refusals *refusals);

#endif
