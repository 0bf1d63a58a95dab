/*
 * Words: how a transfer has ended, and what to do.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EXPLAIN_H
#define EXPLAIN_H
#include "cli/calling.h"
#include "cli/via.h"

#include <qfile.h>
#include <stdbool.h>

/* How it has ended, for people and for programs. */
struct ending {
	/*
	 * "copied"; "failed": nothing was copied; "stopped": the same, because the user wanted it;
	 * "damaged": what arrived is not what was sent; "unknown": look there.
	 */
	const char *outcome;
	uint32_t code;    /* an errno, or the receiver's code; 0 */
	const char *help; /* the option that helps, without its dashes; or NULL */
	const char *entry;
	size_t entry_length;
	char message[1024]; /* one line, sanitised */
};

/* What is known of a transfer that failed. */
struct explain {
	const struct calling_options *calling;
	const struct via_end *end; /* how the command to the receiver ended; NULL: there is none */
	bool ended;                /* as qfile_sender_ended() */
	bool closed;               /* for -ECANCELED: the progress was closed, no signal came */
	const struct qfile_error *error;
	const struct qfile_result *result; /* for -EREMOTEIO */
};

/*
 * The transfer failed with `code`, a negative errno of qfile_sender_step() or
 * qfile_sender_finish(). *ending points into *about->error or *about->result.
 */
void explain_failure(const struct explain *about, int code, struct ending *ending);

/* Why an entry was kept after it had been sent: a static string, or `text`. */
const char *explain_kept(const struct qfile_error *kept, char text[128]);

#endif
