/*
 * Making the tables in xenstore what they should be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef UPDATE_H
#define UPDATE_H
#include "domains.h"

/*
 * Remove what should not be there, first, then write what should. Says on stderr what could not be
 * done, and goes on with the rest. Returns whether all was done.
 */
bool update_tables(struct xs_handle *xs, const struct rpc_policy *policy,
		   const struct domain *domains, size_t count);

/*
 * Remove all tables of all guests. Says on stderr what could not be removed. Returns whether all
 * was.
 */
bool update_clear(struct xs_handle *xs);

#endif
