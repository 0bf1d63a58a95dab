/*
 * One file, open in another VM: sent there, and every save that comes back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SESSION_H
#define SESSION_H
#include "cli/show.h"
#include "explain.h"
#include "open/opener/opener.h"
#include "options.h"

#include <qfile.h>

struct session {
	struct explain about;
	struct show show;
	struct opener *opener;
	struct opener_event event; /* the last that happened */
	struct qfile_error error;
	unsigned saves;  /* the number of the last save that came whole */
	bool incomplete; /* something that was saved there is not in the file */
	bool damaged;    /* the last save that came */
};

/*
 * Send the file; closes `out` (stdout: points it elsewhere). Returns 0 or a negative errno, having
 * said what is wrong.
 */
int session_send(struct session *session, int out);
/*
 * Take what comes back, and tell of it. 0 when all that was saved there is in the file; -ECANCELED
 * when stopped; -ECONNRESET when the connection was lost; else -1.
 */
int session_take(struct session *session);

#endif
