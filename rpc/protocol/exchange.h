/*
 * Single frames over a channel, before the streams flow.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_EXCHANGE_H
#define RPC_EXCHANGE_H
#include "protocol/session.h"
#include "transport/transport.h"

/* Milliseconds within which the other end has to greet and to say what it wants. */
#define RPC_TIMEOUT 10000

/*
 * Wait for the next frame, which is none of a stream's; its payload, at most RPC_SMALL_MAX bytes,
 * is put at `payload`. -EPROTO: not as the session has it. -ECONNRESET, -ETIMEDOUT: after
 * `timeout` milliseconds (-1: never). -ECANCELED: `stop` became readable (-1: none).
 */
int rpc_receive_frame(struct rpc_channel *channel, struct rpc_session *session, int stop,
		      int timeout, struct rpc_frame *frame, unsigned char *payload);

/* Send some bytes, which are whole frames. As above. */
int rpc_send_frames(struct rpc_channel *channel, int stop, const unsigned char *bytes, size_t size);

/* Put a frame with a small payload at `bytes`. Returns its length. */
size_t rpc_frame_put(unsigned char *bytes, enum rpc_frame_type type, const unsigned char *payload,
		     size_t length);
/* The same for a payload that is a number. */
size_t rpc_frame_put_number(unsigned char *bytes, enum rpc_frame_type type, uint32_t number);

#endif
