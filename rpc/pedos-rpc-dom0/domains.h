/*
 * Which domains run, according to the hypervisor, and their names, as the toolstack wrote them.
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
	bool warned; /* a message has said why it takes no part */
};

#define DOMAIN_NONE        (~0u)
#define DOMAIN_UUID_SIZE   16
#define DOMAIN_UUID_PREFIX 8 /* bytes with which the uuid of each disposable VM begins */

extern const unsigned char domains_our_uuid[DOMAIN_UUID_PREFIX];

/* A disposable VM, made by this program or an earlier one, that is not dying yet. */
struct made {
	unsigned domid;
	unsigned char uuid[DOMAIN_UUID_SIZE];
	bool running; /* it has not shut down, nor crashed */
};

/* Large: there is room for as many domains as Xen can have. */
struct domains {
	struct domain list[DOMAINS_MAX + 1]; /* dom0, those that take part, and twins */
	size_t count;
	struct known known[DOMAINS_MAX]; /* those whose name is watched */
	size_t known_count;
	struct made made[DOMAINS_MAX]; /* these are neither in `list` nor among the known */
	size_t made_count;
};

/*
 * Find out which domains run now, watch the names of new ones, and stop watching the names of those
 * that have gone. dom0 takes part under a name of its own, whatever the toolstack calls it. These
 * do not: domains that are dying, have crashed or have shut down, and domains whose name is not the
 * name of a VM, or is that of dom0; and disposable VMs, which nobody calls by a name. A suspended
 * domain takes part. Logs a warning, once for each domain, if its name is wrong or is the name of
 * another domain, too. A negative errno such as -EPERM: the hypervisor does not answer; the lists
 * are not to be used.
 */
int domains_update(struct domains *domains, xc_interface *xc, struct xs_handle *xs);

/* Find a disposable VM. NULL: the hypervisor has none with this uuid, or it is dying. */
const struct made *domains_find_made(const struct domains *domains,
				     const unsigned char uuid[DOMAIN_UUID_SIZE]);
/* Is this the domid of a disposable VM? */
bool domains_is_made(const struct domains *domains, const char *decimal);

#endif
