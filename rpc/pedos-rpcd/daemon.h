/*
 * The daemon itself: accepts calls, and has each of them served by a process of its own.
 *
 * The room rpc/pedos-rpcd is the daemon that is called. It includes cli and the rooms of rpc. It is
 * the only room that changes to other accounts and starts services. On one machine the daemon reads
 * two short frames of a caller, HELLO and CALL; everything else, and all of it in a Xen guest, is
 * read by a process of the call. The room passes streams on without interpreting them.
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
/* Log that it is ready, and for whom. */
void daemon_log_ready(const struct daemon *daemon);
/*
 * Serve calls until a signal ends the daemon. Returns the status to exit with, both in the daemon
 * and, when a call has ended, in the process of the call.
 */
int daemon_run(struct daemon *daemon);

#endif
