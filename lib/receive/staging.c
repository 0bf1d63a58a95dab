/*
 * Staging directories: making, locking, adopting and removing them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/staging.h"

#include "io/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void staging_close(struct staging *staging)
{
	if (staging->tree >= 0)
		close(staging->tree);
	if (staging->dir >= 0)
		close(staging->dir);
	staging->tree = staging->dir = -1;
}

/* Open and lock staging->name. */
static int open_and_lock(struct staging *staging)
{
	struct stat status;

	staging->tree = -1;
	staging->dir = openat(staging->incoming, staging->name, OPEN_DIRECTORY);
	if (staging->dir < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	if (flock(staging->dir, LOCK_EX | LOCK_NB) < 0 || fstat(staging->dir, &status) < 0) {
		int r = -errno;

		staging_close(staging);
		return r;
	}
	/*
	 * Before it was locked, another receiver may have thought that it was left over, and have
	 * removed it.
	 */
	if (status.st_nlink == 0) {
		staging_close(staging);
		return -EAGAIN;
	}
	return 0;
}

int staging_adopt(struct staging *staging, int incoming, const char *name)
{
	size_t length = strlen(name);

	if (length >= sizeof(staging->name) ||
	    strncmp(name, QFILE_STAGING_PREFIX, strlen(QFILE_STAGING_PREFIX)) != 0)
		return -ENOTDIR;
	staging->incoming = incoming;
	memcpy(staging->name, name, length + 1);
	return open_and_lock(staging);
}

static int make_tree(struct staging *staging)
{
	if (mkdirat(staging->dir, STAGING_TREE, 0700) < 0)
		return -errno;
	staging->tree = openat(staging->dir, STAGING_TREE, OPEN_DIRECTORY);
	if (staging->tree < 0)
		return -errno;
	/*
	 * A default ACL, inherited from a directory above, would change the modes that were sent.
	 */
	fremovexattr(staging->tree, "system.posix_acl_default");
	return 0;
}

int staging_create(struct staging *staging, int incoming)
{
	int r;

	*staging = (struct staging){.incoming = incoming, .dir = -1, .tree = -1};
	do {
		unsigned long long number;

		if (getrandom(&number, sizeof(number), 0) < 0)
			return -errno;
		snprintf(staging->name, sizeof(staging->name), "%s%016llx", QFILE_STAGING_PREFIX,
			 number);
		r = mkdirat(incoming, staging->name, 0700) < 0 ? -errno : open_and_lock(staging);
	} while (r == -EEXIST || r == -ENOENT || r == -EAGAIN);
	if (r < 0)
		return r;
	r = make_tree(staging);
	if (r < 0)
		staging_remove(staging);
	return r;
}

int staging_remove(struct staging *staging)
{
	int r;

	/*
	 * If the removal is cut short, the next receiver must not carry out the plan. This fails if
	 * the delivery was not decided, and then there is nothing to take back.
	 */
	renameat(staging->dir, STAGING_COMMIT, staging->dir, STAGING_TREE);
	r = remove_contents(staging->dir);
	if (r == 0 && unlinkat(staging->incoming, staging->name, AT_REMOVEDIR) < 0)
		r = -errno;
	staging_close(staging);
	return r;
}
