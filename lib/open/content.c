/*
 * The size, digest and checksum of a file's content, to compare it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/content.h"

#include "io/stream.h"
#include "open/digest.h"

#include <errno.h>
#include <libdeflate.h>
#include <unistd.h>

int content_read(int fd, unsigned char *buffer, struct content *content)
{
	struct digest digest;

	*content = (struct content){.size = 0};
	digest_begin(&digest);
	for (;;) {
		ssize_t n = pread(fd, buffer, STREAM_BUFFER_SIZE, (off_t)content->size);

		if (n == 0)
			break;
		if (n > 0) {
			content->crc = libdeflate_crc32(content->crc, buffer, (size_t)n);
			digest_add(&digest, buffer, (size_t)n);
			content->size += (uint64_t)n;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	content->digest = digest_value(&digest);
	return 0;
}

bool content_same(const struct content *a, const struct content *b)
{
	return a->size == b->size && a->digest == b->digest;
}

bool content_touched(const struct stat *before, const struct stat *after)
{
	return before->st_size != after->st_size ||
	       before->st_mtim.tv_sec != after->st_mtim.tv_sec ||
	       before->st_mtim.tv_nsec != after->st_mtim.tv_nsec;
}
