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
	const struct domains *domains;
};

static bool may_call(const struct wanted *wanted, const struct domain *source,
		     const struct domain *target)
{
	char text[RPC_PAIR_TEXT_MAX];

	return source && target &&
	       tables_pair(wanted->policy, source, target, RPC_PAIR_TARGET, text) > 0;
}

/* ---- Disposable VMs ---- */

/*
 * What the source is told of the disposable VM that the policy's rule `number` is about, if it is
 * the first of the rules about it. Returns the length of `text`; 0: nothing.
 */
static ssize_t offer(const struct rpc_policy *policy, size_t number, const struct domain *source,
		     char text[RPC_PAIR_TEXT_MAX])
{
	const char *target = policy->rules[number].target;

	if (source->twin || !rpc_disposable_ok(target))
		return 0;
	for (size_t i = 0; i < number; i++) {
		if (strcmp(policy->rules[i].target, target) == 0)
			return 0;
	}
	return rpc_pair_format(policy->rules, policy->count, source->name, target, RPC_PAIR_SOURCE,
			       text);
}

static bool is_offered(const struct wanted *wanted, const struct domain *source, const char *name)
{
	char text[RPC_PAIR_TEXT_MAX], other[RPC_NAME_SIZE];

	for (size_t i = 0; source && i < wanted->policy->count; i++) {
		if (offer(wanted->policy, i, source, text) <= 0)
			continue;
		rpc_disposable_node(wanted->policy->rules[i].target, other);
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static bool write_offers(struct xs_handle *xs, const struct wanted *wanted,
			 const struct domain *source)
{
	const struct rpc_policy *policy = wanted->policy;
	char text[RPC_PAIR_TEXT_MAX];
	bool ok = true;

	for (size_t i = 0; i < policy->count; i++) {
		ssize_t r = offer(policy, i, source, text);

		if (r > 0)
			r = store_put_offer(xs, source->domid, policy->rules[i].target, text,
					    (size_t)r);
		if (r < 0)
			log_line(LOG_WARNING, "telling \"%s\" of %s: %s", source->name,
				 policy->rules[i].target,
				 r == -E2BIG ? "too many rules concern the two"
					     : strerror((int)-r));
		ok = (r >= 0 || r == -E2BIG) && ok; /* trying again would not help */
	}
	return ok;
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
	const struct domain *domains = wanted->domains->list;
	const size_t count = wanted->domains->count;
	const struct domain *self = tables_find_domid(domains, count, guest);

	if (strcmp(table, STORE_SOURCES) == 0)
		return may_call(wanted, tables_find_domid(domains, count, name), self);
	if (*name == '@')
		return is_offered(wanted, self, name);
	return may_call(wanted, self, tables_find_name(domains, count, name));
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

		if (!wanted)
			ok = remove_table(xs, guest, table) && ok;
		else if (!domains_is_made(wanted->domains, guest))
			ok = clean_table(xs, wanted, guest, table) && ok;
	}
	free(guests);
	return ok;
}

/* Remove all grants to one guest: the nodes below its nodes about sources. */
static bool remove_grants(struct xs_handle *xs, const char *guest)
{
	char path[STORE_PATH_SIZE], **sources, **grants;
	unsigned count, more;
	bool ok;

	snprintf(path, sizeof(path), "/local/domain/%s/" STORE_SOURCES, guest);
	ok = list(xs, path, &sources, &count);
	for (unsigned i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "/local/domain/%s/" STORE_SOURCES "/%s", guest,
			 sources[i]);
		ok = list(xs, path, &grants, &more) && ok;
		for (unsigned k = 0; k < more; k++) {
			snprintf(path, sizeof(path), "/local/domain/%s/" STORE_SOURCES "/%s/%s",
				 guest, sources[i], grants[k]);
			ok = remove_path(xs, path) && ok;
		}
		free(grants);
	}
	free(sources);
	return ok;
}

bool update_forget_requests(struct xs_handle *xs)
{
	unsigned count;
	char **guests;
	bool ok = list(xs, "/local/domain", &guests, &count);

	for (unsigned i = 0; i < count; i++) {
		ok = remove_grants(xs, guests[i]) && ok;
		ok = remove_table(xs, guests[i], STORE_ANSWERS) && ok;
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
		   const struct domains *domains)
{
	const size_t count = domains->count;
	struct wanted wanted = {policy, domains};
	bool ok = clean(xs, &wanted);

	for (size_t i = 0; i < count * count; i++)
		ok = write_pair(xs, &wanted, &domains->list[i / count],
				&domains->list[i % count]) &&
		     ok;
	for (size_t i = 0; i < count; i++)
		ok = write_offers(xs, &wanted, &domains->list[i]) && ok;
	return ok;
}

bool update_clear(struct xs_handle *xs)
{
	bool ok = clean(xs, NULL);

	return update_forget_requests(xs) && ok;
}
