/*
 * Commit: makes a complete delivery visible, all of it or nothing.
 *
 * A single entry takes one rename. Several entries, or a directory whose mode must be changed for
 * the rename, are decided by one rename inside the staging directory (tree -> commit). After that
 * the delivery is always completed: by a second process if the first one is killed, and by the next
 * receiver after a power cut. What is still to be done is what is still in that directory: nothing
 * else is written down, and nothing else is believed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef COMMIT_H
#define COMMIT_H
#include "receive/commit/cancel.h"
#include "receive/commit/staging.h"

struct commit_options {
	enum qfile_conflict on_conflict;
	struct renames
		*renames; /* in memory that a second process can share; NULL: not asked for */
	/* The child has brought each file and directory of it to stable storage. */
	bool synced;
	uint64_t spare; /* the bytes that may be written beside the content, for taking it back */
};

/*
 * Put everything in the staging's tree on stable storage and in its place, then make that durable
 * too. *renamed counts the entries whose names were taken. -EEXIST: a name is taken
 * (QFILE_CONFLICT_FAIL). -EDQUOT: it would take more than options->spare. As cancel_check() until
 * the decision. On failure nothing of it is visible.
 */
int commit(struct staging *staging, const struct commit_options *options, struct cancel *cancel,
	   unsigned *renamed, struct qfile_error *error);

/*
 * Finish a delivery that was decided and that its receiver did not live to finish. Where a name has
 * been taken in the meantime, the entry arrives under another. -ENOENT: none was decided.
 */
int commit_finish(struct staging *staging);

#endif
