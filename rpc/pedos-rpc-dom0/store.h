/*
 * Xenstore's side of the tables: their nodes, each owned by dom0 and readable for one guest.
 * Functions return 0, or a negative errno.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STORE_H
#define STORE_H
#include "tables.h"

#include <xenstore.h>

/* A path's room: XENSTORE_ABS_PATH_MAX and a NUL. */
#define STORE_PATH_SIZE 3073

/* The directories of a guest's tables, below its own: whom it may call, and who may call it. */
#define STORE_TARGETS "pedos-rpc"
#define STORE_SOURCES "pedos-rpc-in"

/*
 * Have the two nodes of a pair say what they should, in one step: the target's domid for the
 * source, `text` for the target. What is right already is left alone, since every write wakes those
 * who watch. Nothing is written for a guest that has gone: that would make its tree anew. 0: done,
 * or a guest has gone.
 */
int store_put_pair(struct xs_handle *xs, const struct domain *source, const struct domain *target,
		   const char *text, size_t length);

/* Remove a node and what is below it. It need not be there. */
int store_remove(struct xs_handle *xs, const char *path);

/* The names below `path`, to be freed as one; none where there is no such path. */
int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count);

/* The value of a node, to be freed; NULL where there is none. */
char *store_read(struct xs_handle *xs, const char *path);

#endif
