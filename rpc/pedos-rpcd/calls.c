/*
 * All calls, in the daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "calls.h"

#include "base/log.h"
#include "report.h"
#include "serve.h"
#include "verdict.h"

#include "system/clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOURCES_AT_ONCE 8  /* so many sources can use up what is theirs before all have to wait */
#define ROUND           64 /* calls taken in before others are looked at again */
/* Milliseconds from a call to its verdict between Xen guests: so long the caller waits, too. */
#define MAPPED_TIMEOUT 30000
/* Milliseconds that a process has beyond the deadline, to say itself that it has passed. */
#define GRACE 1000

static const char too_many[] = "you have too many calls at once; try again when one has ended";

/* ---- How many there are ---- */

static size_t count_let_in(const struct calls *calls)
{
	size_t count = 0;

	for (size_t i = 0; i < calls->slot_count; i++)
		count += calls->slots[i].pid > 0;
	return count;
}

/* May there be one more, of this origin? */
static bool has_room(const struct calls *calls, unsigned origin)
{
	const unsigned max = calls->options->max_calls;
	unsigned own = pending_count(&calls->pending, origin);

	for (size_t i = 0; i < calls->slot_count; i++)
		own += calls->slots[i].pid > 0 && calls->slots[i].origin == origin;
	return own < max && count_let_in(calls) < (size_t)max * SOURCES_AT_ONCE;
}

/* ---- Refusals ---- */

static void note_refusal(struct calls *calls, const struct rpc_pending *call, const char *source,
			 const char *service, const char *why)
{
	char text[REFUSALS_TEXT];

	snprintf(text, sizeof(text), "%s -> %s%s%s: refused: %s", *source ? source : "(no name)",
		 call->target, *service ? " " : "", service, why);
	refusals_add(&calls->refusals, call->nameless ? REFUSALS_UNKNOWN : call->origin, text);
}

/* Refuse one to which nothing was said yet. */
static void turn_away(struct calls *calls, struct rpc_pending *call, int code, const char *reason)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + 4 + RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);

	length += rpc_frame_put_refusal(bytes + length, (uint32_t)code, reason);
	note_refusal(calls, call, call->source, "", reason);
	calls->listener.transport->refuse(&calls->listener, call, bytes, length);
}

/* Refuse one that is pending. `verdict`: NULL, if it did not come to that. */
static void refuse(struct calls *calls, struct pending_call *pending, const struct verdict *verdict,
		   int code, const char *reason)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = rpc_frame_put_refusal(bytes, (uint32_t)code, reason);

	note_refusal(calls, &pending->call, verdict ? verdict->source : pending->call.source,
		     verdict ? verdict->service : "", reason);
	calls->listener.transport->refuse(&calls->listener, &pending->call, bytes, length);
	pending->used = false;
}

/* Let go of one that has gone by itself, or is too late. */
static void drop(struct calls *calls, struct pending_call *pending, const char *why)
{
	char text[REFUSALS_TEXT];

	snprintf(text, sizeof(text), "%s -> %s: %s", pending->call.source, pending->call.target,
		 why);
	refusals_add(&calls->refusals, pending->call.origin, text);
	if (pending->pid > 0)
		kill(pending->pid, SIGKILL);
	else
		calls->listener.transport->release(&calls->listener, &pending->call);
	pending->used = false;
}

/* ---- Processes ---- */

/* In a new process: what is the daemon's, and other callers', is none of its business. */
static void forget_others(struct calls *calls, const struct pending_call *own)
{
	sigset_t all;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending_call *other = &calls->pending.calls[i];

		if (other->used && other != own && other->call.fd >= 0)
			close(other->call.fd);
	}
	close(calls->reports[0]);
	close(calls->signals);
	sigfillset(&all);
	sigprocmask(SIG_UNBLOCK, &all, NULL);
}

/* A process for a call, which is served there. Returns its number in the daemon, or -1. */
static pid_t start_process(struct calls *calls, struct pending_call *pending,
			   const struct verdict *verdict)
{
	struct served served = {.options = calls->options,
				.listener = &calls->listener,
				.pending = pending,
				.verdict = verdict,
				.policy_number = calls->policy_number,
				.judged_by = *calls->policy_number,
				.report = calls->reports[1],
				.daemon = getpid()};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	forget_others(calls, pending);
	serve(&served);
	exit(EXIT_SUCCESS);
}

/* From here on the call is one of those that were let in. */
static void take_slot(struct calls *calls, struct pending_call *pending, pid_t pid)
{
	struct slot *slot = calls->slots;

	while (slot->pid > 0)
		slot++;
	*slot = (struct slot){.pid = pid, .origin = pending->call.origin};
	memcpy(slot->id, pending->call.id, sizeof(slot->id));
	pending->used = false;
}

static void let_in(struct calls *calls, struct pending_call *pending, const struct verdict *verdict)
{
	pid_t pid = start_process(calls, pending, verdict);

	if (pid < 0) {
		refuse(calls, pending, verdict, EBUSY, "there are too many processes there");
		return;
	}
	calls->listener.transport->release(&calls->listener, &pending->call);
	take_slot(calls, pending, pid);
}

/* ---- Up to the verdict ---- */

/* Nothing is called, so a no is not logged. */
static void answer(struct calls *calls, struct pending_call *pending, const struct verdict *verdict)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = verdict_answer(verdict, bytes);

	calls->listener.transport->refuse(&calls->listener, &pending->call, bytes, length);
	pending->used = false;
}

static void judge(struct calls *calls, struct pending_call *pending)
{
	const struct rpc_reception *reception = &pending->reception;
	struct rpc_call request;
	struct verdict verdict;

	if (rpc_call_decode(reception->frame.type, reception->payload, reception->frame.length,
			    &request) < 0) {
		refuse(calls, pending, NULL, EPROTO, "that is no call of this version");
		return;
	}
	verdict_find(&verdict, &calls->listener, &pending->call, &request, &calls->policy);
	if (reception->frame.type == RPC_QUESTION)
		answer(calls, pending, &verdict);
	else if (verdict.action == RPC_DENY)
		refuse(calls, pending, &verdict, EACCES, verdict.reason);
	else
		let_in(calls, pending, &verdict);
}

/* Take what has come of the caller's first two frames. */
static void hear(struct calls *calls, struct pending_call *pending)
{
	int r;

	while ((r = rpc_receive_some(&pending->channel, &pending->session, &pending->reception)) ==
		       1 &&
	       !pending->session.begun)
		pending->reception.done = 0;
	if (r == 1)
		judge(calls, pending);
	else if (r == -EPROTO)
		refuse(calls, pending, NULL, EPROTO, "that is no call of this version");
	else if (r < 0)
		drop(calls, pending, "hung up before it said what it wants");
}

/* Where that costs nothing, the daemon talks to the caller itself; else a process does. */
static void begin(struct calls *calls, struct pending_call *pending)
{
	const struct rpc_transport *transport = calls->listener.transport;
	unsigned char hello[RPC_FRAME_HEADER_SIZE + 4];
	size_t length = rpc_frame_put_number(hello, RPC_HELLO, RPC_VERSION);

	if (!transport->attach) {
		pending->deadline += GRACE;
		pending->pid = start_process(calls, pending, NULL);
		if (pending->pid < 0) {
			pending->pid = 0;
			turn_away(calls, &pending->call, EBUSY, too_many);
			pending->used = false;
		}
		return;
	}
	transport->attach(&pending->call, &pending->channel);
	rpc_session_begin(&pending->session, RPC_CALLER);
	/* It fits into the buffer of a fresh connection. Who has gone already is noticed next. */
	(void)!transport->write(&pending->channel, hello, length);
	hear(calls, pending);
}

/* NULL: this origin has too many already. */
static struct pending_call *make_place(struct calls *calls, unsigned origin)
{
	struct pending_call *loser, *place = pending_place(&calls->pending, origin, &loser);

	if (place || !loser)
		return place;
	if (loser->pid > 0)
		drop(calls, loser, "refused: it kept others waiting");
	else
		refuse(calls, loser, NULL, EBUSY, too_many);
	return pending_place(&calls->pending, origin, &loser);
}

static void meet(struct calls *calls, struct rpc_pending *call)
{
	struct pending_call *place;

	if (call->nameless) {
		bool later = call->nameless == -EAGAIN;

		turn_away(calls, call, later ? EBUSY : EACCES,
			  later ? VERDICT_LATER : VERDICT_NAMELESS);
		return;
	}
	place = has_room(calls, call->origin) ? make_place(calls, call->origin) : NULL;
	if (!place) {
		turn_away(calls, call, EBUSY, too_many);
		return;
	}
	place->call = *call;
	place->begun = clock_now();
	/* Only where dom0 has the rules there is a channel to be mapped before anything is read. */
	place->deadline =
		place->begun + (calls->listener.transport->rules ? MAPPED_TIMEOUT : RPC_TIMEOUT);
	place->used = true;
	begin(calls, place);
}

void calls_accept(struct calls *calls)
{
	struct rpc_pending call;

	for (unsigned i = 0;
	     i < ROUND && calls->listener.transport->accept(&calls->listener, &call) == 1; i++)
		meet(calls, &call);
}

/* ---- What happens meanwhile ---- */

static void take_reports(struct calls *calls)
{
	struct pending_call *pending;
	struct report report;

	while (report_next(calls->reports[0], &report)) {
		if (report.kind == REPORT_REFUSED)
			refusals_add(&calls->refusals, report.origin, report.text);
		else if ((pending = pending_find(&calls->pending, report.pid)))
			take_slot(calls, pending, report.pid);
	}
}

void calls_wait_for(const struct calls *calls, struct pollfd fds[CALLS_FDS], int *timeout)
{
	int next = pending_timeout(&calls->pending, clock_now());

	for (size_t i = 0; i < PENDING_MAX; i++) {
		const struct pending_call *pending = &calls->pending.calls[i];

		fds[i] = (struct pollfd){.fd = pending->used && pending->pid == 0 ? pending->call.fd
										  : -1,
					 .events = POLLIN};
	}
	fds[PENDING_MAX] = (struct pollfd){.fd = calls->reports[0], .events = POLLIN};
	if (next >= 0 && (*timeout < 0 || next < *timeout))
		*timeout = next;
}

void calls_go_on(struct calls *calls, const struct pollfd fds[CALLS_FDS])
{
	struct pending_call *late;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		if (fds[i].fd >= 0 && fds[i].revents)
			hear(calls, &calls->pending.calls[i]);
	}
	take_reports(calls);
	while ((late = pending_late(&calls->pending, clock_now())))
		drop(calls, late, "did not say in time what it wants");
}

void calls_reap(struct calls *calls)
{
	struct pending_call *pending;
	pid_t pid;

	take_reports(calls);
	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		pending = pending_find(&calls->pending, pid);
		if (pending)
			pending->used = false;
		for (size_t i = 0; i < calls->slot_count; i++) {
			struct slot *slot = &calls->slots[i];

			if (slot->pid != pid)
				continue;
			slot->pid = 0;
			calls->listener.transport->ended(&calls->listener, slot->origin, slot->id);
		}
	}
}

/* ---- Beginning and end ---- */

int calls_open(struct calls *calls, const struct options *options, const struct rpc_policy *policy)
{
	void *shared = mmap(NULL, sizeof(*calls->policy_number), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return -errno;
	calls->options = options;
	calls->policy = *policy;
	calls->policy_number = shared;
	/* Those that processes let in are counted only when these have told. */
	calls->slot_count = (size_t)options->max_calls * SOURCES_AT_ONCE + PENDING_MAX;
	calls->slots = calloc(calls->slot_count, sizeof(*calls->slots));
	return calls->slots ? report_open(calls->reports) : -ENOMEM;
}

void calls_set_policy(struct calls *calls, const struct rpc_policy *policy)
{
	rpc_policy_free(&calls->policy);
	calls->policy = *policy;
	__atomic_add_fetch(calls->policy_number, 1, __ATOMIC_SEQ_CST);
}

void calls_end(struct calls *calls)
{
	for (size_t i = 0; i < calls->slot_count; i++) {
		if (calls->slots[i].pid > 0)
			kill(calls->slots[i].pid, SIGTERM);
	}
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending_call *pending = &calls->pending.calls[i];

		if (pending->used && pending->pid > 0)
			kill(pending->pid, SIGKILL);
		else if (pending->used)
			calls->listener.transport->release(&calls->listener, &pending->call);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	take_reports(calls);
	refusals_end(&calls->refusals);
}
