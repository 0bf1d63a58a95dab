/*
 * Staging: a delivery is unpacked into a private directory, beside what was delivered before, until
 * it is complete.
 *
 *   ~USER/INCOMING/SOURCE/
 *       .qfile-incoming-0123456789abcdef/   01700, locked as long as a process works on it
 *           tree/                           the child's whole world
 *           commit/                         what was `tree`, once the delivery is decided: it will
 *                                           become visible, whatever happens
 *           widened                         a link (or a file): it names the entry of commit/ that
 * has another mode than was sent, while it is renamed
 *
 * No sender can make such a directory: its name is refused, and so is the sticky bit.
 *
 * The room lib/receive/commit: what becomes of a delivery once its stream has ended, and of what
 * killed receivers left. It may use lib/io, lib/format and system/. It must be safe even if the
 * child that unpacked the delivery was taken over: it believes nothing that it has not checked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STAGING_H
#define STAGING_H
#include <qfile.h>
#include <sys/stat.h>

#define STAGING_TREE    "tree"
#define STAGING_FOLDED  "TREE" /* the same, where upper and lower case are */
#define STAGING_COMMIT  "commit"
#define STAGING_WIDENED "widened"
#define STAGING_LIST    "list" /* during a commit, where there are no files without a name */
#define STAGING_NEW     "new"  /* `tree`, for a moment, to see how this disk can rename it */
#define STAGING_FILE    "file" /* for a moment, to see whether this disk has second names */

/* Of a staging directory itself; its name ends in 16 hexadecimal digits. */
#define STAGING_NAME_SIZE (sizeof(QFILE_STAGING_PREFIX) + 16)
#define STAGING_MODE      ((mode_t)01700)

struct staging {
	int incoming; /* the directory that it is in; the caller's */
	int dir;      /* open and locked */
	int tree;
	bool flagless;  /* renameat2() takes no flags here */
	unsigned lost;  /* what is not kept here: enum qfile_lost bits */
	bool folds;     /* upper and lower case are the same in names here */
	bool sync_each; /* syncfs() is not enough here: each file and directory takes its own */
	/* When it could not be made: what the file system lacks, in words; or NULL. */
	const char *lacks;
	char name[STAGING_NAME_SIZE];
};

/*
 * Make a staging directory with an empty tree, and lock it. Finds out how entries can be moved from
 * it to the incoming directory without replacing anything. -EOPNOTSUPP: they cannot, or nothing can
 * be locked, and staging->lacks says which.
 */
int staging_create(struct staging *staging, int incoming);
/*
 * Does the file system keep the mode of a staging directory? Where the directory that is open, the
 * caller's own, has another mode, it is tried, and so this is for what happens seldom. It needs no
 * room: the disk may be full.
 */
bool staging_keeps_mode(const struct staging *staging);
/*
 * Open and lock a staging directory that a killed receiver left. -EAGAIN: another receiver is
 * working on it. -ENOTDIR: it is no staging directory, or no receiver has made it.
 */
int staging_adopt(struct staging *staging, int incoming, const char *name);
/*
 * Remove it with everything in it, whatever the modes, width and depth, and close it. Needs a
 * constant amount of memory and descriptors.
 */
int staging_remove(struct staging *staging);
/*
 * The same for one that holds nothing any more, after a commit: three system calls. -ENOTEMPTY: it
 * does hold something, and stays open.
 */
int staging_remove_empty(struct staging *staging);
/* Take back the decision, if there was one, and close it: whoever sweeps next removes it. */
void staging_abandon(struct staging *staging);
/* Close it, and so unlock it. */
void staging_close(struct staging *staging);

#endif
