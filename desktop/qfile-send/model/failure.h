/*
 * How an action has failed, in words for people who know no errors by their numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SEND_FAILURE_H
#define SEND_FAILURE_H
#include "event.h"
#include "words.h"

/* What can be done about it at once, by a button. */
enum remedy {
	REMEDY_NONE,
	REMEDY_KEEP_BOTH, /* the name is taken there */
	REMEDY_FOLLOW,    /* send what links point to */
	REMEDY_LEAVE_OUT, /* leave out what cannot be read */
};

/* How the program ended that was to do it. */
struct ended {
	const struct event *last; /* the last object, or NULL if it has said none */
	int status;               /* the exit status; 128 + N: signal N has ended it */
	gboolean reached;         /* the other VM has taken the call */
};

struct failure {
	char *sentence; /* what has happened */
	char *advice;   /* what can be done */
	enum remedy remedy;
};

/* To be cleared by the caller. */
void failure_find(const struct subject *subject, const struct ended *ended,
		  struct failure *failure);
void failure_clear(struct failure *failure);

/* The program `name` could not be started, for this reason. */
void failure_of_start(const char *name, const char *reason, struct failure *failure);

/* What was to be opened is a folder. */
void failure_of_folder(const struct subject *subject, struct failure *failure);

#endif
