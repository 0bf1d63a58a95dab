/*
 * One request of a guest: for a disposable VM to call, or to have somebody asked whether it may
 * call. What the guest wrote is read by policy/request.h; from then on it is two names.
 *
 * The request has the ID of the call that it is for. It lives until the guest removes its node, and
 * with it ends all that was made for it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef REQUEST_H
#define REQUEST_H
#include "machine.h"
#include "policy/request.h"

#define REQUEST_ID_SIZE 33 /* that of a call's ID, with a NUL */

/* A guest that may have something to ask. */
struct source {
	unsigned domid;
	char name[RPC_NAME_SIZE];
	bool named; /* it still is one of those */
	/* The policy has nothing more for it. It gets no new requests, and goes when it has none.
	 */
	bool leaving;
	bool dirty;          /* its directory may have changed since it was listed */
	int64_t next_scan;   /* the earliest time to list it again, by clock_now() */
	int64_t next_prompt; /* nobody is asked for it before; a "no" makes that later */
	int64_t next_log;    /* nothing is logged of it before */
	unsigned unlogged;   /* so many lines were left out */
};

enum request_state {
	REQUEST_FREE,    /* the place can be used */
	REQUEST_ASKED,   /* somebody is asked, or will be */
	REQUEST_STARTED, /* a disposable VM is on its way, or will be */
	REQUEST_GRANTED,
	REQUEST_REFUSED,
	REQUEST_GONE /* its node has gone; the prompt has not ended yet */
};

struct request {
	enum request_state state;
	struct source *source;
	char id[REQUEST_ID_SIZE];
	struct rpc_request wanted;
	struct rpc_verdict verdict;    /* of the policy, when it came */
	unsigned target;               /* the domid of a VM that is no disposable; 0: none */
	struct disposable *disposable; /* NULL: none */
	struct child prompt;
	bool listed; /* the node was there in the last listing */
};

/* Take a new request: `untrusted_text` is the node's value. The place must be free. */
void request_begin(struct request *request, struct machine *machine, struct source *source,
		   const char *id, const char *untrusted_text, size_t length);
/*
 * See what has happened, and go on. `may_prompt`: one more prompt may be started. Never blocks.
 */
void request_step(struct request *request, struct machine *machine, bool may_prompt);
/* The policy or the domains have changed: what is not as it was when it came is refused. */
void request_judge_again(struct request *request, struct machine *machine);
/* The node has gone, or the guest: end all that was made for it. */
void request_end(struct request *request, struct machine *machine);

#endif
