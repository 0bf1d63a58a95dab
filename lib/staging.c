/*
 * Staging: made, locked, taken over, removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "staging.h"

#include <dirent.h>
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
	/* Between its making and its locking another receiver may have taken it for a leftover, and removed it. */
	if (status.st_nlink == 0) {
		staging_close(staging);
		return -EAGAIN;
	}
	return 0;
}

int staging_adopt(struct staging *staging, int incoming, const char *name)
{
	size_t length = strlen(name);

	if (length >= sizeof(staging->name) || strncmp(name, QFILE_STAGING_PREFIX, strlen(QFILE_STAGING_PREFIX)) != 0)
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
	/* A default ACL, handed down from where the user set one, would change the modes that were sent. */
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
		snprintf(staging->name, sizeof(staging->name), "%s%016llx", QFILE_STAGING_PREFIX, number);
		r = mkdirat(incoming, staging->name, 0700) < 0 ? -errno : open_and_lock(staging);
	} while (r == -EEXIST || r == -ENOENT || r == -EAGAIN);
	if (r < 0)
		return r;
	r = make_tree(staging);
	if (r < 0)
		staging_remove(staging);
	return r;
}

/* ---- Removing ----
 *
 * A tree may be deeper than there are descriptors, and its directories sealed. So no descent: a directory that is not empty is
 * moved up to the top, under a number for a name, and emptied there in its turn.
 */

static DIR *open_list(int dir)
{
	int fd = openat(dir, ".", OPEN_DIRECTORY);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

/* The next entry that is neither "." nor "..". */
static const struct dirent *next_entry(DIR *list)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
	return entry;
}

/* Remove one entry of `dir` if that takes no more than one call. -ENOTEMPTY: a directory with something in it, now 0700. */
static int remove_simple(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM) /* POSIX and Linux have it differently for directories */
		return -errno;
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return -errno;
	/* To be moved, or looked into. */
	return fchmodat(dir, name, 0700, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : -ENOTEMPTY;
}

/* Move the directory `name` of `dir` to `top`. */
static int move_up(int dir, const char *name, int top, unsigned long long *number)
{
	char to[24];

	do
		snprintf(to, sizeof(to), "%llu", (*number)++);
	while (renameat2(dir, name, top, to, RENAME_NOREPLACE) < 0 && errno == EEXIST);
	return errno && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? -errno : 0;
}

/* Empty the directory `name` of `top`: its directories go up to `top`. */
static int empty(int top, const char *name, unsigned long long *number)
{
	int dir = openat(top, name, OPEN_DIRECTORY), r = 0;
	const struct dirent *entry;
	DIR *list;

	if (dir < 0)
		return -errno;
	list = open_list(dir);
	r = list ? 0 : -errno;
	while (r == 0 && (entry = next_entry(list))) {
		r = remove_simple(dir, entry->d_name);
		if (r == -ENOTEMPTY)
			r = move_up(dir, entry->d_name, top, number);
	}
	if (list)
		closedir(list);
	close(dir);
	return r;
}

/* Go over `top` once. Returns how many entries there were. */
static int empty_top(int top, unsigned long long *number)
{
	DIR *list = open_list(top);
	const struct dirent *entry;
	int r = 0, entries = 0;

	if (!list)
		return -errno;
	while (r == 0 && (entry = next_entry(list))) {
		entries = 1;
		r = remove_simple(top, entry->d_name);
		if (r == -ENOTEMPTY)
			r = empty(top, entry->d_name, number);
	}
	closedir(list);
	return r < 0 ? r : entries;
}

int staging_remove(struct staging *staging)
{
	unsigned long long number = 0;
	int r;

	/* Whoever finds the rest of what is being removed must not carry out its plan. There is nothing to rename where it was not decided. */
	renameat(staging->dir, STAGING_COMMIT, staging->dir, STAGING_TREE);
	while ((r = empty_top(staging->dir, &number)) > 0)
		;
	if (r == 0 && unlinkat(staging->incoming, staging->name, AT_REMOVEDIR) < 0)
		r = -errno;
	staging_close(staging);
	return r;
}
