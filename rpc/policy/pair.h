/*
 * The text in which dom0 tells a target about one source, and a source about one target: the
 * source's name, then the rules for the two, a line each. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_PAIR_H
#define RPC_PAIR_H
#include "policy/policy.h"

#include <sys/types.h>

/* Bytes. A message of xenstore has at most 4096, and the path of the node must fit in, too. */
#define RPC_PAIR_TEXT_MAX 4032

/* No text has more rules than this: the shortest rule is "* * ask" and a newline. */
#define RPC_PAIR_RULES_MAX (RPC_PAIR_TEXT_MAX / 8)

enum rpc_pair_reader {
	RPC_PAIR_TARGET, /* decides by it */
	RPC_PAIR_SOURCE  /* learns what it may call, but not the accounts of the target */
};

/*
 * Write the text for calls from `source` to `target`, without a NUL. Rules after one that matches
 * every service are left out, since they never decide. Returns the length of the text.
 * 0: no rule allows a call, or asks.
 * -E2BIG: the text would be longer than RPC_PAIR_TEXT_MAX.
 */
ssize_t rpc_pair_format(const struct rpc_rule *rules, size_t count, const char *source,
			const char *target, enum rpc_pair_reader reader,
			char text[RPC_PAIR_TEXT_MAX]);

/*
 * Read such a text: fill `source` and `rules`. Returns the number of rules.
 * -EINVAL: the text is wrong, lacks its last newline, or has more than RPC_PAIR_RULES_MAX rules;
 * *why is then a static sentence that says which.
 */
ssize_t rpc_pair_parse(const char *untrusted_text, size_t length, char source[RPC_NAME_SIZE],
		       struct rpc_rule rules[RPC_PAIR_RULES_MAX], const char **why);

#endif
