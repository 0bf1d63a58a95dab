/*
 * Which domains run, as the hypervisor says, and how they are called, as the toolstack has written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DOMAINS_H
#define DOMAINS_H
#include "tables.h"

#include <xenctrl.h>
#include <xenstore.h>

#define DOMAINS_MAX DOMID_FIRST_RESERVED

/* A domain that runs, whether it takes part or not. */
struct known {
	unsigned domid;
	bool warned; /* it has been said why it takes no part */
};

/* Large: it has room for as many as there can be. */
struct domains {
	struct domain list[DOMAINS_MAX]; /* those that take part, and twins */
	size_t count;
	struct known known[DOMAINS_MAX]; /* those whose name is watched */
	size_t known_count;
};

/*
 * Find out which domains run now, watch the names of new ones, and stop watching those of others.
 * Dom0 does not take part, nor does a domain that is dying, has crashed or shut down, or has no
 * VM's name; one that is only suspended does. Warns on stderr once of a domain with a bad name, or
 * with another's. -EPERM and the like: the hypervisor does not answer; *domains is as before.
 */
int domains_update(struct domains *domains, xc_interface *xc, struct xs_handle *xs);

#endif
