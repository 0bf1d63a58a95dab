/*
 * pedos-rpc: call a service in another virtual machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/startup.h"
#include "cli/stop.h"
#include "options.h"
#include "program.h"

#include "protocol/exchange.h"
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
}

/* Say why the call is lost. */
static int explain(const struct caller *caller, int code)
{
	const char *target = caller->options->target;

	switch (code) {
	case -ECONNRESET:
		warnx("the connection to %s was lost: the VM, or the pedos-rpcd there, has ended",
		      target);
		break;
	case -ETIMEDOUT:
		warnx("%s does not answer: its pedos-rpcd hangs or is overloaded; try again",
		      target);
		break;
	case -EPROTO:
		warnx("%s answers in a way that makes no sense: is it a pedos-rpcd of this version "
		      "that runs there?",
		      target);
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
 * Ask for the service. -1: it runs. -ECANCELED: we are to stop. Otherwise the status to exit with.
 */
static int ask(struct caller *caller)
{
	unsigned char bytes[2 * RPC_FRAME_HEADER_SIZE + 4 + RPC_CALL_MAX], payload[RPC_SMALL_MAX];
	size_t length = rpc_frame_put_number(bytes, RPC_HELLO, RPC_VERSION);
	struct rpc_reception reception;
	struct rpc_refusal refusal;
	int r;

	length += rpc_frame_put(bytes + length, RPC_CALL, payload,
				rpc_call_encode(&caller->options->call, payload));
	rpc_session_begin(&caller->session, RPC_SERVICE);
	r = rpc_send_frames(&caller->channel, caller->stop, bytes, length);
	if (r == 0 || r == -ECONNRESET) /* one that was too busy to read has left its answer */
		r = rpc_receive_frame(&caller->channel, &caller->session, caller->stop,
				      clock_now() + RPC_PATIENCE, &reception);
	/* Somebody may have to be asked there, and take their time. */
	if (r == 0)
		r = rpc_receive_frame(&caller->channel, &caller->session, caller->stop, -1,
				      &reception);
	if (r < 0)
		return r == -ECANCELED ? r : explain(caller, r);
	if (reception.frame.type == RPC_ACCEPTED)
		return -1;
	rpc_refusal_decode(reception.payload, reception.frame.length, &refusal);
	return explain_refusal(caller, &refusal);
}

/* Join the streams: those of the program, or our own. */
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
	rpc_relay_input(&caller->relay, RPC_STDIN, program ? caller->program.in : STDIN_FILENO,
			program);
	rpc_relay_output(&caller->relay, RPC_STDOUT, program ? caller->program.out : STDOUT_FILENO,
			 program, !program && isatty(STDOUT_FILENO));
	rpc_relay_output(&caller->relay, RPC_STDERR, dup(STDERR_FILENO), false, true);
	rpc_relay_name_lines(&caller->relay, caller->options->target);
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

/* What the service's end means for our own status. */
static int service_status(const struct caller *caller)
{
	int error = caller->relay.outputs[0].error;

	if (error == 0 || error == EPIPE)
		return caller->relay.exit_status;
	warnx("writing to stdout: %s", strerror(error));
	return EXIT_FAILED;
}

/*
 * What the program's end means. It is waited for as long as it takes, but not against the user's
 * will.
 */
static int program_status(struct caller *caller)
{
	struct pollfd fds[] = {{.fd = caller->program.ended, .events = POLLIN},
			       {.fd = caller->stop, .events = POLLIN}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[0].revents ? program_wait(&caller->program, 0) : -ECANCELED;
}

/*
 * Die of the signal that stopped us, so that a shell or script sees what happened; the program gets
 * it first, while it still has a peer.
 */
static int stop(struct caller *caller)
{
	struct signalfd_siginfo info;
	sigset_t signals;

	if (read(caller->stop, &info, sizeof(info)) != sizeof(info))
		return EXIT_FAILED;
	if (caller->program.pid > 0) {
		kill(caller->program.pid, (int)info.ssi_signo);
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
 * A program that is content may not have been able to tell that the service was not: some formats
 * have no word for it. But a service may well die of writing more than the program wanted.
 */
static int joint_status(int program, int service)
{
	return program != 0 || service == 128 + SIGPIPE ? program : service;
}

static int call(struct caller *caller)
{
	int status = ask(caller), r;

	if (status != -1)
		return status;
	if (join(caller) < 0)
		return EXIT_FAILED;
	r = carry(caller);
	if (r == -ECANCELED)
		return r;
	status = r == 0 ? service_status(caller) : explain(caller, r);
	rpc_relay_close(&caller->relay);
	hang_up(caller);
	if (!caller->options->program)
		return status;
	if (r < 0)
		program_end(&caller->program);
	return r < 0 ? status : joint_status(program_status(caller), status);
}

int main(int argc, char **argv)
{
	static struct caller caller;
	struct rpc_failure failure;
	struct options options;
	int status;

	descriptors_fill();
	/* A message is one write: others may share our stderr. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	caller.options = &options;
	if (options.transport->connect(&caller.channel, options.target, options.sockets, &failure) <
	    0) {
		warnx("%s", failure.text);
		return failure.status;
	}
	caller.stop = stop_open();
	status = call(&caller);
	if (status == -ECANCELED)
		return stop(&caller);
	hang_up(&caller);
	return status;
}
