/*
 * One transfer, from the first byte to the last entry removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TRANSFER_H
#define TRANSFER_H
#include "cli/show.h"
#include "left.h"
#include "options.h"
#include "sources.h"

struct transfer {
	const struct options *options;
	struct sources sources;
	struct qfile_sender_options ends;
	struct show show;
	struct qfile_sender *sender;
	struct qfile_error error;
	struct qfile_result result;
	struct qfile_size whole; /* what the survey has counted */
	/* What was not sent; was sent, but changed; whose times were not; was sent, but not
	 * removed. */
	struct left left_out, changed, times, kept;
};

/*
 * Send all sources, say what has failed, and with --move remove what was sent. Returns 0; 1 if
 * something was left out, changed or kept; or -1 if nothing was copied. -ECONNRESET: no result
 * came. -ECANCELED: the user has stopped it.
 */
int transfer_run(struct transfer *transfer);

#endif
