/*
 * The domains that are served: whether they can be, and what is said of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_DOMAINS_H
#define RPCD_DOMAINS_H
#include "options.h"

/*
 * Before anybody can call: is there the account that each domain on the command line would be
 * served as? If not, the log says which is wrong.
 */
bool domains_check(const struct options *options);

/* The same for those whose sockets the starter has opened. */
bool domains_check_inherited(const struct options *options, const struct rpc_listener *listener);

/* Log that we are ready: for whom, where, and as which account services run. A line for each. */
void domains_log(const struct options *options, const struct rpc_listener *listener);

#endif
