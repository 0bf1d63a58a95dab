/*
 * The content of a received file, a piece at a time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PIECE_H
#define PIECE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct piece {
	int fd; /* of the file */
	const unsigned char *bytes;
	size_t size;
	uint64_t offset; /* in the file: where the piece before this one ended */
	bool last;       /* the file is complete then, and gets its times */
	bool sync;       /* and is brought to stable storage */
	struct timespec times[2];
	const char *untrusted_name; /* of the entry */
};

/*
 * Write it, except blocks of zeros, which become holes. *end is the end of the last byte of the
 * file that was written: kept by the caller from one piece of a file to the next, and set at the
 * first. Returns 0, or a negative errno of disk.h.
 */
int piece_write(const struct piece *piece, uint64_t *end);

#endif
