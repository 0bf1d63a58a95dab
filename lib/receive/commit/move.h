/*
 * Moving an entry of a delivery to its final name, and back. Never over something.
 *
 * One call does it where the file system takes RENAME_NOREPLACE. Many do not: NFS, 9p, and most in
 * user space. There, a file or link gets its final name as a second one, and then loses the one
 * that it had; a directory is renamed over an empty one that was made for it, since no rename
 * replaces a directory that holds something.
 *
 * A mover that dies between its two calls leaves a file with both names, or an empty directory. The
 * next one knows them again: the file by its inode, the directory by its mode.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef MOVE_H
#define MOVE_H
#include "receive/commit/staging.h"

/* Does this errno say that the file system, or the kernel, has no such call or flag? */
bool move_is_unknown(int error);

/*
 * Is it worth to try without flags, after a rename with one has failed so? EPERM is what some
 * containers answer to a call that they do not know. Where nothing may be renamed at all, the other
 * way fails of that, too.
 */
bool move_takes_other_way(int error);

/*
 * Move `name` of staging->tree, which has this status, to the incoming directory. `again`: somebody
 * who tried before may have died half-way. -EEXIST: the name is taken.
 */
int move_in(const struct staging *staging, const char *name, const struct stat *status, bool again);

/*
 * Take back `name` of the incoming directory, the inode `ino`, into staging->tree: where nobody
 * makes names but us.
 */
void move_back(const struct staging *staging, const char *name, ino_t ino);

/* Remove the empty directory `name` that somebody who died made for one of ours. */
void move_unclaim(const struct staging *staging, const char *name);

/* Give `name` of staging->tree, where nobody makes names but us, another name, which is free. */
int move_within(const struct staging *staging, const char *name, const char *free_name);

#endif
