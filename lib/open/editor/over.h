/*
 * When a session is over: what is seen of the handler and of those who have the file, and what that
 * says. The table is in over.c; vm-file-editor(1) has it in words.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OVER_H
#define OVER_H
#include <stdbool.h>
#include <stdint.h>

/* What is seen at a moment. Times are milliseconds that have passed since then. */
struct evidence {
	bool handler_lives;   /* the process that we started */
	bool handler_failed;  /* it ended with a status other than 0 */
	bool held;            /* a process is seen to have the file in use */
	bool unseen;          /* who has it cannot be seen now */
	bool lingers;         /* one that has watched the file watches its directory still */
	bool locked;          /* a lock file says that a document is shown */
	bool let_go;          /* an application that showed it has let go of it */
	bool has_waited;      /* a process that had its path, for a long time, has ended */
	bool unlocked;        /* a lock file was there, and has gone */
	bool saved_by_it;     /* it was saved while the handler lived, or one who has it */
	bool opened;          /* somebody has opened it */
	bool opened_last;     /* somebody has done so since it was saved last, if it was */
	bool heir;            /* one that was started to open it lives, and has not let go of it */
	bool others;          /* there are processes that may have been handed it */
	bool taker;           /* among them one that is of a kind to be handed files */
	bool likely_ended;    /* the one that most likely was has ended */
	bool starts;          /* a session bus may start one yet */
	int64_t idle;         /* since nobody was seen to have it */
	int64_t since_open;   /* since it was opened; or since the session began */
	int64_t since_let_go; /* since the one was seen last that let go, or its lock; or very long
			       */
	int64_t since_waiter; /* since one that had the path for long has ended; or very long */
	int64_t since_change; /* since it was saved; or since the session began */
};

enum verdict {
	VERDICT_GOES_ON,
	VERDICT_OVER,
	/* Nobody opened it, and all who could have are given up. */
	VERDICT_UNOPENED,
	/* Not known: the session goes on, and the opener's user is told why. */
	VERDICT_NOT_SEEN,    /* an error of looking */
	VERDICT_MAY_START,   /* an application may still be starting */
	VERDICT_MAY_HAVE_IT, /* one that was running already may have it */
};

enum verdict over_judge(const struct evidence *evidence);

#endif
