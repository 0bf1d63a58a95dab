/*
 * Moving bytes between pipes and the rings of a libxenvchan, which is played here: with indices
 * that wrap around, and that the other guest has made impossible.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#ifdef RPC_XEN
#include "transport/xen/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <libxenvchan.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ORDER 4 /* of a ring of 16 bytes */
#define SIZE  (1u << ORDER)
#define GUARD 32

static struct vchan_interface shared;
static unsigned char memory[GUARD + SIZE + GUARD];
static struct libxenvchan chan;
static unsigned notified;
static int ends[2]; /* of a pipe */

/* In place of the one in the library. */
int xenevtchn_notify(xenevtchn_handle *event, evtchn_port_t port)
{
	(void)event;
	ck_assert_uint_eq(port, 7);
	notified++;
	return 0;
}

/* Both rings are the same, with these indices. */
static void begin(uint32_t cons, uint32_t prod)
{
	memset(memory, '-', sizeof(memory));
	memset(&shared, 0, sizeof(shared));
	shared.left = (struct ring_shared){.cons = cons, .prod = prod};
	chan = (struct libxenvchan){.ring = &shared, .event_port = 7};
	chan.read = chan.write = (struct libxenvchan_ring){
		.shr = &shared.left, .buffer = memory + GUARD, .order = ORDER};
	notified = 0;
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static void end(void)
{
	close(ends[0]);
	close(ends[1]);
	for (size_t i = 0; i < GUARD; i++) {
		ck_assert_int_eq(memory[i], '-');
		ck_assert_int_eq(memory[GUARD + SIZE + i], '-');
	}
}

static const struct {
	uint32_t cons, prod;
	size_t readable, writable;
} indices[] = {
	{0, 0, 0, 16},
	{0, 1, 1, 15},
	{5, 21, 16, 0},
	{UINT32_MAX, 0, 1, 15},
	{UINT32_MAX - 7, 8, 16, 0},
	/* Impossible. */
	{0, 17, 0, 0},
	{1, 0, 0, 0},
	{0, UINT32_MAX, 0, 0},
	{8, UINT32_MAX - 8, 0, 0},
};

START_TEST(filled)
{
	char bytes[2 * SIZE];

	begin(indices[_i].cons, indices[_i].prod);
	ck_assert_uint_eq(ring_readable(&chan), indices[_i].readable);
	ck_assert_uint_eq(ring_writable(&chan), indices[_i].writable);
	/* Whatever they are, no byte outside of the ring is read or written. */
	ck_assert_int_eq(write(ends[1], "0123456789abcdefghijklmnopqrstuv", 32), 32);
	while (ring_from_pipe(&chan, ends[0], sizeof(bytes)) > 0)
		;
	ck_assert_int_eq(read(ends[0], bytes, sizeof(bytes)), 32 - (int)indices[_i].writable);
	shared.left = (struct ring_shared){.cons = indices[_i].cons, .prod = indices[_i].prod};
	for (size_t i = 0; i < indices[_i].readable;) {
		ssize_t n = ring_to_pipe(&chan, ends[1], sizeof(bytes));

		ck_assert_int_gt(n, 0);
		i += (size_t)n;
	}
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], sizeof(bytes)), 0);
	end();
}
END_TEST

/* Through the ring and out of it again, at each place of its memory, in pieces of each size. */
START_TEST(through)
{
	static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	for (uint32_t start = UINT32_MAX - SIZE; start != SIZE; start++) {
		char got[sizeof(text)] = "";
		size_t came = 0, went = 0;
		int out[2];

		begin(start, start);
		ck_assert_int_eq(pipe2(out, O_NONBLOCK | O_CLOEXEC), 0);
		ck_assert_int_eq(write(ends[1], text, sizeof(text)), sizeof(text));
		while (went < sizeof(text)) {
			ssize_t in = ring_from_pipe(&chan, ends[0], (size_t)_i);
			ssize_t n = ring_to_pipe(&chan, out[1], SIZE);

			ck_assert(in >= 0 && n >= 0 && in + n > 0);
			came += (size_t)in;
			went += (size_t)n;
			ck_assert_uint_eq(shared.left.prod, start + (uint32_t)came);
			ck_assert_uint_eq(shared.left.cons, start + (uint32_t)went);
		}
		ck_assert_int_eq(read(out[0], got, sizeof(got)), sizeof(got));
		ck_assert_str_eq(got, text);
		close(out[0]);
		close(out[1]);
		end();
	}
}
END_TEST

/* Only where the other end asks for it, and once. */
START_TEST(notifications)
{
	begin(0, 0);
	if (_i)
		chan.is_server = -1; /* a field of one bit, with a sign */
	*(chan.is_server ? &shared.srv_notify : &shared.cli_notify) =
		VCHAN_NOTIFY_WRITE | VCHAN_NOTIFY_READ;
	*(chan.is_server ? &shared.cli_notify : &shared.srv_notify) = 0x5a;
	ck_assert_int_eq(ring_from_pipe(&chan, ends[0], SIZE), 0);
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], SIZE), 0);
	ck_assert_uint_eq(notified, 0);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(write(ends[1], "x", 1), 1);
		ck_assert_int_eq(ring_from_pipe(&chan, ends[0], SIZE), 1);
	}
	ck_assert_uint_eq(notified, 1);
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], 1), 1);
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], 1), 1);
	ck_assert_uint_eq(notified, 2);
	ck_assert_uint_eq(chan.is_server ? shared.cli_notify : shared.srv_notify, 0x5a);
	end();
}
END_TEST

/* Who waits for room is not woken before half of the ring is free, or all of it was read. */
START_TEST(notified_of_room)
{
	char bytes[SIZE];

	begin(0, SIZE);
	shared.cli_notify = VCHAN_NOTIFY_READ;
	for (unsigned i = 1; i < SIZE / 2; i++) {
		if (i & 1)
			ck_assert_int_eq(ring_to_pipe(&chan, ends[1], 1), 1);
		else
			ck_assert_uint_eq(ring_read(&chan, bytes, 1), 1);
		ck_assert_uint_eq(notified, 0);
	}
	ck_assert_uint_eq(ring_read(&chan, bytes, 1), 1);
	ck_assert_uint_eq(notified, 1);
	shared.cli_notify = VCHAN_NOTIFY_READ;
	ck_assert_uint_eq(ring_read(&chan, bytes, sizeof(bytes)), SIZE / 2);
	ck_assert_uint_eq(notified, 2);
	ck_assert_uint_eq(ring_read(&chan, bytes, sizeof(bytes)), 0);
	end();
}
END_TEST

/* In one piece, wherever it wraps around. */
START_TEST(read_around)
{
	char bytes[SIZE + 1] = "";

	begin((uint32_t)_i, (uint32_t)_i);
	ck_assert_int_eq(write(ends[1], "0123456789abcdef", SIZE), SIZE);
	while (ring_from_pipe(&chan, ends[0], SIZE) > 0)
		;
	ck_assert_uint_eq(ring_read(&chan, bytes, SIZE), SIZE);
	ck_assert_str_eq(bytes, "0123456789abcdef");
	end();
}
END_TEST

START_TEST(pipes_that_do_not_allow_it)
{
	static const char page[4096];

	begin(0, 5);
	/* Nothing is in it. */
	ck_assert_int_eq(ring_from_pipe(&chan, ends[0], SIZE), 0);
	while (write(ends[1], page, sizeof(page)) > 0)
		;
	/* It is full. */
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], SIZE), 0);
	ck_assert(shared.left.cons == 0 && shared.left.prod == 5);
	/* Nobody reads it. */
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	ck_assert_int_eq(ring_to_pipe(&chan, ends[1], SIZE), -EPIPE);
	ck_assert_uint_eq(shared.left.cons, 0);
	ends[0] = dup(ends[1]);
	end();
}
END_TEST

Suite *ring_suite(void)
{
	Suite *suite = suite_create("ring");
	TCase *tcase = add_case(suite, "ring");

	add_table_test(tcase, filled, indices);
	tcase_add_loop_test(tcase, through, 1, SIZE + 2);
	tcase_add_loop_test(tcase, notifications, 0, 2);
	tcase_add_test(tcase, notified_of_room);
	tcase_add_loop_test(tcase, read_around, -3, SIZE);
	tcase_add_test(tcase, pipes_that_do_not_allow_it);
	return suite;
}
#else
Suite *ring_suite(void)
{
	return suite_create("ring");
}
#endif
