/*
 * A process that removes a node from xenstore when the one that made it dies, however that dies:
 * SIGKILL leaves no chance to clean up, and xenstore keeps a node as long as its guest runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_GUARD_H
#define RPC_GUARD_H
#include <sys/types.h>

/* All zero but fd = -1: none. */
struct rpc_guard {
	pid_t pid;
	int fd; /* the guard notices when this is closed */
};

/* To be called before the node is made. 0 or a negative errno. */
int rpc_guard_start(struct rpc_guard *guard, const char *path);

/*
 * The node is gone, or was never made: the guard ends, and leaves no zombie. Does nothing when
 * there is none.
 */
void rpc_guard_dismiss(struct rpc_guard *guard);

#endif
