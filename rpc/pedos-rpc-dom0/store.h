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

/*
 * What a guest asks of dom0 for single calls, and what dom0 answers. ANSWERS is below the path of
 * the source, like the tables, and has a node for each request. A grant is below the target's node
 * about the source.
 *
 * These two are written by guests: requests below the path of a source, and READY by a disposable
 * VM whose pedos-rpcd can be called.
 */
#define STORE_ANSWERS     "pedos-rpc-answers"
#define STORE_REQUESTS    "data/pedos-rpc/dom0"
#define STORE_READY       "data/pedos-rpc/ready"
#define STORE_READY_TOKEN "ready" /* of the watch for it */

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

/*
 * Tell the source that it may have a disposable VM: `target` is "@dispvm[:TEMPLATE]", and `rules`
 * what it may call there.
 */
int store_put_offer(struct xs_handle *xs, unsigned source, const char *target, const char *rules,
		    size_t length);

/* Answer the request with this ID: write the node, or its new value. */
int store_put_answer(struct xs_handle *xs, unsigned source, const char *id, const char *answer);

/* That the source may make one call, the one with the ID of its request. */
struct grant {
	char pair[RPC_PAIR_TEXT_MAX]; /* the rules about the two */
	size_t pair_length;           /* 0: they are there already */
	const char *service;          /* what it may call */
	const char *answer;           /* for the source */
};

/* Tell both, in one step. The target may remove its node, which is how it uses the grant. */
int store_put_grant(struct xs_handle *xs, unsigned source, unsigned target, const char *id,
		    const struct grant *grant);

/* Remove a node and everything below it. 0 also if it does not exist. */
int store_remove(struct xs_handle *xs, const char *path);

/* List the names below `path`; none if it does not exist. The caller frees *names. */
int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count);

/* The value of a node, which the caller frees; NULL if it cannot be read. */
char *store_read(struct xs_handle *xs, const char *path);
/* The same for one that a guest wrote, in which there may be NULs. */
char *store_read_bytes(struct xs_handle *xs, const char *path, size_t *length);

#endif
