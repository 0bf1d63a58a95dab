/*
 * What a file contains, in short.
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
	uint32_t crc;
};

/*
 * Read the whole file that is open as `fd`, STREAM_BUFFER_SIZE bytes at a time into `buffer`,
 * wherever its offset is. Returns 0 or the errno of reading.
 */
int content_read(int fd, unsigned char *buffer, struct content *content);
bool content_same(const struct content *a, const struct content *b);
/* Was the file written to between these two looks at it? */
bool content_touched(const struct stat *before, const struct stat *after);

#endif
