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

/* Milliseconds within which the other end has to greet and to say what it wants, all together. */
#define RPC_TIMEOUT 10000

/* A frame that is being received, which is none of a stream's. All zero: nothing has come yet. */
struct rpc_reception {
	struct rpc_frame frame;
	unsigned char header[RPC_FRAME_HEADER_SIZE];
	unsigned char payload[RPC_SMALL_MAX];
	size_t done; /* bytes of the header and the payload that have come */
};

/*
 * Take what has come of the next frame, and nothing of what is behind it. 1: it is whole. 0: more
 * has to come. -EPROTO: not as the session has it. -ECONNRESET: the other end is gone.
 */
int rpc_receive_some(struct rpc_channel *channel, struct rpc_session *session,
		     struct rpc_reception *reception);

/*
 * Wait for the next frame, which is put at `reception`. -EPROTO and -ECONNRESET as above.
 * -ETIMEDOUT: it is `deadline`, as clock_now() tells it (-1: never). -ECANCELED: `stop` became
 * readable (-1: none).
 */
int rpc_receive_frame(struct rpc_channel *channel, struct rpc_session *session, int stop,
		      int64_t deadline, struct rpc_reception *reception);

/*
 * On the service's side: begin the session, greet, and wait for the caller's greeting and for the
 * CALL or QUESTION, which is put at `reception` and *request. Errors as above.
 */
int rpc_receive_call(struct rpc_channel *channel, struct rpc_session *session, int stop,
		     int64_t deadline, struct rpc_reception *reception, struct rpc_call *request);

/* Send `size` bytes, which are whole frames, within RPC_TIMEOUT. Errors as above. */
int rpc_send_frames(struct rpc_channel *channel, int stop, const unsigned char *bytes, size_t size);

/* Write a frame with a small payload to `bytes`. Returns the length of the frame. */
size_t rpc_frame_put(unsigned char *bytes, enum rpc_frame_type type, const unsigned char *payload,
		     size_t length);
/* The same for a payload that is a number. */
size_t rpc_frame_put_number(unsigned char *bytes, enum rpc_frame_type type, uint32_t number);
/* The same for a refusal. */
size_t rpc_frame_put_refusal(unsigned char *bytes, uint32_t code, const char *reason);

#endif
