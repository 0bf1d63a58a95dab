/*
 * The calls of one source.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/callids.h"

#include <string.h>

#include "transport/xen/xenentry.h"

static bool contains(const char *list, size_t size, const char *name)
{
	for (size_t at = 0; at < size; at += strlen(list + at) + 1) {
		if (strcmp(list + at, name) == 0)
			return true;
	}
	return false;
}

static void forget_unlisted(struct rpc_calls *calls)
{
	size_t kept = 0, length;

	for (size_t at = 0; at < calls->taken_size; at += length) {
		length = strlen(calls->taken + at) + 1;
		if (contains(calls->listed, calls->listed_size, calls->taken + at)) {
			memmove(calls->taken + kept, calls->taken + at, length);
			kept += length;
		}
	}
	calls->taken_size = kept;
}

void rpc_calls_list(struct rpc_calls *calls, const char *untrusted_listing, size_t size)
{
	if (size > RPC_LISTING_MAX)
		size = RPC_LISTING_MAX;
	while (size > 0 && untrusted_listing[size - 1])
		size--;
	memcpy(calls->listed, untrusted_listing, size);
	calls->listed_size = size;
	calls->next = 0;
	forget_unlisted(calls);
}

const char *rpc_calls_next(struct rpc_calls *calls)
{
	while (rpc_calls_more(calls)) {
		const char *untrusted_name = calls->listed + calls->next;

		calls->next += strlen(untrusted_name) + 1;
		if (rpc_call_id_ok(untrusted_name) &&
		    !contains(calls->taken, calls->taken_size, untrusted_name))
			return untrusted_name;
	}
	return NULL;
}

bool rpc_calls_more(const struct rpc_calls *calls)
{
	return calls->next < calls->listed_size;
}

void rpc_calls_stop(struct rpc_calls *calls)
{
	calls->next = calls->listed_size;
}

void rpc_calls_take(struct rpc_calls *calls, const char *id)
{
	size_t length = strlen(id) + 1;

	/* It always fits: `taken` is a part of `listed`, with each name once. */
	if (length > sizeof(calls->taken) - calls->taken_size ||
	    contains(calls->taken, calls->taken_size, id))
		return;
	memcpy(calls->taken + calls->taken_size, id, length);
	calls->taken_size += length;
}
