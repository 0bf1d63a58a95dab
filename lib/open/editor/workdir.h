/*
 * The working directory: a private directory for the file that is edited. Programs may write
 * anything else into it.
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
	int above;                /* the directory that it is in */
	char directory[PATH_MAX]; /* the directory's path, absolute and without links */
	char *base;               /* the last component of `directory` */
	char path[PATH_MAX];      /* the file's path */
	const char *name;         /* the last component of `path` */
};

/*
 * Make the working directory in `directory`, named after the VM `from` (NULL: none), for a file
 * called `name`, which is a single component.
 *  -ENAMETOOLONG: the file's path would be too long.
 *  -EPERM: somebody replaced the directory while it was made.
 */
int workdir_make(struct workdir *workdir, const char *directory, const char *from,
		 const char *name);
/*
 * Make the file, with mode 0400 if `view_only`, otherwise 0600, and open it for writing. Returns a
 * descriptor.
 */
int workdir_create(const struct workdir *workdir, bool view_only);
/*
 * Open what has the file's name now for reading, and get its status. Never waits, and follows no
 * link. Returns a descriptor. -ENOENT: there is no file, or not a regular one.
 */
int workdir_open(const struct workdir *workdir, struct stat *status);
/* How many files workdir_open() has opened so far: each shows as an event where they are watched.
 */
unsigned workdir_opened(void);
/*
 * A program may have taken our permission to read the file, which is ours: take it back.
 */
void workdir_permit(const struct workdir *workdir);
/*
 * If another directory of this user's has taken the place of the working directory, work in that
 * one from now on. Returns 1 if so, 0 if it is the same one, or a negative errno. -ENOENT: there is
 * none. -EPERM: it is another user's.
 */
int workdir_follow(struct workdir *workdir);
/* After -ENOENT: work at the path that it was moved to. -ENOENT: it was removed. */
int workdir_follow_move(struct workdir *workdir);

/* What tells whether a file was written to, or another one took its place. */
struct mark {
	bool there; /* there is a regular file; otherwise the rest is 0 */
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec written, changed; /* mtime and ctime */
};

/* Look at a name in the working directory, without opening what it leads to. */
struct mark workdir_look(const struct workdir *workdir, const char *name);
/*
 * Does a directory or a link stand under the file's name, in or behind which there may be what was
 * saved? Also if that cannot be seen.
 */
bool workdir_is_other(const struct workdir *workdir);
struct mark mark_of(const struct stat *status);
/* Is it the same file, with the same content as far as this tells? */
bool mark_same(const struct mark *a, const struct mark *b);

/* Remove the directory with everything in it, whoever made it. */
int workdir_remove(struct workdir *workdir);

#endif
