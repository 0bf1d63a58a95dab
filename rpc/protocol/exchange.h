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

/* Milliseconds within which the other end must send HELLO, and a caller its CALL. */
#define RPC_TIMEOUT 10000

/*
 * Receive the next frame, which must not be of a stream: fill *frame, and `payload` with at most
 * RPC_SMALL_MAX bytes.
 * -EPROTO: the session does not allow that frame now.
 * -ECONNRESET: the other end is gone.
 * -ETIMEDOUT: it did not come within `timeout` milliseconds (-1: no timeout).
 * -ECANCELED: the descriptor `stop` became readable (-1: none).
 */
int rpc_receive_frame(struct rpc_channel *channel, struct rpc_session *session, int stop,
		      int timeout, struct rpc_frame *frame, unsigned char *payload);

/* Send `size` bytes, which are whole frames, within RPC_TIMEOUT. Errors as above. */
int rpc_send_frames(struct rpc_channel *channel, int stop, const unsigned char *bytes, size_t size);

/* Write a frame with a small payload to `bytes`. Returns the length of the frame. */
size_t rpc_frame_put(unsigned char *bytes, enum rpc_frame_type type, const unsigned char *payload,
		     size_t length);
/* The same for a payload that is a number. */
size_t rpc_frame_put_number(unsigned char *bytes, enum rpc_frame_type type, uint32_t number);

#endif
