/*
 * A request to dom0: for a disposable VM, or to have somebody asked. It is a node in xenstore,
 * which must not stay when this process dies, since dom0 then ends what it has made for it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_DOM0_REQUEST_H
#define RPC_DOM0_REQUEST_H
#include "transport/transport.h"
#include "transport/xen/guard.h"
#include "transport/xen/vchan.h"

struct dom0_request {
	struct xenstore store; /* watches the answer; its descriptor can be waited for */
	struct rpc_guard guard;
	char path[2 * VCHAN_PATH_SIZE];
	char entry[VCHAN_ENTRY_SIZE]; /* the answer's node */
	bool changed;                 /* the watch has fired */
};

/* What dom0 has answered up to now. */
enum dom0_answer {
	DOM0_SILENT,
	DOM0_ASKING,   /* somebody is asked */
	DOM0_STARTING, /* a disposable VM is being made */
	DOM0_READY,    /* it can be called: `text` is its domid */
	DOM0_ALLOWED,
	DOM0_REFUSED /* `text` says why, for the user */
};

/*
 * Ask for what the call `id` of `service` needs. 0, and *made is to be ended; or a negative errno
 * and *failure.
 */
int dom0_request_begin(struct dom0_request **made, const char *id, const char *target,
		       const char *service, struct rpc_failure *failure);

/*
 * The answer as it is now; `text` is what belongs to it. A negative errno: xenstore cannot be
 * reached.
 */
int dom0_request_answer(struct dom0_request *request, char text[XENSTORE_VALUE_SIZE]);

/* Withdraw it. NULL is allowed. */
void dom0_request_end(struct dom0_request *request);

#endif
