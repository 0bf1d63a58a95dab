/*
 * A save: a new content of the file, as it comes. It grows in a file without a name, in the
 * directory where it will get one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SAVE_H
#define SAVE_H
#include "open/digest.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct save {
	int fd;                  /* -1: there is none */
	int dir;                 /* the directory that it is in; the caller's */
	char name[NAME_MAX + 1]; /* a temporary name in `dir`; empty: none yet */
	uint64_t announced;      /* bytes that will come; 0: not known */
	uint64_t size;           /* bytes that have come */
	struct digest digest;    /* of those bytes; the caller adds to it */
};

/*
 * Begin a save in `dir`, with mode 0600. `dir` must stay open until save_end(). -ENOSPC: there is
 * no room for the `announced` bytes. Otherwise the errno of making a file in `dir`.
 */
int save_begin(struct save *save, int dir, uint64_t announced);
/* Note one that cannot be in `dir`, to be moved elsewhere. */
void save_nowhere(struct save *save, int dir, uint64_t announced);
/* Append bytes. After a failure the save is as before. */
int save_write(struct save *save, const void *bytes, size_t size);
/* Move the save, with what has come, to another directory. After a failure it is as before. */
int save_move(struct save *save, int dir);
/*
 * Give it a temporary name, if it has none, and then bring it to stable storage, but not its name.
 */
int save_name(struct save *save);
/*
 * Give it the name `name` in its directory, after a temporary one, so that only what is on stable
 * storage is ever called so. The caller has synced it before, and syncs the directory afterwards.
 * -EEXIST: the name is taken.
 */
int save_link(struct save *save, const char *name);
/* Close it. If its name is still temporary, or it has none, it is removed. */
void save_end(struct save *save);

/* Does this errno of fsync() say that all of the file system has to be synced in its place? */
bool save_syncs_whole(int error);

/*
 * Bring a file to stable storage, with its whole file system where files have no sync of their own.
 * Returns 0 or a negative errno.
 */
int save_sync(int fd);

#endif
