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
#include "log.h"
#include "service.h"

#include "policy/pair.h"
#include "protocol/exchange.h"
#include "protocol/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct call {
	const struct options *options;
	struct rpc_listener *listener;
	struct rpc_pending *pending;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_call request;
	const char *source;
	const char *verdict; /* in words, for the log */
	struct account account;
	struct service_environment environment;
	struct account_process process;
	struct rpc_relay relay;
	int64_t begun; /* as clock_now() */
	pid_t daemon;
	int stop;
};

size_t refusal_frames(unsigned char *bytes, uint32_t code, const char *reason)
{
	unsigned char payload[RPC_SMALL_MAX];
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);

	return length + rpc_frame_put(bytes + length, RPC_REFUSED, payload,
				      rpc_refusal_encode(code, reason, payload));
}

/*
 * Wait for the caller to hang up, which they do when they have read everything. If we closed first,
 * what is still on its way to them could be lost.
 */
static void await_end(struct call *call)
{
	struct pollfd stop = {.fd = call->stop, .events = POLLIN};

	while (call->channel.transport->wait(&call->channel, 0, &stop, 1, -1) >= 0 && !stop.revents)
		;
}

/*
 * Tell the caller that the call is refused, and why. `logged` is the reason for the log, if that
 * must not be told to the caller; NULL: the same.
 */
static void refuse(struct call *call, int code, const char *reason, const char *logged)
{
	unsigned char payload[RPC_SMALL_MAX], bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = rpc_frame_put(bytes, RPC_REFUSED, payload,
				      rpc_refusal_encode((uint32_t)code, reason, payload));

	log_line(LOG_INFO, "%s -> %s %s: refused: %s", *call->source ? call->source : "(no name)",
		 call->pending->target, call->request.service, logged ? logged : reason);
	if (rpc_send_frames(&call->channel, call->stop, bytes, length) == 0)
		await_end(call);
}

/* Receive the caller's first two frames: HELLO and CALL. */
static int receive_request(struct call *call)
{
	unsigned char payload[RPC_SMALL_MAX];
	struct rpc_frame frame;
	int r = rpc_receive_frame(&call->channel, &call->session, call->stop, RPC_TIMEOUT, &frame,
				  payload);

	if (r == 0)
		r = rpc_receive_frame(&call->channel, &call->session, call->stop, RPC_TIMEOUT,
				      &frame, payload);
	return r < 0 ? r : rpc_call_decode(payload, frame.length, &call->request);
}

/* Find out who calls: the transport says it, unless the caller may choose a name. */
static bool name_source(struct call *call)
{
	const char *declared = call->request.source;

	call->source = call->pending->source;
	if (*declared && strcmp(declared, call->source) != 0) {
		if (!call->pending->may_declare) {
			refuse(call, EACCES, "you are not who you say you are", NULL);
			return false;
		}
		call->source = declared;
	}
	if (!*call->source) {
		refuse(call, EACCES, "your account has no name that a domain can have", NULL);
		return false;
	}
	return true;
}

/* Decide by what dom0 wrote about this source. If that cannot be read, the call is denied. */
static struct rpc_verdict decide_by_text(const struct call *call)
{
	static char text[RPC_PAIR_TEXT_MAX];
	static struct rpc_rule rules[RPC_PAIR_RULES_MAX];
	char source[RPC_NAME_SIZE];
	const char *why = "there is nothing";
	ssize_t length = call->listener->transport->rules(call->listener, call->pending, text,
							  sizeof(text)),
		n = -1;

	if (length > 0)
		n = rpc_pair_parse(text, (size_t)length, source, rules, &why);
	if (n >= 0 && strcmp(source, call->source) == 0)
		return rpc_policy_decide(rules, (size_t)n, call->request.service, source,
					 call->pending->target);
	log_line(LOG_WARNING, "what dom0 tells of %s cannot be used: %s", call->source,
		 n < 0 ? why : "it is another now");
	return (struct rpc_verdict){.action = RPC_DENY};
}

static struct rpc_verdict decide(const struct call *call, const struct rpc_policy *policy)
{
	if (call->listener->transport->rules)
		return decide_by_text(call);
	return rpc_policy_decide(policy->rules, policy->count, call->request.service, call->source,
				 call->pending->target);
}

/* The account to run as: that of the policy, else that of --user, else that of the domain. */
static bool find_account(struct call *call, const char *user)
{
	const char *name = *user ? user : call->options->user;
	int r;

	/* A daemon that a plain user started serves as that user, even under another name. */
	if (!name && geteuid() == 0)
		name = call->pending->target;
	r = account_find(&call->account, name);
	if (r < 0) {
		refuse(call, EIO,
		       "the service's account cannot be used there; the log there says why",
		       r == -EPERM ? "only a pedos-rpcd that root started can run it as another "
				     "account"
				   : "the account to run it as does not exist");
		return false;
	}
	if (*call->request.user && strcmp(call->request.user, call->account.name) != 0) {
		refuse(call, EACCES, "the policy does not give that account", NULL);
		return false;
	}
	return true;
}

/*
 * Wait until the process ends. Returns its status.
 * -ECONNRESET: the caller has gone.
 * -ECANCELED: a signal asks us to stop.
 */
static int await_process(struct call *call, const struct account_process *process)
{
	struct pollfd fds[] = {{.fd = call->stop, .events = POLLIN},
			       {.fd = process->ended, .events = POLLIN}};
	int r = 0;

	while (r >= 0 && !fds[0].revents && !fds[1].revents)
		r = call->channel.transport->wait(&call->channel, 0, fds, 2, -1);
	if (r < 0 || fds[0].revents)
		return r < 0 ? r : -ECANCELED;
	return account_process_status(process);
}

/* Ask the user with --prompt. Returns whether they allow the call. */
static bool is_allowed_by_prompt(struct call *call)
{
	char *argv[] = {(char *)"/bin/sh",     (char *)"-c",
			(char *)NULL,          (char *)"pedos-rpcd",
			(char *)call->source,  call->pending->target,
			call->request.service, NULL};
	char command[4096];
	struct account_process process;
	int null, fds[3], status;

	if (!call->options->prompt) {
		refuse(call, EACCES, "the policy denies it",
		       "the policy says ask, and there is no --prompt");
		return false;
	}
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
	if (status != 0)
		refuse(call, EACCES, "the policy denies it", "whoever was asked did not allow it");
	return status == 0;
}

static bool is_allowed(struct call *call, const struct rpc_policy *policy)
{
	struct rpc_verdict verdict = decide(call, policy);

	if (verdict.action == RPC_DENY) {
		refuse(call, EACCES, "the policy denies it", NULL);
		return false;
	}
	if (!find_account(call, verdict.user))
		return false;
	service_environment(&call->environment, &call->account, call->source, call->request.service,
			    call->options->environment);
	call->verdict = verdict.action == RPC_ASK ? "allowed when asked" : "allowed";
	return verdict.action == RPC_ALLOW || is_allowed_by_prompt(call);
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
	const char *argument = service_argument(call->request.service);
	char path[PATH_MAX], logged[PATH_MAX + 64];
	char *argv[] = {path, (char *)argument, NULL};
	struct pipes pipes;
	int r = service_find(call->options->service_dirs, call->request.service, path);

	if (r == -ENOENT) {
		refuse(call, ENOENT, "there is no such service", NULL);
		return false;
	}
	snprintf(logged, sizeof(logged), "%s is no file, or others than root may change it", path);
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
	rpc_relay_output(&call->relay, RPC_STDIN, pipes.ours[0], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDOUT, pipes.ours[1], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDERR, pipes.ours[2], RPC_OWN);
	return account_become(&call->account) == 0 && account_end_with(call->daemon, SIGTERM) == 0;
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
	log_line(LOG_INFO,
		 "%s -> %s %s as %s: %s; %s; %" PRIu64 " bytes in, %" PRIu64 " out, %.2f s",
		 call->source, call->pending->target, call->request.service,
		 *call->account.name ? call->account.name : "this user", call->verdict, end,
		 call->relay.received, call->relay.sent,
		 (double)(clock_now() - call->begun) / 1000);
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
		await_end(call);
	} else {
		account_process_end(&call->process);
	}
}

void serve(const struct options *options, struct rpc_listener *listener,
	   const struct rpc_policy *policy, struct rpc_pending *pending, pid_t daemon)
{
	static struct call call;
	unsigned char hello[RPC_FRAME_HEADER_SIZE + 4];
	struct rpc_failure failure;
	int r;

	call = (struct call){.options = options,
			     .listener = listener,
			     .pending = pending,
			     .source = pending->source,
			     .daemon = daemon};
	call.stop = stop_open();
	prctl(PR_SET_NAME, "pedos-rpcd call");
	call.begun = clock_now();
	if (account_end_with(daemon, SIGTERM) < 0)
		return;
	if (call.stop < 0 ||
	    listener->transport->open(listener, pending, &call.channel, &failure) < 0) {
		log_line(LOG_WARNING, "a call from %s: %s", pending->source,
			 call.stop < 0 ? strerror(-call.stop) : failure.text);
		return;
	}
	rpc_session_begin(&call.session, RPC_CALLER);
	r = rpc_send_frames(&call.channel, call.stop, hello,
			    rpc_frame_put_number(hello, RPC_HELLO, RPC_VERSION));
	if (r == 0)
		r = receive_request(&call);
	if (r == -EPROTO)
		refuse(&call, EPROTO, "that is no call of this version", NULL);
	else if (r < 0)
		log_line(LOG_INFO, "%s -> %s: hung up before it said what it wants",
			 pending->source, pending->target);
	else if (name_source(&call) && is_allowed(&call, policy))
		run(&call);
	call.channel.transport->close(&call.channel);
}
