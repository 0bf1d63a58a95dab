/*
 * Messages: what went wrong, where, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include <qfile.h>
#include <stdbool.h>

/*
 * The transfer failed with `code`, a negative errno of qfile_sender_step() or
 * qfile_sender_finish(). `result`: the receiver's, for -EREMOTEIO. `via`: the user calls the
 * receiver themselves, and gives it its options.
 */
void explain_failure(int code, const struct qfile_error *error, const struct qfile_result *result,
		     bool via);

/* An entry was kept after it had been sent. */
void explain_kept(const struct qfile_error *kept);

#endif
