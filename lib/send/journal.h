/*
 * What a sender sent, noted in a file: so that a move can remove that and nothing else, in constant
 * memory.
 *
 * The room lib/send: the sender of a delivery, and the removal after a move. It may use lib/io,
 * lib/format and system/. The sender only reads the files that it sends. The remover removes what
 * the journal names, if it is unchanged, and nothing else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef JOURNAL_H
#define JOURNAL_H
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

enum journal_kind {
	JOURNAL_ENTRY, /* a file or link: to be removed */
	JOURNAL_ENTER, /* a directory: what follows is in it */
	JOURNAL_LEAVE, /* the end of it */
	JOURNAL_OTHER, /* not sent */
};

struct journal_record {
	uint32_t kind, namelen;
	uint64_t dev, ino, size;
	int64_t mtime, mtime_nsec;
	char name[PATH_MAX]; /* a source's path, or below one a single component; NUL-terminated */
};

/* Append a record. A failure shows in ferror(). */
void journal_write(FILE *journal, enum journal_kind kind, const char *name,
		   const struct stat *status);
/*
 * Read the record at *offset and move *offset behind it. Returns 0 at the end, 1 for a record, or a
 * negative errno.
 */
int journal_read(int journal, off_t *offset, struct journal_record *record);
/* Is this still the file that was noted? */
int journal_same_file(const struct journal_record *record, const struct stat *status);
/* And unchanged in size and time? */
int journal_unchanged(const struct journal_record *record, const struct stat *status);

#endif
