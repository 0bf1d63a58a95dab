/*
 * Reading directories.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/directory.h"

#include <errno.h>
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
