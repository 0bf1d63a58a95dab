/*
 * The files of a policy: *.policy in a directory, see pedos-rpc.policy(5).
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
	struct rpc_rule *rules; /* the first one that matches decides */
	size_t count;
	size_t files; /* how many were read; 0: nobody may call anything */
};

/* What is wrong, and where. */
struct rpc_policy_error {
	char file[4096];
	unsigned line;   /* 0: the file as a whole */
	const char *why; /* a static string */
};

/*
 * Read all files *.policy in `dir` whose names do not begin with a dot, in the byte order of their
 * names. If `dir` does not exist, the policy is empty and denies everything. The files must be
 * regular files, not links. The directory and the files must belong to root or the caller, and
 * nobody else may have write permission. On failure *error is filled and *policy is empty:
 * -EINVAL: a line is wrong.
 * -EPERM: others may write a file or the directory.
 * -E2BIG: one of the bounds above is exceeded.
 * Other negative errnos: from the system.
 */
int rpc_policy_load(const char *dir, struct rpc_policy *policy, struct rpc_policy_error *error);
/* An empty policy can be freed, too. */
void rpc_policy_free(struct rpc_policy *policy);

/*
 * Write "FILE:LINE: why", or "FILE: why" for the file as a whole, NUL-terminated and cut to `size`
 * bytes. Returns `text`.
 */
char *rpc_policy_error_text(const struct rpc_policy_error *error, char *text, size_t size);

#endif
