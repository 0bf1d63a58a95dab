/*
 * The daemon's calls up to the verdict, with callers that are sockets of the test's and a clock
 * that is played.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "unit.h"

#include "pedos-rpcd/calls.h"
#include "played.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CALLS (PENDING_MAX / 4) /* so many of four origins fill the pool */

static struct calls calls;
static struct options options;
static struct rpc_transport transport;
static struct rpc_pending arriving;

/* Takes in the call that arrives. All else is as between accounts of one machine. */
static int accept_arriving(struct rpc_listener *listener, struct rpc_pending *pending)
{
	(void)listener;
	*pending = arriving;
	arriving.fd = -1;
	return pending->fd >= 0;
}

/* In the process of a call. */
static int open_arrived(struct rpc_listener *listener, struct rpc_pending *pending,
			struct rpc_channel *channel, struct rpc_failure *failure)
{
	(void)listener, (void)failure;
	transport.attach(pending, channel);
	return 0;
}

static struct rpc_policy policy_of(const char *content)
{
	struct rpc_policy_error error;
	struct rpc_policy policy;

	make_file("policy.d/50.policy", content);
	ck_assert_int_eq(rpc_policy_load("policy.d", &policy, &error), 0);
	return policy;
}

static void begin(void)
{
	struct rpc_policy policy;
	int log;

	scratch_enter();
	MUST(log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0600));
	MUST(dup2(log, STDERR_FILENO));
	make_dir("policy.d");
	policy = policy_of("* * @anyvm @anyvm allow\n");
	transport = rpc_unix_transport;
	transport.accept = accept_arriving;
	transport.open = open_arrived;
	options = (struct options){.transport = &transport,
				   .max_calls = MAX_CALLS,
				   .user = geteuid() == 0 ? "root" : NULL};
	MUST(calls_open(&calls, &options, &policy));
	calls.listener.transport = &transport;
	calls.signals = -1;
	arriving.fd = -1;
	played_pass(0);
}

/* Somebody calls. Returns their end of the connection. */
static int call_as(unsigned origin)
{
	int ends[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends));
	arriving = (struct rpc_pending){
		.source = "home", .target = "work", .origin = origin, .fd = ends[0]};
	calls_accept(&calls);
	return ends[1];
}

/* What the daemon does when it has waited. Returns for how long it would have waited at most. */
static int go_on(void)
{
	struct pollfd fds[CALLS_FDS];
	int timeout = -1;

	calls_wait_for(&calls, fds, &timeout);
	poll(fds, CALLS_FDS, 0);
	calls_go_on(&calls, fds);
	return timeout;
}

static void say(int caller, const char *service)
{
	unsigned char payload[RPC_CALL_MAX], bytes[64 + RPC_CALL_MAX];
	struct rpc_call request = {.user = ""};
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);

	strcpy(request.service, service);
	length += rpc_frame_put(bytes + length, RPC_CALL, payload,
				rpc_call_encode(&request, payload));
	ck_assert_int_eq(send(caller, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

/* The code of the refusal that is the next frame. 0: there is none yet. -1: there will be none. */
static int code_of_refusal(int caller)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	struct rpc_refusal refusal;
	struct rpc_frame frame;
	ssize_t length = recv(caller, bytes, sizeof(bytes), 0);

	if (length <= 0)
		return length < 0 ? 0 : -1;
	ck_assert_int_ge(length, RPC_FRAME_HEADER_SIZE);
	ck_assert_int_eq(rpc_frame_decode(bytes, &frame), 0);
	ck_assert_int_eq(frame.type, RPC_REFUSED);
	rpc_refusal_decode(bytes + RPC_FRAME_HEADER_SIZE, frame.length, &refusal);
	return (int)refusal.code;
}

/*
 * The code of the refusal that the caller has got behind the greeting. 0: it has only been greeted,
 * and the connection is open. -1: the connection ended without one.
 */
static int heard(int caller)
{
	unsigned char greeting[RPC_FRAME_HEADER_SIZE + 4];

	ck_assert_int_eq(recv(caller, greeting, sizeof(greeting), 0), (ssize_t)sizeof(greeting));
	return code_of_refusal(caller);
}

/* Wait for a process that answers in its own time. */
static void wait_for_more(int caller)
{
	MUST(fcntl(caller, F_SETFL, 0));
	ck_assert_int_eq(recv(caller, &(char){0}, 1, MSG_PEEK), 1);
}

START_TEST(a_caller_has_ten_seconds_in_all)
{
	int silent = call_as(1), slow = call_as(2);

	ck_assert_int_eq(go_on(), 10000);
	for (int i = 0; i < 9; i++) {
		played_pass(1000);
		MUST(send(slow, "\1", i == 0, 0)); /* the beginning of a greeting */
		ck_assert_int_eq(go_on(), 9000 - 1000 * i);
	}
	played_pass(999);
	ck_assert_int_eq(go_on(), 1);
	ck_assert_uint_eq(pending_count(&calls.pending, 1), 1);
	ck_assert_uint_eq(pending_count(&calls.pending, 2), 1);
	played_pass(1);
	go_on();
	ck_assert_int_eq(heard(silent), -1);
	ck_assert_int_eq(heard(slow), -1);
	ck_assert_uint_eq(pending_count(&calls.pending, 1), 0);
	ck_assert_uint_eq(pending_count(&calls.pending, 2), 0);
	ck_assert_ptr_nonnull(strstr(content_of("log"), "home -> work: did not say in time"));
}
END_TEST

/* Four origins fill the pool with callers that say nothing. */
static void fill(int callers[PENDING_MAX])
{
	for (unsigned i = 0; i < PENDING_MAX; i++) {
		callers[i] = call_as(1 + i % 4);
		played_pass(1);
	}
	go_on();
	for (unsigned origin = 1; origin <= 4; origin++)
		ck_assert_uint_eq(pending_count(&calls.pending, origin), MAX_CALLS);
}

START_TEST(a_full_pool_makes_room_for_who_has_fewer)
{
	int callers[PENDING_MAX], own;

	fill(callers);
	own = call_as(5);
	ck_assert_int_eq(heard(callers[0]), EBUSY);
	ck_assert_uint_eq(pending_count(&calls.pending, 1), MAX_CALLS - 1);
	ck_assert_uint_eq(pending_count(&calls.pending, 5), 1);
	for (int i = 1; i < PENDING_MAX; i++)
		ck_assert_int_eq(heard(callers[i]), 0);
	/* It is judged like any other. */
	calls_set_policy(&calls, &(struct rpc_policy){.count = 0});
	say(own, "test.Hi");
	go_on();
	ck_assert_int_eq(heard(own), EACCES);
}
END_TEST

START_TEST(who_has_as_many_as_may_be_gets_no_more)
{
	int callers[PENDING_MAX];

	fill(callers);
	ck_assert_int_eq(heard(call_as(1)), EBUSY);
	for (int i = 0; i < PENDING_MAX; i++)
		ck_assert_int_eq(heard(callers[i]), 0);
}
END_TEST

START_TEST(the_verdict_is_that_of_the_moment_at_which_it_is_asked_for)
{
	struct rpc_policy deny = policy_of("* * @anyvm @anyvm deny\n");
	struct rpc_policy allow = policy_of("* * @anyvm @anyvm allow\n");
	int first = call_as(1), second = call_as(1);

	go_on();
	calls_set_policy(&calls, &deny);
	say(first, "test.None");
	go_on();
	ck_assert_int_eq(heard(first), EACCES);
	/* The same call, and the same caller, are let in now: to a service that does not exist. */
	calls_set_policy(&calls, &allow);
	ck_assert_int_eq(heard(second), 0);
	say(second, "test.None");
	go_on();
	wait_for_more(second);
	ck_assert_int_eq(code_of_refusal(second), ENOENT);
	/* It waits for the caller to hang up, by a clock that stands still. */
	MUST(kill(calls.slots[0].pid, SIGKILL));
	MUST(wait(NULL));
}
END_TEST

Suite *calls_suite(void)
{
	Suite *suite = suite_create("calls");
	TCase *tcase = add_case(suite, "calls");

	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, a_caller_has_ten_seconds_in_all);
	tcase_add_test(tcase, a_full_pool_makes_room_for_who_has_fewer);
	tcase_add_test(tcase, who_has_as_many_as_may_be_gets_no_more);
	tcase_add_test(tcase, the_verdict_is_that_of_the_moment_at_which_it_is_asked_for);
	return suite;
}
