/*
 * Which frame may come when: what one end expects of the other. Pure.
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
	enum rpc_role peer; /* whose frames come in */
	bool greeted;       /* HELLO */
	bool begun;         /* CALL, or ACCEPTED */
	bool over;          /* REFUSED or EXIT */
	unsigned ended;     /* streams that have ended, as bits: 1 << type */
	unsigned unwanted;  /* streams that the peer does not read any more */
};

void rpc_session_begin(struct rpc_session *session, enum rpc_role peer);
/*
 * The next frame of the peer's. -EPROTO: it may not come now, or never from there. `number`: the
 * payload of HELLO, EXIT and UNWANTED, which is checked here; ignored for others.
 */
int rpc_session_next(struct rpc_session *session, const struct rpc_frame *frame, uint32_t number);

#endif
