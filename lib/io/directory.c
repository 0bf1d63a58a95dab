/*
 * Reading and making directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

int directory_make(int dir, const char *name, mode_t mode)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	if (mkdirat(dir, name, mode) < 0)
		return -errno;
	fd = openat(dir, name, flags);
	/* Some umask keeps even its owner out. */
	if (fd < 0 && errno == EACCES && fchmodat(dir, name, mode, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dir, name, flags);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}
