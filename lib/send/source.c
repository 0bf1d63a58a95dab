/*
 * The sources that a command line names.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "dir/", "." and ".." name a directory by its place; it is sent under its real name. */
static bool names_a_place(const char *argument)
{
	const char *slash = strrchr(argument, '/'), *last = slash ? slash + 1 : argument;

	return !*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

/*
 * The real path of the directory that `argument` leads to. It is opened first: the kernel says
 * which links may be followed, and realpath(3) only finds the name of what that found. Returns NULL
 * with errno.
 */
static char *place_path(const char *argument)
{
	int fd = openat(AT_FDCWD, argument, O_PATH | O_DIRECTORY | O_CLOEXEC), error;
	struct stat found, named;
	char *path;

	if (fd < 0)
		return NULL;
	path = realpath(argument, NULL);
	if (path && fstat(fd, &found) == 0 &&
	    fstatat(AT_FDCWD, path, &named, AT_SYMLINK_NOFOLLOW) == 0) {
		if (found.st_dev == named.st_dev && found.st_ino == named.st_ino) {
			close(fd);
			return path;
		}
		errno = ESTALE;
	}
	error = errno;
	free(path);
	close(fd);
	errno = error;
	return NULL;
}

static int source_resolve(struct qfile_source *source, const char *argument, unsigned flags)
{
	const char *slash;
	struct stat status;

	source->path = names_a_place(argument) ? place_path(argument) : strdup(argument);
	if (!source->path)
		return -errno;
	slash = strrchr(source->path, '/');
	source->base = strdup(slash ? slash + 1 : source->path);
	if (!source->base)
		return -ENOMEM;
	if (!*source->base)
		return -EINVAL;
	if (fstatat(AT_FDCWD, source->path, &status,
		    flags & QFILE_DEREFERENCE ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(status.st_mode))
		return 0;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return -ENOTSUP;
	if (flags & QFILE_SKIP_UNREADABLE)
		return 0;
	return faccessat(AT_FDCWD, source->path, S_ISDIR(status.st_mode) ? R_OK | X_OK : R_OK,
			 AT_EACCESS) < 0
		       ? -errno
		       : 0;
}

int qfile_source_open(struct qfile_source *source, const char *argument, unsigned flags,
		      struct qfile_error *error)
{
	int r = -EINVAL;

	*source = (struct qfile_source){.path = NULL};
	if (*argument)
		r = source_resolve(source, argument, flags);
	if (r < 0) {
		qfile_source_close(source);
		return error_set(error, r, "looking at", argument);
	}
	return 0;
}

void qfile_source_close(struct qfile_source *source)
{
	free(source->path);
	free(source->base);
	*source = (struct qfile_source){.path = NULL};
}
