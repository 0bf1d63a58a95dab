/*
 * One transfer, from the first byte to the last entry removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TRANSFER_H
#define TRANSFER_H
#include "cli/show.h"
#include "options.h"
#include "report.h"

struct transfer {
	const struct options *options;
	const struct qfile_source *sources;
	struct qfile_sender_options ends;
	int signals; /* of stop_open(); ends.stop is this one, or more than that */
	struct show show;
	struct qfile_sender *sender;
	struct qfile_error error;
	struct report report;
};

/*
 * Send all sources, with --move remove what was sent, and say how it has ended. Returns 0, or -1 if
 * something has failed. -ECONNRESET: no result came. -ECANCELED: the user has stopped it.
 */
int transfer_run(struct transfer *transfer);

#endif
