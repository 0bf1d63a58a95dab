/*
 * The original: the file that is opened in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/original.h"
#include "open/opener/conditions.h"
#include "open/opener/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* the kernel's limit */

/* So often the file may be replaced, or the way to it changed, while it is opened. */
#define TRIES_MAX 100

/* Open a directory, even one that may be searched but not read. */
static int open_directory(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Enter the directory that `path` names, and note the last component. This changes `path`. */
static int enter(struct target *target, char *path)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int dir;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	strcpy(target->name, name);
	*name = '\0';
	dir = open_directory(target->dir >= 0 ? target->dir : AT_FDCWD, *path ? path : ".");
	if (dir < 0)
		return dir;
	if (target->dir >= 0)
		close(target->dir);
	target->dir = dir;
	return 0;
}

/* Find the directory and the name that a path leads to through all links. */
static int follow(struct target *target, const char *path)
{
	char link_target[PATH_MAX];

	snprintf(link_target, sizeof(link_target), "%s",
		 path); /* it fits: the kernel has accepted it */
	for (int links = 0; links <= LINKS_MAX; links++) {
		int r = enter(target, link_target);
		ssize_t n;

		if (r < 0)
			return r;
		n = readlinkat(target->dir, target->name, link_target, sizeof(link_target) - 1);
		if (n < 0)
			return errno == EINVAL ? 0 : -errno; /* not a link: the end */
		link_target[n] = '\0';
	}
	return -ELOOP;
}

/*
 * Let the kernel find the file at `path`: its rules say which links may be followed. Returns a
 * descriptor that only holds the file, since opening a device or fifo may have effects.
 */
static int find(const char *path, struct stat *status)
{
	int fd, r = 0;

	if (!*path)
		return -EINVAL;
	fd = openat(AT_FDCWD, path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, status) < 0)
		r = -errno;
	else if (!S_ISREG(status->st_mode))
		r = S_ISDIR(status->st_mode) ? -EISDIR : -ENOTSUP;
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

/*
 * Another program has a lease on the file, and was told that somebody wants it: wait until it has
 * given it back, as every program does that opens the file. It is a regular file, which nothing
 * else makes wait.
 */
static int wait_for_lease(int found)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return -EAGAIN;
}

/*
 * Open the file at `path`, which was found, by its own name in its own directory. The way there is
 * read link by link, and may have been changed since: -EAGAIN if it leads elsewhere now.
 */
static int open_found(struct target *target, const char *path, int held, const struct stat *found)
{
	struct stat status;
	int r = follow(target, path);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR || r == -ELOOP ? -EAGAIN : r;
	target->fd = openat(target->dir, target->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (target->fd < 0 && errno == EWOULDBLOCK)
		return wait_for_lease(held);
	if (target->fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? -EAGAIN : -errno;
	if (fstat(target->fd, &status) < 0)
		return -errno;
	if (!seen_same_file(&status, found))
		return -EAGAIN;
	seen_note(&target->seen, target->fd, &status);
	return 0;
}

/* Lock the file. -EAGAIN: another opener has just replaced it. */
static int lock(struct original *original)
{
	struct target *target = &original->target;
	struct stat there;

	if (target_lock(target) < 0)
		original->notes |= OPENER_SECOND;
	else if (fstatat(target->dir, target->name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	else if (!seen_same_file(&there, &target->seen.status))
		return -EAGAIN;
	return 0;
}

static int open_once(struct original *original, const char *path, bool view_only)
{
	struct target *target = &original->target;
	struct stat status;
	int found = find(path, &status), r;

	if (found < 0)
		return found;
	r = open_found(target, path, found, &status);
	/* As long as it is held, no other file can have its number. */
	close(found);
	if (r < 0 || view_only)
		return r;
	original->notes = conditions_of(target);
	return lock(original);
}

int original_open(struct original *original, const char *path, bool view_only)
{
	const char *slash = strrchr(path, '/');
	int r, tries = 0;

	do {
		*original = (struct original){.target = {.dir = -1, .fd = -1}};
		r = open_once(original, path, view_only);
		if (r < 0)
			original_close(original);
	} while (r == -EAGAIN && ++tries < TRIES_MAX);
	if (r == 0)
		snprintf(original->base, sizeof(original->base), "%s", slash ? slash + 1 : path);
	return r == -EAGAIN ? -ESTALE : r;
}

void original_close(struct original *original)
{
	target_close(&original->target);
}
