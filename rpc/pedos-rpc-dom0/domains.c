/*
 * Which domains run, and their names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "domains.h"

#include "base/log.h"
#include "store.h"
#include "text/printable.h"
#include "text/vmname.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/sched.h>

#define BATCH 256 /* how many domains we ask the hypervisor for at a time */

/* "disposab", with the version and the variant of a uuid that means nothing. */
const unsigned char domains_our_uuid[DOMAIN_UUID_PREFIX] = {0x64, 0x69, 0x73, 0x70,
							    0x6f, 0x73, 0x81, 0x62};

static void name_path(unsigned domid, char path[64])
{
	snprintf(path, 64, "/local/domain/%u/name", domid);
}

/* ---- The hypervisor ---- */

static bool runs(const xc_domaininfo_t *info)
{
	unsigned reason = info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

	if (info->flags & XEN_DOMINF_dying)
		return false;
	/*
	 * A suspended domain may continue, without an event that tells us. If it does not continue,
	 * it dies, and then there is an event.
	 */
	return !(info->flags & XEN_DOMINF_shutdown) || reason == SHUTDOWN_suspend;
}

static bool is_ours(const xc_domaininfo_t *info)
{
	return memcmp(info->handle, domains_our_uuid, DOMAIN_UUID_PREFIX) == 0;
}

static void add_made(struct domains *domains, const xc_domaininfo_t *info)
{
	struct made *made = &domains->made[domains->made_count];

	if ((info->flags & XEN_DOMINF_dying) || domains->made_count == DOMAINS_MAX)
		return;
	*made = (struct made){.domid = info->domain, .running = runs(info)};
	memcpy(made->uuid, info->handle, DOMAIN_UUID_SIZE);
	domains->made_count++;
}

/*
 * List the domids of the domains that run, in ascending order, without disposable VMs, which are
 * listed in *domains. Returns how many.
 */
static ssize_t list_running(struct domains *domains, xc_interface *xc, unsigned domids[DOMAINS_MAX])
{
	static xc_domaininfo_t infos[BATCH];
	uint32_t next = 1; /* dom0, which is 0, runs */
	size_t count = 0;
	int n;

	domains->made_count = 0;
	while ((n = xc_domain_getinfolist(xc, next, BATCH, infos)) > 0) {
		for (int i = 0; i < n && count < DOMAINS_MAX; i++) {
			if (is_ours(&infos[i]))
				add_made(domains, &infos[i]);
			else if (runs(&infos[i]))
				domids[count++] = infos[i].domain;
		}
		next = infos[n - 1].domain + 1u;
	}
	return n < 0 ? -errno : (ssize_t)count;
}

/* ---- Domains that are known ---- */

static struct known *find_known(struct domains *domains, unsigned domid)
{
	for (size_t i = 0; i < domains->known_count; i++) {
		if (domains->known[i].domid == domid)
			return &domains->known[i];
	}
	return NULL;
}

static bool contains(const unsigned *domids, size_t count, unsigned domid)
{
	for (size_t i = 0; i < count; i++) {
		if (domids[i] == domid)
			return true;
	}
	return false;
}

/*
 * There is a watch for each domain's name. One watch for all of /local/domain would also wake us
 * for everything that a guest writes below its own path.
 */
static void forget_gone(struct domains *domains, struct xs_handle *xs, const unsigned *domids,
			size_t count)
{
	char path[64];
	size_t kept = 0;

	for (size_t i = 0; i < domains->known_count; i++) {
		if (contains(domids, count, domains->known[i].domid)) {
			domains->known[kept++] = domains->known[i];
		} else {
			name_path(domains->known[i].domid, path);
			xs_unwatch(xs, path, path);
		}
	}
	domains->known_count = kept;
}

static void watch_new(struct domains *domains, struct xs_handle *xs, const unsigned *domids,
		      size_t count)
{
	char path[64];

	for (size_t i = 0; i < count; i++) {
		if (find_known(domains, domids[i]))
			continue;
		name_path(domids[i], path);
		if (!xs_watch(xs, path, path))
			log_line(LOG_WARNING,
				 "watching %s (a new name of that domain will not be noticed): %s",
				 path, strerror(errno));
		domains->known[domains->known_count++] = (struct known){.domid = domids[i]};
	}
}

/* ---- Names ---- */

/*
 * Add the domain to the list if it has a valid name. A domain without a name is still being made:
 * the watch tells us when it gets one.
 */
static void add_named(struct domains *domains, struct known *known, struct xs_handle *xs)
{
	struct domain *domain = &domains->list[domains->count];
	char path[64], shown[128], *name;

	name_path(known->domid, path);
	name = store_read(xs, path);
	if (!name)
		return;
	if (strcmp(name, RPC_DOM0) == 0) {
		if (!known->warned)
			log_line(LOG_WARNING,
				 "domain %u takes no part: \"" RPC_DOM0 "\" is the name of dom0 "
				 "itself",
				 known->domid);
		known->warned = true;
	} else if (vm_name_ok(name)) {
		*domain = (struct domain){.domid = known->domid};
		memcpy(domain->name, name, strlen(name));
		domains->count++;
	} else if (!known->warned) {
		text_printable(name, strlen(name), shown, sizeof(shown));
		log_line(LOG_WARNING,
			 "domain %u takes no part: \"%s\" is no VM's name, which is a letter, then "
			 "letters, digits, '_', '-' and '.', at most 63 in all",
			 known->domid, shown);
		known->warned = true;
	}
	free(name);
}

static void warn_of_twins(struct domains *domains)
{
	for (size_t i = 1; i < domains->count; i++) {
		struct known *known = find_known(domains, domains->list[i].domid);

		if (domains->list[i].twin && !known->warned) {
			log_line(LOG_WARNING,
				 "domain %u takes no part: another one is called \"%s\", too",
				 known->domid, domains->list[i].name);
			known->warned = true;
		}
	}
}

int domains_update(struct domains *domains, xc_interface *xc, struct xs_handle *xs)
{
	static unsigned domids[DOMAINS_MAX];
	ssize_t count = list_running(domains, xc, domids);

	if (count < 0)
		return (int)count;
	forget_gone(domains, xs, domids, (size_t)count);
	watch_new(domains, xs, domids, (size_t)count);
	domains->list[0] = (struct domain){.name = RPC_DOM0};
	domains->count = 1;
	for (size_t i = 0; i < domains->known_count; i++)
		add_named(domains, &domains->known[i], xs);
	tables_mark_twins(domains->list, domains->count);
	warn_of_twins(domains);
	return 0;
}

const struct made *domains_find_made(const struct domains *domains,
				     const unsigned char uuid[DOMAIN_UUID_SIZE])
{
	for (size_t i = 0; i < domains->made_count; i++) {
		if (memcmp(domains->made[i].uuid, uuid, DOMAIN_UUID_SIZE) == 0)
			return &domains->made[i];
	}
	return NULL;
}

bool domains_is_made(const struct domains *domains, const char *decimal)
{
	char text[16];

	for (size_t i = 0; i < domains->made_count; i++) {
		snprintf(text, sizeof(text), "%u", domains->made[i].domid);
		if (strcmp(text, decimal) == 0)
			return true;
	}
	return false;
}
