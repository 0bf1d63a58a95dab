/*
 * A channel whose other end is the fuzzer's input.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "far.h"

#include "fuzz.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

size_t far_noise(struct far *far, size_t below)
{
	far->noise = far->noise * 1664525 + 1013904223;
	return (far->noise >> 8) % below;
}

/* Of how many bytes the next piece may be: mostly few, sometimes very many. */
static size_t piece(struct far *far)
{
	return 1 + far_noise(far, (size_t)1 << far_noise(far, 18));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- Through memory ---- */

/* Bytes that can be read now; negative: the other end is gone. */
static ssize_t readable(struct far *far, size_t size)
{
	if (far->sent == far->size && !far->stays)
		return -ECONNRESET;
	return (ssize_t)least(least(size, far->may_read), far->size - far->sent);
}

static size_t writable(const struct far *far, size_t size)
{
	return far->deaf ? 0 : least(least(size, far->may_write), FAR_GOT_MAX - far->got_size);
}

static ssize_t memory_read(struct rpc_channel *channel, void *buffer, size_t size)
{
	struct far *far = channel->state;
	ssize_t n = readable(far, size);

	CHECK(size > 0);
	if (n <= 0)
		return n;
	memcpy(buffer, far->bytes + far->sent, (size_t)n);
	far->sent += (size_t)n;
	far->may_read -= (size_t)n;
	return n;
}

static void take(struct far *far, size_t n)
{
	far->got_size += n;
	far->may_write -= n;
}

static ssize_t memory_write(struct rpc_channel *channel, const void *buffer, size_t size)
{
	struct far *far = channel->state;
	size_t n = writable(far, size);

	CHECK(size > 0);
	memcpy(far->got + far->got_size, buffer, n);
	take(far, n);
	return (ssize_t)n;
}

static ssize_t memory_pipe_in(struct rpc_channel *channel, int pipe, size_t size)
{
	struct far *far = channel->state;
	size_t n = writable(far, size);
	ssize_t r = n > 0 ? read(pipe, far->got + far->got_size, n) : 0;

	CHECK(size > 0);
	if (r <= 0)
		return 0;
	take(far, (size_t)r);
	return r;
}

static ssize_t memory_pipe_out(struct rpc_channel *channel, int pipe, size_t size)
{
	struct far *far = channel->state;
	ssize_t n = readable(far, size);

	CHECK(size > 0);
	if (n <= 0)
		return n;
	n = write(pipe, far->bytes + far->sent, (size_t)n);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	far->sent += (size_t)n;
	far->may_read -= (size_t)n;
	return n;
}

/* Would it have slept? Where nothing else happens meanwhile, it would not have woken up again. */
static void note_wait(struct far *far, int r, const struct pollfd *fds, size_t count, int timeout)
{
	far->ready = r != 0 || timeout == 0;
	for (size_t i = 0; i < count; i++)
		far->ready |= fds[i].revents != 0;
	CHECK(far->ready || !far->alone);
}

static int memory_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
		       int timeout)
{
	struct far *far = channel->state;
	bool gone = far->sent == far->size && !far->stays;
	int r = 0;

	if (far->may_read == 0)
		far->may_read = piece(far);
	if (far->may_write == 0)
		far->may_write = piece(far);
	MUST(poll(fds, count, 0));
	if (events & POLLIN && (far->sent < far->size || gone))
		r |= POLLIN;
	if (events & POLLOUT && writable(far, 1) > 0)
		r |= POLLOUT;
	note_wait(far, r, fds, count, timeout);
	return gone && !(events & POLLIN) ? -ECONNRESET : r;
}

static void memory_close(struct rpc_channel *channel)
{
	channel->state = NULL;
}

/* ---- Through sockets ---- */

/* The other end does something, too. */
static void pump(struct far *far)
{
	size_t n = least(piece(far), far->size - far->sent);
	ssize_t r;

	if (far->fd < 0)
		return;
	r = n > 0 ? send(far->fd, far->bytes + far->sent, n, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	far->sent += r > 0 ? (size_t)r : 0;
	n = far->deaf ? 0 : least(piece(far), FAR_GOT_MAX - far->got_size);
	r = n > 0 ? recv(far->fd, far->got + far->got_size, n, MSG_DONTWAIT) : 0;
	far->got_size += r > 0 ? (size_t)r : 0;
	if (far->sent == far->size && !far->stays) {
		close(far->fd);
		far->fd = -1;
	}
}

static int sockets_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
			int timeout)
{
	struct far *far = channel->state;
	int r;

	pump(far);
	r = rpc_unix_transport.wait(channel, events, fds, count, 0);
	note_wait(far, r, fds, count, timeout);
	return r;
}

/* ---- Both ---- */

void far_open(struct far *far, struct rpc_channel *channel, enum far_way way, const uint8_t *bytes,
	      size_t size, uint8_t noise)
{
	static struct rpc_transport sockets;
	static const struct rpc_transport memory[] = {
		[FAR_MEMORY] = {.name = "memory",
				.read = memory_read,
				.write = memory_write,
				.wait = memory_wait,
				.close = memory_close},
		[FAR_MEMORY_MOVING] = {.name = "memory",
				       .read = memory_read,
				       .write = memory_write,
				       .pipe_in = memory_pipe_in,
				       .pipe_out = memory_pipe_out,
				       .wait = memory_wait,
				       .close = memory_close},
	};
	int fds[2] = {-1, -1};

	signal(SIGPIPE, SIG_IGN); /* as the programs do */
	if (way == FAR_SOCKETS) {
		MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds));
		sockets = rpc_unix_transport;
		sockets.wait = sockets_wait;
	}
	*far = (struct far){.bytes = bytes,
			    .size = size,
			    .got = fuzz_exact_buffer(FAR_GOT_MAX),
			    .noise = 2654435761u * (noise + 1u),
			    .fd = fds[1]};
	*channel = (struct rpc_channel){.transport = way == FAR_SOCKETS ? &sockets : &memory[way],
					.fd = fds[0],
					.state = far};
}

void far_close(struct far *far, struct rpc_channel *channel)
{
	ssize_t r = far->fd < 0 ? 0 : 1;

	/* What is on its way, it gets. */
	while (r > 0 && far->got_size < FAR_GOT_MAX) {
		r = recv(far->fd, far->got + far->got_size, FAR_GOT_MAX - far->got_size,
			 MSG_DONTWAIT);
		far->got_size += r > 0 ? (size_t)r : 0;
	}
	channel->transport->close(channel);
	if (far->fd >= 0)
		close(far->fd);
	far->fd = -1;
}
