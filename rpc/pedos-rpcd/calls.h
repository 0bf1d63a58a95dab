/*
 * All calls, in the daemon: it takes them in, finds out what they want, judges them, and has those
 * that the policy lets in served by processes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_CALLS_H
#define RPCD_CALLS_H
#include "options.h"
#include "pending.h"
#include "refusals.h"

#include "policy/policy_file.h"

/* A call that was let in. */
struct slot {
	pid_t pid; /* of the process that serves it; 0: free */
	unsigned origin;
	char id[33];
};

struct calls {
	const struct options *options;
	struct rpc_listener listener;
	struct rpc_policy policy;
	/* How often the policy has changed. The processes of calls see it, too. */
	unsigned *policy_number;
	struct slot *slots;
	size_t slot_count;
	struct pending_calls pending;
	struct refusals refusals;
	int reports[2]; /* of report_open() */
	int signals;    /* the daemon's, for the processes of calls to close; -1: none */
};

/* Descriptors to wait for, beside the listener's. */
#define CALLS_FDS (1 + PENDING_MAX)

/* Begin with none. `policy` is taken over. 0 or a negative errno. */
int calls_open(struct calls *calls, const struct options *options, const struct rpc_policy *policy);

/* From here on this is the policy; it is taken over. */
void calls_set_policy(struct calls *calls, const struct rpc_policy *policy);

/* What to wait for; *timeout is lowered to the milliseconds after which to look anyway. */
void calls_wait_for(const struct calls *calls, struct pollfd fds[CALLS_FDS], int *timeout);

/* After the wait: do what can be done for those that are there. */
void calls_go_on(struct calls *calls, const struct pollfd fds[CALLS_FDS]);

/* Take in those that have come, a bounded number at a time. */
void calls_accept(struct calls *calls);

/* Note which processes have ended. */
void calls_reap(struct calls *calls);

/* End all, and wait for their ends: each ends its service first. */
void calls_end(struct calls *calls);

#endif
