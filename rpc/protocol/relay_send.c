/*
 * The half of the relay that sends frames.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/exchange.h"
#include "protocol/relay.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many frames are sent before the other direction has a turn. */
#define ROUND 16

bool rpc_relay_sending(const struct rpc_relay *relay)
{
	return relay->out_begin < relay->out_end || relay->moving > 0;
}

static void end_input(struct rpc_input *input)
{
	close(input->fd);
	input->fd = -1;
}

/*
 * Reading it has failed. A terminal that was closed has only ended. Of anything else, what is
 * missing must not be taken for what follows the end.
 */
static void fail_input(struct rpc_input *input, int error)
{
	struct stat status;

	if (fstat(input->fd, &status) < 0 || !S_ISCHR(status.st_mode))
		input->error = error;
	end_input(input);
}

/*
 * Make the header of a frame whose payload is what is in the pipe now. Nobody else reads the pipe,
 * so the payload is still there when it is moved.
 */
static bool announce(struct rpc_relay *relay, struct rpc_input *input)
{
	bool ready = input->ready;
	int available = 0;

	input->ready = false;
	if (ioctl(input->fd, FIONREAD, &available) < 0) {
		fail_input(input, errno);
		return false;
	}
	if (available <= 0) {
		if (ready) /* poll(2) reported something, and it is not a byte: it is the end */
			end_input(input);
		return false;
	}
	relay->moving = available < RPC_FRAME_MAX ? (uint32_t)available : RPC_FRAME_MAX;
	relay->moving_from = input->fd;
	rpc_frame_encode(&(struct rpc_frame){.type = input->type, .length = relay->moving},
			 relay->out);
	relay->out_end = RPC_FRAME_HEADER_SIZE;
	return true;
}

/* Read a payload, and make a frame of it. False: there is nothing now. */
static bool read_payload(struct rpc_relay *relay, struct rpc_input *input)
{
	ssize_t n;

	if (!input->own && !input->ready)
		return false;
	input->ready = false;
	n = read(input->fd, relay->out + RPC_FRAME_HEADER_SIZE, RPC_FRAME_MAX);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		fail_input(input, errno);
	if (n == 0)
		end_input(input);
	if (n <= 0)
		return false;
	rpc_frame_encode(&(struct rpc_frame){.type = input->type, .length = (uint32_t)n},
			 relay->out);
	relay->out_end = RPC_FRAME_HEADER_SIZE + (size_t)n;
	relay->sent += (uint64_t)n;
	return true;
}

/* Make the next frame of this stream. False: there is none now. */
static bool next_of_input(struct rpc_relay *relay, struct rpc_input *input)
{
	if (input->fd >= 0 && relay->session->unwanted & 1u << input->type)
		end_input(input);
	if (input->fd >= 0 &&
	    (input->own && relay->exact ? announce(relay, input) : read_payload(relay, input)))
		return true;
	if (input->fd >= 0 || input->told || input->error)
		return false;
	input->told = true;
	relay->out_end = rpc_frame_put(relay->out, input->type, NULL, 0);
	return true;
}

static bool has_ended(const struct rpc_relay *relay)
{
	for (size_t i = 0; i < relay->input_count; i++) {
		if (!relay->inputs[i].told)
			return false;
	}
	return true;
}

/* Make the next frame. False: there is none now. */
static bool next_frame(struct rpc_relay *relay)
{
	relay->out_begin = relay->out_end = 0;
	for (size_t i = 0; i < relay->output_count; i++) {
		struct rpc_output *output = &relay->outputs[i];

		if (output->broken) {
			output->broken = false;
			relay->out_end =
				rpc_frame_put_number(relay->out, RPC_UNWANTED, output->type);
			return true;
		}
	}
	for (size_t i = 0; i < relay->input_count; i++) {
		if (next_of_input(relay, &relay->inputs[relay->turn++ % relay->input_count]))
			return true;
	}
	if (relay->session->peer != RPC_CALLER || relay->exit_status < 0 || relay->exiting ||
	    !has_ended(relay))
		return false;
	relay->out_end = rpc_frame_put_number(relay->out, RPC_EXIT, (uint32_t)relay->exit_status);
	relay->exiting = true;
	return true;
}

/*
 * Has somebody else read the payload that the header announced? A service can do that to its own
 * output. The frame can then never be completed.
 */
static bool is_robbed(int pipe)
{
	int available = 0;

	return ioctl(pipe, FIONREAD, &available) < 0 || available <= 0;
}

/* Send the frame that was made. 1: all of it was sent. 0: the channel is full. */
static int flush(struct rpc_relay *relay)
{
	while (relay->out_begin < relay->out_end) {
		ssize_t n = relay->channel->transport->write(relay->channel,
							     relay->out + relay->out_begin,
							     relay->out_end - relay->out_begin);

		if (n <= 0)
			return (int)n;
		relay->out_begin += (size_t)n;
	}
	while (relay->moving > 0) {
		ssize_t n = relay->channel->transport->pipe_in(relay->channel, relay->moving_from,
							       relay->moving);

		if (n <= 0)
			return n == 0 && is_robbed(relay->moving_from) ? -EIO : (int)n;
		relay->moving -= (uint32_t)n;
		relay->sent += (uint64_t)n;
	}
	relay->over |= relay->exiting;
	return 1;
}

/* Why an input cannot be read, as a negative errno. 0: all can. */
static int input_error(const struct rpc_relay *relay)
{
	for (size_t i = 0; i < relay->input_count; i++) {
		if (relay->inputs[i].error)
			return -relay->inputs[i].error;
	}
	return 0;
}

int rpc_relay_send(struct rpc_relay *relay)
{
	int r = flush(relay);

	for (unsigned i = 0; r == 1 && !relay->over && next_frame(relay); i++) {
		r = flush(relay);
		if (i == ROUND)
			return r;
	}
	return r < 0 ? r : input_error(relay);
}
