/*
 * The daemon itself: takes calls in, and has each served by a process of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_DAEMON_H
#define RPCD_DAEMON_H
#include "options.h"

#include "policy/policy_file.h"

struct daemon;

/* Begin to listen. Returns whether that worked; if not, the log says why. */
bool daemon_open(struct daemon **daemon, const struct options *options,
		 const struct rpc_policy *policy);
/*
 * Serve until a signal ends it, in the daemon. Returns the status to exit with; also in the
 * processes of the calls.
 */
int daemon_run(struct daemon *daemon);

#endif
