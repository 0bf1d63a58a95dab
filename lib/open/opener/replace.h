/*
 * Replacing a target, again and again, by the saves of a file. A target is the file's own name, or
 * another one that its edits are kept under.
 *
 * A save replaces only what was seen there last. Whatever happens meanwhile, the name always leads
 * to one complete content. What was done is on stable storage when the functions here return.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REPLACE_H
#define REPLACE_H
#include "open/opener/save.h"

#include <stdbool.h>
#include <sys/stat.h>

/* What a file was when it was looked at last. */
struct seen {
	struct stat status;
	/*
	 * It had not been written to for so long that a write since then would show in its times.
	 */
	bool settled;
	uint32_t crc;
};

struct target {
	int dir;                 /* -1: there is no such target */
	char name[NAME_MAX + 1]; /* in `dir` */
	/* The file there as of the last time, locked; -1: it could not be opened again. */
	int fd;
	struct seen seen;
};

/* An end for the name of a backup: "", or one of the numbered ones that follow if that is taken. */
#define TARGET_BACKUP "~"

void target_close(struct target *target);

/*
 * Note what the file at `target` is: it was opened as target->fd, and its content is to have the
 * checksum target->seen.crc.
 */
void target_note(struct target *target, const struct stat *status);

/*
 * Lock the file so that another opener notices. -EWOULDBLOCK: another one has. That the file system
 * has no locks is no error.
 */
int target_lock(int fd);

/*
 * Put `save`, which must lie in the same directory, in its place, with the mode, owner and
 * attributes of what is there. `backup`: where the content before is to be kept, NULL for nowhere;
 * it becomes the name. Afterwards the save is done with, but for save_end(). -ESTALE: the
 * file there is not what was seen last. -ENOENT: it has gone. Else the errno of reading it or of
 * writing, where -EIO may also mean that it is in its place and perhaps not on stable storage.
 * After a failure it can still be put elsewhere.
 */
int target_replace(struct target *target, struct save *save, char backup[NAME_MAX + 1]);

/*
 * Make a new place of the directory that `save` lies in, under `name`, or where that is taken
 * "name (2)" and so on. What `target` was before is closed.
 */
int target_create(struct target *target, struct save *save, const char *name);

/* The path of `name` in `dir`, absolute; where that cannot be found out, the name alone. */
void target_path(int dir, const char *name, char path[4096]);

#endif
