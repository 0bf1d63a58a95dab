/*
 * Which frame may come when.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/session.h"

#include <errno.h>

#define BIT(type) (1u << (type))

/* The streams that each end writes. */
static const unsigned streams[] = {
	[RPC_CALLER] = BIT(RPC_STDIN),
	[RPC_SERVICE] = BIT(RPC_STDOUT) | BIT(RPC_STDERR),
};

void rpc_session_begin(struct rpc_session *session, enum rpc_role peer)
{
	*session = (struct rpc_session){.peer = peer};
}

static int greet(struct rpc_session *session, enum rpc_frame_type type, uint32_t version)
{
	if (type != RPC_HELLO || version != RPC_VERSION)
		return -EPROTO;
	session->greeted = true;
	return 0;
}

static int begin(struct rpc_session *session, enum rpc_frame_type type)
{
	if (session->peer == RPC_SERVICE && type == RPC_ASKING && !session->asking) {
		session->asking = true;
		return 0;
	}
	if (session->peer == RPC_CALLER ? type != RPC_CALL && type != RPC_QUESTION
					: type != RPC_ACCEPTED && type != RPC_REFUSED)
		return -EPROTO;
	session->begun = true;
	session->over = type == RPC_REFUSED || type == RPC_QUESTION;
	return 0;
}

static int stream(struct rpc_session *session, const struct rpc_frame *frame)
{
	if (session->ended & BIT(frame->type))
		return -EPROTO;
	if (frame->length == 0)
		session->ended |= BIT(frame->type);
	return 0;
}

/* An end may send this once for each stream that the other end writes. */
static int unwanted(struct rpc_session *session, uint32_t number)
{
	enum rpc_role other = session->peer == RPC_CALLER ? RPC_SERVICE : RPC_CALLER;

	if (number > RPC_STDERR || !(streams[other] & BIT(number)) ||
	    session->unwanted & BIT(number))
		return -EPROTO;
	session->unwanted |= BIT(number);
	return 0;
}

static int end(struct rpc_session *session, uint32_t status)
{
	if (session->peer != RPC_SERVICE || status > 255 || session->ended != streams[RPC_SERVICE])
		return -EPROTO;
	session->over = true;
	return 0;
}

int rpc_session_next(struct rpc_session *session, const struct rpc_frame *frame, uint32_t number)
{
	if (session->over)
		return -EPROTO;
	if (!session->greeted)
		return greet(session, frame->type, number);
	if (!session->begun)
		return begin(session, frame->type);
	if (streams[session->peer] & BIT(frame->type))
		return stream(session, frame);
	if (frame->type == RPC_UNWANTED)
		return unwanted(session, number);
	if (frame->type == RPC_EXIT)
		return end(session, number);
	return -EPROTO;
}
