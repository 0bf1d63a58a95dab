/*
 * What a stream says, read without the library: qfile(5) once more, to compare with.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TREE_H
#define TREE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define TREE_ENTRIES 8192

struct tree_entry {
	const char *name;
	size_t name_length;
	uint32_t mode;
	uint64_t size; /* as announced */
	uint32_t atime, atime_nsec, mtime, mtime_nsec;
	const uint8_t *data;
	size_t present; /* bytes of data that the stream has */
};

struct tree {
	struct tree_entry entries[TREE_ENTRIES];
	size_t count;
	size_t end; /* bytes up to and with the end of the transfer; 0: it never comes */
};

/* Read it as far as it goes. Nothing is checked but that it stays inside the stream. */
void tree_read(struct tree *tree, const uint8_t *stream, size_t size);
/*
 * The other way round: lengths as they are, 0 as the end is announced. Returns the bytes used, at
 * most `max`.
 */
size_t tree_write(const struct tree *tree, uint8_t *stream, size_t max);

/* An entry that was delivered is what the stream says. */
void tree_check_entry(const struct tree *tree, const char *path, int dir, const char *name,
		      const struct stat *status);
/* NUL-terminated where the stream is a good one. */
const char *tree_last_name(const struct tree *tree);

#endif
