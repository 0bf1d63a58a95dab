/*
 * The policy: who may call which service of whom. Its text is described in pedos-rpc.policy(5).
 * Pure: nothing here reads a file or allocates.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_POLICY_H
#define RPC_POLICY_H
#include "base/names.h"

#include <stdbool.h>
#include <stddef.h>

enum rpc_action {
	RPC_DENY,
	RPC_ALLOW,
	RPC_ASK
};

/* One line. What is not used of an array is zeros, so that rules can be compared by their bytes. */
struct rpc_rule {
	char service[RPC_NAME_SIZE];  /* without an argument; or "*": any */
	char argument[RPC_NAME_SIZE]; /* begins with '+', "+" alone: none; or "*": any, or none */
	char source[RPC_NAME_SIZE];   /* a VM; or "@anyvm" */
	char target[RPC_NAME_SIZE];   /* the same */
	char user[RPC_ACCOUNT_SIZE];  /* the account that the service runs as; empty: not said */
	enum rpc_action action;
};

/*
 * Read a line of a policy: `length` bytes, without the newline; a carriage return before that is
 * passed over. 1: *rule is what it says. 0: it is blank or a comment. -EINVAL: it is wrong, and
 * *why a static sentence that says what is, and what is expected. *rule is zeros then.
 */
int rpc_rule_parse(const char *untrusted_line, size_t length, struct rpc_rule *rule,
		   const char **why);

/*
 * The form without source and target, "SERVICE ARGUMENT ACTION [user=NAME]", in which dom0 tells a
 * target what concerns one source. Reading it gives a rule for any source and target: whoever was
 * given the line is the one that it is about. Blank lines and comments are wrong here.
 */
int rpc_rule_parse_pair(const char *untrusted_line, size_t length, struct rpc_rule *rule,
			const char **why);

/* Room for that form, with its newline and a NUL. */
#define RPC_PAIR_LINE_SIZE (2 * RPC_NAME_SIZE + sizeof("allow user=\n") + RPC_ACCOUNT_SIZE)

/* Write it, with a newline and a NUL. Returns its length, the NUL not counted. */
size_t rpc_rule_format_pair(const struct rpc_rule *rule, char text[RPC_PAIR_LINE_SIZE]);

/* Does the rule concern calls from `source` to `target`? */
bool rpc_rule_pair_matches(const struct rpc_rule *rule, const char *source, const char *target);

/*
 * Does it concern every service, with whatever argument? Then no rule behind it counts for those
 * that it matches.
 */
bool rpc_rule_is_last(const struct rpc_rule *rule);

struct rpc_verdict {
	enum rpc_action action;
	char user[RPC_ACCOUNT_SIZE]; /* empty: not said */
};

/*
 * May `source` call `service` (rpc_service_ok(), with its "+ARGUMENT") of `target`? What the first
 * of the rules says that matches; no when none does. A service that is called without '+' is called
 * without an argument.
 */
struct rpc_verdict rpc_policy_decide(const struct rpc_rule *rules, size_t count,
				     const char *service, const char *source, const char *target);

#endif
