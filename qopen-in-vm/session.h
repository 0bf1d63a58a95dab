/*
 * The session: one file, open in another VM. It is sent there, and saves come back.
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
	unsigned saves;  /* the number of the last save that was not damaged */
	bool incomplete; /* something that was saved there is not in the file */
	bool damaged;    /* the last save was */
	/* A command leads to the editor: how it ended comes before what was lost with it. */
	bool has_command;
	bool lost; /* the connection, and that is not said yet */
};

/*
 * Send the file, and close `out`; if that is stdout, it becomes /dev/null. Returns 0, or a negative
 * errno after a message about it.
 */
int session_send(struct session *session, int out);
/*
 * Take what comes back, with messages about it. Returns 0 if everything that was saved there is in
 * the file, and otherwise -1. -ECANCELED: the user has stopped it. -ECONNRESET: the connection was
 * lost; with a command, that is not said yet.
 */
int session_take(struct session *session);
/* Say that the connection was lost, if that is not said yet. */
void session_lost(struct session *session);

#endif
