/*
 * The policy as it lies on the disk: the files *.policy of a directory, see pedos-rpc.policy(5).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_POLICY_FILE_H
#define RPC_POLICY_FILE_H
#include "policy/policy.h"

#define RPC_RULES_MAX       4096
#define RPC_POLICY_FILE_MAX (1 << 20) /* bytes of one file */
#define RPC_POLICY_LINE_MAX 1023      /* bytes, without the newline */

struct rpc_policy {
	struct rpc_rule *rules; /* in the order in which they count */
	size_t count;
	size_t files; /* that were read; without any, nobody may call anything */
};

/* What is wrong, and where. */
struct rpc_policy_error {
	char file[4096];
	unsigned line;   /* 0: it is about the file as a whole */
	const char *why; /* a static string */
};

/*
 * Read all files in `dir` that are called *.policy, but those that begin with a dot, in the byte
 * order of their names. A directory that is not there is a policy that denies everything. Files
 * must be regular, no links; neither they nor the directory may be writable for anybody but root
 * and the caller. A negative errno on failure, with *error, and an empty *policy: -EINVAL for a
 * wrong line, -EPERM for a file that others may write, -E2BIG for more than the bounds above.
 */
int rpc_policy_load(const char *dir, struct rpc_policy *policy, struct rpc_policy_error *error);
void rpc_policy_free(struct rpc_policy *policy);

/*
 * Write "FILE:LINE: why", or "FILE: why" where no line is at fault, NUL-terminated, cut to `size`
 * bytes. Returns `text`.
 */
char *rpc_policy_error_text(const struct rpc_policy_error *error, char *text, size_t size);

#endif
