/*
 * A place that versions of a file are put in, one after another: the file's own name, or another
 * one that its edits are kept under.
 *
 * A version replaces only what was seen there last. Whatever happens meanwhile, the name always
 * leads to one complete version; and what is done is on stable storage when the functions here
 * return.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PLACE_H
#define PLACE_H
#include "open/opener/version.h"

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

struct place {
	int dir;                 /* -1: there is no such place */
	char name[NAME_MAX + 1]; /* in `dir` */
	/* The file there as of the last time, locked; -1: it could not be opened again. */
	int fd;
	struct seen seen;
};

/* An end for the name of a backup: "", or one of the numbered ones that follow if that is taken. */
#define PLACE_BACKUP "~"

void place_close(struct place *place);

/*
 * Note what the file at `place` is: it was opened as place->fd, and its content is to have the
 * checksum place->seen.crc.
 */
void place_note(struct place *place, const struct stat *status);

/*
 * Lock the file so that another opener notices. -EWOULDBLOCK: another one has. That the file system
 * has no locks is no error.
 */
int place_lock(int fd);

/*
 * Put `version`, which must lie in the same directory, in its place, with the mode, owner and
 * attributes of what is there. `backup`: where the content before is to be kept, NULL for nowhere;
 * it becomes the name. Afterwards the version is done with, but for version_end(). -ESTALE: the
 * file there is not what was seen last. -ENOENT: it has gone. Else the errno of reading it or of
 * writing, where -EIO may also mean that it is in its place and perhaps not on stable storage.
 * After a failure it can still be put elsewhere.
 */
int place_replace(struct place *place, struct version *version, char backup[NAME_MAX + 1]);

/*
 * Make a new place of the directory that `version` lies in, under `name`, or where that is taken
 * "name (2)" and so on. What `place` was before is closed.
 */
int place_create(struct place *place, struct version *version, const char *name);

/* The path of `name` in `dir`, absolute; where that cannot be found out, the name alone. */
void place_path(int dir, const char *name, char path[4096]);

#endif
