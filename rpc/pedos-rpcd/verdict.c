/*
 * Who calls, and what the policy says to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "verdict.h"

#include "base/log.h"

#include "policy/pair.h"
#include "protocol/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Who calls: as the transport says, unless they may say it themselves. Returns what is wrong with
 * it, or NULL.
 */
static const char *name_source(struct verdict *verdict, const struct rpc_pending *pending,
			       const char *declared)
{
	const char *source = pending->source;

	if (*declared && strcmp(declared, source) != 0) {
		if (!pending->may_declare)
			return "you are not who you say you are";
		source = declared;
	}
	snprintf(verdict->source, sizeof(verdict->source), "%s", source);
	return *source ? NULL : VERDICT_NAMELESS;
}

/* No service is asked about: then it is whether any may be called. */
static struct rpc_verdict decide(const struct rpc_rule *rules, size_t count,
				 const struct verdict *verdict, const char *target)
{
	struct rpc_verdict found = {.action = RPC_DENY};

	if (*verdict->service)
		return rpc_policy_decide(rules, count, verdict->service, verdict->source, target);
	if (rpc_policy_opens(rules, count, verdict->source, target))
		found.action = RPC_ALLOW;
	return found;
}

/* By what dom0 wrote for this source. What cannot be read denies everything. */
static struct rpc_verdict decide_by_text(const struct verdict *verdict,
					 struct rpc_listener *listener,
					 const struct rpc_pending *pending)
{
	static char text[RPC_PAIR_TEXT_MAX];
	static struct rpc_rule rules[RPC_PAIR_RULES_MAX];
	char source[RPC_NAME_SIZE];
	const char *why = "there is nothing";
	ssize_t length = listener->transport->rules(listener, pending, text, sizeof(text)), n = -1;

	if (length > 0)
		n = rpc_pair_parse(text, (size_t)length, source, rules, &why);
	if (n >= 0 && strcmp(source, verdict->source) == 0)
		return decide(rules, (size_t)n, verdict, pending->target);
	log_line(LOG_WARNING, "what dom0 tells of %s cannot be used: %s", verdict->source,
		 n < 0 ? why : "it is another now");
	return (struct rpc_verdict){.action = RPC_DENY};
}

void verdict_find(struct verdict *verdict, struct rpc_listener *listener,
		  const struct rpc_pending *pending, const struct rpc_call *request,
		  const struct rpc_policy *policy)
{
	struct rpc_verdict found;

	*verdict = (struct verdict){.action = RPC_DENY};
	memcpy(verdict->service, request->service, sizeof(verdict->service));
	memcpy(verdict->asked_user, request->user, sizeof(verdict->asked_user));
	verdict->reason = name_source(verdict, pending, request->source);
	if (verdict->reason)
		return;
	if (listener->transport->rules)
		found = decide_by_text(verdict, listener, pending);
	else
		found = decide(policy->rules, policy->count, verdict, pending->target);
	verdict->action = found.action;
	memcpy(verdict->user, found.user, sizeof(verdict->user));
	if (found.action == RPC_DENY)
		verdict->reason = "the policy denies it";
}

size_t verdict_answer(const struct verdict *verdict,
		      unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX])
{
	return verdict->action == RPC_DENY ? rpc_frame_put_refusal(bytes, EACCES, verdict->reason)
					   : rpc_frame_put(bytes, RPC_ACCEPTED, NULL, 0);
}
