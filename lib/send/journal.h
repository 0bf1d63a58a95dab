/*
 * The journal: notes of what a sender has sent, in a file. With it a move can remove exactly that,
 * in constant memory.
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
	JOURNAL_ENTRY, /* a file or link that was sent */
	JOURNAL_ENTER, /* a directory; the records of what is in it follow */
	JOURNAL_LEAVE, /* the end of that directory; tells whether it must be kept */
	JOURNAL_OTHER, /* an entry that was not sent */
};

struct journal_record {
	uint32_t kind, namelen;
	uint32_t keep; /* 0, or the errno to say why it must not be removed */
	uint64_t dev, ino, size;
	int64_t mtime, mtime_nsec;
	char name[PATH_MAX]; /* the path of a source, or one component below it; NUL-terminated */
};

/* Append a record. Returns 0 or a negative errno. */
int journal_write(FILE *journal, enum journal_kind kind, uint32_t keep, const char *name,
		  const struct stat *status);
/*
 * Read the record at *offset, and move *offset to the next one. Returns 1 for a record, 0 at the
 * end, or a negative errno.
 */
int journal_read(int journal, off_t *offset, struct journal_record *record);
/* Is `status` that of the file that the record notes? */
int journal_same_file(const struct journal_record *record, const struct stat *status);
/* The same, and have size and modification time not changed? */
int journal_unchanged(const struct journal_record *record, const struct stat *status);

#endif
