/*
 * pedos-rpc: call a service in another virtual machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "ask.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "list.h"
#include "options.h"
#include "program.h"
#include "sandbox.h"

#include "protocol/relay.h"
#include "system/clock.h"
#include "text/printable.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct caller {
	const struct options *options;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_relay relay;
	struct program program;
	int stop;
};

static void hang_up(struct caller *caller)
{
	if (caller->channel.transport)
		caller->channel.transport->close(&caller->channel);
	caller->channel.transport = NULL;
	sandbox_end();
}

static bool is_sandbox(const struct options *options)
{
	return options->disposable && sandbox_is_meant(options);
}

/* Tell the user why the call has failed. Returns the status to exit with. */
static int explain(const struct caller *caller, int code)
{
	const char *target = caller->options->target;
	const bool sandbox = is_sandbox(caller->options);
	const char *server = sandbox ? "pedos-rpc-sandbox" : "pedos-rpcd";

	switch (code) {
	case -ECONNRESET:
		warnx("the connection to %s was lost: %s has ended", target,
		      sandbox ? "the sandbox" : "the VM, or the pedos-rpcd there,");
		break;
	case -ETIMEDOUT:
		warnx("%s does not answer: its %s hangs or is overloaded; try again", target,
		      server);
		break;
	case -EPROTO:
		warnx("%s answers in a way that makes no sense: is it a %s of this version that "
		      "runs there?",
		      target, server);
		break;
	default:
		warnx("calling %s: %s", target, strerror(-code));
	}
	return EXIT_FAILED;
}

static int explain_refusal(const struct caller *caller, const struct rpc_refusal *refusal)
{
	char reason[RPC_REASON_MAX + 1];

	text_printable(refusal->untrusted_reason, refusal->length, reason, sizeof(reason));
	warnx("%s refuses %s: %s", caller->options->target, caller->options->call.service,
	      *reason ? reason : "it gives no reason");
	if (refusal->code == ENOENT)
		return EXIT_NO_SERVICE;
	return refusal->code == EACCES || refusal->code == EBUSY ? EXIT_REFUSED : EXIT_FAILED;
}

/*
 * Somebody is asked, at the other end or in dom0. 0: *answer is what came of it. -ECONNREFUSED: it
 * is refused; the user has been told why, and *status is what to exit with.
 */
static int await_permission(struct caller *caller, struct rpc_reception *answer, int *status)
{
	const struct rpc_transport *transport = caller->channel.transport;
	const char *target = caller->options->target, *service = caller->options->call.service;
	struct rpc_failure failure;
	int r = 0;

	if (transport->request) {
		warnx("somebody is asked in dom0 whether %s is allowed: waiting for the answer",
		      service);
		r = transport->request(&caller->channel, target, service, caller->stop, &failure);
	} else {
		warnx("somebody in %s is asked whether %s is allowed: waiting for the answer",
		      target, service);
	}
	if (r == 0)
		return rpc_receive_frame(&caller->channel, &caller->session, caller->stop, -1,
					 answer);
	if (r == -ECANCELED)
		return r;
	warnx("%s is not allowed in %s: %s", service, target, failure.text);
	*status = r == -EACCES ? EXIT_REFUSED : EXIT_FAILED;
	return -ECONNREFUSED;
}

/*
 * Ask for the service. 0: it runs. -ECANCELED: a signal asks us to stop. Any other negative errno:
 * it does not run; the user has been told why, and *status is what to exit with.
 */
static int ask_for_service(struct caller *caller, int *status)
{
	struct rpc_reception answer;
	struct rpc_refusal refusal;
	/* No timeout: somebody there may have to be asked, and take their time. */
	int r = ask(&caller->channel, &caller->session, RPC_CALL, &caller->options->call,
		    caller->stop, -1, &answer);

	if (r == 0 && answer.frame.type == RPC_ASKING)
		r = await_permission(caller, &answer, status);
	if (r == -ECONNREFUSED)
		return r;
	if (r < 0) {
		*status = r == -ECANCELED ? EXIT_FAILED : explain(caller, r);
		return r;
	}
	if (answer.frame.type == RPC_ACCEPTED)
		return 0;
	rpc_refusal_decode(answer.payload, answer.frame.length, &refusal);
	*status = explain_refusal(caller, &refusal);
	return -ECONNREFUSED;
}

/* Join the streams of the program, or our own, to those of the service. */
static int join(struct caller *caller)
{
	char **program = caller->options->program;
	int r = rpc_relay_open(&caller->relay, &caller->channel, &caller->session);

	if (r < 0)
		warnx("%s", strerror(-r));
	if (r == 0 && program) {
		r = program_start(&caller->program, program);
		if (r < 0)
			warnx("cannot run %s: %s", program[0], strerror(-r));
	}
	if (r < 0)
		return r;
	if (program) {
		rpc_relay_input(&caller->relay, RPC_STDIN, caller->program.in, RPC_OWN);
		rpc_relay_output(&caller->relay, RPC_STDOUT, caller->program.out, RPC_OWN);
	} else {
		rpc_relay_input(&caller->relay, RPC_STDIN, STDIN_FILENO, 0);
		rpc_relay_output(&caller->relay, RPC_STDOUT, STDOUT_FILENO,
				 isatty(STDOUT_FILENO) ? RPC_SCREENED : 0);
	}
	rpc_relay_output(&caller->relay, RPC_STDERR, dup(STDERR_FILENO), RPC_SCREENED);
	/* Only PROGRAM draws there. What the service itself has begun on stdout must stay. */
	rpc_relay_name_lines(&caller->relay, caller->options->target, program != NULL);
	return 0;
}

static int carry(struct caller *caller)
{
	struct pollfd stop = {.fd = caller->stop, .events = POLLIN};
	int r = 0;

	while (r == 0 && !caller->relay.over) {
		r = rpc_relay_step(&caller->relay, &stop, 1, -1);
		if (stop.revents)
			r = -ECANCELED;
	}
	return r;
}

/* The call has been broken off. Returns the status to exit with. */
static int explain_break(const struct caller *caller, int code)
{
	int error = caller->relay.inputs[0].error;

	if (error == 0)
		return explain(caller, code);
	warnx("reading stdin: %s: the call is broken off", strerror(error));
	return EXIT_FAILED;
}

/* The status that the end of the service gives us. */
static int service_status(const struct caller *caller)
{
	int error = caller->relay.outputs[0].error;

	if (error == 0 || error == EPIPE)
		return caller->relay.exit_status;
	warnx("writing to stdout: %s", strerror(error));
	return EXIT_FAILED;
}

/*
 * Wait for the program, without a timeout. Returns its status. -ECANCELED: a signal asks us to
 * stop.
 */
static int program_status(struct caller *caller)
{
	struct pollfd fds[] = {{.fd = caller->program.ended, .events = POLLIN},
			       {.fd = caller->stop, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[0].revents ? program_wait(&caller->program, 0) : -ECANCELED;
}

/* Milliseconds in which a program that was asked to stop takes what is under way. */
#define ENDING 5000

/*
 * The program was asked to stop: go on carrying what is under way until it ends, a second signal
 * comes, or that takes too long.
 */
static void carry_to_the_end(struct caller *caller)
{
	struct pollfd fds[] = {{.fd = caller->program.ended, .events = POLLIN},
			       {.fd = caller->stop, .events = POLLIN}};
	const int64_t end = clock_now() + ENDING;
	int64_t now;
	int r = 0;

	while (r == 0 && !caller->relay.over && !fds[0].revents && !fds[1].revents &&
	       (now = clock_now()) < end)
		r = rpc_relay_step(&caller->relay, fds, 2, (int)(end - now));
}

/*
 * Die of the signal that stopped us, so that a shell or script sees what happened. The program gets
 * the signal first, while it still has a peer.
 */
static int stop(struct caller *caller)
{
	struct signalfd_siginfo info;
	sigset_t signals;

	if (read(caller->stop, &info, sizeof(info)) != sizeof(info))
		return EXIT_FAILED;
	if (caller->program.pid > 0) {
		kill(caller->program.pid, (int)info.ssi_signo);
		carry_to_the_end(caller);
		program_end(&caller->program);
	}
	hang_up(caller);
	signal((int)info.ssi_signo, SIG_DFL);
	raise((int)info.ssi_signo);
	sigemptyset(&signals);
	sigaddset(&signals, (int)info.ssi_signo);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
	return EXIT_FAILED;
}

/*
 * If the program has succeeded, the status of the service decides: in some formats a program cannot
 * learn that its peer has failed. But a service that dies of SIGPIPE has only written more than the
 * program wanted.
 */
static int joint_status(int program, int service)
{
	return program != 0 || service == 128 + SIGPIPE ? program : service;
}

/* Returns the status to exit with. -ECANCELED: a signal asks us to stop. */
static int call(struct caller *caller)
{
	int status, r = ask_for_service(caller, &status);

	if (r < 0)
		return r == -ECANCELED ? r : status;
	if (join(caller) < 0)
		return EXIT_FAILED;
	r = carry(caller);
	if (r == -ECANCELED)
		return r;
	status = r == 0 ? service_status(caller) : explain_break(caller, r);
	rpc_relay_close(&caller->relay);
	hang_up(caller);
	if (!caller->options->program)
		return status;
	if (r < 0)
		program_end(&caller->program);
	return r < 0 ? status : joint_status(program_status(caller), status);
}

/* The VM cannot be reached. Returns the status to exit with. */
static int explain_unreachable(const struct options *options, int code,
			       const struct rpc_failure *failure)
{
	bool unknown = !options->disposable && (code == -ENOENT || code == -EHOSTUNREACH);
	bool unserved = options->transport == &rpc_unix_transport && !options->disposable &&
			(code == -ENOENT || code == -ECONNREFUSED);
	char similar[RPC_NAME_SIZE];

	if (unknown && list_similar(options, similar))
		warnx("%s; did you mean %s?", failure->text, similar);
	else if (unserved)
		warnx("%s; start one, or choose a VM that pedos-rpc --list names", failure->text);
	else
		warnx("%s", failure->text);
	return code == -EHOSTUNREACH || code == -EACCES ? EXIT_REFUSED : EXIT_FAILED;
}

static void say(const char *sentence)
{
	warnx("%s", sentence);
}

static int connect_to_target(struct caller *caller, struct rpc_failure *failure)
{
	const struct options *options = caller->options;
	int r = options->disposable ? disposable_serves(options->call.service, failure) : 1;

	if (r < 0)
		return r;
	if (r == 0)
		return rpc_fail(failure, -EACCES,
				"%s is gone when the call ends, and the files with it: open a file "
				"there by qopen-in-vm %s FILE",
				options->target, options->target);
	if (is_sandbox(options)) {
		/* It takes a second or two with a screen. Nobody else wants to know that. */
		if (isatty(STDERR_FILENO))
			say("making a sandbox...");
		return sandbox_connect(&caller->channel, options, failure);
	}
	if (options->disposable)
		return options->transport->connect_new(&caller->channel, options->target,
						       options->call.service, say, failure);
	return options->transport->connect(&caller->channel, options->target, options->sockets,
					   failure);
}

int main(int argc, char **argv)
{
	static struct caller caller;
	struct rpc_failure failure;
	struct options options;
	int status, r;

	descriptors_fill();
	/* Write each message at once: others may use the same stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	if (options.list)
		return list_targets(&options);
	if (options.kind)
		return list_kind(&options);
	caller.options = &options;
	r = connect_to_target(&caller, &failure);
	if (r < 0)
		return explain_unreachable(&options, r, &failure);
	caller.stop = stop_open();
	status = call(&caller);
	if (status == -ECANCELED)
		return stop(&caller);
	hang_up(&caller);
	return status;
}
