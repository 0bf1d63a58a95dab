/*
 * Verify: the monitor checks what the child has left.
 *
 * The parser has checked every name and link already. But if the sender has taken it over, the tree
 * may contain anything: a link to the user's keys, for example, which the user then opens. So the
 * monitor, which has never read a byte of the stream, checks again what the parser promises.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/verify.h"

#include "format/error.h"
#include "io/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPECIAL_BITS (S_ISUID | S_ISGID | S_ISVTX)

/* Check the target of a link, and restore the access time, which reading the link has changed. */
static bool link_ok(struct walk_entry *entry, unsigned flags)
{
	char untrusted_target[QFILE_NAME_MAX + 1];
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}};
	ssize_t length;

	if (walk_stat(entry, &entry->status) < 0)
		return false;
	times[0] = entry->status.st_atim;
	length = readlinkat(entry->dir, entry->name, untrusted_target, sizeof(untrusted_target));
	if (length < 0)
		return false;
	/* Not every file system lets anybody set the times of links. */
	if (utimensat(entry->dir, entry->name, times, AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM &&
	    errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL)
		return false;
	return qfile_link_check(entry->path, untrusted_target, (size_t)length, flags) == 0;
}

static bool bits_ok(struct walk_entry *entry, unsigned layers)
{
	if (layers & QFILE_LAYER_SYSCALLS || entry->kind == WALK_LINK)
		return true;
	if (entry->kind == WALK_FILE && walk_stat(entry, &entry->status) < 0)
		return false;
	/* A second name would let a change of one delivered file change another. */
	return (entry->status.st_mode & SPECIAL_BITS) == 0 &&
	       (entry->kind != WALK_FILE || entry->status.st_nlink == 1);
}

static bool entry_ok(struct walk_entry *entry, unsigned flags, unsigned layers)
{
	return entry->kind != WALK_OTHER &&
	       qfile_name_check(entry->path, entry->pathlen, flags) == 0 &&
	       bits_ok(entry, layers) && (entry->kind != WALK_LINK || link_ok(entry, flags));
}

static int look_at_all(struct walk *walk, unsigned flags, unsigned layers, uint64_t claimed,
		       struct cancel *cancel, struct qfile_error *error)
{
	struct walk_entry entry;
	uint64_t entries = 0;
	int r;

	while ((r = walk_next(walk, &entry, error)) == 0 && entry.kind != WALK_END) {
		r = cancel_check(cancel);
		if (r < 0)
			return error_set(error, r, "verifying", NULL);
		/* A path of length 0 is the tree itself. */
		if (entry.kind == WALK_LEAVE || entry.pathlen == 0)
			continue;
		if (!entry_ok(&entry, flags, layers))
			return error_set(error, -EPERM, "verifying", entry.path);
		entries++;
	}
	return r == 0 && entries != claimed ? error_set(error, -EPROTO, "verifying", NULL) : r;
}

int verify(const struct staging *staging, unsigned flags, unsigned layers, uint64_t claimed,
	   struct cancel *cancel, struct qfile_error *error)
{
	const struct qfile_source tree = {.path = (char[]){STAGING_TREE}, .base = (char[]){""}};
	struct walk *walk = malloc(sizeof(*walk));
	int r;

	if (!walk)
		return error_set(error, -ENOMEM, "verifying", NULL);
	walk_init(walk, WALK_NO_TRACE);
	walk->at = staging->dir;
	walk_begin(walk, &tree);
	r = look_at_all(walk, flags, layers, claimed, cancel, error);
	if (r == -ENOENT && error->name[0] == '\0')
		error_set(error, r, "looking for what was received", NULL);
	walk_close(walk);
	free(walk);
	return r;
}
