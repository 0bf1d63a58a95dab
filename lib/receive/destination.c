/*
 * The place of delivery: ~USER/INCOMING/SOURCE.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "format/error.h"
#include "io/directory.h"
#include "receive/commit/incoming.h"
#include "text/vmname.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
/* On the way to the place of delivery: to search it is enough, as with mode 0711. */
#define OPEN_PASSED (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* Is the directory that was just made the one that is open? Whoever may rename it can replace it.
 */
static int check_made(int fd)
{
	return directory_is_ours(fd) ? 0 : -EPERM;
}

static int open_existing(int dir, const char *name, const char *path, int how,
			 struct qfile_error *error)
{
	int fd = openat(dir, name, how | O_NOFOLLOW), r;

	if (fd >= 0)
		return fd;
	r = error_set(error, -errno, "opening the directory", path);
	if (error && (r == -ELOOP || r == -ENOTDIR))
		error->hint = "it must be a directory, not a link or a file";
	return r;
}

/*
 * Open the directory `name` in `dir`, and make it if it is missing. Follows no link. `path` is what
 * an error names, `how` the flags to open it with where it is there.
 */
static int open_or_make(int dir, const char *name, const char *path, int how,
			struct qfile_error *error)
{
	int fd = directory_make_anywhere(dir, name, 0700);
	int r = fd < 0 ? fd : check_made(fd);

	if (r == -EEXIST)
		return open_existing(dir, name, path, how, error);
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	error_set(error, r, "making the directory", path);
	if (error && (r == -EPERM || r == -ELOOP || r == -ENOTDIR))
		error->hint = "another user put something else in its place";
	return r;
}

int qfile_incoming_open(const struct qfile_user *user, const char *incoming, const char *source,
			struct qfile_error *error)
{
	const char *name = incoming ? incoming : INCOMING_NAME;
	char path[sizeof(user->home) + 2 * sizeof("/") + 2 * VM_NAME_MAX];
	int home, dir, fd;

	if (!vm_name_ok(name))
		return error_set(error, -EINVAL, "checking the name of the directory", name);
	if (!vm_name_ok(source))
		return error_set(error, -EINVAL, "checking the source's name", source);
	home = open(*user->home ? user->home : "/nonexistent", OPEN_PASSED);
	if (home < 0)
		return error_set(error, -errno, "opening the home directory", user->home);
	snprintf(path, sizeof(path), "%s/%s", user->home, name);
	dir = open_or_make(home, name, path, OPEN_PASSED, error);
	close(home);
	if (dir < 0)
		return dir;
	snprintf(path, sizeof(path), "%s/%s/%s", user->home, name, source);
	fd = open_or_make(dir, source, path, OPEN_DIRECTORY, error);
	close(dir);
	return fd;
}

int qfile_incoming_open_path(const char *path, struct qfile_error *error)
{
	char parent[PATH_MAX], *slash;
	size_t length = strlen(path);
	int dir, fd;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length == 0 || length >= sizeof(parent))
		return error_set(error, length ? -ENAMETOOLONG : -ENOENT, "opening the directory",
				 path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	slash = strrchr(parent, '/');
	if (!slash)
		return open_or_make(AT_FDCWD, parent, path, OPEN_DIRECTORY, error);
	if (slash == parent && !slash[1])
		return error_set(error, -EINVAL, "delivering to", path);
	*slash = '\0';
	dir = open(slash == parent ? "/" : parent, OPEN_PASSED);
	if (dir < 0)
		return error_set(error, -errno, "opening the directory", parent);
	fd = open_or_make(dir, slash + 1, path, OPEN_DIRECTORY, error);
	close(dir);
	return fd;
}
