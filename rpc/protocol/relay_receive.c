/*
 * The half of the relay that receives frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/relay.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* How many steps are made before the other direction, and a request to stop, have a turn. */
#define ROUND 64

/* The functions below return one of these, or a negative errno. */
enum {
	BLOCKED = 0, /* cannot proceed for now */
	DONE = 1
};

static size_t buffered(const struct rpc_relay *relay)
{
	return relay->in_end - relay->in_begin;
}

/* Receive until the buffer has at least `size` bytes. */
static int want(struct rpc_relay *relay, size_t size)
{
	if (relay->in_begin == relay->in_end)
		relay->in_begin = relay->in_end = 0;
	while (buffered(relay) < size) {
		ssize_t n;

		if (relay->in_begin + size > RPC_RELAY_BUFFER) {
			memmove(relay->in, relay->in + relay->in_begin, buffered(relay));
			relay->in_end -= relay->in_begin;
			relay->in_begin = 0;
		}
		n = relay->channel->transport->read(
			relay->channel, relay->in + relay->in_end,
			relay->exact ? size - buffered(relay) : RPC_RELAY_BUFFER - relay->in_end);
		if (n < 0)
			return (int)n;
		if (n == 0) {
			relay->blocked_on = -1;
			return BLOCKED;
		}
		relay->in_end += (size_t)n;
	}
	return DONE;
}

static void give_up_output(struct rpc_output *output, int error)
{
	close(output->fd);
	output->fd = -1;
	output->broken = true;
	output->error = error;
}

static int output_of(const struct rpc_relay *relay, enum rpc_frame_type type)
{
	int i = 0;

	while (relay->outputs[i].type != type)
		i++;
	return i;
}

/* Can this be written without blocking? Our own pipes never block. */
static bool is_writable(const struct rpc_output *output)
{
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	return output->own || poll(&fd, 1, 0) != 0;
}

/* Write some bytes, or drop them if nobody reads the output. Returns how many; 0: blocked. */
static size_t write_some(struct rpc_relay *relay, int index, const void *bytes, size_t size)
{
	struct rpc_output *output = &relay->outputs[index];
	ssize_t n;

	if (output->fd < 0)
		return size;
	relay->blocked_on = index;
	if (!is_writable(output))
		return 0;
	n = write(output->fd, bytes, size < output->chunk ? size : output->chunk);
	if (n >= 0)
		return (size_t)n;
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	give_up_output(output, errno);
	return size;
}

/*
 * How much of so many bytes is to be written at once: whole lines, where lines have a name, since
 * others may write between two writes. There is always one that fits into a chunk.
 */
static size_t whole_lines(const struct rpc_output *output, const char *text, size_t size)
{
	const char *last;

	if (!*output->lines.name || size <= output->chunk)
		return size;
	last = memrchr(text, '\n', output->chunk);
	return last ? (size_t)(last + 1 - text) : size;
}

/* Write all of what was made safe for a terminal. */
static int write_cleaned(struct rpc_relay *relay, int index)
{
	while (relay->cleaned_begin < relay->cleaned_end) {
		const char *text = relay->cleaned + relay->cleaned_begin;
		size_t n = write_some(relay, index, text,
				      whole_lines(&relay->outputs[index], text,
						  relay->cleaned_end - relay->cleaned_begin));

		if (n == 0)
			return BLOCKED;
		relay->cleaned_begin += n;
	}
	return DONE;
}

/* Make a piece of `size` bytes safe for a terminal. 0 means the end of the stream. */
static void clean(struct rpc_relay *relay, struct rpc_output *output,
		  const unsigned char *untrusted, size_t size)
{
	bool named = *output->lines.name;
	char *text = named ? relay->screened : relay->cleaned;
	size_t length = rpc_screen_clean(&output->screen, (const char *)untrusted, size, text);

	if (named && length > 0)
		length = rpc_lines_put(&output->lines, text, length, relay->cleaned);
	if (named && size == 0)
		length += rpc_lines_put(&output->lines, NULL, 0, relay->cleaned + length);
	relay->cleaned_begin = 0;
	relay->cleaned_end = length;
}

/* Move payload straight from the channel into a pipe. */
static int move_payload(struct rpc_relay *relay, int index)
{
	struct rpc_output *output = &relay->outputs[index];
	ssize_t n =
		relay->channel->transport->pipe_out(relay->channel, output->fd, relay->frame_left);
	struct pollfd fd = {.fd = output->fd, .events = POLLOUT};

	if (n == -EPIPE) {
		give_up_output(output, EPIPE);
		return DONE;
	}
	if (n < 0)
		return (int)n;
	relay->frame_left -= (uint32_t)n;
	relay->received += (uint64_t)n;
	if (n > 0)
		return DONE;
	relay->blocked_on = poll(&fd, 1, 0) > 0 ? -1 : index;
	return BLOCKED;
}

/* Write some of the current frame's payload, by way of the buffer. */
static int deliver_payload(struct rpc_relay *relay, int index)
{
	struct rpc_output *output = &relay->outputs[index];
	int r = buffered(relay) > 0 ? DONE : want(relay, relay->exact ? relay->frame_left : 1);
	size_t n;

	/* A part of a frame is passed on at once; its rest may come much later. */
	if (r < 0 || buffered(relay) == 0)
		return r;
	n = buffered(relay) < relay->frame_left ? buffered(relay) : relay->frame_left;
	if (output->screened && n > RPC_SCREENED_PIECE)
		n = RPC_SCREENED_PIECE;
	if (output->screened)
		clean(relay, output, relay->in + relay->in_begin, n);
	else
		n = write_some(relay, index, relay->in + relay->in_begin, n);
	relay->in_begin += n;
	relay->frame_left -= (uint32_t)n;
	relay->received += n;
	return n > 0 ? DONE : BLOCKED;
}

static int deliver(struct rpc_relay *relay)
{
	int index = output_of(relay, relay->frame.type), r = write_cleaned(relay, index);
	const struct rpc_output *output = &relay->outputs[index];

	if (r != DONE || relay->frame_left == 0)
		return r;
	if (relay->exact && output->own && output->fd >= 0 && buffered(relay) == 0)
		return move_payload(relay, index);
	return deliver_payload(relay, index);
}

static void end_output(struct rpc_relay *relay, enum rpc_frame_type type)
{
	struct rpc_output *output = &relay->outputs[output_of(relay, type)];

	if (output->screened) {
		clean(relay, output, NULL, 0);
	} else if (output->fd >= 0) {
		close(output->fd);
		output->fd = -1;
	}
}

/* Receive the header of the next frame; if it is not of a stream, also handle the frame. */
static int next_frame(struct rpc_relay *relay)
{
	struct rpc_frame frame;
	uint32_t number = 0;
	bool is_stream;
	int r = want(relay, RPC_FRAME_HEADER_SIZE);

	if (r != DONE)
		return r;
	r = rpc_frame_decode(relay->in + relay->in_begin, &frame);
	if (r < 0)
		return r;
	is_stream = frame.type >= RPC_STDIN && frame.type <= RPC_STDERR;
	if (!is_stream) {
		if (frame.length > RPC_SMALL_MAX)
			return -EPROTO;
		r = want(relay, RPC_FRAME_HEADER_SIZE + frame.length);
		if (r != DONE)
			return r;
		if (frame.length == 4)
			number = rpc_number_decode(relay->in + relay->in_begin +
						   RPC_FRAME_HEADER_SIZE);
	}
	r = rpc_session_next(relay->session, &frame, number);
	if (r < 0)
		return r;
	relay->in_begin += RPC_FRAME_HEADER_SIZE + (is_stream ? 0 : frame.length);
	if (is_stream) {
		relay->frame = frame;
		relay->frame_left = frame.length;
		if (frame.length == 0)
			end_output(relay, frame.type);
	} else if (frame.type == RPC_EXIT) {
		relay->exit_status = (int)number;
		relay->over = true;
	}
	return DONE;
}

int rpc_relay_receive(struct rpc_relay *relay)
{
	int r = DONE;

	for (unsigned i = 0; r == DONE && i < ROUND && !relay->over; i++)
		r = relay->frame_left > 0 || relay->cleaned_begin < relay->cleaned_end
			    ? deliver(relay)
			    : next_frame(relay);
	return r;
}
