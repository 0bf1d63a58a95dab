/*
 * One call, in a process of its own, to the service's end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_SERVE_H
#define RPCD_SERVE_H
#include "options.h"
#include "pending.h"
#include "verdict.h"

struct served {
	const struct options *options;
	struct rpc_listener *listener;
	struct pending_call *pending;
	/* What lets it in; NULL: the process has to find out what is wanted, and judge it. */
	const struct verdict *verdict;
	/* The policy by which it was judged is still in force as long as these are the same. */
	const unsigned *policy_number;
	unsigned judged_by;
	int report;   /* for report_say() */
	pid_t daemon; /* its process; the call ends with it */
};

/* Serve it, then return. */
void serve(const struct served *served);

#endif
