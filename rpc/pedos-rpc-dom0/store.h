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

/* The directories of a guest's tables, below its path: whom it may call, and who may call it. */
#define STORE_TARGETS "pedos-rpc"
#define STORE_SOURCES "pedos-rpc-in"

/*
 * Write the two nodes of a pair in one step: the target's domid for the source, and `text` for the
 * target. Nodes that are right already are not written, since every write wakes those who watch. If
 * one of the two guests has gone, nothing is written and the result is 0: writing would make the
 * guest's tree again.
 */
int store_put_pair(struct xs_handle *xs, const struct domain *source, const struct domain *target,
		   const char *text, size_t length);

/* Remove a node and everything below it. 0 also if it does not exist. */
int store_remove(struct xs_handle *xs, const char *path);

/* List the names below `path`; none if it does not exist. The caller frees *names. */
int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count);

/* The value of a node, which the caller frees; NULL if it cannot be read. */
char *store_read(struct xs_handle *xs, const char *path);

#endif
