/*
 * Bringing the tables in xenstore up to date.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "update.h"

#include "base/log.h"
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the tables should say. */
struct wanted {
	const struct rpc_policy *policy;
	const struct domain *domains;
	size_t count;
};

static bool may_call(const struct wanted *wanted, const struct domain *source,
		     const struct domain *target)
{
	char text[RPC_PAIR_TEXT_MAX];

	return source && target &&
	       tables_pair(wanted->policy, source, target, RPC_PAIR_TARGET, text) > 0;
}

/* ---- Removing ---- */

static bool remove_path(struct xs_handle *xs, const char *path)
{
	int r = store_remove(xs, path);

	if (r < 0)
		log_line(LOG_WARNING, "removing %s: %s", path, strerror(-r));
	return r == 0;
}

static bool list(struct xs_handle *xs, const char *path, char ***names, unsigned *count)
{
	int r = store_list(xs, path, names, count);

	if (r < 0)
		log_line(LOG_WARNING, "listing %s: %s", path, strerror(-r));
	return r == 0;
}

/* Should the node `name` in this table of this guest stay? */
static bool stays(const struct wanted *wanted, const char *guest, const char *table,
		  const char *name)
{
	const struct domain *self = tables_find_domid(wanted->domains, wanted->count, guest);

	if (strcmp(table, STORE_TARGETS) == 0)
		return may_call(wanted, self,
				tables_find_name(wanted->domains, wanted->count, name));
	return may_call(wanted, tables_find_domid(wanted->domains, wanted->count, name), self);
}

static bool clean_table(struct xs_handle *xs, const struct wanted *wanted, const char *guest,
			const char *table)
{
	char path[STORE_PATH_SIZE];
	unsigned count;
	char **names;
	bool ok;

	snprintf(path, sizeof(path), "/local/domain/%s/%s", guest, table);
	ok = list(xs, path, &names, &count);
	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/local/domain/%s/%s/%s", guest, table, names[i]);
		ok = (stays(wanted, guest, table, names[i]) || remove_path(xs, path)) && ok;
	}
	free(names);
	return ok;
}

static bool remove_table(struct xs_handle *xs, const char *guest, const char *table)
{
	char path[STORE_PATH_SIZE];

	snprintf(path, sizeof(path), "/local/domain/%s/%s", guest, table);
	return remove_path(xs, path);
}

/*
 * Remove wrong nodes from all tables, also from those of guests that have gone and whose trees are
 * still there. `wanted` NULL: remove all tables.
 */
static bool clean(struct xs_handle *xs, const struct wanted *wanted)
{
	static const char *const tables[] = {STORE_TARGETS, STORE_SOURCES};
	unsigned count;
	char **guests;
	bool ok = list(xs, "/local/domain", &guests, &count);

	for (unsigned i = 0; i < 2 * count; i++) {
		const char *guest = guests[i / 2], *table = tables[i % 2];

		ok = (wanted ? clean_table(xs, wanted, guest, table)
			     : remove_table(xs, guest, table)) &&
		     ok;
	}
	free(guests);
	return ok;
}

/* ---- Writing ---- */

static bool write_pair(struct xs_handle *xs, const struct wanted *wanted,
		       const struct domain *source, const struct domain *target)
{
	static struct pair pair;
	ssize_t length =
		tables_pair(wanted->policy, source, target, RPC_PAIR_TARGET, pair.for_target);
	int r = (int)length;

	if (length > 0) {
		pair.target_length = (size_t)length;
		/* It is no longer than the other one. */
		pair.source_length = (size_t)tables_pair(wanted->policy, source, target,
							 RPC_PAIR_SOURCE, pair.for_source);
		r = store_put_pair(xs, source, target, &pair);
	}
	if (r == -E2BIG)
		log_line(LOG_WARNING,
			 "too many rules concern calls from \"%s\" to \"%s\": they may not call "
			 "until "
			 "there are fewer",
			 source->name, target->name);
	else if (r < 0)
		log_line(LOG_WARNING, "writing who may call \"%s\" from \"%s\": %s", target->name,
			 source->name, strerror(-r));
	return r == 0 || r == -E2BIG; /* trying again would not help */
}

bool update_tables(struct xs_handle *xs, const struct rpc_policy *policy,
		   const struct domain *domains, size_t count)
{
	struct wanted wanted = {policy, domains, count};
	bool ok = clean(xs, &wanted);

	for (size_t i = 0; i < count * count; i++)
		ok = write_pair(xs, &wanted, &domains[i / count], &domains[i % count]) && ok;
	return ok;
}

bool update_clear(struct xs_handle *xs)
{
	return clean(xs, NULL);
}
