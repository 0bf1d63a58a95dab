/*
 * Which frame may come when: one end checks what the other sends. Pure.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_SESSION_H
#define RPC_SESSION_H
#include "protocol/frame.h"

#include <stdbool.h>

enum rpc_role {
	RPC_CALLER,
	RPC_SERVICE
};

struct rpc_session {
	enum rpc_role peer; /* the end whose frames are checked */
	bool greeted;       /* HELLO has come */
	bool asking;        /* ASKING has come */
	bool begun;         /* CALL, QUESTION, ACCEPTED or REFUSED has come */
	bool over;          /* QUESTION, REFUSED or EXIT has come: nothing may follow */
	unsigned ended;     /* streams that have ended, as bits: 1 << type */
	unsigned unwanted;  /* streams that the peer does not read any more, in the same way */
};

void rpc_session_begin(struct rpc_session *session, enum rpc_role peer);
/*
 * Check the next frame of the peer. `number` is the payload of HELLO, EXIT and UNWANTED; for other
 * frames it is ignored. Returns 0.
 * -EPROTO: the peer may not send this frame now, or at all.
 */
int rpc_session_next(struct rpc_session *session, const struct rpc_frame *frame, uint32_t number);

#endif
