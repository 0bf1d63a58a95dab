/*
 * The working directory: a private directory for the file that is edited.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/workdir.h"

#include "io/remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A program that is just ending may still make and remove files: try again this often.
 */
#define REMOVE_TRIES 100

int workdir_make(struct workdir *workdir, const char *directory, const char *from, const char *name)
{
	char above[PATH_MAX];
	int n;

	workdir->dir = -1;
	if (!realpath(directory, above))
		return -errno;
	n = snprintf(workdir->directory, sizeof(workdir->directory), "%s/qopen-%s%sXXXXXX",
		     strcmp(above, "/") == 0 ? "" : above, from ? from : "", from ? "-" : "");
	if ((size_t)n + 1 + strlen(name) >= sizeof(workdir->path))
		return -ENAMETOOLONG;
	if (!mkdtemp(workdir->directory))
		return -errno;
	workdir->dir = openat(AT_FDCWD, workdir->directory,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (workdir->dir < 0) {
		n = -errno;
		rmdir(workdir->directory);
		return n;
	}
	workdir->base = strrchr(workdir->directory, '/') + 1;
	snprintf(workdir->path, sizeof(workdir->path), "%.*s/%s", n, workdir->directory, name);
	workdir->name = workdir->path + n + 1;
	return 0;
}

int workdir_create(const struct workdir *workdir, bool view_only)
{
	mode_t mode = view_only ? 0400 : 0600;
	int fd = openat(workdir->dir, workdir->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	/* The umask or a default ACL may have changed the mode. */
	if (fd >= 0 && fchmod(fd, mode) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd < 0 ? -errno : fd;
}

int workdir_open(const struct workdir *workdir, struct stat *status)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = openat(workdir->dir, workdir->name, flags), r = -ENOENT;

	/* A program may have taken our permission to read. The file is ours: give it back. */
	if (fd < 0 && errno == EACCES &&
	    fchmodat(workdir->dir, workdir->name, 0600, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(workdir->dir, workdir->name, flags);
	if (fd < 0) /* ELOOP: a link. ENXIO: a socket, or a device without a driver */
		return errno == ELOOP || errno == ENXIO ? -ENOENT : -errno;
	if (fstat(fd, status) < 0)
		r = -errno;
	else if (S_ISREG(status->st_mode))
		return fd;
	close(fd);
	return r;
}

int workdir_remove(struct workdir *workdir)
{
	int r = 0;

	if (workdir->dir < 0)
		return 0;
	for (int i = 0; i < REMOVE_TRIES; i++) {
		fchmod(workdir->dir, 0700);
		r = remove_contents(workdir->dir);
		if (r == 0 && rmdir(workdir->directory) < 0)
			r = -errno;
		if (r != -ENOENT && r != -ENOTEMPTY && r != -EEXIST)
			break;
	}
	/* Somebody else has removed it. */
	if (r == -ENOENT && access(workdir->directory, F_OK) < 0)
		r = 0;
	close(workdir->dir);
	workdir->dir = -1;
	return r;
}
