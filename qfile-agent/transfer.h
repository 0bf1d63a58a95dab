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

struct transfer {
	const struct options *options;
	const struct qfile_source *sources;
	struct qfile_sender_options ends;
	bool has_command; /* a command leads to the receiver: how it ended tells why none came */
	bool unfinished;  /* the end of the stream was not sent: nothing is delivered */
	struct show show;
	struct qfile_sender *sender;
	struct qfile_error error;
	struct qfile_result result;
};

/*
 * Send all sources, say what has failed, and with --move remove what was sent. Returns 0, or -1 if
 * something has failed. -ECANCELED: the user has stopped it. -ECONNRESET: no result came; with a
 * command, that is left to the caller to say.
 */
int transfer_run(struct transfer *transfer);

#endif
