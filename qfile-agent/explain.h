/*
 * Messages: what went wrong, where, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "left.h"

#include <qfile.h>
#include <stdbool.h>

/*
 * The transfer failed with `code`, a negative errno of qfile_sender_step() or
 * qfile_sender_finish(). `result`: the receiver's, for -EREMOTEIO. `via`: the user calls the
 * receiver themselves, and gives it its options.
 */
void explain_failure(int code, const struct qfile_error *error, const struct qfile_result *result,
		     bool via);

/* What is said of an entry with a time that the format cannot express. */
#define EXPLAIN_TIME "it is before 1970 or after 2106, so the nearest possible one is sent"

/*
 * If the step of a sender tells that the entry called `name` was left out because of what it is, or
 * of what happened to it, add it to the list.
 */
void explain_left_out(struct left *left, int step, const char *name);

/* Add to the list an entry that was kept after it had been sent. */
void explain_kept(struct left *left, const struct qfile_error *kept);

#endif
