/*
 * Commit: makes a complete delivery visible, all of it or nothing.
 *
 * A single entry takes one rename. Several entries, or a directory whose mode must be changed for
 * the rename, take a plan: the plan is written beside the content, made durable, and decided by one
 * rename inside the staging directory (tree -> commit). After that the delivery is always
 * completed: by a second process if the first one is killed, and by the next receiver after a power
 * cut.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef COMMIT_H
#define COMMIT_H
#include "receive/staging.h"

/*
 * Bring everything in the tree to stable storage, rename it to its final names, and make that
 * durable too. *renamed counts the entries whose names were taken. -EEXIST: a name is taken
 * (QFILE_CONFLICT_FAIL). After a failure nothing of the delivery is visible.
 */
int commit(struct staging *staging, enum qfile_conflict on_conflict, unsigned *renamed,
	   struct qfile_error *error);

/*
 * Clean up what killed receivers left in `incoming`: finish the deliveries that were decided, and
 * remove the rest. What fails is left for the next receiver.
 */
void commit_sweep(int incoming);

#endif
