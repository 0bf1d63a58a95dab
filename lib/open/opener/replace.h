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
#include "open/opener/seen.h"

struct target {
	int dir;                 /* -1: there is no such target */
	char name[NAME_MAX + 1]; /* in `dir` */
	int fd;   /* the file that was seen there last; -1: it could not be opened. */
	int lock; /* on that file, of lock_take(); 0: none */
	struct seen seen;
};

void target_close(struct target *target);

/* Hold this file and this lock in place of those that are held. Takes both over. */
void target_hold(struct target *target, int fd, int lock);

/*
 * Lock the file that was seen, for other openers to see. -EWOULDBLOCK: another opener has locked
 * it. That no lock can be had is no error.
 */
int target_lock(struct target *target);

/*
 * Has the target the content of `save` already? Then it counts as seen. Returns 1 if it has, and 0
 * if it has another one, or that cannot be seen.
 */
int target_has(struct target *target, const struct save *save);

/*
 * Replace the target with `save`, which must be in the same directory, and keep the target's mode,
 * owner and attributes. If `backup` is not NULL, the old content is kept, and `backup` becomes its
 * name. Afterwards the save only needs save_end(). After a failure it can be put elsewhere.
 *  -ESTALE: the file is not the one that was seen last.
 *  -ENOENT: it has gone.
 *  -EPERM: owner, group or access would not be those of the file; or the system does not permit it.
 *  -EXDEV: something is mounted on the file.
 *  -EIO: may also mean that it was replaced, but perhaps not on stable storage.
 * Otherwise the errno of reading or writing.
 */
int target_replace(struct target *target, struct save *save, char backup[NAME_MAX + 1]);

/*
 * Make `save` a new target in its directory, called `name`, or if that is taken "name (2)" and so
 * on. What `target` was before is closed. Returns 0 or a negative errno.
 */
int target_create(struct target *target, struct save *save, const char *name);

/* Backup `number` of `name`: "name~", "name.~1~" and so on. A name that is too long is cut. */
void target_backup_name(const char *name, unsigned number, char backup[NAME_MAX + 1]);

/* Sync a directory; one that may not be read through the file system of `fd`, a file in it. */
int target_sync_directory(int dir, int fd);

/* Write the absolute path of `name` in `dir` to `path`, or the name alone if it is not known. */
void target_path(int dir, const char *name, char path[4096]);

#endif
