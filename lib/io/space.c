/*
 * The free space of a disk.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "io/space.h"

#include "io/stream.h"

#include <errno.h>
#include <sys/statfs.h>

int space_left(int fd, uint64_t *bytes)
{
	struct statfs status;

	if (fstatfs(fd, &status) < 0) {
		if (errno != ENOSYS && errno != EOPNOTSUPP)
			return -errno;
		status.f_blocks = 0;
	}
	/* No number of blocks means no known bound: a tmpfs without a limit, for example. */
	if (status.f_blocks == 0 ||
	    __builtin_mul_overflow((uint64_t)status.f_bavail, (uint64_t)status.f_bsize, bytes))
		*bytes = UINT64_MAX;
	return 0;
}

int space_check(int fd, uint64_t bytes)
{
	uint64_t left;
	int r;

	if (bytes <= STREAM_BUFFER_SIZE)
		return 0;
	r = space_left(fd, &left);
	if (r < 0)
		return r;
	return bytes < left ? 0 : -ENOSPC;
}
