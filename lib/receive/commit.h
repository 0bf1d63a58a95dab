/*
 * Commit: a delivery that is whole becomes visible, all of it.
 *
 * One entry is one rename. More than one, or a directory that cannot be renamed without changing
 * its mode for a moment, is decided by one rename inside the staging directory (tree -> commit).
 * From there on the delivery goes forward, whoever dies: a second process finishes for one that is
 * killed, and after a power cut the next receiver does. What is still to be done is what still lies
 * in that directory: nothing else is written down, and nothing else believed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef COMMIT_H
#define COMMIT_H
#include "receive/cancel.h"
#include "receive/staging.h"

struct commit_options {
	enum qfile_conflict on_conflict;
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
