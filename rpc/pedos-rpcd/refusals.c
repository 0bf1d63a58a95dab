/*
 * Refused calls in the log.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "refusals.h"

#include "base/log.h"

#include "system/clock.h"

#include <stdbool.h>
#include <stdio.h>

#define INTERVAL 1000 /* milliseconds */

/* Where this caller is counted, or can be; at the worst together with others. */
static struct refused *find_caller(struct refusals *refusals, unsigned origin, int64_t now)
{
	struct refused *idle = &refusals->callers[REFUSALS_CALLERS];

	for (size_t i = 0; i < REFUSALS_CALLERS; i++) {
		struct refused *caller = &refusals->callers[i];
		bool unused = caller->count == 0 && now - caller->logged >= INTERVAL;

		if (caller->logged && caller->origin == origin)
			return caller;
		if (!caller->logged || unused)
			idle = caller;
	}
	if (idle != &refusals->callers[REFUSALS_CALLERS])
		idle->logged = 0;
	return idle;
}

static void write_line(struct refused *caller, int64_t now)
{
	if (caller->count == 1)
		log_line(LOG_INFO, "%s", caller->last);
	else
		log_line(LOG_INFO, "%s (the last of %u such calls)", caller->last, caller->count);
	caller->logged = now;
	caller->count = 0;
}

void refusals_add(struct refusals *refusals, unsigned origin, const char *text)
{
	int64_t now = clock_now();
	struct refused *caller = find_caller(refusals, origin, now);

	snprintf(caller->last, sizeof(caller->last), "%s", text);
	caller->origin = origin;
	caller->count++;
	if (!caller->logged || now - caller->logged >= INTERVAL)
		write_line(caller, now);
}

int refusals_flush(struct refusals *refusals)
{
	int64_t now = clock_now(), next = -1;

	for (size_t i = 0; i <= REFUSALS_CALLERS; i++) {
		struct refused *caller = &refusals->callers[i];
		int64_t left = caller->logged + INTERVAL - now;

		if (caller->count > 0 && left <= 0)
			write_line(caller, now);
		else if (caller->count > 0 && (next < 0 || left < next))
			next = left;
	}
	return (int)next;
}

void refusals_end(struct refusals *refusals)
{
	for (size_t i = 0; i <= REFUSALS_CALLERS; i++) {
		if (refusals->callers[i].count > 0)
			write_line(&refusals->callers[i], clock_now());
	}
}
