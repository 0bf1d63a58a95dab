/*
 * The text in which dom0 tells a target about one source: its name, then the rules for the two, a
 * line each. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_PAIR_H
#define RPC_PAIR_H
#include "policy/policy.h"

#include <sys/types.h>

/* Bytes. A message of xenstore's has 4096, in which the node's path has to be, too. */
#define RPC_PAIR_TEXT_MAX 4032

/* More rules than that have no room in such a text: the shortest is "* * ask" and a newline. */
#define RPC_PAIR_RULES_MAX (RPC_PAIR_TEXT_MAX / 8)

/*
 * Write the text for calls from `source` to `target`; it is not terminated. Rules behind one that
 * matches every service are left out. Returns its length; 0: no rule lets anything be called.
 * -E2BIG: it would be longer than RPC_PAIR_TEXT_MAX.
 */
ssize_t rpc_pair_format(const struct rpc_rule *rules, size_t count, const char *source,
			const char *target, char text[RPC_PAIR_TEXT_MAX]);

/*
 * Read it. Returns how many rules it has; `source` is the name. -EINVAL: it is no such text, has no
 * newline at its end, or more rules than fit there; *why is a static sentence then.
 */
ssize_t rpc_pair_parse(const char *untrusted_text, size_t length, char source[RPC_NAME_SIZE],
		       struct rpc_rule rules[RPC_PAIR_RULES_MAX], const char **why);

#endif
