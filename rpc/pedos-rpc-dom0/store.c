/*
 * Xenstore's side of the tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How often a transaction is tried. It fails if somebody else changes the same nodes meanwhile,
 * which nobody has a reason to do all the time.
 */
#define TRIES 100

#define NODES_MAX 3 /* that are written in one step */

/* A node of a guest's tables, with the value that it should have. */
struct node {
	unsigned guest; /* the domid of the guest that may read it */
	bool writable;  /* and remove it */
	char directory[STORE_PATH_SIZE], path[STORE_PATH_SIZE];
	const char *value;
	unsigned length;
};

static void set_path(struct node *node, const char *table, const char *name)
{
	snprintf(node->directory, sizeof(node->directory), "/local/domain/%u/%s", node->guest,
		 table);
	snprintf(node->path, sizeof(node->path), "/local/domain/%u/%s/%s", node->guest, table,
		 name);
}

/* ---- Permissions ---- */

/* The first entry is the owner, with the permissions of everybody who has no entry. */
static bool permissions_right(struct xs_handle *xs, xs_transaction_t t, const char *path,
			      unsigned guest, bool writable)
{
	const unsigned access = writable ? XS_PERM_READ | XS_PERM_WRITE : XS_PERM_READ;
	unsigned count;
	struct xs_permissions *now = xs_get_permissions(xs, t, path, &count);
	bool right = now && count == 2 && now[0].id == 0 && now[0].perms == XS_PERM_NONE &&
		     now[1].id == guest && now[1].perms == access;

	free(now);
	return right;
}

static int set_permissions(struct xs_handle *xs, xs_transaction_t t, const char *path,
			   unsigned guest, bool writable)
{
	struct xs_permissions permissions[] = {
		{.id = 0, .perms = XS_PERM_NONE},
		{.id = guest, .perms = writable ? XS_PERM_READ | XS_PERM_WRITE : XS_PERM_READ}};

	return xs_set_permissions(xs, t, path, permissions, 2) ? 0 : -errno;
}

/* ---- One node ---- */

static bool node_right(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	unsigned length;
	char *value = xs_read(xs, t, node->path, &length);
	bool right = value && length == node->length && memcmp(value, node->value, length) == 0;

	free(value);
	return right && permissions_right(xs, t, node->path, node->guest, node->writable);
}

static int make_directory(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	if (permissions_right(xs, t, node->directory, node->guest, false))
		return 0;
	if (!xs_mkdir(xs, t, node->directory))
		return -errno;
	return set_permissions(xs, t, node->directory, node->guest, false);
}

static int write_node(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	int r = make_directory(xs, t, node);

	if (r < 0 || node_right(xs, t, node))
		return r;
	if (!xs_write(xs, t, node->path, node->value, node->length))
		return -errno;
	return set_permissions(xs, t, node->path, node->guest, node->writable);
}

/* ---- Several nodes ---- */

static bool guest_exists(struct xs_handle *xs, xs_transaction_t t, unsigned guest)
{
	char path[64], *value;
	unsigned length;

	snprintf(path, sizeof(path), "/local/domain/%u", guest);
	value = xs_read(xs, t, path, &length);
	free(value);
	return value;
}

/* One attempt. 0: done, or a guest has gone. -EAGAIN: try again. */
static int try_to_write(struct xs_handle *xs, const struct node *nodes, size_t count)
{
	xs_transaction_t t = xs_transaction_start(xs);
	bool there = true;
	int r = 0;

	if (t == XBT_NULL)
		return -errno;
	for (size_t i = 0; i < count; i++)
		there = there && guest_exists(xs, t, nodes[i].guest);
	for (size_t i = 0; i < count && there && r == 0; i++)
		r = write_node(xs, t, &nodes[i]);
	if (!xs_transaction_end(xs, t, !there || r < 0))
		return -errno;
	return r;
}

static bool all_right(struct xs_handle *xs, const struct node *nodes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!node_right(xs, XBT_NULL, &nodes[i]))
			return false;
	}
	return true;
}

/* Write them in one step, unless all of them are right. */
static int write_nodes(struct xs_handle *xs, const struct node *nodes, size_t count)
{
	int r = -EAGAIN;

	if (all_right(xs, nodes, count))
		return 0;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++)
		r = try_to_write(xs, nodes, count);
	return r;
}

/* ---- What is told ---- */

static struct node *add_node(struct node *node, unsigned guest, const char *table, const char *name,
			     const char *value, size_t length)
{
	*node = (struct node){.guest = guest, .value = value, .length = (unsigned)length};
	set_path(node, table, name);
	return node;
}

int store_put_pair(struct xs_handle *xs, const struct domain *source, const struct domain *target,
		   const struct pair *pair)
{
	char source_domid[16], target_domid[16], table[sizeof(STORE_TARGETS "/") + RPC_NAME_SIZE];
	struct node nodes[NODES_MAX];

	snprintf(source_domid, sizeof(source_domid), "%u", source->domid);
	snprintf(target_domid, sizeof(target_domid), "%u", target->domid);
	snprintf(table, sizeof(table), STORE_TARGETS "/%s", target->name);
	/*
	 * The target's node comes first, and so does its event: when the source learns that it may
	 * call, the target already knows.
	 */
	add_node(&nodes[0], target->domid, STORE_SOURCES, source_domid, pair->for_target,
		 pair->target_length);
	add_node(&nodes[1], source->domid, STORE_TARGETS, target->name, target_domid,
		 strlen(target_domid));
	add_node(&nodes[2], source->domid, table, STORE_RULES, pair->for_source,
		 pair->source_length);
	return write_nodes(xs, nodes, 3);
}

int store_put_offer(struct xs_handle *xs, unsigned source, const char *target, const char *rules,
		    size_t length)
{
	char name[RPC_NAME_SIZE], table[sizeof(STORE_TARGETS "/") + RPC_NAME_SIZE];
	struct node nodes[2];

	rpc_disposable_node(target, name);
	snprintf(table, sizeof(table), STORE_TARGETS "/%s", name);
	add_node(&nodes[0], source, STORE_TARGETS, name, "", 0);
	add_node(&nodes[1], source, table, STORE_RULES, rules, length);
	return write_nodes(xs, nodes, 2);
}

int store_put_answer(struct xs_handle *xs, unsigned source, const char *id, const char *answer)
{
	struct node node;

	add_node(&node, source, STORE_ANSWERS, id, answer, strlen(answer));
	return write_nodes(xs, &node, 1);
}

int store_put_grant(struct xs_handle *xs, unsigned source, unsigned target, const char *id,
		    const struct grant *grant)
{
	char source_domid[16], table[sizeof(STORE_SOURCES "/") + 16];
	struct node nodes[NODES_MAX];
	size_t count = 0;

	snprintf(source_domid, sizeof(source_domid), "%u", source);
	snprintf(table, sizeof(table), STORE_SOURCES "/%s", source_domid);
	/* As with a pair, the target learns it first. */
	if (grant->pair_length > 0)
		add_node(&nodes[count++], target, STORE_SOURCES, source_domid, grant->pair,
			 grant->pair_length);
	/* Whoever uses it removes it. */
	add_node(&nodes[count++], target, table, id, grant->service, strlen(grant->service))
		->writable = true;
	add_node(&nodes[count++], source, STORE_ANSWERS, id, grant->answer, strlen(grant->answer));
	return write_nodes(xs, nodes, count);
}

/* ---- The rest ---- */

int store_remove(struct xs_handle *xs, const char *path)
{
	return xs_rm(xs, XBT_NULL, path) || errno == ENOENT ? 0 : -errno;
}

/*
 * In a transaction: a list that does not fit into one answer comes in several, and libxenstore
 * begins again whenever it has changed between two of them. A guest whose directory it is could
 * keep us there for ever.
 */
int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count)
{
	xs_transaction_t t = xs_transaction_start(xs);
	int r;

	*names = NULL;
	*count = 0;
	if (t == XBT_NULL)
		return -errno;
	*names = xs_directory(xs, t, path, count);
	r = *names || errno == ENOENT ? 0 : -errno;
	if (!*names)
		*count = 0;
	xs_transaction_end(xs, t, true);
	return r;
}

char *store_read(struct xs_handle *xs, const char *path)
{
	unsigned length;

	return xs_read(xs, XBT_NULL, path, &length);
}

char *store_read_bytes(struct xs_handle *xs, const char *path, size_t *length)
{
	unsigned n = 0;
	char *value = xs_read(xs, XBT_NULL, path, &n);

	*length = n;
	return value;
}
