/*
 * The directory of a call on this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char *shared; /* its path, in memory that forked processes have in common */

int directory_share(void)
{
	void *memory =
		mmap(NULL, PATH_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -errno;
	shared = memory;
	return 0;
}

static int make_in(const char *place)
{
	int r = 0;

	/* The name is known before the directory is there: whoever is left behind can remove it. */
	if (snprintf(shared, PATH_MAX, "%s/pedos-rpc-XXXXXX", place) >= PATH_MAX)
		r = -ENAMETOOLONG;
	else if (!mkdtemp(shared))
		r = -errno;
	if (r < 0)
		*shared = '\0';
	return r;
}

int directory_make(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	/* It may be there no more, be another account's, or full. */
	return runtime && *runtime == '/' && make_in(runtime) == 0 ? 0 : make_in("/tmp");
}

const char *directory_path(void)
{
	return shared;
}

void directory_remove(void)
{
	DIR *entries = *shared ? opendir(shared) : NULL;
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		unlinkat(dirfd(entries), entry->d_name, 0);
	if (entries)
		closedir(entries);
	if (*shared)
		rmdir(shared);
	*shared = '\0';
}
