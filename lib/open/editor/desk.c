/*
 * The desk: a private directory with the one file in it that is to be edited.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/desk.h"

#include "io/empty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A program that is just ending may still make and remove files. So often it may come in between.
 */
#define REMOVE_TRIES 100

int desk_make(struct desk *desk, const char *directory, const char *from, const char *name)
{
	char above[PATH_MAX];
	int n;

	desk->dir = -1;
	if (!realpath(directory, above))
		return -errno;
	n = snprintf(desk->directory, sizeof(desk->directory), "%s/qopen-%s%sXXXXXX",
		     strcmp(above, "/") == 0 ? "" : above, from ? from : "", from ? "-" : "");
	if ((size_t)n + 1 + strlen(name) >= sizeof(desk->path))
		return -ENAMETOOLONG;
	if (!mkdtemp(desk->directory))
		return -errno;
	desk->dir =
		openat(AT_FDCWD, desk->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (desk->dir < 0) {
		n = -errno;
		rmdir(desk->directory);
		return n;
	}
	desk->base = strrchr(desk->directory, '/') + 1;
	snprintf(desk->path, sizeof(desk->path), "%.*s/%s", n, desk->directory, name);
	desk->name = desk->path + n + 1;
	return 0;
}

int desk_create(const struct desk *desk, bool view_only)
{
	mode_t mode = view_only ? 0400 : 0600;
	int fd = openat(desk->dir, desk->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			mode);

	/* Whatever the umask or a default ACL made of it. */
	if (fd >= 0 && fchmod(fd, mode) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd < 0 ? -errno : fd;
}

int desk_open(const struct desk *desk, struct stat *status)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(desk->dir, desk->name, flags), r = -ENOENT;

	/* What a program took from us we may give ourselves: it is in our directory. */
	if (fd < 0 && errno == EACCES &&
	    fchmodat(desk->dir, desk->name, 0600, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(desk->dir, desk->name, flags);
	if (fd < 0) /* a link; a socket, or a device without its driver */
		return errno == ELOOP || errno == ENXIO ? -ENOENT : -errno;
	if (fstat(fd, status) < 0)
		r = -errno;
	else if (S_ISREG(status->st_mode))
		return fd;
	close(fd);
	return r;
}

int desk_remove(struct desk *desk)
{
	int r = 0;

	if (desk->dir < 0)
		return 0;
	for (int i = 0; i < REMOVE_TRIES; i++) {
		fchmod(desk->dir, 0700);
		r = directory_empty(desk->dir);
		if (r == 0 && rmdir(desk->directory) < 0)
			r = -errno;
		if (r != -ENOENT && r != -ENOTEMPTY && r != -EEXIST)
			break;
	}
	/* Somebody has tidied up already. */
	if (r == -ENOENT && access(desk->directory, F_OK) < 0)
		r = 0;
	close(desk->dir);
	desk->dir = -1;
	return r;
}
