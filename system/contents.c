/*
 * What is in a file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/contents.h"

#include <errno.h>
#include <unistd.h>

ssize_t contents_read(int fd, char *bytes, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size && (n = read(fd, bytes + done, size - done)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}
