/*
 * One transfer, from the first byte to the last entry removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef TRANSFER_H
#define TRANSFER_H
#include "cli/show.h"
#include "cli/via.h"
#include "options.h"
#include "report.h"
#include "sources.h"

struct transfer {
	const struct options *options;
	struct sources sources;
	struct qfile_sender_options ends;
	/* A command leads to the receiver: how it ended tells why no result came. */
	bool has_command;
	bool ended;  /* as qfile_sender_ended() */
	int signals; /* of stop_open(), or -1; ends.stop is this one, or more than that */
	struct show show;
	struct qfile_sender *sender;
	struct qfile_error error;
	struct qfile_size whole; /* what the survey has counted */
	struct report report;
};

/*
 * Send all sources, with --move remove what was sent, and say how it has ended. Returns 0; 1 if
 * something was left out, changed or kept; or -1 if something has failed. -ECANCELED: the user has
 * stopped it. -ECONNRESET: no result came; with a command, that is not said yet. -EREMOTEIO: the
 * receiver has failed, and its command tells why; that is not said yet either.
 */
int transfer_run(struct transfer *transfer);

/*
 * It failed with `code`, a negative errno: say so in the report. `end`: how the command ended;
 * NULL: there is none, or that does not matter.
 */
void transfer_explain(struct transfer *transfer, int code, const struct via_end *end);

/* Say what transfer_run() has not, now that it is known how the command ended. */
void transfer_say_late(struct transfer *transfer, int code, const struct via_end *end);

#endif
