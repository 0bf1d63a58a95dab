/*
 * The Xen transport: a channel is a libxenvchan, which is two rings in memory that the caller's
 * guest shares with the service's.
 *
 * It is fast because bytes are copied only between the rings and our pipes, and because we ask the
 * other end for a notification only before we sleep. A notification costs it a hypercall, and both
 * of us a switch between guests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/vchan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport/xen/dom0_request.h"
#include "transport/xen/ring.h"
#include "transport/xen/xenentry.h"

#define FDS_MAX 16 /* descriptors that a caller of vchan_wait() waits for */

static bool peer_is_there(const struct vchan *vchan)
{
	return !vchan->peer_gone && libxenvchan_is_open(vchan->chan);
}

static ssize_t vchan_read(struct rpc_channel *channel, void *buffer, size_t size)
{
	struct vchan *vchan = channel->state;
	bool there = peer_is_there(vchan); /* before reading: what the peer wrote last counts */
	size_t n = ring_read(vchan->chan, buffer, size);

	return n == 0 && size > 0 && !there ? -ECONNRESET : (ssize_t)n;
}

ssize_t vchan_write(struct rpc_channel *channel, const void *buffer, size_t size)
{
	struct vchan *vchan = channel->state;
	size_t space;
	int n;

	/* A peer that has left may have written why: that must be read first. */
	if (!peer_is_there(vchan))
		return ring_readable(vchan->chan) > 0 ? 0 : -ECONNRESET;
	space = ring_writable(vchan->chan);
	if (space == 0 || size == 0)
		return 0;
	n = libxenvchan_write(vchan->chan, buffer, size < space ? size : space);
	return n < 0 ? 0 : n;
}

static ssize_t vchan_pipe_in(struct rpc_channel *channel, int pipe, size_t size)
{
	struct vchan *vchan = channel->state;

	if (!peer_is_there(vchan))
		return ring_readable(vchan->chan) > 0 ? 0 : -ECONNRESET;
	return ring_from_pipe(vchan->chan, pipe, size);
}

static ssize_t vchan_pipe_out(struct rpc_channel *channel, int pipe, size_t size)
{
	struct vchan *vchan = channel->state;
	bool there = peer_is_there(vchan); /* as in vchan_read() */

	if (ring_readable(vchan->chan) == 0)
		return there ? 0 : -ECONNRESET;
	return ring_to_pipe(vchan->chan, pipe, size);
}

static void no_message(struct xentoollog_logger *logger, xentoollog_level level, int error,
		       const char *context, const char *format, va_list arguments)
{
	(void)logger, (void)level, (void)error, (void)context, (void)format, (void)arguments;
}

struct xentoollog_logger vchan_silence = {.vmessage = no_message};

/* ---- Waiting ---- */

static void entry_has_changed(void *context, const char *untrusted_path, const char *token)
{
	struct vchan *vchan = context;

	(void)untrusted_path;
	(void)token;
	vchan->changed = true;
}

int vchan_new(struct vchan **made, struct rpc_failure *failure)
{
	struct vchan *vchan = calloc(1, sizeof(*vchan));
	int status;

	if (!vchan)
		return rpc_fail(failure, -ENOMEM, "out of memory");
	status = xenstore_open(&vchan->store, entry_has_changed, vchan);
	if (status < 0) {
		free(vchan);
		return rpc_fail(failure, status,
				"cannot reach xenstore through /dev/xen/xenbus: %s: is this a Xen "
				"guest, and may this account use it?",
				strerror(-status));
	}
	*made = vchan;
	return 0;
}

ssize_t vchan_watch_peer(struct vchan *vchan, const char *entry, char value[XENSTORE_VALUE_SIZE])
{
	int status = xenstore_watch(&vchan->store, entry, "peer");

	strcpy(vchan->entry, entry);
	return status < 0 ? status : xenstore_read(&vchan->store, entry, value);
}

void vchan_give(struct vchan *vchan, struct rpc_channel *channel)
{
	vchan->chan->blocking = 0;
	channel->transport = &rpc_xen_transport;
	channel->fd = -1;
	channel->state = vchan;
}

void vchan_free(struct vchan *vchan)
{
	libxenvchan_close(vchan->chan);
	xenstore_close(&vchan->store);
	dom0_request_end(vchan->request);
	free(vchan);
}

/* Read from xenstore whether the other guest is still there. */
static void look_at_peer(struct vchan *vchan)
{
	char value[XENSTORE_VALUE_SIZE];

	if (xenstore_drain(&vchan->store) < 0)
		vchan->peer_gone = true;
	while (vchan->changed && !vchan->peer_gone) {
		vchan->changed = false;
		if (xenstore_read(&vchan->store, vchan->entry, value) < 0 ||
		    !rpc_entry_names(value, vchan->peer))
			vchan->peer_gone = true;
	}
}

/* The two descriptors of a channel: its event channel, and its connection to xenstore. */
static void watched(const struct vchan *vchan, struct pollfd fds[2])
{
	fds[0] = (struct pollfd){.fd = libxenvchan_fd_for_select(vchan->chan), .events = POLLIN};
	fds[1] = (struct pollfd){.fd = vchan->peer_gone ? -1 : vchan->store.fd, .events = POLLIN};
}

/*
 * After poll(2), before we sleep again: take the notification, so that the next one wakes us. While
 * we are busy it is left there, since then further ones cost nothing.
 */
static void take_notification(struct vchan *vchan, const struct pollfd fds[2])
{
	if (fds[0].revents)
		libxenvchan_wait(vchan->chan);
}

/* After poll(2): see whether the other guest is still there. */
static void notice_peer(struct vchan *vchan, const struct pollfd fds[2])
{
	if (fds[1].revents)
		look_at_peer(vchan);
}

static int milliseconds_until(int64_t deadline)
{
	int64_t left = deadline - clock_now();

	return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

int vchan_sleep(struct vchan *vchan, int64_t deadline)
{
	struct pollfd fds[2];

	watched(vchan, fds);
	if (poll(fds, 2, milliseconds_until(deadline)) > 0) {
		take_notification(vchan, fds);
		notice_peer(vchan, fds);
	}
	return vchan->peer_gone ? -ECONNRESET : 0;
}

/*
 * Which of `events` are possible at once? For those that are not, the other end has been asked for
 * a notification. -ECONNRESET: the other end is gone.
 *
 * When the caller is gone, the service's side gives up at once: nobody needs its output. A caller
 * first reads everything that the service wrote before it left.
 */
static int possible(struct vchan *vchan, short events)
{
	bool there = peer_is_there(vchan);
	int can = 0;

	if ((events & POLLIN) &&
	    (ring_readable(vchan->chan) > 0 || libxenvchan_data_ready(vchan->chan) > 0))
		can |= POLLIN;
	if (!there && !can && !(vchan->chan->is_server && ring_readable(vchan->chan) > 0))
		return -ECONNRESET;
	if (there && (events & POLLOUT) &&
	    (ring_writable(vchan->chan) > 0 || libxenvchan_buffer_space(vchan->chan) > 0))
		can |= POLLOUT;
	return can;
}

/* poll(2) for the channel's own descriptors and `fds`. Returns how many of `fds` are ready. */
static size_t poll_all(struct pollfd own[2], struct pollfd *fds, size_t count, int timeout)
{
	struct pollfd all[2 + FDS_MAX];
	size_t ready = 0;
	int n;

	memcpy(all, own, 2 * sizeof(*own));
	memcpy(all + 2, fds, count * sizeof(*fds));
	n = poll(all, 2 + count, timeout);
	for (size_t i = 0; i < 2 + count; i++) {
		struct pollfd *each = i < 2 ? &own[i] : &fds[i - 2];

		each->revents = n > 0 ? all[i].revents : 0;
		ready += i >= 2 && each->revents;
	}
	return ready;
}

int vchan_wait(struct rpc_channel *channel, short events, struct pollfd *fds, size_t count,
	       int timeout)
{
	struct vchan *vchan = channel->state;
	int64_t deadline = timeout < 0 ? INT64_MAX : clock_now() + timeout;
	struct pollfd own[2];
	size_t ready;
	int can;

	if (count > FDS_MAX)
		return -EINVAL;
	for (;;) {
		can = possible(vchan, events);
		watched(vchan, own);
		ready = poll_all(own, fds, count,
				 can           ? 0
				 : timeout < 0 ? -1
					       : milliseconds_until(deadline));
		if (can == 0)
			take_notification(vchan, own);
		notice_peer(vchan, own);
		if (can == 0 && (own[0].revents || own[1].revents))
			can = possible(vchan, events);
		if (can || ready || (timeout >= 0 && clock_now() >= deadline))
			return can;
	}
}

void vchan_close(struct rpc_channel *channel)
{
	struct vchan *vchan = channel->state;

	if (!vchan)
		return;
	vchan_free(vchan);
	channel->state = NULL;
}

/* ---- The call's process ---- */

static int answer(struct vchan *vchan, const struct rpc_pending *pending, unsigned own_domid,
		  struct rpc_failure *failure)
{
	char entry[VCHAN_ENTRY_SIZE], path[2 * VCHAN_PATH_SIZE], value[XENSTORE_VALUE_SIZE];

	strcpy(vchan->peer, pending->source);
	snprintf(entry, sizeof(entry), "pedos-rpc-in/%u", pending->origin);
	if (vchan_watch_peer(vchan, entry, value) < 0 || !rpc_entry_names(value, pending->source))
		return rpc_fail(failure, -ECONNRESET, "%s is gone", pending->source);
	snprintf(path, sizeof(path), "/local/domain/%u/data/pedos-rpc/%u/%s", pending->origin,
		 own_domid, pending->id);
	if (strlen(path) + strlen("/event-channel") >= VCHAN_PATH_SIZE)
		return rpc_fail(failure, -ENAMETOOLONG,
				"%s calls with an ID that is too long for libxenvchan",
				pending->source);
	vchan->chan = libxenvchan_client_init(&vchan_silence, (int)pending->origin, path);
	if (!vchan->chan)
		return rpc_fail(failure, -ECONNREFUSED,
				"cannot connect to %s: it has given up, or made its call wrongly",
				pending->source);
	return 0;
}

int vchan_answer(struct rpc_channel *channel, const struct rpc_pending *pending, unsigned own_domid,
		 struct rpc_failure *failure)
{
	struct vchan *vchan;
	int status = vchan_new(&vchan, failure);

	if (status < 0)
		return status;
	status = answer(vchan, pending, own_domid, failure);
	if (status == 0)
		vchan_give(vchan, channel);
	else
		vchan_free(vchan);
	return status;
}

const struct rpc_transport rpc_xen_transport = {
	.name = "xen",
	.connect = vchan_connect,
	.connect_new = vchan_connect_new,
	.request = vchan_request,
	.targets = vchan_targets,
	.told = vchan_told,
	.listen = vchan_listen,
	.domain = vchan_domain,
	.listening = vchan_listening,
	.accept = vchan_accept,
	.refuse = vchan_refuse,
	.release = vchan_release,
	.ended = vchan_ended,
	.open = vchan_open,
	.rules = vchan_rules,
	.granted = vchan_granted,
	.unlisten = vchan_unlisten,
	.read = vchan_read,
	.write = vchan_write,
	.pipe_in = vchan_pipe_in,
	.pipe_out = vchan_pipe_out,
	.wait = vchan_wait,
	.close = vchan_close,
};
