/*
 * The relay: opening and closing it, and what it waits for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "protocol/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_SIZE    (1 << 20) /* the largest that Linux grants a plain user by default */
#define SCREENED_MAX (RPC_SCREENED_PIECE + RPC_SCREEN_EXTRA)

int rpc_relay_open(struct rpc_relay *relay, struct rpc_channel *channel,
		   struct rpc_session *session)
{
	*relay = (struct rpc_relay){
		.channel = channel,
		.session = session,
		.exit_status = -1,
		.blocked_on = -1,
		.in = malloc(RPC_RELAY_BUFFER),
		.screened = malloc(SCREENED_MAX),
		.cleaned = malloc(RPC_LINES_ROOM(SCREENED_MAX)),
		.out = malloc(RPC_FRAME_HEADER_SIZE + RPC_FRAME_MAX),
		.exact = channel->transport->pipe_in != NULL,
	};
	if (relay->in && relay->screened && relay->cleaned && relay->out)
		return 0;
	rpc_relay_close(relay);
	return -ENOMEM;
}

/* Make a pipe as large as the kernel allows. Reading and writing our own must never block. */
static void prepare(int fd, unsigned flags)
{
	fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (flags & RPC_OWN)
		fcntl(fd, F_SETFL, O_NONBLOCK);
}

void rpc_relay_input(struct rpc_relay *relay, enum rpc_frame_type type, int fd, unsigned flags)
{
	prepare(fd, flags);
	relay->inputs[relay->input_count++] =
		(struct rpc_input){.fd = fd, .type = type, .own = flags & RPC_OWN};
}

void rpc_relay_output(struct rpc_relay *relay, enum rpc_frame_type type, int fd, unsigned flags)
{
	struct stat status;
	bool is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);

	prepare(fd, flags);
	relay->outputs[relay->output_count++] = (struct rpc_output){
		.fd = fd,
		.type = type,
		.own = flags & RPC_OWN,
		.screened = flags & RPC_SCREENED,
		/*
		 * A descriptor that others use, too, stays blocking. A pipe that poll(2) calls
		 * writable takes at least a page without blocking.
		 */
		.chunk = flags & RPC_OWN || is_file ? SIZE_MAX : 4096,
	};
}

void rpc_relay_name_lines(struct rpc_relay *relay, const char *name, bool drawn_over)
{
	struct rpc_output *output = &relay->outputs[relay->output_count - 1];

	snprintf(output->lines.name, sizeof(output->lines.name), "%s", name);
	output->lines.drawn_over = drawn_over && isatty(output->fd);
}

/* Fill `fds` with the descriptors of the streams that must be waited for. Returns how many. */
static size_t list_streams(const struct rpc_relay *relay, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < relay->input_count; i++)
		fds[n++] =
			(struct pollfd){.fd = rpc_relay_sending(relay) ? -1 : relay->inputs[i].fd,
					.events = POLLIN};
	/*
	 * A pipe of our own is also polled while there is nothing to write: poll(2) reports when
	 * nobody reads it any more.
	 */
	for (size_t i = 0; i < relay->output_count; i++) {
		const struct rpc_output *output = &relay->outputs[i];
		bool blocked = relay->blocked_on == (int)i;

		fds[n++] = (struct pollfd){.fd = output->own || blocked ? output->fd : -1,
					   .events = blocked ? POLLOUT : 0};
	}
	return n;
}

static void note_streams(struct rpc_relay *relay, const struct pollfd *fds)
{
	for (size_t i = 0; i < relay->input_count; i++)
		relay->inputs[i].ready |= fds[i].revents != 0;
	for (size_t i = 0; i < relay->output_count; i++) {
		struct rpc_output *output = &relay->outputs[i];

		if (output->own && fds[relay->input_count + i].revents & POLLERR) {
			close(output->fd);
			output->fd = -1;
			output->broken = true;
			output->error = EPIPE;
		}
	}
}

/* What to wait for on the channel. */
static short channel_events(const struct rpc_relay *relay)
{
	return (short)((relay->blocked_on < 0 ? POLLIN : 0) |
		       (rpc_relay_sending(relay) ? POLLOUT : 0));
}

int rpc_relay_step(struct rpc_relay *relay, struct pollfd *fds, size_t count, int timeout)
{
	struct pollfd all[8];
	size_t n;
	int received = rpc_relay_receive(relay), sent, r;

	for (size_t i = 0; i < count; i++)
		fds[i].revents = 0;
	if (received < 0 || relay->over)
		return received < 0 ? received : 0;
	sent = rpc_relay_send(relay);
	if (sent < 0 || relay->over)
		return sent < 0 ? sent : 0;
	n = list_streams(relay, all);
	memcpy(all + n, fds, count * sizeof(*fds));
	r = relay->channel->transport->wait(relay->channel, channel_events(relay), all, n + count,
					    received > 0 || sent > 0 ? 0 : timeout);
	note_streams(relay, all);
	memcpy(fds, all + n, count * sizeof(*fds));
	return r < 0 ? r : 0;
}

void rpc_relay_exit(struct rpc_relay *relay, int status)
{
	relay->exit_status = status;
}

void rpc_relay_close(struct rpc_relay *relay)
{
	for (size_t i = 0; i < relay->input_count; i++) {
		if (relay->inputs[i].fd >= 0)
			close(relay->inputs[i].fd);
	}
	for (size_t i = 0; i < relay->output_count; i++) {
		if (relay->outputs[i].fd >= 0)
			close(relay->outputs[i].fd);
	}
	free(relay->in);
	free(relay->screened);
	free(relay->cleaned);
	free(relay->out);
	relay->in = relay->out = NULL;
	relay->screened = relay->cleaned = NULL;
}
