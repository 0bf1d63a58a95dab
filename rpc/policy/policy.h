/*
 * The policy: who may call which service of whom. Its text is described in pedos-rpc.policy(5).
 *
 * The room rpc/policy reads the policy, decides by it, and has the text in which dom0 tells it to
 * guests, and in which they ask dom0 for something. It includes only rpc/base and text/. policy,
 * pair and request are pure: they read no file and allocate nothing. policy_file reads files and
 * writes none. The room knows nothing of channels and of how a call is carried out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_POLICY_H
#define RPC_POLICY_H
#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The name of dom0 as a source. Since it is no VM, "@anyvm" does not mean it. Nor does it mean a
 * disposable VM, which is a target only where a rule names it.
 */
#define RPC_DOM0 "dom0"

enum rpc_action {
	RPC_DENY,
	RPC_ALLOW,
	RPC_ASK
};

/* One line. Unused bytes of arrays are zeros, so that rules can be compared byte by byte. */
struct rpc_rule {
	char service[RPC_NAME_SIZE];  /* without its argument; "*": any */
	char argument[RPC_NAME_SIZE]; /* "+ARGUMENT"; "+": none; "*": any or none */
	char source[RPC_NAME_SIZE]; /* a VM, or dom0; "@anyvm": any VM; "*": the source of a pair */
	/* A VM, or "@dispvm[:TEMPLATE]"; "@anyvm": any VM; "*": the target of a pair. */
	char target[RPC_NAME_SIZE];
	char user[RPC_ACCOUNT_SIZE]; /* the account to run the service as; empty: not given */
	enum rpc_action action;
};

/*
 * Read a line of a policy: `length` bytes, without the newline. A carriage return at its end is
 * ignored.
 * 1: *rule is the rule.
 * 0: the line is blank or a comment.
 * -EINVAL: the line is wrong. *why is a static sentence that says what is wrong and what is
 * expected; *rule is all zeros.
 */
int rpc_rule_parse(const char *untrusted_line, size_t length, struct rpc_rule *rule,
		   const char **why);

/*
 * Read the form without source and target, "SERVICE ARGUMENT ACTION [user=NAME]", in which dom0
 * tells a target the rules about one source. The result is a rule for every source and target: the
 * reader knows which two the line is about. Returns as above, but blank lines and comments are
 * wrong here.
 */
int rpc_rule_parse_pair(const char *untrusted_line, size_t length, struct rpc_rule *rule,
			const char **why);

/* Room for that form, with its newline and a NUL. */
#define RPC_PAIR_LINE_SIZE (2 * RPC_NAME_SIZE + sizeof("allow user=\n") + RPC_ACCOUNT_SIZE)

/* Write that form, with a newline and a NUL. Returns its length without the NUL. */
size_t rpc_rule_format_pair(const struct rpc_rule *rule, char text[RPC_PAIR_LINE_SIZE]);

/* Is the rule about calls from `source` to `target`? */
bool rpc_rule_pair_matches(const struct rpc_rule *rule, const char *source, const char *target);

/*
 * Is the rule about every service, with any argument? Then no later rule decides about the sources
 * and targets that it matches.
 */
bool rpc_rule_is_last(const struct rpc_rule *rule);

struct rpc_verdict {
	enum rpc_action action;
	char user[RPC_ACCOUNT_SIZE]; /* empty: not given */
};

/*
 * May `source` call `service` (rpc_service_ok(), with its "+ARGUMENT") of `target`? What the first
 * of the rules says that matches; no when none does. A service that is called without '+' is called
 * without an argument. A rule that denies matches longer arguments with its own in them, too; after
 * one that asks, these are not allowed without asking.
 */
struct rpc_verdict rpc_policy_decide(const struct rpc_rule *rules, size_t count,
				     const char *service, const char *source, const char *target);

/* Is there any service of `target` that `source` may call, or that somebody would be asked about?
 */
bool rpc_policy_opens(const struct rpc_rule *rules, size_t count, const char *source,
		      const char *target);

/*
 * Is there any rule for which `source` needs dom0 at the time of a call: one that asks, or one with
 * a disposable VM?
 */
bool rpc_policy_requests(const struct rpc_rule *rules, size_t count, const char *source);

#endif
