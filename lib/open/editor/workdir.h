/*
 * The working directory: a private directory with the one file in it that is to be edited. Programs
 * write into it as they like.
 *
 *   TMPDIR/qopen-work-a1B2c3/   0700
 *       report.pdf              0600, or 0400 for viewing only
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef WORKDIR_H
#define WORKDIR_H
#include <limits.h>
#include <qfile.h>
#include <stdbool.h>
#include <sys/stat.h>

struct workdir {
	int dir;                  /* -1: there is none */
	char directory[PATH_MAX]; /* its path, absolute and without links, */
	const char *base;         /* and the last component of that */
	char path[PATH_MAX];      /* the file's path, */
	const char *name;         /* and the last component of that */
};

/*
 * Make the directory inside of `directory`, named after the VM `from` (NULL: after none), for a
 * file called `name`, which is no path. -ENAMETOOLONG: the file would have no path.
 */
int workdir_make(struct workdir *workdir, const char *directory, const char *from,
		 const char *name);
/*
 * Make the file, to be written to. It will only be readable where `view_only`. Returns a
 * descriptor.
 */
int workdir_create(const struct workdir *workdir, bool view_only);
/*
 * Open what is under the file's name now, for reading, and look at it. Never waits, and follows no
 * link. Returns a descriptor. -ENOENT: nothing that could be a save: no file at all, or none
 * that is regular.
 */
int workdir_open(const struct workdir *workdir, struct stat *status);
/* Remove the directory and all that it holds, whoever made that. */
int workdir_remove(struct workdir *workdir);

#endif
