/*
 * Xenstore's side of the tables: their nodes, each of which belongs to dom0 and can be read by one
 * guest. Functions return 0 or a negative errno.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STORE_H
#define STORE_H
#include "tables.h"

#include <xenstore.h>

/* The longest path, XENSTORE_ABS_PATH_MAX, and a NUL. */
#define STORE_PATH_SIZE 3073

/*
 * The directories of a guest's tables, below its path: whom it may call, and who may call it. In
 * that of targets, each target has a node with the rules below it.
 */
#define STORE_TARGETS "pedos-rpc"
#define STORE_SOURCES "pedos-rpc-in"
#define STORE_RULES   "rules"

/* What is told about calls from one guest to another. */
struct pair {
	char for_target[RPC_PAIR_TEXT_MAX], for_source[RPC_PAIR_TEXT_MAX];
	size_t target_length, source_length;
};

/*
 * Write the three nodes of a pair in one step: the target's domid for the source, below it the
 * rules, and the rules for the target. Nodes that are right already are not written, since every
 * write wakes those who watch. If one of the two guests has gone, nothing is written and the result
 * is 0: writing would make the guest's tree again.
 */
int store_put_pair(struct xs_handle *xs, const struct domain *source, const struct domain *target,
		   const struct pair *pair);

/* Remove a node and everything below it. 0 also if it does not exist. */
int store_remove(struct xs_handle *xs, const char *path);

/* List the names below `path`; none if it does not exist. The caller frees *names. */
int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count);

/* The value of a node, which the caller frees; NULL if it cannot be read. */
char *store_read(struct xs_handle *xs, const char *path);

#endif
