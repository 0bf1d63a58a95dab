/*
 * The journal: notes of what a sender has sent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "send/journal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

int journal_write(FILE *journal, enum journal_kind kind, uint32_t keep, const char *name,
		  const struct stat *status)
{
	struct journal_record record = {
		.kind = kind,
		.keep = keep,
		.namelen = (uint32_t)strlen(name),
		.dev = status->st_dev,
		.ino = status->st_ino,
		.size = (uint64_t)status->st_size,
		.mtime = status->st_mtim.tv_sec,
		.mtime_nsec = status->st_mtim.tv_nsec,
	};

	if (fwrite(&record, offsetof(struct journal_record, name), 1, journal) != 1 ||
	    (record.namelen > 0 && fwrite(name, record.namelen, 1, journal) != 1))
		return -errno;
	return 0;
}

int journal_read(int journal, off_t *offset, struct journal_record *record)
{
	const size_t fixed = offsetof(struct journal_record, name);
	ssize_t n = pread(journal, record, sizeof(*record), *offset);

	if (n <= 0)
		return n < 0 ? -errno : 0;
	if ((size_t)n < fixed || record->namelen >= sizeof(record->name) ||
	    (size_t)n < fixed + record->namelen)
		return -EIO;
	record->name[record->namelen] = '\0';
	*offset += (off_t)(fixed + record->namelen);
	return 1;
}

int journal_same_file(const struct journal_record *record, const struct stat *status)
{
	return record->dev == status->st_dev && record->ino == status->st_ino;
}

int journal_unchanged(const struct journal_record *record, const struct stat *status)
{
	return journal_same_file(record, status) && record->size == (uint64_t)status->st_size &&
	       record->mtime == status->st_mtim.tv_sec &&
	       record->mtime_nsec == status->st_mtim.tv_nsec;
}
