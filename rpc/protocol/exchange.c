/*
 * Single frames over a channel.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/exchange.h"

#include "system/clock.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Wait for the channel until `deadline` (-1: none). */
static int await(struct rpc_channel *channel, short events, int stop, int64_t deadline)
{
	struct pollfd fd = {.fd = stop, .events = POLLIN};
	int64_t left = deadline < 0 ? -1 : deadline - clock_now();
	int r;

	if (deadline >= 0 && left <= 0)
		return -ETIMEDOUT;
	r = channel->transport->wait(channel, events, &fd, 1, (int)left);
	if (fd.revents)
		return -ECANCELED;
	return r < 0 ? r : 0;
}

/* Read until `size` bytes of the frame are there. Returns as rpc_receive_some(). */
static int read_up_to(struct rpc_channel *channel, unsigned char *bytes, size_t begin, size_t size,
		      size_t *done)
{
	while (*done < size) {
		ssize_t n =
			channel->transport->read(channel, bytes + (*done - begin), size - *done);

		if (n <= 0)
			return (int)n;
		*done += (size_t)n;
	}
	return 1;
}

int rpc_receive_some(struct rpc_channel *channel, struct rpc_session *session,
		     struct rpc_reception *reception)
{
	struct rpc_frame *frame = &reception->frame;
	int r = read_up_to(channel, reception->header, 0, RPC_FRAME_HEADER_SIZE, &reception->done);

	if (r <= 0)
		return r;
	r = rpc_frame_decode(reception->header, frame);
	if (r < 0 || frame->length > RPC_SMALL_MAX)
		return -EPROTO;
	r = read_up_to(channel, reception->payload, RPC_FRAME_HEADER_SIZE,
		       RPC_FRAME_HEADER_SIZE + frame->length, &reception->done);
	if (r <= 0)
		return r;
	r = rpc_session_next(session, frame,
			     frame->length == 4 ? rpc_number_decode(reception->payload) : 0);
	return r < 0 ? r : 1;
}

int rpc_receive_frame(struct rpc_channel *channel, struct rpc_session *session, int stop,
		      int64_t deadline, struct rpc_reception *reception)
{
	int r;

	reception->done = 0;
	while ((r = rpc_receive_some(channel, session, reception)) == 0) {
		r = await(channel, POLLIN, stop, deadline);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

int rpc_send_frames(struct rpc_channel *channel, int stop, const unsigned char *bytes, size_t size)
{
	int64_t deadline = clock_now() + RPC_TIMEOUT;
	size_t done = 0;

	while (done < size) {
		ssize_t n = channel->transport->write(channel, bytes + done, size - done);
		int r;

		if (n < 0)
			return (int)n;
		done += (size_t)n;
		r = n == 0 ? await(channel, POLLOUT, stop, deadline) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

size_t rpc_frame_put(unsigned char *bytes, enum rpc_frame_type type, const unsigned char *payload,
		     size_t length)
{
	rpc_frame_encode(&(struct rpc_frame){.type = type, .length = (uint32_t)length}, bytes);
	if (length > 0)
		memcpy(bytes + RPC_FRAME_HEADER_SIZE, payload, length);
	return RPC_FRAME_HEADER_SIZE + length;
}

size_t rpc_frame_put_number(unsigned char *bytes, enum rpc_frame_type type, uint32_t number)
{
	unsigned char payload[4];

	rpc_number_encode(number, payload);
	return rpc_frame_put(bytes, type, payload, sizeof(payload));
}

size_t rpc_frame_put_refusal(unsigned char *bytes, uint32_t code, const char *reason)
{
	unsigned char payload[RPC_SMALL_MAX];

	return rpc_frame_put(bytes, RPC_REFUSED, payload,
			     rpc_refusal_encode(code, reason, payload));
}

int rpc_receive_call(struct rpc_channel *channel, struct rpc_session *session, int stop,
		     int64_t deadline, struct rpc_reception *reception, struct rpc_call *request)
{
	unsigned char hello[RPC_FRAME_HEADER_SIZE + 4];
	int r;

	rpc_session_begin(session, RPC_CALLER);
	r = rpc_send_frames(channel, stop, hello,
			    rpc_frame_put_number(hello, RPC_HELLO, RPC_VERSION));
	for (int i = 0; i < 2 && r == 0; i++)
		r = rpc_receive_frame(channel, session, stop, deadline, reception);
	return r < 0 ? r
		     : rpc_call_decode(reception->frame.type, reception->payload,
				       reception->frame.length, request);
}
