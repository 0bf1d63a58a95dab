/*
 * How fast a transfer is, and how long it will take.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_RATE_H
#define SEND_RATE_H
#include <glib.h>

/* Zeroed: nothing is known yet. */
struct rate {
	gint64 since;   /* microseconds of a monotonic clock */
	guint64 bytes;  /* that were sent then */
	double current; /* bytes a second; 0: not known */
};

/* So much was sent at that time. */
void rate_add(struct rate *rate, gint64 now, guint64 bytes);

/*
 * "12.0 MB of 48.0 MB, 5.0 MB/s, 8 seconds left": what of it is known. `total`: 0 if it is not. To
 * be freed by the caller.
 */
char *rate_text(const struct rate *rate, guint64 bytes, guint64 total);

#endif
