/*
 * The programs of services, which are in a few directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/services.h"

#include "base/trusted.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void services_set_default(const char *dirs[SERVICE_DIRS_MAX])
{
	static const char *const usual[] = {
		"/run/pedos-rpc", SERVICES_OWN "/usr/local/etc/pedos-rpc", "/etc/pedos-rpc"};

	if (!dirs[0])
		memcpy(dirs, usual, sizeof(usual));
}

static int find_name(const char *const *dirs, const char *name, size_t length, char path[PATH_MAX])
{
	struct stat status;
	int r;

	for (; *dirs; dirs++) {
		if (snprintf(path, PATH_MAX, "%s/%.*s", *dirs, (int)length, name) >= PATH_MAX)
			continue;
		r = trusted_find(path, &status);
		if (r == 0)
			return S_ISREG(status.st_mode) ? 0 : -EPERM;
		/* What cannot be seen may be there: no other one is taken in its place. */
		if (r != -ENOENT && r != -ENOTDIR && r != -ELOOP)
			return r;
	}
	return -ENOENT;
}

int service_find(const char *const *dirs, const char *service, char path[PATH_MAX])
{
	int r = find_name(dirs, service, strlen(service), path);

	return r == -ENOENT && service_argument(service)
		       ? find_name(dirs, service, strcspn(service, "+"), path)
		       : r;
}

const char *service_argument(const char *service)
{
	const char *plus = strchr(service, '+');

	return plus ? plus + 1 : NULL;
}
