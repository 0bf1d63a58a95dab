/*
 * One call, in a process of its own, from the caller's first frame to the service's end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPCD_SERVE_H
#define RPCD_SERVE_H
#include "options.h"

#include "policy/policy_file.h"
#include "protocol/frame.h"

/*
 * Serve the call, then return. `policy` is used if the transport has no rules(). `daemon` is the
 * PID of the daemon; when that ends, so does the call.
 */
void serve(const struct options *options, struct rpc_listener *listener,
	   const struct rpc_policy *policy, struct rpc_pending *pending, pid_t daemon);

/* Write the frames that refuse a call to `bytes`. Returns their length. */
size_t refusal_frames(unsigned char *bytes, uint32_t code, const char *reason);
#define REFUSAL_FRAMES_MAX (2 * RPC_FRAME_HEADER_SIZE + 4 + RPC_SMALL_MAX)

#endif
