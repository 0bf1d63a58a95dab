/*
 * Replacing a target with the saves of a file, one after another. A target is the file itself, or
 * the file in which its saves are kept.
 *
 * A save only replaces what was seen at the target last. Whatever happens meanwhile, the name
 * always leads to one complete content. When a function here returns, what it did is on stable
 * storage.
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
	 * Its last change was so long ago that a later one would show in its times.
	 */
	bool settled;
	uint32_t crc; /* of its content */
};

struct target {
	int dir;                 /* -1: there is no such target */
	char name[NAME_MAX + 1]; /* in `dir` */
	/* The file that was seen there last, open and locked; -1: it could not be opened. */
	int fd;
	struct seen seen;
};

void target_close(struct target *target);

/*
 * Note the status of the file at `target`, which is open as target->fd. The caller sets
 * target->seen.crc.
 */
void target_note(struct target *target, const struct stat *status);

/*
 * Lock the file, for other openers to see. -EWOULDBLOCK: another opener has locked it. A file
 * system without locks is no error.
 */
int target_lock(int fd);

/*
 * Replace the target with `save`, which must be in the same directory, and keep the target's mode,
 * owner and attributes. If `backup` is not NULL, the old content is kept, and `backup` becomes its
 * name. Afterwards the save only needs save_end(). After a failure it can be put elsewhere.
 *  -ESTALE: the file is not the one that was seen last.
 *  -ENOENT: it has gone.
 *  -EIO: may also mean that it was replaced, but perhaps not on stable storage.
 * Otherwise the errno of reading or writing.
 */
int target_replace(struct target *target, struct save *save, char backup[NAME_MAX + 1]);

/*
 * Make `save` a new target in its directory, called `name`, or if that is taken "name (2)" and so
 * on. What `target` was before is closed. Returns 0 or a negative errno.
 */
int target_create(struct target *target, struct save *save, const char *name);

/* Write the absolute path of `name` in `dir` to `path`, or the name alone if it is not known. */
void target_path(int dir, const char *name, char path[4096]);

#endif
