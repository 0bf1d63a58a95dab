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

/* The nodes of a pair. */
#define NODES 3

/* A node of a guest's tables, with the value that it should have. */
struct node {
	unsigned guest; /* the domid of the guest that may read it */
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
			      unsigned guest)
{
	unsigned count;
	struct xs_permissions *now = xs_get_permissions(xs, t, path, &count);
	bool right = now && count == 2 && now[0].id == 0 && now[0].perms == XS_PERM_NONE &&
		     now[1].id == guest && now[1].perms == XS_PERM_READ;

	free(now);
	return right;
}

static int set_permissions(struct xs_handle *xs, xs_transaction_t t, const char *path,
			   unsigned guest)
{
	struct xs_permissions permissions[] = {{.id = 0, .perms = XS_PERM_NONE},
					       {.id = guest, .perms = XS_PERM_READ}};

	return xs_set_permissions(xs, t, path, permissions, 2) ? 0 : -errno;
}

/* ---- One node ---- */

static bool node_right(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	unsigned length;
	char *value = xs_read(xs, t, node->path, &length);
	bool right = value && length == node->length && memcmp(value, node->value, length) == 0;

	free(value);
	return right && permissions_right(xs, t, node->path, node->guest);
}

static int make_directory(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	if (permissions_right(xs, t, node->directory, node->guest))
		return 0;
	if (!xs_mkdir(xs, t, node->directory))
		return -errno;
	return set_permissions(xs, t, node->directory, node->guest);
}

static int write_node(struct xs_handle *xs, xs_transaction_t t, const struct node *node)
{
	int r = make_directory(xs, t, node);

	if (r < 0 || node_right(xs, t, node))
		return r;
	if (!xs_write(xs, t, node->path, node->value, node->length))
		return -errno;
	return set_permissions(xs, t, node->path, node->guest);
}

/* ---- The nodes of a pair ---- */

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
static int try_to_write(struct xs_handle *xs, const struct node nodes[NODES])
{
	xs_transaction_t t = xs_transaction_start(xs);
	bool there;
	int r = 0;

	if (t == XBT_NULL)
		return -errno;
	there = guest_exists(xs, t, nodes[0].guest) && guest_exists(xs, t, nodes[1].guest);
	for (int i = 0; i < NODES && there && r == 0; i++)
		r = write_node(xs, t, &nodes[i]);
	if (!xs_transaction_end(xs, t, !there || r < 0))
		return -errno;
	return r;
}

static bool all_right(struct xs_handle *xs, const struct node nodes[NODES])
{
	for (int i = 0; i < NODES; i++) {
		if (!node_right(xs, XBT_NULL, &nodes[i]))
			return false;
	}
	return true;
}

int store_put_pair(struct xs_handle *xs, const struct domain *source, const struct domain *target,
		   const struct pair *pair)
{
	static struct node nodes[NODES];
	char source_domid[16], target_domid[16], table[sizeof(STORE_TARGETS "/") + RPC_NAME_SIZE];
	int r = -EAGAIN;

	snprintf(source_domid, sizeof(source_domid), "%u", source->domid);
	snprintf(target_domid, sizeof(target_domid), "%u", target->domid);
	snprintf(table, sizeof(table), STORE_TARGETS "/%s", target->name);
	/*
	 * The target's node comes first, and so does its event: when the source learns that it may
	 * call, the target already knows.
	 */
	nodes[0] = (struct node){.guest = target->domid,
				 .value = pair->for_target,
				 .length = (unsigned)pair->target_length};
	set_path(&nodes[0], STORE_SOURCES, source_domid);
	nodes[1] = (struct node){.guest = source->domid,
				 .value = target_domid,
				 .length = (unsigned)strlen(target_domid)};
	set_path(&nodes[1], STORE_TARGETS, target->name);
	nodes[2] = (struct node){.guest = source->domid,
				 .value = pair->for_source,
				 .length = (unsigned)pair->source_length};
	set_path(&nodes[2], table, STORE_RULES);

	if (all_right(xs, nodes))
		return 0;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++)
		r = try_to_write(xs, nodes);
	return r;
}

/* ---- The rest ---- */

int store_remove(struct xs_handle *xs, const char *path)
{
	return xs_rm(xs, XBT_NULL, path) || errno == ENOENT ? 0 : -errno;
}

int store_list(struct xs_handle *xs, const char *path, char ***names, unsigned *count)
{
	*names = xs_directory(xs, XBT_NULL, path, count);
	if (*names)
		return 0;
	*count = 0;
	return errno == ENOENT ? 0 : -errno;
}

char *store_read(struct xs_handle *xs, const char *path)
{
	unsigned length;

	return xs_read(xs, XBT_NULL, path, &length);
}
