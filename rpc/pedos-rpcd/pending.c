/*
 * The calls that have not been let in yet.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "pending.h"

#include <string.h>

unsigned pending_count(const struct pending_calls *pending, unsigned origin)
{
	unsigned count = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		count += pending->calls[i].used && pending->calls[i].call.origin == origin;
	return count;
}

/* The oldest call of the origin that has most; *most is how many that has. */
static struct pending_call *find_loser(struct pending_calls *pending, unsigned *most)
{
	struct pending_call *loser = NULL;

	*most = 0;
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending_call *call = &pending->calls[i];
		unsigned count = call->used ? pending_count(pending, call->call.origin) : 0;

		if (count > *most || (loser && count == *most && call->begun < loser->begun)) {
			loser = call;
			*most = count;
		}
	}
	return loser;
}

struct pending_call *pending_place(struct pending_calls *pending, unsigned origin,
				   struct pending_call **loser)
{
	unsigned most;

	*loser = NULL;
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (!pending->calls[i].used) {
			memset(&pending->calls[i], 0, sizeof(pending->calls[i]));
			return &pending->calls[i];
		}
	}
	*loser = find_loser(pending, &most);
	if (most <= pending_count(pending, origin) + (most > 1))
		*loser = NULL;
	return NULL;
}

struct pending_call *pending_find(struct pending_calls *pending, pid_t pid)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (pending->calls[i].used && pending->calls[i].pid == pid)
			return &pending->calls[i];
	}
	return NULL;
}

struct pending_call *pending_late(struct pending_calls *pending, int64_t now)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (pending->calls[i].used && now >= pending->calls[i].deadline)
			return &pending->calls[i];
	}
	return NULL;
}

int pending_timeout(const struct pending_calls *pending, int64_t now)
{
	int64_t next = -1;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		const struct pending_call *call = &pending->calls[i];

		if (call->used && (next < 0 || call->deadline < next))
			next = call->deadline;
	}
	return next < 0 ? -1 : next <= now ? 0 : (int)(next - now);
}
