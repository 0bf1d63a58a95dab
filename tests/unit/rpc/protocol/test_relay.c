/*
 * The relay: both ends of a call, and one end with another that does not behave.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "faults.h"
#include "rpc/protocol/relayed.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum {
	IN,
	OUT,
	ERR
};

/* ---- Whole calls ---- */

static const struct {
	size_t in, out, err;
} sizes[] = {
	{0, 0, 0},     {1, 0, 1}, {0, 1000000, 0}, {400000, 400000, 100000}, {70000, 65536, 65537},
	{1, 300000, 2}};

static void check_whole(const struct relayed *call, size_t stream)
{
	ck_assert_msg(call->flows[stream].ended &&
			      call->flows[stream].read == call->flows[stream].size,
		      "stream %zu: %zu of %zu bytes", stream, call->flows[stream].read,
		      call->flows[stream].size);
}

/* Every byte arrives, in order, whatever the pieces are; then the end, with its status. */
START_TEST(whole_call)
{
	unsigned before = open_descriptors();

	for (unsigned seed = 0; seed < 4; seed++) {
		for (enum way way = 0; way < WAYS; way++) {
			struct relayed *call = relayed_begin(way, seed, sizes[_i].in, sizes[_i].out,
							     sizes[_i].err);

			relayed_run(call);
			/* The service did not have to read. */
			for (size_t stream = OUT; stream <= ERR; stream++)
				check_whole(call, stream);
			ck_assert_uint_eq(call->caller.received, sizes[_i].out + sizes[_i].err);
			ck_assert_uint_eq(call->service.sent, sizes[_i].out + sizes[_i].err);
			relayed_end(call);
		}
	}
	ck_assert_uint_eq(open_descriptors(), before);
}
END_TEST

/* What the caller has sent before the service ends arrives, too. */
START_TEST(whole_stdin)
{
	for (unsigned seed = 0; seed < 4; seed++) {
		for (enum way way = 0; way < WAYS; way++) {
			struct relayed *call = relayed_begin(way, seed, sizes[_i].in, sizes[_i].out,
							     sizes[_i].err);

			call->status = -1;
			relayed_settle(call);
			check_whole(call, IN);
			ck_assert(!call->service.over && !call->caller.over);
			call->status = STATUS;
			relayed_run(call);
			relayed_end(call);
		}
	}
}
END_TEST

/* A stream that is not read keeps up neither the other direction nor, for long, a processor. */
START_TEST(blocked_output)
{
	enum way way = (enum way)_i;
	struct relayed *call = relayed_begin(way, 0, 3000000, 3000000, 0);
	unsigned awake;

	call->flows[OUT].held = true;
	relayed_settle(call);
	check_whole(call, IN);
	ck_assert_uint_lt(call->flows[OUT].written, 3000000);
	relayed_round(call);
	awake = call->caller_end.awake + call->service_end.awake;
	for (unsigned i = 0; i < 5; i++)
		relayed_round(call);
	ck_assert_msg(call->caller_end.awake + call->service_end.awake == awake, "it does not "
										 "sleep");
	call->flows[OUT].held = false;
	relayed_run(call);
	check_whole(call, OUT);
	relayed_end(call);
}
END_TEST

/* Both not read: everything is full, and goes on when it is read again. */
START_TEST(both_directions_full)
{
	struct relayed *call = relayed_begin((enum way)_i, 0, 3000000, 3000000, 0);

	call->flows[OUT].held = call->flows[IN].held = true;
	relayed_settle(call);
	ck_assert(call->flows[IN].written < 3000000 && call->flows[OUT].written < 3000000);
	call->flows[IN].held = false;
	relayed_settle(call);
	check_whole(call, IN);
	call->flows[OUT].held = false;
	relayed_run(call);
	check_whole(call, OUT);
	relayed_end(call);
}
END_TEST

/* The end of one stream is no end of another. */
START_TEST(half_closed)
{
	struct relayed *call = relayed_begin((enum way)_i, 0, 0, 3000000, 10);

	call->flows[OUT].held = true;
	relayed_settle(call);
	check_whole(call, IN);
	ck_assert(call->flows[OUT].written < 3000000 && !call->caller.over);
	call->flows[OUT].held = false;
	relayed_run(call);
	check_whole(call, OUT);
	relayed_end(call);
}
END_TEST

/* The same of the service's: it has said everything, and goes on reading. */
START_TEST(half_closed_by_the_service)
{
	struct relayed *call = relayed_begin((enum way)_i, 0, 3000000, 10, 0);

	call->flows[IN].held = true;
	call->status = -1;
	relayed_settle(call);
	check_whole(call, OUT);
	check_whole(call, ERR);
	ck_assert(!call->caller.over);
	call->flows[IN].held = false;
	relayed_settle(call);
	check_whole(call, IN);
	call->status = STATUS;
	relayed_run(call);
	relayed_end(call);
}
END_TEST

/* Nobody reads a stream any more: its writer is told as by a pipe, and the others go on. */
START_TEST(unwanted)
{
	for (size_t stream = IN; stream <= ERR; stream++) {
		struct relayed *call = relayed_begin((enum way)_i, 0, 3000000, 3000000, 3000000);
		const struct rpc_relay *reader = stream == IN ? &call->service : &call->caller;

		call->flows[stream].held = true;
		call->status = -1;
		relayed_settle(call);
		close(call->flows[stream].read_fd);
		call->flows[stream].read_fd = -1;
		relayed_settle(call);
		ck_assert_msg(call->flows[stream].refused, "stream %zu: its writer was not told",
			      stream);
		ck_assert_int_eq(reader->outputs[stream == ERR].error, EPIPE);
		for (size_t other = IN; other <= ERR; other++) {
			if (other != stream)
				check_whole(call, other);
		}
		call->status = STATUS;
		relayed_run(call);
		relayed_end(call);
	}
}
END_TEST

/* That also is news while there is nothing to be written. */
START_TEST(unwanted_while_nothing_comes)
{
	struct relayed *call = relayed_begin((enum way)_i, 0, 10, 0, 0);

	close(call->flows[IN].read_fd);
	call->flows[IN].read_fd = -1;
	call->flows[IN].held = true;
	call->flows[IN].size = 0;
	close(call->flows[OUT].write_fd);
	call->flows[OUT].write_fd = -1;
	call->status = -1;
	relayed_settle(call);
	ck_assert_uint_eq(call->caller_session.unwanted, 1u << RPC_STDIN);
	relayed_end(call);
}
END_TEST

/* ---- The end ---- */

/* The service's end is told behind all of its output, also when somebody else still writes that. */
START_TEST(exit_behind_the_streams)
{
	struct relayed *call = relayed_begin((enum way)_i, 0, 0, 1000, 1000);
	int kept = dup(call->flows[OUT].write_fd);

	relayed_settle(call);
	check_whole(call, ERR);
	ck_assert(call->status == -1 && !call->service.over && !call->caller.over);
	close(kept);
	relayed_run(call);
	check_whole(call, OUT);
	relayed_end(call);
}
END_TEST

/* However full the channel is, the end is not over before it is sent, to the last byte. */
START_TEST(exit_into_a_full_channel)
{
	struct relayed *call = relayed_begin(_i % 2 ? WAY_MOVING : WAY_MEMORY, 0, 0, 0, 0);

	call->lines[0].room = (size_t)_i / 2;
	relayed_settle(call);
	while (!call->service.over) {
		ck_assert_uint_lt(call->lines[0].room, 100);
		call->lines[0].room++;
		relayed_settle(call);
	}
	relayed_run(call);
	relayed_end(call);
}
END_TEST

/* ---- One end, and another that is told what to say ---- */

static struct line from_peer, to_peer;
static struct end end;
static struct rpc_session session;
static struct rpc_relay relay;
static int written; /* where an output is read, or an input written */

static void begin(enum way way, enum rpc_role peer)
{
	signal(SIGPIPE, SIG_IGN);
	memset(&from_peer, 0, sizeof(from_peer));
	memset(&to_peer, 0, sizeof(to_peer));
	end_begin(&end, way, &from_peer, &to_peer);
	rpc_session_begin(&session, peer);
	session.greeted = session.begun = true;
	ck_assert_int_eq(rpc_relay_open(&relay, &end.channel, &session), 0);
}

static void add_output(enum rpc_frame_type type, unsigned flags)
{
	int fds[2];

	MUST(pipe2(fds, O_NONBLOCK));
	fcntl(fds[1], F_SETFL, 0);
	rpc_relay_output(&relay, type, fds[1], flags);
	written = fds[0];
}

static int step(void)
{
	struct pollfd none;

	return rpc_relay_step(&relay, &none, 0, -1);
}

/* What arrived, in a static buffer. */
static const char *arrived(void)
{
	static char text[65536];
	ssize_t n = read(written, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* What has come of a frame is handed on, and what is behind its beginning is no reason to wait. */
START_TEST(part_of_a_frame)
{
	for (enum way way = WAY_MEMORY; way <= WAY_MOVING; way++) {
		for (int own = 0; own <= 1; own++) {
			begin(way, RPC_CALLER);
			add_output(RPC_STDIN, own ? RPC_OWN : 0);
			line_put(&from_peer, "\5\0\0\0\12\0\0\0begin", 13);
			ck_assert_int_eq(step(), 0);
			ck_assert_str_eq(arrived(), "begin");
			from_peer.gone = true;
			ck_assert_int_eq(step(), -ECONNRESET);
			rpc_relay_close(&relay);
			close(written);
		}
	}
}
END_TEST

static const struct {
	const char *label, *bytes;
	size_t length;
} nonsense[] = {
	{"no type", "\0\0\0\0\0\0\0\0", 8},
	{"type 10", "\12\0\0\0\0\0\0\0", 8},
	{"too long", "\5\0\0\0\1\0\1\0", 8},
	{"another's stream", "\6\0\0\0\1\0\0\0x", 9},
	{"a second call", "\2\0\0\0\6\0\0\0s\0\0\0\0\0", 14},
	{"an end that is not theirs", "\10\0\0\0\4\0\0\0\0\0\0\0", 12},
	{"a stream that they write is unwanted", "\11\0\0\0\4\0\0\0\5\0\0\0", 12},
	{"a number that is no stream", "\11\0\0\0\4\0\0\0\45\0\0\0", 12},
	{"more behind the end", "\5\0\0\0\0\0\0\0\5\0\0\0\1\0\0\0x", 17},
};

START_TEST(peer_says_nonsense)
{
	for (enum way way = WAY_MEMORY; way <= WAY_MOVING; way++) {
		begin(way, RPC_CALLER);
		add_output(RPC_STDIN, RPC_OWN);
		line_put_frame(&from_peer, RPC_STDIN, "before", 6);
		line_put(&from_peer, nonsense[_i].bytes, nonsense[_i].length);
		line_put_frame(&from_peer, RPC_STDIN, "behind", 6);
		ck_assert_msg(step() == -EPROTO, "%s", nonsense[_i].label);
		ck_assert_str_eq(arrived(), "before");
		rpc_relay_close(&relay);
		close(written);
	}
}
END_TEST

/*
 * A peer that never lets go does not keep us from everything else: from looking whether we are to
 * stop, for one.
 */
static ssize_t endless_read(struct rpc_channel *channel, void *buffer, size_t size)
{
	static const unsigned char frame[] = {5, 0, 0, 0, 1, 0, 0, 0, 'x'};
	struct end *at = channel->state;

	for (size_t i = 0; i < size; i++)
		((unsigned char *)buffer)[i] = frame[at->unasked++ % sizeof(frame)];
	if (at->unasked >= (size_t)64 << 20)
		ck_abort_msg("it reads and reads");
	return (ssize_t)size;
}

START_TEST(peer_without_end)
{
	struct rpc_transport endless;
	struct pollfd stop;
	int fds[2];

	begin(WAY_MEMORY, RPC_CALLER);
	endless = *end.channel.transport;
	endless.read = endless_read;
	end.channel.transport = &endless;
	rpc_relay_output(&relay, RPC_STDIN, open("/dev/null", O_WRONLY), 0);
	MUST(pipe(fds));
	MUST(write(fds[1], "x", 1));
	stop = (struct pollfd){.fd = fds[0], .events = POLLIN};
	ck_assert_int_eq(rpc_relay_step(&relay, &stop, 1, -1), 0);
	ck_assert(stop.revents & POLLIN);
	rpc_relay_close(&relay);
}
END_TEST

/* A channel that is never full. */
static ssize_t sink_write(struct rpc_channel *channel, const void *buffer, size_t size)
{
	(void)channel;
	(void)buffer;
	return (ssize_t)size;
}

/*
 * The service has ended, and so many frames of its output are there to be sent at once: nobody
 * sleeps before the end is told.
 */
START_TEST(exit_behind_so_many_frames)
{
	static char bytes[RPC_FRAME_MAX];
	struct rpc_transport sink;
	int out[2], err[2];

	begin(WAY_MEMORY, RPC_CALLER);
	sink = *end.channel.transport;
	sink.write = sink_write;
	end.channel.transport = &sink;
	MUST(pipe2(out, O_NONBLOCK));
	MUST(pipe(err));
	rpc_relay_input(&relay, RPC_STDOUT, out[0], RPC_OWN);
	rpc_relay_input(&relay, RPC_STDERR, err[0], RPC_OWN);
	for (int i = 0; i < _i; i++)
		MUST(write(out[1], bytes, sizeof(bytes)));
	close(out[1]);
	close(err[1]);
	rpc_relay_exit(&relay, 0);
	while (!relay.over && !end.asleep)
		ck_assert_int_eq(step(), 0);
	ck_assert_msg(relay.over, "it sleeps for ever");
	rpc_relay_close(&relay);
}
END_TEST

/*
 * Somebody else reads the pipe whose bytes were announced: the frame can't be made whole, and that
 * is said, not waited for.
 */
START_TEST(robbed)
{
	int fds[2];
	char stolen[10];

	begin(WAY_MOVING, RPC_CALLER);
	MUST(pipe(fds));
	rpc_relay_input(&relay, RPC_STDOUT, fds[0], RPC_OWN);
	MUST(write(fds[1], "0123456789", 10));
	to_peer.room = 8;
	ck_assert_int_eq(step(), 0);
	ck_assert_int_eq(step(), 0);
	ck_assert(rpc_relay_sending(&relay));
	ck_assert_int_eq(read(fds[0], stolen, sizeof(stolen)), 10);
	to_peer.room = 100;
	ck_assert_int_eq(step(), -EIO);
	rpc_relay_close(&relay);
	close(fds[1]);
}
END_TEST

/* ---- What a person sees, and what others write to ---- */

START_TEST(screened)
{
	for (enum way way = WAY_MEMORY; way <= WAY_MOVING; way++) {
		begin(way, RPC_SERVICE);
		add_output(RPC_STDERR, RPC_SCREENED);
		line_put_frame(&from_peer, RPC_STDERR, "a\033[31m\n\303", 8);
		ck_assert_int_eq(step(), 0);
		ck_assert_str_eq(arrived(), "a?[31m\n");
		line_put_frame(&from_peer, RPC_STDERR, "\274 \342\202", 4);
		ck_assert_int_eq(step(), 0);
		ck_assert_str_eq(arrived(), "\303\274 ");
		line_put_frame(&from_peer, RPC_STDERR, NULL, 0);
		ck_assert_int_eq(step(), 0);
		ck_assert_str_eq(arrived(), "??");
		rpc_relay_close(&relay);
		close(written);
	}
}
END_TEST

/*
 * Written to what others may fill, too: no more than poll(2) says there is room for, so that it
 * never blocks, and all of it in the end.
 */
START_TEST(output_of_others)
{
	static char payload[20000], text[4096];
	size_t got = 0;

	begin(WAY_MEMORY, RPC_SERVICE);
	add_output(RPC_STDOUT, _i == 1 ? RPC_SCREENED : 0);
	fcntl(written, F_SETPIPE_SZ, 8192);
	memset(payload, 'p', sizeof(payload));
	for (unsigned i = 0; i < 3; i++)
		line_put_frame(&from_peer, RPC_STDOUT, payload, sizeof(payload) - i);
	ck_assert_int_eq(step(), 0);
	ck_assert_int_eq(relay.blocked_on, 0);
	for (unsigned i = 0; i < 100; i++) {
		ssize_t n = read(written, text, sizeof(text));

		ck_assert_mem_eq(text, payload, n > 0 ? (size_t)n : 0);
		got += n > 0 ? (size_t)n : 0;
		ck_assert_int_eq(step(), 0);
	}
	ck_assert_uint_eq(got, 3 * sizeof(payload) - 3);
	rpc_relay_close(&relay);
	close(written);
}
END_TEST

/*
 * A disk that is full, a closed terminal: it is said which, the writer is told, and the rest is
 * dropped.
 */
START_TEST(output_fails)
{
	begin(WAY_MEMORY, RPC_SERVICE);
	rpc_relay_output(&relay, RPC_STDOUT, open("/dev/full", O_WRONLY),
			 _i == 1 ? RPC_SCREENED : 0);
	line_put_frame(&from_peer, RPC_STDOUT, "lost", 4);
	line_put_frame(&from_peer, RPC_STDOUT, "too", 3);
	ck_assert_int_eq(step(), 0);
	ck_assert_int_eq(relay.outputs[0].error, ENOSPC);
	ck_assert_uint_eq(to_peer.end, 12);
	ck_assert_mem_eq(to_peer.bytes, "\11\0\0\0\4\0\0\0\6\0\0\0", 12);
	ck_assert_uint_eq(from_peer.begin, from_peer.end);
	rpc_relay_close(&relay);
}
END_TEST

/* A file is read, and ends. */
START_TEST(input_of_others)
{
	scratch_enter();
	make_file("file", "content");
	begin(WAY_MOVING, RPC_SERVICE);
	rpc_relay_input(&relay, RPC_STDIN, open("file", O_RDONLY), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_int_eq(step(), 0);
	ck_assert_uint_eq(to_peer.end, 23);
	ck_assert_mem_eq(to_peer.bytes, "\5\0\0\0\7\0\0\0content\5\0\0\0\0\0\0\0", 23);
	ck_assert(relay.inputs[0].told && relay.inputs[0].fd < 0);
	rpc_relay_close(&relay);
}
END_TEST

/* What cannot be read has not ended: its end is not told, and the call is over. */
START_TEST(input_that_fails)
{
	scratch_enter();
	begin(WAY_MOVING, RPC_SERVICE);
	rpc_relay_input(&relay, RPC_STDIN, open(".", O_RDONLY), 0);
	ck_assert_int_eq(step(), 0);
	ck_assert_int_eq(step(), -EISDIR);
	ck_assert_int_eq(relay.inputs[0].error, EISDIR);
	ck_assert_uint_eq(to_peer.end, 0);
	rpc_relay_close(&relay);
}
END_TEST

/* ---- Memory ---- */

START_TEST(no_memory)
{
	unsigned number = 0;
	int r;

	signal(SIGPIPE, SIG_IGN);
	end_begin(&end, WAY_MEMORY, &from_peer, &to_peer);
	rpc_session_begin(&session, RPC_CALLER);
	do {
		faults_begin(++number, ENOMEM, false);
		r = rpc_relay_open(&relay, &end.channel, &session);
		faults_end();
		ck_assert_int_eq(r, faults_failed() ? -ENOMEM : 0);
		ck_assert(r == 0 || (!relay.in && !relay.out && !relay.cleaned));
	} while (r < 0);
	ck_assert_uint_eq(number, 5);
	rpc_relay_close(&relay);
}
END_TEST

Suite *relay_suite(void)
{
	Suite *suite = suite_create("relay");
	TCase *whole = add_case(suite, "whole calls"), *exit = add_case(suite, "exit"),
	      *alone = add_case(suite, "one end");

	add_table_test(whole, whole_call, sizes);
	add_table_test(whole, whole_stdin, sizes);
	tcase_add_loop_test(whole, blocked_output, 0, WAYS);
	tcase_add_loop_test(whole, both_directions_full, 0, WAYS);
	tcase_add_loop_test(whole, half_closed, 0, WAYS);
	tcase_add_loop_test(whole, half_closed_by_the_service, 0, WAYS);
	tcase_add_loop_test(whole, unwanted, 0, WAYS);
	tcase_add_loop_test(whole, unwanted_while_nothing_comes, 0, WAYS);
	tcase_add_loop_test(exit, exit_behind_the_streams, 0, WAYS);
	tcase_add_loop_test(exit, exit_into_a_full_channel, 0, 2 * 22);
	tcase_add_loop_test(exit, exit_behind_so_many_frames, 0, 17);
	tcase_add_test(alone, part_of_a_frame);
	add_table_test(alone, peer_says_nonsense, nonsense);
	tcase_add_test(alone, peer_without_end);
	tcase_add_test(alone, robbed);
	tcase_add_test(alone, screened);
	tcase_add_loop_test(alone, output_of_others, 0, 2);
	tcase_add_loop_test(alone, output_fails, 0, 2);
	tcase_add_test(alone, input_of_others);
	tcase_add_test(alone, input_that_fails);
	tcase_add_test(alone, no_memory);
	return suite;
}
