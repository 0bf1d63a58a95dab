/*
 * The size, digest and checksum of a file's content, to compare it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CONTENT_H
#define CONTENT_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct content {
	uint64_t size;
	uint64_t digest; /* what contents are compared by: see digest.h */
	uint32_t crc;    /* as it is sent along */
};

/*
 * Read the whole file that is open as `fd`, whatever its offset, into `buffer`, which has
 * STREAM_BUFFER_SIZE bytes, piece by piece. Returns 0 or the negative errno of reading.
 */
int content_read(int fd, unsigned char *buffer, struct content *content);
bool content_same(const struct content *a, const struct content *b);
/* Was a file written to between two calls of stat()? */
bool content_touched(const struct stat *before, const struct stat *after);

#endif
