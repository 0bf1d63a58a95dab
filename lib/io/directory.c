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

int directory_make(int dir, const char *name, mode_t mode)
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
	if (fd >= 0)
		close(fd);
	unlinkat(dir, name, AT_REMOVEDIR);
	return -error;
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
