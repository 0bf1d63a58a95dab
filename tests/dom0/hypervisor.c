/*
 * A played hypervisor, to be preloaded into pedos-rpc-dom0. It answers from the file that
 * $HYPERVISOR names. Each line is a domain that exists, "DOMID FLAGS UUID", where FLAGS are Xen's
 * flags as a number, and UUID is 32 digits. If the file says "EPERM", this machine is a guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
				unsigned flags)
{
	static char opened;

	(void)logger, (void)dombuild_logger, (void)flags;
	return (xc_interface *)&opened;
}

static void read_uuid(const char digits[33], xen_domain_handle_t uuid)
{
	unsigned byte;

	for (int i = 0; i < 16 && sscanf(digits + 2 * i, "%2x", &byte) == 1; i++)
		uuid[i] = (uint8_t)byte;
}

int xc_domain_getinfolist(xc_interface *xc, uint32_t first, unsigned max, xc_domaininfo_t *infos)
{
	FILE *file = fopen(getenv("HYPERVISOR"), "re");
	unsigned domid, flags, count = 0;
	char uuid[33];

	(void)xc;
	if (!file)
		return -1;
	while (count < max && fscanf(file, "%u %u %32s", &domid, &flags, uuid) == 3) {
		if (domid < first)
			continue;
		memset(&infos[count], 0, sizeof(infos[count]));
		infos[count].domain = (domid_t)domid;
		read_uuid(uuid, infos[count].handle);
		infos[count++].flags = flags;
	}
	if (count == 0 && !feof(file)) {
		fclose(file);
		errno = EPERM;
		return -1;
	}
	fclose(file);
	return (int)count;
}
