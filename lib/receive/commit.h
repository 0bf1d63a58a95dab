/*
 * Commit: a delivery that is whole becomes visible, all of it.
 *
 * One entry is one rename. More than one, or a directory that cannot be renamed without changing
 * its mode for a moment, takes a plan: it is written down with the content, made durable, and
 * decided by one rename inside the staging directory (tree -> commit). From there on the delivery
 * goes forward, whoever dies: a second process finishes for one that is killed, and after a power
 * cut the next receiver does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef COMMIT_H
#define COMMIT_H
#include "receive/staging.h"

/*
 * Put everything in the staging's tree on stable storage and in its place, then make that durable
 * too. *renamed counts the entries whose names were taken. -EEXIST: a name is taken
 * (QFILE_CONFLICT_FAIL). On failure nothing of it is visible.
 */
int commit(struct staging *staging, enum qfile_conflict on_conflict, unsigned *renamed,
	   struct qfile_error *error);

/*
 * Go over what killed receivers left in `incoming`: finish what was decided, remove the rest. What
 * cannot be dealt with is left for the next one.
 */
void commit_sweep(int incoming);

#endif
