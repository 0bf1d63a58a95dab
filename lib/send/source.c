/*
 * The sources that a command line names, and how much they contain.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "io/stream.h"
#include "io/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "dir/", "." and ".." name a directory by its place; it is sent under its real name. */
static bool names_a_place(const char *argument)
{
	const char *slash = strrchr(argument, '/'), *last = slash ? slash + 1 : argument;

	return !*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

static int source_resolve(struct qfile_source *source, const char *argument, unsigned flags)
{
	const char *slash;
	struct stat status;

	source->path = names_a_place(argument) ? realpath(argument, NULL) : strdup(argument);
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

static int measure(struct walk *walk, int stop, struct qfile_size *size, struct qfile_error *error)
{
	struct walk_entry entry;

	for (;;) {
		struct stat status;
		int r = walk_next(walk, &entry, error);

		if (r < 0 || entry.kind == WALK_END)
			return r;
		if (entry.kind == WALK_ENTER && stream_stopped(stop))
			return error_set(error, -ECANCELED, NULL, NULL);
		if (entry.kind == WALK_LEAVE || entry.kind == WALK_OTHER)
			continue;
		size->entries++;
		if (entry.kind == WALK_FILE && walk_stat(&entry, &status) == 0)
			size->bytes += (uint64_t)status.st_size;
	}
}

int qfile_measure(const struct qfile_source *source, unsigned flags, int stop,
		  struct qfile_size *size, struct qfile_error *error)
{
	struct walk *walk = malloc(sizeof(*walk));
	int r;

	if (!walk)
		return error_set(error, -ENOMEM, NULL, NULL);
	walk_init(walk, flags);
	walk_begin(walk, source);
	r = measure(walk, stop, size, error);
	walk_close(walk);
	free(walk);
	return r;
}
