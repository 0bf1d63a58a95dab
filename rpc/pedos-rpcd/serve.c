/*
 * One call, in a process of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "serve.h"

#include "cli/stop.h"
#include "system/clock.h"

#include "account.h"
#include "base/log.h"
#include "base/services.h"
#include "environment.h"
#include "report.h"

#include "protocol/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define REFUSAL_TIME 2000 /* milliseconds for a refused caller to hang up */

struct call {
	const struct served *served;
	const struct options *options;
	struct rpc_pending *pending;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_call request; /* where this process has received it */
	struct verdict verdict;
	const char *decision; /* for the log */
	struct account account;
	struct service_environment environment;
	struct account_process process;
	struct rpc_relay relay;
	int stop;
};

/*
 * Wait until `deadline` (-1: without end) for the caller to hang up, which they do when they have
 * read everything; then nothing on its way to them is lost.
 */
static void await_end(struct call *call, int64_t deadline)
{
	struct pollfd stop = {.fd = call->stop, .events = POLLIN};
	int64_t left = -1;

	do {
		if (deadline >= 0)
			left = deadline - clock_now();
	} while ((deadline < 0 || left > 0) &&
		 call->channel.transport->wait(&call->channel, 0, &stop, 1, (int)left) >= 0 &&
		 !stop.revents);
}

/*
 * Tell the caller that the call is refused, and why. `logged` is the reason for the log, if that
 * must not be told to the caller; NULL: the same.
 */
static void refuse(struct call *call, int code, const char *reason, const char *logged)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = rpc_frame_put_refusal(bytes, (uint32_t)code, reason);
	const char *source = call->verdict.source, *service = call->verdict.service;
	char text[REFUSALS_TEXT];

	snprintf(text, sizeof(text), "%s -> %s%s%s: refused: %s",
		 *source ? source : call->pending->source, call->pending->target,
		 *service ? " " : "", service, logged ? logged : reason);
	report_say(call->served->report, REPORT_REFUSED, call->pending->origin, text);
	if (rpc_send_frames(&call->channel, call->stop, bytes, length) == 0)
		await_end(call, clock_now() + REFUSAL_TIME);
}

/* The account to run as: that of the policy, else that of --user, else that of the domain. */
static bool find_account(struct call *call, const char *user)
{
	const char *asked = call->verdict.asked_user;
	int r = account_find(&call->account,
			     *user ? user : account_default(call->options, call->pending->target));

	if (r < 0) {
		refuse(call, EIO,
		       "the service's account cannot be used there; the log there says why",
		       r == -EPERM ? "only a pedos-rpcd that root started can run it as another "
				     "account"
				   : "the account to run it as does not exist");
		return false;
	}
	if (*asked && strcmp(asked, call->account.name) != 0) {
		refuse(call, EACCES, "the policy does not give that account", NULL);
		return false;
	}
	return true;
}

/*
 * Wait until the process ends. Returns its status.
 * -ECONNRESET: the caller has gone.
 * -ECANCELED: a signal asks us to stop.
 * -ETIMEDOUT: it takes longer than --prompt-timeout.
 */
static int await_process(struct call *call, const struct account_process *process)
{
	struct pollfd fds[] = {{.fd = call->stop, .events = POLLIN},
			       {.fd = process->ended, .events = POLLIN}};
	const int64_t end = clock_now() + (int64_t)1000 * call->options->prompt_timeout;
	int64_t left = -1;
	int r = 0;

	while (r >= 0 && !fds[0].revents && !fds[1].revents) {
		if (call->options->prompt_timeout > 0)
			left = end - clock_now();
		if (call->options->prompt_timeout > 0 && left <= 0)
			return -ETIMEDOUT;
		r = call->channel.transport->wait(&call->channel, 0, fds, 2, (int)left);
	}
	if (r < 0 || fds[0].revents)
		return r < 0 ? r : -ECANCELED;
	return account_process_status(process);
}

/* Ask the user with --prompt. Returns whether they allow the call. */
static bool is_allowed_by_prompt(struct call *call)
{
	char *argv[] = {(char *)"/bin/sh",     (char *)"-c",
			(char *)NULL,          (char *)"pedos-rpcd",
			call->verdict.source,  call->pending->target,
			call->verdict.service, NULL};
	char command[4096];
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];
	struct account_process process;
	int null, fds[3], status;

	if (!call->options->prompt) {
		refuse(call, EACCES, "the policy denies it",
		       "the policy says ask, and there is no --prompt");
		return false;
	}
	if (rpc_send_frames(&call->channel, call->stop, bytes,
			    rpc_frame_put(bytes, RPC_ASKING, NULL, 0)) < 0)
		return false;
	snprintf(command, sizeof(command), "%s \"$@\"", call->options->prompt);
	argv[2] = command;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[0] = fds[1] = null;
	fds[2] = STDERR_FILENO;
	status = account_run(&call->account, argv, call->environment.entries, fds, &process);
	close(null);
	if (status == 0) {
		status = await_process(call, &process);
		if (status < 0)
			account_process_end(&process);
		else
			account_process_reap(&process);
	}
	if (status == -ETIMEDOUT)
		refuse(call, EACCES, "whoever was asked has not answered in time", NULL);
	else if (status != 0)
		refuse(call, EACCES, "the policy denies it", "whoever was asked did not allow it");
	return status == 0;
}

/* Between Xen guests dom0 asks, and tells what came of it. Returns whether it grants the call. */
static bool is_granted(struct call *call)
{
	const struct rpc_transport *transport = call->served->listener->transport;
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];
	int r = transport->granted(&call->channel, call->pending, call->verdict.service, call->stop,
				   false);

	/* Where it has granted it already, nobody has to wait. */
	if (r == 0)
		r = rpc_send_frames(&call->channel, call->stop, bytes,
				    rpc_frame_put(bytes, RPC_ASKING, NULL, 0));
	else if (r > 0)
		return true;
	if (r == 0)
		r = transport->granted(&call->channel, call->pending, call->verdict.service,
				       call->stop, true);
	if (r < 0)
		refuse(call, EACCES, "the policy denies it",
		       r == -ECONNRESET ? "the caller has gone before dom0 granted it"
					: "dom0 did not grant it");
	return r > 0;
}

/* Has the policy changed, by which it was judged? Then what it says now may be something else. */
static bool is_outdated(struct call *call)
{
	const struct served *served = call->served;
	struct verdict now;

	if (!served->listener->transport->rules)
		return __atomic_load_n(served->policy_number, __ATOMIC_SEQ_CST) !=
		       served->judged_by;
	verdict_find(&now, served->listener, call->pending, &call->request, NULL);
	return now.action != call->verdict.action || strcmp(now.user, call->verdict.user) != 0;
}

/* What the verdict leaves open. */
static bool is_allowed(struct call *call)
{
	const struct verdict *verdict = &call->verdict;

	if (!find_account(call, verdict->user))
		return false;
	service_environment(&call->environment, &call->account, verdict->source, verdict->service,
			    call->options->environment);
	call->decision = verdict->action == RPC_ASK ? "allowed when asked" : "allowed";
	if (verdict->action == RPC_ALLOW)
		return true;
	if (call->served->listener->transport->granted ? !is_granted(call)
						       : !is_allowed_by_prompt(call))
		return false;
	if (is_outdated(call)) {
		refuse(call, EACCES, "the policy has changed meanwhile; try again", NULL);
		return false;
	}
	return true;
}

/* Three pipes to a service: our ends, and those of the service. */
struct pipes {
	int ours[3], theirs[3];
};

static int make_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		pipes->ours[i] = ends[i == STDIN_FILENO];
		pipes->theirs[i] = ends[i != STDIN_FILENO];
	}
	return 0;
}

/*
 * Find and start the service. Then this process becomes the account of the service, too, since
 * nothing after this needs more rights. Returns whether that worked.
 */
static bool start(struct call *call)
{
	const char *argument = service_argument(call->verdict.service);
	char path[PATH_MAX], logged[PATH_MAX + 128];
	char *argv[] = {path, (char *)argument, NULL};
	struct pipes pipes;
	int r = service_find(call->options->service_dirs, call->verdict.service, path);

	if (r == -ENOENT) {
		refuse(call, ENOENT, "there is no such service", NULL);
		return false;
	}
	snprintf(logged, sizeof(logged),
		 "%s is no file, or others than root may change it or a directory on its way",
		 path);
	if (r == 0)
		r = make_pipes(&pipes);
	if (r == 0)
		r = account_run(&call->account, argv, call->environment.entries, pipes.theirs,
				&call->process);
	if (r < 0) {
		if (r != -EPERM)
			snprintf(logged, sizeof(logged), "%s cannot be run: %s", path,
				 strerror(-r));
		refuse(call, EIO, "the service cannot be started there; the log there says why",
		       logged);
		return false;
	}
	for (int i = 0; i < 3; i++)
		close(pipes.theirs[i]);
	close(call->served->report);
	rpc_relay_output(&call->relay, RPC_STDIN, pipes.ours[0], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDOUT, pipes.ours[1], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDERR, pipes.ours[2], RPC_OWN);
	return account_become(&call->account) == 0 &&
	       account_end_with(call->served->daemon, SIGTERM) == 0;
}

/*
 * Carry the streams until the service has ended and everything has been sent to the caller. 0, or a
 * negative errno.
 */
static int carry(struct call *call)
{
	struct pollfd fds[] = {{.fd = call->stop, .events = POLLIN},
			       {.fd = call->process.ended, .events = POLLIN}};
	int r = 0;

	while (r == 0 && !call->relay.over) {
		r = rpc_relay_step(&call->relay, fds, 2, -1);
		if (fds[0].revents)
			return -ECANCELED;
		if (fds[1].revents) {
			rpc_relay_exit(&call->relay, account_process_status(&call->process));
			fds[1].fd = -1;
		}
	}
	return r;
}

/* Log the call in one line. */
static void log_end(const struct call *call, int r)
{
	char end[128];

	if (r == 0)
		snprintf(end, sizeof(end), "ended with %d", call->relay.exit_status);
	else
		snprintf(end, sizeof(end), "%s",
			 r == -ECONNRESET  ? "the caller has gone"
			 : r == -ECANCELED ? "stopped"
			 : r == -EPROTO    ? "the caller's frames make no sense"
					   : strerror(-r));
	log_line(LOG_INFO, "%s -> %s %s as %s: %s; %s; %" PRIu64 " %s in, %" PRIu64 " out, %.2f s",
		 call->verdict.source, call->pending->target, call->verdict.service,
		 *call->account.name ? call->account.name : "this user", call->decision, end,
		 call->relay.received, call->relay.received == 1 ? "byte" : "bytes",
		 call->relay.sent, (double)(clock_now() - call->served->pending->begun) / 1000);
}

static void run(struct call *call)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];
	int r;

	if (rpc_relay_open(&call->relay, &call->channel, &call->session) < 0) {
		refuse(call, ENOMEM, "out of memory there", NULL);
		return;
	}
	if (!start(call))
		return;
	r = rpc_send_frames(&call->channel, call->stop, bytes,
			    rpc_frame_put(bytes, RPC_ACCEPTED, NULL, 0));
	if (r == 0)
		r = carry(call);
	log_end(call, r);
	if (r == 0) {
		account_process_reap(&call->process);
		await_end(call, -1);
	} else {
		account_process_end(&call->process);
	}
}

/* Only whether the call may be made was asked. */
static void answer(struct call *call)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = verdict_answer(&call->verdict, bytes);

	if (rpc_send_frames(&call->channel, call->stop, bytes, length) == 0)
		await_end(call, clock_now() + REFUSAL_TIME);
}

/* The caller's first two frames, and the verdict, where the daemon has left them to us. */
static bool is_let_in(struct call *call)
{
	const struct served *served = call->served;
	const int64_t deadline = served->pending->deadline;
	struct rpc_reception *reception = &served->pending->reception;
	int r = rpc_receive_call(&call->channel, &call->session, call->stop, deadline, reception,
				 &call->request);

	if (r == -EPROTO) {
		refuse(call, EPROTO, "that is no call of this version", NULL);
		return false;
	}
	if (r < 0) {
		char text[REFUSALS_TEXT];

		snprintf(text, sizeof(text), "%s -> %s: %s", call->pending->source,
			 call->pending->target,
			 r == -ETIMEDOUT ? "did not say in time what it wants"
					 : "hung up before it said what it wants");
		report_say(served->report, REPORT_REFUSED, call->pending->origin, text);
		return false;
	}
	verdict_find(&call->verdict, served->listener, call->pending, &call->request, NULL);
	if (reception->frame.type == RPC_QUESTION) {
		answer(call);
		return false;
	}
	if (call->verdict.action == RPC_DENY) {
		refuse(call, EACCES, call->verdict.reason, NULL);
		return false;
	}
	report_say(served->report, REPORT_LET_IN, call->pending->origin, "");
	return true;
}

void serve(const struct served *served)
{
	static struct call call;
	struct rpc_failure failure;
	bool let_in = served->verdict;

	call = (struct call){.served = served,
			     .options = served->options,
			     .pending = &served->pending->call,
			     .session = served->pending->session};
	if (let_in)
		call.verdict = *served->verdict;
	call.stop = stop_open();
	prctl(PR_SET_NAME, "pedos-rpcd call");
	if (account_end_with(served->daemon, SIGTERM) < 0)
		return;
	if (call.stop < 0 || served->listener->transport->open(served->listener, call.pending,
							       &call.channel, &failure) < 0) {
		log_line(LOG_WARNING, "a call from %s: %s", call.pending->source,
			 call.stop < 0 ? strerror(-call.stop) : failure.text);
		return;
	}
	if (!let_in)
		let_in = is_let_in(&call);
	if (let_in && is_allowed(&call))
		run(&call);
	call.channel.transport->close(&call.channel);
}
