/*
 * The two rings of a libxenvchan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/ring.h"

#include <errno.h>
#include <libxenvchan.h>
#include <string.h>
#include <unistd.h>

static size_t size_of(const struct libxenvchan_ring *ring)
{
	return (size_t)1 << ring->order;
}

/* How many bytes are in a ring, according to its two indices. The result must be checked. */
static uint32_t untrusted_filled(const struct libxenvchan_ring *ring)
{
	uint32_t untrusted_prod = __atomic_load_n(&ring->shr->prod, __ATOMIC_ACQUIRE);

	return untrusted_prod - __atomic_load_n(&ring->shr->cons, __ATOMIC_ACQUIRE);
}

size_t ring_readable(const struct libxenvchan *chan)
{
	uint32_t untrusted_bytes = untrusted_filled(&chan->read);

	return untrusted_bytes > size_of(&chan->read) ? 0 : untrusted_bytes;
}

size_t ring_writable(const struct libxenvchan *chan)
{
	uint32_t untrusted_bytes = untrusted_filled(&chan->write);

	return untrusted_bytes > size_of(&chan->write) ? 0
						       : size_of(&chan->write) - untrusted_bytes;
}

/* Where in the ring's memory an index is, and the smallest of `size`, `most` and what is left. */
static char *part_of(const struct libxenvchan_ring *ring, uint32_t untrusted_index, size_t most,
		     size_t *size)
{
	size_t at = untrusted_index & (size_of(ring) - 1);

	if (*size > most)
		*size = most;
	if (*size > size_of(ring) - at)
		*size = size_of(ring) - at;
	return (char *)ring->buffer + at;
}

/* Notify the other end of what we did, VCHAN_NOTIFY_READ or WRITE, if it waits for that. */
static void notify(struct libxenvchan *chan, uint8_t what)
{
	uint8_t *asked = chan->is_server ? &chan->ring->srv_notify : &chan->ring->cli_notify;

	/* Whoever asks looks at the index after that: either they see it, or we see that they ask.
	 */
	if (__atomic_fetch_and(asked, (uint8_t)~what, __ATOMIC_SEQ_CST) & what)
		xenevtchn_notify(chan->event, chan->event_port);
}

/* What read(2) or write(2) returned. */
static ssize_t outcome(ssize_t n)
{
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

ssize_t ring_from_pipe(struct libxenvchan *chan, int pipe, size_t size)
{
	uint32_t index = __atomic_load_n(&chan->write.shr->prod, __ATOMIC_RELAXED);
	char *to = part_of(&chan->write, index, ring_writable(chan), &size);
	ssize_t n = size > 0 ? outcome(read(pipe, to, size)) : 0;

	if (n > 0) {
		__atomic_store_n(&chan->write.shr->prod, index + (uint32_t)n, __ATOMIC_SEQ_CST);
		notify(chan, VCHAN_NOTIFY_WRITE);
	}
	return n;
}

/* So many bytes have been read from `index` on. */
static void have_read(struct libxenvchan *chan, uint32_t index, size_t size)
{
	__atomic_store_n(&chan->read.shr->cons, index + (uint32_t)size, __ATOMIC_SEQ_CST);
	/* Whoever goes on reads what is left, and whoever sleeps has read all. */
	if (ring_readable(chan) <= size_of(&chan->read) / 2)
		notify(chan, VCHAN_NOTIFY_READ);
}

size_t ring_read(struct libxenvchan *chan, void *buffer, size_t size)
{
	size_t done = 0, part;

	do {
		uint32_t index = __atomic_load_n(&chan->read.shr->cons, __ATOMIC_RELAXED);
		const char *from;

		part = size - done;
		from = part_of(&chan->read, index, ring_readable(chan), &part);
		memcpy((char *)buffer + done, from, part);
		if (part > 0)
			have_read(chan, index, part);
		done += part;
	} while (part > 0 && done < size);
	return done;
}

ssize_t ring_to_pipe(struct libxenvchan *chan, int pipe, size_t size)
{
	uint32_t index = __atomic_load_n(&chan->read.shr->cons, __ATOMIC_RELAXED);
	const char *from = part_of(&chan->read, index, ring_readable(chan), &size);
	ssize_t n = size > 0 ? outcome(write(pipe, from, size)) : 0;

	if (n > 0)
		have_read(chan, index, (size_t)n);
	return n;
}
