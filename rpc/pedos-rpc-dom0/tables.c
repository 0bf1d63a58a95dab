/*
 * Which tables the guests should have.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "tables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void tables_mark_twins(struct domain *domains, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		domains[i].twin = false;
		for (size_t k = 0; k < count; k++)
			domains[i].twin = domains[i].twin ||
					  (k != i && strcmp(domains[i].name, domains[k].name) == 0);
	}
}

ssize_t tables_pair(const struct rpc_policy *policy, const struct domain *source,
		    const struct domain *target, enum rpc_pair_reader reader,
		    char text[RPC_PAIR_TEXT_MAX])
{
	if (source->domid == target->domid || target->domid == 0 || source->twin || target->twin)
		return 0;
	return rpc_pair_format(policy->rules, policy->count, source->name, target->name, reader,
			       text);
}

bool tables_too_large(const struct rpc_policy *policy, const struct domain *domains, size_t count,
		      const struct domain **source, const struct domain **target)
{
	char text[RPC_PAIR_TEXT_MAX];

	for (size_t i = 0; i < count * count; i++) {
		*source = &domains[i / count];
		*target = &domains[i % count];
		if (tables_pair(policy, *source, *target, RPC_PAIR_TARGET, text) == -E2BIG)
			return true;
	}
	return false;
}

const struct domain *tables_find_name(const struct domain *domains, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(domains[i].name, name) == 0)
			return &domains[i];
	}
	return NULL;
}

const struct domain *tables_find_domid(const struct domain *domains, size_t count,
				       const char *decimal)
{
	char text[16];

	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%u", domains[i].domid);
		if (strcmp(text, decimal) == 0)
			return &domains[i];
	}
	return NULL;
}
