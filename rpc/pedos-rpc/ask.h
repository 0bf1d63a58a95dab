/*
 * The first frames of a call, or of a question whether it may be made.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_ASK_H
#define RPC_ASK_H
#include "protocol/exchange.h"

/*
 * Send `call` as a frame of this type, CALL or QUESTION, and wait for the answer until `deadline`,
 * as clock_now() tells it (-1: without end). 0: *answer is ACCEPTED or REFUSED, or ASKING, and then
 * another frame follows. -ECANCELED: `stop` became readable (-1: none). Otherwise as
 * rpc_receive_frame().
 */
int ask(struct rpc_channel *channel, struct rpc_session *session, enum rpc_frame_type type,
	const struct rpc_call *call, int stop, int64_t deadline, struct rpc_reception *answer);

#endif
