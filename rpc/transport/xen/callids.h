/*
 * The calls of one source, as its directory in xenstore lists them, and which of them were taken
 * already. Pure. The size is fixed: a call that is no longer listed is forgotten, so no more is
 * remembered than one listing has.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_CALLIDS_H
#define RPC_CALLIDS_H
#include <stdbool.h>
#include <stddef.h>

#define RPC_LISTING_MAX 4096 /* bytes of the longest listing that xenstore returns */

/* In both lists each name ends with a NUL. All zeros at the beginning. */
struct rpc_calls {
	char listed[RPC_LISTING_MAX];
	size_t listed_size;
	size_t next; /* where in `listed` rpc_calls_next() continues */
	char taken[RPC_LISTING_MAX];
	size_t taken_size;
};

/*
 * Begin with a new listing, of which at most RPC_LISTING_MAX bytes count. A last name without a NUL
 * is ignored. Taken calls that are not listed any more are forgotten.
 */
void rpc_calls_list(struct rpc_calls *calls, const char *untrusted_listing, size_t size);

/* The next listed call that has a valid name and was not taken. NULL: no more in this listing. */
const char *rpc_calls_next(struct rpc_calls *calls);

/* Are there names in the listing that rpc_calls_next() has not looked at? */
bool rpc_calls_more(const struct rpc_calls *calls);

/* Ignore the rest of this listing. */
void rpc_calls_stop(struct rpc_calls *calls);

/* Mark a call that rpc_calls_next() returned. It is not returned again while it is listed. */
void rpc_calls_take(struct rpc_calls *calls, const char *id);

#endif
