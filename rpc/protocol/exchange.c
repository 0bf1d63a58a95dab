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

static int read_full(struct rpc_channel *channel, int stop, int64_t deadline, unsigned char *bytes,
		     size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = channel->transport->read(channel, bytes + done, size - done);
		int r;

		if (n < 0)
			return (int)n;
		done += (size_t)n;
		r = n == 0 ? await(channel, POLLIN, stop, deadline) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int rpc_receive_frame(struct rpc_channel *channel, struct rpc_session *session, int stop,
		      int timeout, struct rpc_frame *frame, unsigned char *payload)
{
	unsigned char header[RPC_FRAME_HEADER_SIZE];
	int64_t deadline = timeout < 0 ? -1 : clock_now() + timeout;
	int r = read_full(channel, stop, deadline, header, sizeof(header));

	if (r == 0)
		r = rpc_frame_decode(header, frame);
	if (r == 0 && frame->length > RPC_SMALL_MAX)
		r = -EPROTO;
	if (r == 0)
		r = read_full(channel, stop, deadline, payload, frame->length);
	return r < 0 ? r
		     : rpc_session_next(session, frame,
					frame->length == 4 ? rpc_number_decode(payload) : 0);
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
