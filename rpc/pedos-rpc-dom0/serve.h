/*
 * The daemon at work: it waits for what happens, and does what follows from it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SERVE_H
#define SERVE_H
#include "requests.h"

/* The state of the daemon. */
struct daemon {
	const char *policy_directory;
	struct machine machine;
	struct requests requests;
	bool domains_known; /* the last attempt to find out which domains run has worked */
};

/*
 * Bring all tables up to date for the first time. The connections of daemon->machine must be open.
 * Returns whether that was done completely; if not, the log says what was not.
 */
bool serve_begin(struct daemon *daemon);

/*
 * Can the policy be used with the domains that run now? The connections must be open. Writes
 * nothing; if not, the log says why.
 */
bool serve_check(struct daemon *daemon);

/* Serve until a signal makes `stop` readable, and tells it to end. Returns the exit status. */
int serve(struct daemon *daemon, int stop);

/* Remove all tables. Returns the exit status. */
int serve_clear(struct machine *machine);

#endif
