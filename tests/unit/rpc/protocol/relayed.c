/*
 * A whole call in one process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "rpc/protocol/relayed.h"

#include "protocol/exchange.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNASKED_MAX ((size_t)64 << 20)

static unsigned random_below(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

/* How much of `size` to take this time. */
static size_t part(unsigned *seed, size_t size)
{
	if (*seed == 0 || size == 0)
		return size;
	return 1 + random_below(seed, 1u << (4 + random_below(seed, 15))) % size;
}

/* ---- A channel in memory ---- */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What can be read in one piece, and where it is. */
static size_t filled(struct line *line, unsigned char **at)
{
	size_t begin = line->begin % sizeof(line->bytes);

	*at = line->bytes + begin;
	return least(line->end - line->begin, sizeof(line->bytes) - begin);
}

static size_t empty(struct line *line, unsigned char **at)
{
	size_t end = line->end % sizeof(line->bytes), used = line->end - line->begin;

	*at = line->bytes + end;
	return used < line->room ? least(line->room - used, sizeof(line->bytes) - end) : 0;
}

static void count(struct end *end, size_t n)
{
	end->unasked += n;
	if (end->unasked >= UNASKED_MAX)
		ck_abort_msg("it never waits, and so never looks whether it is to stop");
}

static ssize_t end_read(struct rpc_channel *channel, void *buffer, size_t size)
{
	struct end *end = channel->state;
	unsigned char *at;
	size_t n = part(&end->seed, least(filled(end->in, &at), size));

	if (n == 0)
		return end->in->gone ? -ECONNRESET : 0;
	memcpy(buffer, at, n);
	end->in->begin += n;
	count(end, n);
	return (ssize_t)n;
}

static ssize_t end_write(struct rpc_channel *channel, const void *buffer, size_t size)
{
	struct end *end = channel->state;
	unsigned char *at;
	size_t n = part(&end->seed, least(empty(end->out, &at), size));

	memcpy(at, buffer, n);
	end->out->end += n;
	count(end, n);
	return (ssize_t)n;
}

static ssize_t end_pipe_in(struct rpc_channel *channel, int pipe, size_t size)
{
	struct end *end = channel->state;
	unsigned char *at;
	size_t n = part(&end->seed, least(empty(end->out, &at), size));
	ssize_t r = n > 0 ? read(pipe, at, n) : 0;

	end->out->end += r > 0 ? (size_t)r : 0;
	return r > 0 ? r : 0;
}

static ssize_t end_pipe_out(struct rpc_channel *channel, int pipe, size_t size)
{
	struct end *end = channel->state;
	unsigned char *at;
	size_t n = part(&end->seed, least(filled(end->in, &at), size));
	ssize_t r = n > 0 ? write(pipe, at, n) : 0;

	if (n == 0 && end->in->gone)
		return -ECONNRESET;
	end->in->begin += r > 0 ? (size_t)r : 0;
	return r < 0 && errno != EAGAIN ? -errno : r < 0 ? 0 : r;
}

/* Nobody sleeps here: what would wake one is noted. */
static void note_wait(struct end *end, bool awake, short events, const struct pollfd *fds, size_t n)
{
	end->awake += awake;
	end->asleep = !awake;
	end->events = events;
	end->fd_count = n;
	memcpy(end->fds, fds, n * sizeof(*fds));
}

static int end_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t n,
		    int timeout)
{
	struct end *end = channel->state;
	bool gone = end->in->gone && end->in->begin == end->in->end;
	int r = 0, ready = poll(fds, n, 0);

	end->unasked = 0;
	if (events & POLLIN && (gone || end->in->end > end->in->begin))
		r |= POLLIN;
	if (events & POLLOUT && end->out->end - end->out->begin < end->out->room)
		r |= POLLOUT;
	note_wait(end, r != 0 || ready > 0 || timeout == 0, events, fds, n);
	return gone && !(events & POLLIN) ? -ECONNRESET : r;
}

/* The real one, but it never sleeps: the other end is in this process. */
static int socket_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t n,
		       int timeout)
{
	struct end *end = channel->state;
	int r = rpc_unix_transport.wait(channel, events, fds, n, 0);
	bool awake = r != 0 || timeout == 0;

	for (size_t i = 0; i < n; i++)
		awake |= fds[i].revents != 0;
	note_wait(end, awake, events, fds, n);
	return r;
}

static void end_close(struct rpc_channel *channel)
{
	channel->state = NULL;
}

void end_begin(struct end *end, enum way way, struct line *in, struct line *out)
{
	static const struct rpc_transport transports[] = {
		[WAY_MEMORY] = {.name = "memory",
				.read = end_read,
				.write = end_write,
				.wait = end_wait,
				.close = end_close},
		[WAY_MOVING] = {.name = "moving",
				.read = end_read,
				.write = end_write,
				.pipe_in = end_pipe_in,
				.pipe_out = end_pipe_out,
				.wait = end_wait,
				.close = end_close},
	};

	*end = (struct end){.in = in, .out = out};
	in->room = out->room = sizeof(in->bytes);
	end->channel = (struct rpc_channel){.transport = &transports[way], .fd = -1, .state = end};
}

void line_put(struct line *line, const void *bytes, size_t size)
{
	ck_assert_uint_le(line->end - line->begin + size, sizeof(line->bytes));
	for (size_t i = 0; i < size; i++)
		line->bytes[line->end++ % sizeof(line->bytes)] = ((const unsigned char *)bytes)[i];
}

void line_put_frame(struct line *line, enum rpc_frame_type type, const void *payload, size_t length)
{
	static unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_FRAME_MAX];

	ck_assert_uint_le(length, RPC_FRAME_MAX);
	line_put(line, bytes, rpc_frame_put(bytes, type, payload, length));
}

/* ---- A call ---- */

static void join(struct relayed *call, enum way way)
{
	static struct rpc_transport sockets;
	int fds[2];

	end_begin(&call->caller_end, way % WAY_SOCKETS, &call->lines[0], &call->lines[1]);
	end_begin(&call->service_end, way % WAY_SOCKETS, &call->lines[1], &call->lines[0]);
	call->caller_end.seed = call->seed;
	call->service_end.seed = call->seed * 3;
	if (way != WAY_SOCKETS)
		return;
	sockets = rpc_unix_transport;
	sockets.wait = socket_wait;
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
	call->caller_end.channel.transport = call->service_end.channel.transport = &sockets;
	call->caller_end.channel.fd = fds[0];
	call->service_end.channel.fd = fds[1];
}

/* A stream from one relay's side to the other's. */
static void add_flow(struct relayed *call, enum rpc_frame_type type, size_t size)
{
	struct rpc_relay *from = type == RPC_STDIN ? &call->caller : &call->service,
			 *to = type == RPC_STDIN ? &call->service : &call->caller;
	int here[2], there[2];

	MUST(pipe2(here, O_NONBLOCK));
	MUST(pipe2(there, O_NONBLOCK));
	rpc_relay_input(from, type, here[0], RPC_OWN);
	rpc_relay_output(to, type, there[1], RPC_OWN);
	call->flows[type - RPC_STDIN] =
		(struct flow){.write_fd = here[1], .read_fd = there[0], .size = size};
}

struct relayed *relayed_begin(enum way way, unsigned seed, size_t in, size_t out, size_t err)
{
	struct relayed *call = calloc(1, sizeof(*call));

	ck_assert_ptr_nonnull(call);
	signal(SIGPIPE, SIG_IGN);
	call->seed = seed;
	call->status = STATUS;
	join(call, way);
	rpc_session_begin(&call->caller_session, RPC_SERVICE);
	rpc_session_begin(&call->service_session, RPC_CALLER);
	call->caller_session.greeted = call->caller_session.begun = true;
	call->service_session.greeted = call->service_session.begun = true;
	ck_assert_int_eq(
		rpc_relay_open(&call->caller, &call->caller_end.channel, &call->caller_session), 0);
	ck_assert_int_eq(
		rpc_relay_open(&call->service, &call->service_end.channel, &call->service_session),
		0);
	add_flow(call, RPC_STDIN, in);
	add_flow(call, RPC_STDOUT, out);
	add_flow(call, RPC_STDERR, err);
	return call;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What stands at this place of a stream: no two places near each other look the same. */
static unsigned char byte_at(size_t place, size_t stream)
{
	return (unsigned char)(place * 7 + place / 256 * 3 + place / 65536 + stream * 101);
}

static bool write_flow(struct relayed *call, size_t stream)
{
	struct flow *flow = &call->flows[stream];
	static unsigned char bytes[1 << 17];
	struct pollfd fd = {.fd = flow->write_fd, .events = POLLOUT};
	size_t size = part(&call->seed, least(flow->size - flow->written, sizeof(bytes)));
	ssize_t n;

	if (flow->write_fd < 0 || poll(&fd, 1, 0) == 0)
		return false;
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(flow->written + i, stream);
	n = write(flow->write_fd, bytes, size);
	if (n < 0 && errno == EAGAIN)
		return false;
	flow->refused = n < 0 && errno == EPIPE;
	flow->written += n > 0 ? (size_t)n : 0;
	if (flow->refused || flow->written == flow->size)
		shut(&flow->write_fd);
	return true;
}

static bool read_flow(struct relayed *call, size_t stream)
{
	struct flow *flow = &call->flows[stream];
	static unsigned char bytes[1 << 17];
	ssize_t n;

	if (flow->read_fd < 0 || flow->held)
		return false;
	n = read(flow->read_fd, bytes, part(&call->seed, sizeof(bytes)));
	if (n < 0)
		return false;
	for (size_t i = 0; i < (size_t)n; i++) {
		/* Each assertion is a message to another process: not one for each byte. */
		if (bytes[i] != byte_at(flow->read + i, stream))
			ck_abort_msg("stream %zu: another byte at %zu", stream, flow->read + i);
	}
	flow->read += (size_t)n;
	flow->ended = n == 0;
	if (flow->ended)
		shut(&flow->read_fd);
	return true;
}

/* Everything that a step can change, in one number that is only to be compared. */
static size_t state_of(const struct rpc_relay *relay)
{
	size_t state = relay->received + relay->sent + relay->in_begin + relay->out_begin +
		       relay->over + relay->session->ended + relay->session->unwanted;

	for (size_t i = 0; i < relay->input_count; i++)
		state += relay->inputs[i].told + relay->inputs[i].ready;
	for (size_t i = 0; i < relay->output_count; i++)
		state += relay->outputs[i].fd < 0;
	return state;
}

/* Does it sleep, and does nothing of what it waits for wake it? */
static bool sleeps(struct end *end)
{
	struct pollfd fds[COUNT(end->fds)];

	if (!end->asleep)
		return false;
	memcpy(fds, end->fds, sizeof(fds));
	end->channel.transport->wait(&end->channel, end->events, fds, end->fd_count, -1);
	return end->asleep;
}

static bool step(struct rpc_relay *relay, struct end *end)
{
	size_t before = state_of(relay) + end->in->begin + end->out->end;
	struct pollfd none;

	if (relay->over || sleeps(end))
		return false;
	ck_assert_int_eq(rpc_relay_step(relay, &none, 0, -1), 0);
	return state_of(relay) + end->in->begin + end->out->end != before;
}

bool relayed_round(struct relayed *call)
{
	bool happened = step(&call->caller, &call->caller_end);

	happened |= step(&call->service, &call->service_end);
	for (size_t i = 0; i < COUNT(call->flows); i++) {
		happened |= write_flow(call, i);
		happened |= read_flow(call, i);
	}
	if (call->status >= 0 && call->flows[1].write_fd < 0 && call->flows[2].write_fd < 0) {
		rpc_relay_exit(&call->service, call->status);
		call->status = -1;
		/* A descriptor of the caller's tells that a process has ended. */
		call->service_end.asleep = false;
		happened = true;
	}
	return happened;
}

void relayed_settle(struct relayed *call)
{
	/* What poll(2) tells in one round is acted upon in the next. */
	for (unsigned quiet = 0; quiet < 3; quiet++) {
		if (relayed_round(call))
			quiet = 0;
	}
}

void relayed_run(struct relayed *call)
{
	relayed_settle(call);
	ck_assert_msg(call->service.over && call->caller.over, "it sleeps for ever");
	ck_assert_int_eq(call->caller.exit_status, STATUS);
}

void relayed_end(struct relayed *call)
{
	rpc_relay_close(&call->caller);
	rpc_relay_close(&call->service);
	call->caller_end.channel.transport->close(&call->caller_end.channel);
	call->service_end.channel.transport->close(&call->service_end.channel);
	for (size_t i = 0; i < COUNT(call->flows); i++) {
		shut(&call->flows[i].write_fd);
		shut(&call->flows[i].read_fd);
	}
	free(call);
}
