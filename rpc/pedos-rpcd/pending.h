/*
 * The calls that have not been let in yet: a small pool of their own, in which no caller can take
 * what another needs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_PENDING_H
#define RPCD_PENDING_H
#include "protocol/exchange.h"

#define PENDING_MAX 256

struct pending_call {
	struct rpc_pending call;
	int64_t begun;    /* as clock_now() */
	int64_t deadline; /* until when the verdict has to be there */
	bool used;
	/* The process that finds out what the caller wants; 0: the daemon does, with these: */
	pid_t pid;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_reception reception;
};

struct pending_calls {
	struct pending_call calls[PENDING_MAX];
};

/* How many calls of this origin are pending. */
unsigned pending_count(const struct pending_calls *pending, unsigned origin);

/*
 * A place for a call of this origin, all zeros. If there is none, *loser is the one that has to go
 * first: the oldest call of the origin that has most, if that has more than this one would have, or
 * if each has only one.
 * NULL without *loser: this origin has as many as can be.
 */
struct pending_call *pending_place(struct pending_calls *pending, unsigned origin,
				   struct pending_call **loser);

/* Of the process with this number; NULL: none. */
struct pending_call *pending_find(struct pending_calls *pending, pid_t pid);

/* A call whose deadline has passed; NULL: none. */
struct pending_call *pending_late(struct pending_calls *pending, int64_t now);

/* Milliseconds until the next deadline; -1: there is none. */
int pending_timeout(const struct pending_calls *pending, int64_t now);

#endif
