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

/* What journals begin with: a rollback journal, and the two kinds of a write-ahead log. */
static const unsigned char journal_magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
static const unsigned char log_magic[] = {0x37, 0x7f, 0x06}; /* then 0x82 or 0x83 */

/* Is there a file of this name that begins so? One whose transaction is over begins with zeros. */
static bool is_hot(int dir, const char *file, const char *end, const unsigned char *magic_there,
		   size_t size)
{
	unsigned char first[sizeof(journal_magic)] = {0};
	char name[NAME_MAX + 16];
	int fd;

	snprintf(name, sizeof(name), "%s%s", file, end);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, first, size) < (ssize_t)size)
		first[0] = 0;
	close(fd);
	return memcmp(first, magic_there, size) == 0;
}

static bool has_journal(int dir, const char *name)
{
	return is_hot(dir, name, "-journal", journal_magic, sizeof(journal_magic)) ||
	       is_hot(dir, name, "-wal", log_magic, sizeof(log_magic));
}

/* Is nothing written yet, as within the first transaction? */
static bool is_blank(const unsigned char *header, ssize_t size)
{
	for (ssize_t i = 0; i < size; i++) {
		if (header[i] != 0)
			return false;
	}
	return true;
}

enum database database_look(int dir, const char *name, int fd, const struct stat *status)
{
	unsigned char header[HEADER_SIZE] = {0};
	ssize_t n = pread(fd, header, sizeof(header), 0);
	uint64_t page;

	/* What cannot be read may be one: then a journal tells. */
	if (n < HEADER_SIZE || memcmp(header, magic, sizeof(magic)) != 0)
		return is_blank(header, n) && has_journal(dir, name) ? DATABASE_WITHIN
								     : DATABASE_NONE;
	/* A write-ahead log holds what the database itself does not have yet. */
	if (has_journal(dir, name))
		return DATABASE_WITHIN;
	page = number_at(header + PAGE_SIZE_AT, 2);
	if (page == 1)
		page = 65536;
	return number_at(header + COUNTER_AT, 4) == number_at(header + VALID_AT, 4) &&
			       page * number_at(header + PAGES_AT, 4) == (uint64_t)status->st_size
		       ? DATABASE_WHOLE
		       : DATABASE_NONE;
}
