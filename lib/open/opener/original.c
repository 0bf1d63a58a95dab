/*
 * The original: the file that is opened in another VM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/opener/original.h"
#include "open/opener/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <qfile.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINKS_MAX 40 /* the kernel's limit */

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
 * Check that there is a regular file at `path`, before it is opened: opening a device or fifo may
 * have effects.
 */
static int check(const char *path)
{
	struct stat status;

	if (!*path)
		return -EINVAL;
	if (stat(path, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? 0 : S_ISDIR(status.st_mode) ? -EISDIR : -ENOTSUP;
}

/* Lock the file. -EAGAIN: another opener has just replaced it. */
static int lock(struct original *original, const struct stat *status)
{
	const struct target *target = &original->target;
	struct stat there;

	if (target_lock(target->fd) < 0)
		original->notes |= OPENER_SECOND;
	else if (fstatat(target->dir, target->name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	else if (there.st_dev != status->st_dev || there.st_ino != status->st_ino)
		return -EAGAIN;
	return 0;
}

static int open_once(struct original *original, const char *path, bool view_only)
{
	struct target *target = &original->target;
	struct stat status;
	int r = follow(target, path);

	if (r < 0)
		return r;
	target->fd = openat(target->dir, target->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (target->fd < 0 || fstat(target->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	target_note(target, &status);
	if (view_only)
		return 0;
	if (status.st_nlink > 1)
		original->notes |= OPENER_LINKS;
	if (original_writable(original) < 0)
		original->notes |= OPENER_READ_ONLY;
	return lock(original, &status);
}

int original_open(struct original *original, const char *path, bool view_only)
{
	const char *slash = strrchr(path, '/');
	int r;

	do {
		*original = (struct original){.target = {.dir = -1, .fd = -1}};
		r = check(path);
		if (r == 0)
			r = open_once(original, path, view_only);
		if (r < 0)
			original_close(original);
	} while (r == -EAGAIN);
	if (r == 0)
		snprintf(original->base, sizeof(original->base), "%s", slash ? slash + 1 : path);
	return r;
}

int original_writable(const struct original *original)
{
	return faccessat(original->target.dir, original->target.name, W_OK, AT_EACCESS) < 0 ? -errno
											    : 0;
}

void original_close(struct original *original)
{
	target_close(&original->target);
}
