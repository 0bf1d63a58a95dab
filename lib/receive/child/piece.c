/*
 * The content of a received file, a piece at a time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/piece.h"

#include "receive/child/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The unit of file systems: a smaller run of zeros cannot become a hole. */
#define BLOCK_SIZE 4096

static bool is_zero(const unsigned char *bytes, size_t size)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* How many of the `size` bytes at `offset` are in one block of the file. */
static size_t in_block(uint64_t offset, size_t size)
{
	size_t rest = BLOCK_SIZE - (size_t)(offset % BLOCK_SIZE);

	return rest < size ? rest : size;
}

static int write_at(int fd, const unsigned char *bytes, size_t size, uint64_t offset)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, bytes, size, (off_t)offset);

		if (n < 0 && errno != EINTR)
			return disk_content_refused(errno);
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	return 0;
}

static int write_sparse(const struct piece *piece, uint64_t *end)
{
	size_t done = 0;

	while (done < piece->size) {
		size_t run = done, block = in_block(piece->offset + run, piece->size - run);
		int r;

		while (block > 0 && !is_zero(piece->bytes + run, block)) {
			run += block;
			block = in_block(piece->offset + run, piece->size - run);
		}
		if (run > done) {
			r = write_at(piece->fd, piece->bytes + done, run - done,
				     piece->offset + done);
			if (r < 0)
				return r;
			*end = piece->offset + run;
		}
		done = run + block; /* of zeros, or none at the end */
	}
	return 0;
}

/* What follows `end` is zeros. */
static int lengthen(int fd, uint64_t length, uint64_t end)
{
	int r;

	if (end == length || ftruncate(fd, (off_t)length) == 0)
		return 0;
	/* Not every disk makes a file longer without being given what it holds. */
	r = disk_growing_refused(errno);
	return r < 0 ? r : write_at(fd, (const unsigned char *)"", 1, length - 1);
}

int piece_write(const struct piece *piece, uint64_t *end)
{
	int r;

	if (piece->offset == 0)
		*end = 0;
	r = write_sparse(piece, end);
	if (r < 0 || !piece->last)
		return r;
	r = lengthen(piece->fd, piece->offset + piece->size, *end);
	if (r == 0 && futimens(piece->fd, piece->times) < 0)
		r = disk_times_refused(errno);
	return r;
}
