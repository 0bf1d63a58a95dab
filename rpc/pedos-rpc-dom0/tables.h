/*
 * Which tables the guests should have, from the domains that run and the policy's rules. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TABLES_H
#define TABLES_H
#include "policy/pair.h"
#include "policy/policy_file.h"

struct domain {
	unsigned domid;
	char name[RPC_NAME_SIZE];
	bool twin; /* another one has its name, too */
};

/*
 * Mark the domains whose name is not theirs alone: a name that stands for two says of neither who
 * it is. They take no part.
 */
void tables_mark_twins(struct domain *domains, size_t count);

/*
 * What the domain `target` is to be told about `source`, at `text`, not terminated. Returns its
 * length; 0: nothing, `source` may call nothing there, or it is the same domain. -E2BIG: too many
 * rules concern the two.
 */
ssize_t tables_pair(const struct rpc_policy *policy, const struct domain *source,
		    const struct domain *target, char text[RPC_PAIR_TEXT_MAX]);

/* Is there a pair that tables_pair() finds too large? *source and *target are the first such. */
bool tables_too_large(const struct rpc_policy *policy, const struct domain *domains, size_t count,
		      const struct domain **source, const struct domain **target);

/* What a node below the tables stands for: NULL, if it stands for none of the domains that run. */
const struct domain *tables_find_name(const struct domain *domains, size_t count, const char *name);
const struct domain *tables_find_domid(const struct domain *domains, size_t count,
				       const char *decimal);

#endif
