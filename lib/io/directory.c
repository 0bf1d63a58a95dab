/*
 * Making and reading directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of ours that is there for a moment, where there are none without a name. */
#define OWNED ".qfile-owner"

/*
 * Whom does this file system give what we make? The file is what this call has made, whatever
 * somebody else does with its name.
 */
static int owner_here(int dir, uid_t *owner)
{
	int fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), r = 0;
	struct stat status;

	if (fd < 0) {
		fd = openat(dir, OWNED, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			unlinkat(dir, OWNED, 0);
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		r = -errno;
	else
		*owner = status.st_uid;
	if (fd >= 0)
		close(fd);
	return r;
}

bool directory_is_ours(int fd)
{
	struct stat status;
	uid_t owner;

	if (fstat(fd, &status) < 0)
		return false;
	return status.st_uid == geteuid() ||
	       (owner_here(fd, &owner) == 0 && status.st_uid == owner);
}

/* Can modes not be set here, so that the one that it has must do? */
static bool has_fixed_mode(int fd, int error)
{
	return (error == EPERM || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP) &&
	       directory_is_ours(fd);
}

static int make(int dir, const char *name, mode_t mode, bool anywhere)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd, error;

	if (mkdirat(dir, name, mode) < 0)
		return -errno;
	fd = openat(dir, name, flags);
	/* A umask can keep even its owner out. */
	if (fd < 0 && errno == EACCES && fchmodat(dir, name, mode, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dir, name, flags);
	if (fd >= 0 && fchmod(fd, mode) == 0)
		return fd;
	error = errno;
	if (fd >= 0 && anywhere && has_fixed_mode(fd, error))
		return fd;
	if (fd >= 0)
		close(fd);
	unlinkat(dir, name, AT_REMOVEDIR);
	return -error;
}

int directory_make(int dir, const char *name, mode_t mode)
{
	return make(dir, name, mode, false);
}

int directory_make_anywhere(int dir, const char *name, mode_t mode)
{
	return make(dir, name, mode, true);
}

DIR *directory_read(int fd)
{
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	int error = errno;

	if (!list && fd >= 0) {
		close(fd);
		errno = error;
	}
	return list;
}
