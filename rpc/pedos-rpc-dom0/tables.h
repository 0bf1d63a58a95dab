/*
 * Which tables the guests should have, according to the running domains and the policy. Pure.
 *
 * The room rpc/pedos-rpc-dom0 is the program that tells guests the policy, and makes disposable
 * VMs. It includes only cli, rpc/policy, rpc/base, system/ and text/, not the transports, since it
 * takes no part in calls. It asks the hypervisor which domains run, reads and writes xenstore with
 * Xen's own libraries, and runs xl and the prompt, which it never waits for. Of what guests write,
 * it uses only the requests, which requests.h is about, and whether a disposable VM says that it is
 * ready.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TABLES_H
#define TABLES_H
#include "policy/pair.h"
#include "policy/policy_file.h"

struct domain {
	unsigned domid; /* 0: dom0, which calls, and cannot be called */
	char name[RPC_NAME_SIZE];
	bool twin; /* another domain has the same name */
};

/*
 * Mark the domains that share their name with another one. They take no part, since the name does
 * not tell them apart.
 */
void tables_mark_twins(struct domain *domains, size_t count);

/*
 * Write what the two are told about calls from `source` to `target` to `text`, without a NUL.
 * Returns its length.
 * 0: nothing; `source` may call nothing there, or one of them takes no part, or they are the same,
 * or it is dom0 that would be called.
 * -E2BIG: too many rules are about the two.
 */
ssize_t tables_pair(const struct rpc_policy *policy, const struct domain *source,
		    const struct domain *target, enum rpc_pair_reader reader,
		    char text[RPC_PAIR_TEXT_MAX]);

/* Is there a pair whose text is too long? *source and *target are then the first such pair. */
bool tables_too_large(const struct rpc_policy *policy, const struct domain *domains, size_t count,
		      const struct domain **source, const struct domain **target);

/* Find the domain that a node of the tables is about. NULL: it is about none that runs. */
const struct domain *tables_find_name(const struct domain *domains, size_t count, const char *name);
const struct domain *tables_find_domid(const struct domain *domains, size_t count,
				       const char *decimal);

#endif
