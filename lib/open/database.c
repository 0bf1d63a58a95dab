/*
 * Databases of SQLite: is one of them consistent?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/database.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where the header has what, in big-endian numbers. */
enum {
	PAGE_SIZE_AT = 16, /* 2 bytes; 1 stands for 65536 */
	COUNTER_AT = 24,   /* how often it was changed, */
	PAGES_AT = 28,     /* how many pages it has, */
	VALID_AT = 92,     /* and the counter for which that number is valid */
	HEADER_SIZE = 100
};

static const char magic[16] = "SQLite format 3";

static uint64_t number_at(const unsigned char *bytes, int count)
{
	uint64_t number = 0;

	for (int i = 0; i < count; i++)
		number = number << 8 | bytes[i];
	return number;
}

/* Is there a file of this name, of which the first byte is not zero? */
static bool is_hot(int dir, const char *file, const char *end)
{
	char name[NAME_MAX + 16], first = 0;
	int fd;

	snprintf(name, sizeof(name), "%s%s", file, end);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, &first, 1) < 1)
		first = 0;
	close(fd);
	return first != 0;
}

enum database database_look(int dir, const char *name, int fd, const struct stat *status)
{
	unsigned char header[HEADER_SIZE];
	uint64_t page;

	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header, magic, sizeof(magic)) != 0)
		return DATABASE_NONE;
	/*
	 * A journal whose header is zero belongs to a transaction that is over. A write-ahead log
	 * holds what the database itself does not have yet.
	 */
	if (is_hot(dir, name, "-journal") || is_hot(dir, name, "-wal"))
		return DATABASE_WITHIN;
	page = number_at(header + PAGE_SIZE_AT, 2);
	if (page == 1)
		page = 65536;
	return number_at(header + COUNTER_AT, 4) == number_at(header + VALID_AT, 4) &&
			       page * number_at(header + PAGES_AT, 4) == (uint64_t)status->st_size
		       ? DATABASE_WHOLE
		       : DATABASE_NONE;
}
