/*
 * The calls of one source, as its directory in xenstore lists them, and which of them were taken
 * already. Pure, and of a fixed size: what is remembered is never more than what one listing holds,
 * since a call that is listed no more is forgotten.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_CALLIDS_H
#define RPC_CALLIDS_H
#include <stdbool.h>
#include <stddef.h>

#define RPC_LISTING_MAX 4096 /* bytes of a listing: what xenstore answers at most */

/* Each list: names one after the other, a NUL behind each. All zero: none yet. */
struct rpc_calls {
	char listed[RPC_LISTING_MAX];
	size_t listed_size;
	size_t next; /* the first byte of `listed` that rpc_calls_next() has not looked at */
	char taken[RPC_LISTING_MAX];
	size_t taken_size;
};

/*
 * Begin with a new listing of at most RPC_LISTING_MAX bytes; what does not end with a NUL there is
 * left out. Calls that it lacks are forgotten.
 */
void rpc_calls_list(struct rpc_calls *calls, const char *untrusted_listing, size_t size);

/* The next call that is listed, well named and not taken. NULL: no more in this listing. */
const char *rpc_calls_next(struct rpc_calls *calls);

/* Are there names in the listing that rpc_calls_next() has not looked at? */
bool rpc_calls_more(const struct rpc_calls *calls);

/* Look at no more names of this listing. */
void rpc_calls_stop(struct rpc_calls *calls);

/* Remember a call that rpc_calls_next() gave: it is not given again while it is listed. */
void rpc_calls_take(struct rpc_calls *calls, const char *id);

#endif
