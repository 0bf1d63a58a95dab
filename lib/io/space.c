/*
 * Is there room on a disk?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "io/space.h"

#include "io/stream.h"

#include <errno.h>
#include <sys/statfs.h>

int space_check(int fd, uint64_t bytes)
{
	struct statfs status;

	if (bytes <= STREAM_BUFFER_SIZE)
		return 0;
	if (fstatfs(fd, &status) < 0)
		return -errno;
	if (status.f_blocks == 0) /* nothing is known: a tmpfs without a bound, say */
		return 0;
	return bytes / (uint64_t)status.f_bsize >= (uint64_t)status.f_bavail ? -ENOSPC : 0;
}
