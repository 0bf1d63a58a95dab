/*
 * Bringing the tables in xenstore up to date.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef UPDATE_H
#define UPDATE_H
#include "domains.h"

/*
 * Remove what should not be in the tables, then write what is missing. What disposable VMs are told
 * is left alone. Logs what could not be done, and continues with the rest. Returns whether
 * everything was done.
 */
bool update_tables(struct xs_handle *xs, const struct rpc_policy *policy,
		   const struct domains *domains);

/*
 * Remove what an earlier program has answered and granted for single calls. Returns as above.
 */
bool update_forget_requests(struct xs_handle *xs);

/*
 * Remove all tables of all guests. Logs what could not be removed. Returns whether
 * everything was removed.
 */
bool update_clear(struct xs_handle *xs);

#endif
