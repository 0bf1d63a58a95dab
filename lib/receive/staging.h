/*
 * Staging: a private directory beside what was delivered before, where a delivery grows until it is
 * whole.
 *
 *   ~USER/PedOSIncoming/SOURCE/
 *       .qfile-incoming-0123456789abcdef/   01700, locked as long as a process works on it
 *           tree/                           the child's whole world
 *           commit/                         what was `tree`, once the commit is decided: whatever
 *                                           happens from then on, it will be made visible
 *           widened                         a link: its target is the entry of commit/ whose mode
 *                                           is another than was sent, for as long as it is moved
 *
 * No sender can make such a directory: none can send its name, nor the sticky bit.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STAGING_H
#define STAGING_H
#include <qfile.h>
#include <sys/stat.h>

#define STAGING_TREE    "tree"
#define STAGING_COMMIT  "commit"
#define STAGING_WIDENED "widened"
#define STAGING_LIST    "list" /* for a moment, where there are no files without a name */

/* Of a staging directory itself. */
#define STAGING_MODE ((mode_t)01700)

struct staging {
	int incoming; /* the directory it lies in; the caller's */
	int dir;      /* open and locked */
	int tree;
	char name[sizeof(QFILE_STAGING_PREFIX) + 16];
};

/* Make one. */
int staging_create(struct staging *staging, int incoming);
/*
 * Open and lock one that a killed process left. -EAGAIN: somebody is working on it. -ENOTDIR: it is
 * no staging directory, or no receiver of ours has made it.
 */
int staging_adopt(struct staging *staging, int incoming, const char *name);
/*
 * Remove it and all it holds, whatever its modes, width and depth; then close it. Needs a constant
 * amount of memory and descriptors.
 */
int staging_remove(struct staging *staging);
/*
 * The same after a commit that succeeded, when it holds nothing: three system calls. -ENOTEMPTY: it
 * does hold something, and stays open.
 */
int staging_remove_empty(struct staging *staging);
/* Give it up: what was decided of it is not, and whoever sweeps next removes it. */
void staging_abandon(struct staging *staging);
/* Close it, and with that give up its lock. */
void staging_close(struct staging *staging);

#endif
