/*
 * Staging: a delivery is unpacked into a private directory, beside what was delivered before, until
 * it is complete.
 *
 *   ~USER/PedOSIncoming/SOURCE/
 *       .qfile-incoming-0123456789abcdef/   0700, locked as long as a process works on it
 *           tree/                           the child's whole world
 *           plan                            what the commit will do, if it takes several renames
 *           commit/                         what was `tree`, once the delivery is decided: it will
 *                                           become visible, whatever happens
 *
 * The room lib/receive: the receiver of a delivery, up to its commit. It may use lib/sandbox,
 * lib/io, lib/format, system/ and text/. Only unpack.c reads the stream, and runs in the confined
 * child. All that the monitor does must be safe even if the child has been taken over: it believes
 * no report and no entry that it has not checked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef STAGING_H
#define STAGING_H
#include <qfile.h>

#define STAGING_TREE   "tree"
#define STAGING_COMMIT "commit"
#define STAGING_PLAN   "plan"

struct staging {
	int incoming; /* the directory that it is in; the caller's */
	int dir;      /* open and locked */
	int tree;
	char name[sizeof(QFILE_STAGING_PREFIX) + 16];
};

/* Make a staging directory with an empty tree, and lock it. */
int staging_create(struct staging *staging, int incoming);
/*
 * Open and lock a staging directory that a killed receiver left. -EAGAIN: another receiver is
 * working on it. -ENOTDIR: it is no staging directory.
 */
int staging_adopt(struct staging *staging, int incoming, const char *name);
/*
 * Remove it with everything in it, whatever the modes, width and depth, and close it. Needs a
 * constant amount of memory and descriptors.
 */
int staging_remove(struct staging *staging);
/* Close it, and so unlock it. */
void staging_close(struct staging *staging);

#endif
