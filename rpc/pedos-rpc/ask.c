/*
 * The first frames of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "ask.h"

#include "system/clock.h"

#include <errno.h>

int ask(struct rpc_channel *channel, struct rpc_session *session, enum rpc_frame_type type,
	const struct rpc_call *call, int stop, int64_t deadline, struct rpc_reception *answer)
{
	unsigned char bytes[2 * RPC_FRAME_HEADER_SIZE + 4 + RPC_CALL_MAX], payload[RPC_SMALL_MAX];
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);
	int r;

	length += rpc_frame_put(bytes + length, type, payload, rpc_call_encode(call, payload));
	rpc_session_begin(session, RPC_SERVICE);
	r = rpc_send_frames(channel, stop, bytes, length);
	if (r == 0 || r == -ECONNRESET) /* a daemon that was too busy to read has left a refusal */
		r = rpc_receive_frame(channel, session, stop, clock_now() + RPC_TIMEOUT, answer);
	return r == 0 ? rpc_receive_frame(channel, session, stop, deadline, answer) : r;
}
