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
#include <stdint.h>
#include <time.h>

/* Zeroed: nothing is missed. */
struct missed {
	bool any;
	bool doubtful;   /* it is in the file, but may be damaged */
	char path[4096]; /* where it is; empty: nowhere */
};

struct session {
	struct explain about;
	struct show show;
	struct opener *opener;
	struct opener_event event; /* the last that happened */
	struct qfile_error error;
	unsigned saves;  /* the number of the last save that was not damaged */
	unsigned here;   /* saves that the file has, or had */
	unsigned beside; /* times that a file saved beside it was stored */
	time_t last;     /* when the last of the saves came */
	/* Why what was saved there is not in the file, and where it is then. */
	struct missed missed;
	bool damaged;    /* the last save was */
	char told[4096]; /* where the last save that was told of is kept; empty: nowhere */
	unsigned untold; /* saves that have no sentence of their own */
	bool dropped;    /* a save that could be written nowhere was the last that was told of */
	int signals, signal; /* of stop_open(); the one that asked us to end, or 0 */
	bool ending;         /* the user wants that */
	int64_t since;       /* when they said so, as clock_now() */
	int64_t came;        /* and when something else than a note came last, if that is later */
	int code;            /* why it failed, an errno of ours or of the other side; or 0 */
	unsigned notes;      /* messages of the editor that were shown */
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
 * the file, and otherwise -1. -ECANCELED: the user has stopped it: what was under way has come, or
 * they did not wait for it. -ECONNRESET: the connection was lost; with a command, that is not said
 * yet.
 */
int session_take(struct session *session);
/* Say that the connection was lost, if that is not said yet. */
void session_lost(struct session *session);

#endif
