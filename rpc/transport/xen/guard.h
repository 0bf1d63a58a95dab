/*
 * A process that removes a node from xenstore when its starter dies in any way. A process that gets
 * SIGKILL cannot clean up itself, and xenstore keeps a node as long as its guest runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H
#include <sys/types.h>

/* fd = -1: there is no guard. */
struct rpc_guard {
	pid_t pid;
	int fd; /* the guard acts when this is closed without a call of rpc_guard_dismiss() */
};

/* Start a guard for the node `path`, before the node is made. 0 or a negative errno. */
int rpc_guard_start(struct rpc_guard *guard, const char *path);

/*
 * End the guard without removing the node, which is gone already or was never made. Leaves no
 * zombie. Does nothing if there is no guard.
 */
void rpc_guard_dismiss(struct rpc_guard *guard);

#endif
