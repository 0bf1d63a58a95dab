/*
 * The file that is opened in another VM.
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

#define LINKS_MAX 40 /* as the kernel has it */

/* A directory that may be searched but not read can be worked in all the same. */
static int open_directory(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Enter the directory of `path`, which is cut up for that, and note the name that it has there. */
static int enter(struct place *place, char *path)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int dir;

	if (strlen(name) > NAME_MAX)
		return -ENAMETOOLONG;
	strcpy(place->name, name);
	*name = '\0';
	dir = open_directory(place->dir >= 0 ? place->dir : AT_FDCWD, *path ? path : ".");
	if (dir < 0)
		return dir;
	if (place->dir >= 0)
		close(place->dir);
	place->dir = dir;
	return 0;
}

/* Find the directory and the name that a path leads to in the end. */
static int follow(struct place *place, const char *path)
{
	char target[PATH_MAX];

	snprintf(target, sizeof(target), "%s", path); /* the kernel took it: it fits */
	for (int links = 0; links <= LINKS_MAX; links++) {
		int r = enter(place, target);
		ssize_t n;

		if (r < 0)
			return r;
		n = readlinkat(place->dir, place->name, target, sizeof(target) - 1);
		if (n < 0)
			return errno == EINVAL ? 0 : -errno; /* no link: here it is */
		target[n] = '\0';
	}
	return -ELOOP;
}

/*
 * Is there a regular file at `path`? What else there may be is not opened: that alone could do
 * something.
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

/* Lock it. -EAGAIN: another opener has just put a version in its place. */
static int lock(struct original *original, const struct stat *status)
{
	const struct place *place = &original->place;
	struct stat there;

	if (place_lock(place->fd) < 0)
		original->notes |= OPENER_SECOND;
	else if (fstatat(place->dir, place->name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	else if (there.st_dev != status->st_dev || there.st_ino != status->st_ino)
		return -EAGAIN;
	return 0;
}

static int open_once(struct original *original, const char *path, bool view_only)
{
	struct place *place = &original->place;
	struct stat status;
	int r = follow(place, path);

	if (r < 0)
		return r;
	place->fd = openat(place->dir, place->name,
			   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (place->fd < 0 || fstat(place->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	place_note(place, &status);
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
		*original = (struct original){.place = {.dir = -1, .fd = -1}};
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
	return faccessat(original->place.dir, original->place.name, W_OK, AT_EACCESS) < 0 ? -errno
											  : 0;
}

void original_close(struct original *original)
{
	place_close(&original->place);
}
