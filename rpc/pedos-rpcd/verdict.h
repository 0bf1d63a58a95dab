/*
 * Who calls, and what the policy says to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_VERDICT_H
#define RPCD_VERDICT_H
#include "policy/policy_file.h"
#include "protocol/frame.h"
#include "transport/transport.h"

/* What is told to those who have no name that a domain can have. */
#define VERDICT_NAMELESS "your account has no name that a domain can have"
/* What is told to those whose name could not be looked up among so many. */
#define VERDICT_LATER "too many call that have no account; try again"

struct verdict {
	enum rpc_action action;
	char user[RPC_ACCOUNT_SIZE];       /* the account that the policy gives; empty: not said */
	char source[RPC_NAME_SIZE];        /* who calls */
	char service[RPC_NAME_SIZE];       /* what */
	char asked_user[RPC_ACCOUNT_SIZE]; /* the account that they ask for; empty: none */
	const char *reason;                /* RPC_DENY: what the caller is told, a static string */
};

/*
 * Judge by the policy as it is now: `policy`, or, where the transport has rules, by what dom0 wrote
 * for this source.
 */
void verdict_find(struct verdict *verdict, struct rpc_listener *listener,
		  const struct rpc_pending *pending, const struct rpc_call *request,
		  const struct rpc_policy *policy);

/* Write the frame that answers a question to `bytes`. Returns its length. */
size_t verdict_answer(const struct verdict *verdict,
		      unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX]);

#endif
