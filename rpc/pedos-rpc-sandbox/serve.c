/*
 * One call, served in a sandbox.
 *
 * Whoever calls is our own user, and who is served is hostile: what comes out of the sandbox is
 * framed, and nothing else of it reaches the caller.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "serve.h"

#include "cli/stop.h"
#include "confine.h"
#include "display.h"
#include "filter.h"
#include "guest.h"
#include "server.h"
#include "template_file.h"

#include "base/names.h"
#include "protocol/exchange.h"
#include "protocol/relay.h"
#include "system/clock.h"
#include "system/mapped.h"
#include "text/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define REFUSAL_TIME 2000  /* milliseconds for a refused caller to hang up */
#define START_TIME   60000 /* and for a sandbox to begin, on a machine that is busy */
#define CLOSED_TIME  10000 /* and for a service to end when its screen has gone */

struct call {
	const struct options *options;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_reception reception;
	struct rpc_call request;
	struct rpc_relay relay;
	struct template template;
	struct display display;
	struct network network;
	struct guest guest;
	char program[PATH_MAX]; /* of the service */
	char failure[RPC_REASON_MAX + 1];
	int ours[3]; /* of the pipes to the service */
	int stop;
};

/* ---- Refusing ---- */

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

/* Tell the caller that there is no service, and why. Returns false. */
static bool refuse(struct call *call, int code, const char *reason)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE + RPC_SMALL_MAX];
	size_t length = rpc_frame_put_refusal(bytes, (uint32_t)code, reason);

	if (rpc_send_frames(&call->channel, call->stop, bytes, length) == 0)
		await_end(call, clock_now() + REFUSAL_TIME);
	return false;
}

/* ---- Before anything is started ---- */

/* The path of the program is to mean the same inside, where the working directory is another. */
static bool make_absolute(char program[PATH_MAX])
{
	char real[PATH_MAX];

	if (*program == '/')
		return true;
	if (!realpath(program, real))
		return false;
	strcpy(program, real);
	return true;
}

/* The caller may be one who has built all of this, and installed nothing yet. */
static bool refuse_unknown(struct call *call)
{
	const char *const *dir = call->options->service_dirs;
	size_t size = sizeof(call->failure), n;

	n = (size_t)snprintf(call->failure, size,
			     "there is no such service: install it first, or name its directory by "
			     "--services of pedos-rpc. Looked in ");
	for (; *dir && n < size; dir++)
		n += (size_t)snprintf(call->failure + n, size - n, "%s%s", *dir,
				      dir[1] ? ", " : "");
	return refuse(call, ENOENT, call->failure);
}

static bool find_service(struct call *call)
{
	int r = service_find(call->options->service_dirs, call->request.service, call->program);

	if (r == -ENOENT || (r == 0 && !make_absolute(call->program)))
		return refuse_unknown(call);
	if (r < 0 && r != -EPERM) {
		snprintf(call->failure, sizeof(call->failure),
			 "looking for its program in the directories of services: %s",
			 strerror(-r));
		return refuse(call, EIO, call->failure);
	}
	if (r < 0 && !uid_is_mapped(0))
		return refuse(call, EPERM,
			      "in this user namespace root has no number, so that nobody can tell "
			      "whether the service's program is root's: call from outside of it");
	if (r < 0)
		return refuse(call, EIO,
			      "its program is no file, or others than root and you may change it "
			      "or a directory on its way");
	return true;
}

/* Does the system hand core dumps to a program or a socket, or is that not known? */
static bool hands_on_dumps(void)
{
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
	char first = '\0';
	bool known = fd >= 0 && read(fd, &first, 1) == 1;

	if (fd >= 0)
		close(fd);
	return !known || first == '|' || first == '@';
}

/*
 * No core dumps. Where the system hands these to a program, that would run outside and read what
 * somebody hostile has left in memory; only a limit of one byte, unlike none, keeps the kernel from
 * starting it. Whoever has a limit of 0 cannot raise it, and files are all that it forbids. The
 * filter keeps the limit as it is.
 */
static bool forbid_dumps(void)
{
	struct rlimit limit;

	if (setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 1, .rlim_max = 1}) == 0)
		return true;
	return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && !hands_on_dumps();
}

/* What has to be so before a sandbox can be made. */
static bool can_begin(struct call *call)
{
	int r;

	/* Inside, the first user of this machine could still write settings of the kernel. */
	if (geteuid() == 0)
		return refuse(call, EACCES,
			      "root gets no sandbox, since it would not hold root: call as another "
			      "account, such as by runuser -u ACCOUNT -- pedos-rpc ...");
	if (!forbid_dumps())
		return refuse(call, EPERM,
			      "this system hands core dumps to a program, which only a limit of "
			      "1 byte prevents, and yours is 0: raise the hard limit, see ulimit "
			      "-Hc");
	if (*call->request.user || *call->request.source)
		return refuse(call, EINVAL, "a sandbox has no accounts: leave out --user and --as");
	if (!find_service(call))
		return false;
	if (template_load(call->options->template, &call->template, call->failure,
			  sizeof(call->failure)) < 0)
		return refuse(call, EINVAL, call->failure);
	call->guest.bubblewrap = confine_find("bwrap");
	if (!call->guest.bubblewrap)
		return refuse(call, ENOSYS,
			      "bubblewrap is not installed, which makes sandboxes: install it");
	r = filter_make();
	if (r < 0) {
		snprintf(call->failure, sizeof(call->failure), "the filter of system calls: %s",
			 strerror(-r));
		return refuse(call, EIO, call->failure);
	}
	call->guest.filter = r;
	return true;
}

/* ---- Starting ---- */

/* Wait until `fd` is readable. False: the caller has gone, we are to stop, or it takes too long. */
static bool await(struct call *call, int fd)
{
	struct pollfd fds[] = {{.fd = call->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	const int64_t deadline = clock_now() + START_TIME;
	int64_t left = START_TIME;
	int r = 0;

	while (r >= 0 && !fds[0].revents && !fds[1].revents && left > 0) {
		r = call->channel.transport->wait(&call->channel, 0, fds, 2, (int)left);
		left = deadline - clock_now();
	}
	return fds[1].revents && !fds[0].revents;
}

/* What the user reads above the window of the sandbox. */
static void title_of(const char *template, char *title, size_t size)
{
	if (strcmp(template, "default") == 0)
		snprintf(title, size, "Disposable sandbox");
	else
		snprintf(title, size, "Disposable sandbox: %s", template);
}

static bool start_display(struct call *call)
{
	char title[RPC_NAME_SIZE + 32];

	if (!call->template.display || !server_has_screen())
		return true;
	title_of(call->options->template, title, sizeof(title));
	if (display_begin(&call->display, call->guest.bubblewrap, call->guest.filter,
			  &call->template, title, call->failure, sizeof(call->failure)) < 0)
		return refuse(call, EIO, call->failure);
	if (!await(call, call->display.ready))
		return refuse(call, EIO, "the screen of the sandbox does not begin");
	if (!display_is_ready(&call->display, call->failure, sizeof(call->failure)))
		return refuse(call, EIO, call->failure);
	call->guest.display = &call->display;
	return true;
}

static int make_pipes(struct call *call, int theirs[3])
{
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) < 0)
			return -errno;
		call->ours[i] = ends[i == STDIN_FILENO];
		theirs[i] = ends[i != STDIN_FILENO];
	}
	return 0;
}

/* What bubblewrap has said, which is why there is no sandbox. */
static void explain_failure(struct call *call)
{
	char said[300], shown[300];
	ssize_t n;

	/* It has ended. If it has not after all, nothing may ever come. */
	fcntl(call->ours[STDERR_FILENO], F_SETFL, O_NONBLOCK);
	n = read(call->ours[STDERR_FILENO], said, sizeof(said));
	while (n > 0 && said[n - 1] == '\n')
		n--;
	text_printable(said, n > 0 ? (size_t)n : 0, shown, sizeof(shown));
	snprintf(call->failure, sizeof(call->failure), "no sandbox could be made%s%s",
		 *shown ? ": " : "", shown);
}

static bool start_network(struct call *call)
{
	struct network *network = &call->network;

	if (network_begin(network, call->failure, sizeof(call->failure)) < 0)
		return refuse(call, EIO, call->failure);
	if (!await(call, network->ready) || !network_is_ready(network))
		return refuse(call, EIO, "the network of the sandbox does not begin");
	return true;
}

static bool start_guest(struct call *call)
{
	int theirs[3], r = make_pipes(call, theirs);

	call->guest.template = &call->template;
	call->guest.program = call->program;
	call->guest.service = call->request.service;
	call->guest.network = call->template.network ? &call->network : NULL;
	if (r < 0)
		snprintf(call->failure, sizeof(call->failure), "%s", strerror(-r));
	else
		r = guest_start(&call->guest, theirs, call->failure, sizeof(call->failure));
	if (r < 0)
		return refuse(call, EIO, call->failure);
	for (int i = 0; i < 3; i++)
		close(theirs[i]);
	if (!await(call, call->guest.up))
		return refuse(call, EIO, "the sandbox does not begin");
	if (!guest_is_up(&call->guest)) {
		if (!display_has_ended(&call->display, call->failure, sizeof(call->failure)))
			explain_failure(call);
		return refuse(call, EIO, call->failure);
	}
	display_hide();
	if (call->guest.network && !start_network(call))
		return false;
	rpc_relay_output(&call->relay, RPC_STDIN, call->ours[0], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDOUT, call->ours[1], RPC_OWN);
	rpc_relay_input(&call->relay, RPC_STDERR, call->ours[2], RPC_OWN);
	return true;
}

/* ---- Serving ---- */

/*
 * Carry the streams until the service has ended and everything has been sent. 0, or a negative
 * errno. A service whose screen has gone has ended for its user: it gets time to say so.
 */
static int carry(struct call *call)
{
	struct pollfd fds[] = {
		{.fd = call->stop, .events = POLLIN},
		{.fd = call->guest.process.ended, .events = POLLIN},
		{.fd = call->guest.display ? call->display.process.ended : -1, .events = POLLIN}};
	int64_t deadline = -1;
	int r = 0;

	while (r == 0 && !call->relay.over) {
		int64_t left = deadline < 0 ? -1 : deadline - clock_now();

		if (deadline >= 0 && left <= 0) {
			process_kill(&call->guest.process);
			/* Whether it was well is not known. */
			rpc_relay_exit(&call->relay, 128 + SIGKILL);
			deadline = fds[1].fd = -1;
			continue;
		}
		r = rpc_relay_step(&call->relay, fds, 3, (int)left);
		if (fds[0].revents)
			return -ECANCELED;
		if (fds[1].revents) {
			rpc_relay_exit(&call->relay, process_wait(&call->guest.process));
			deadline = fds[1].fd = -1;
		}
		if (fds[2].revents) {
			deadline = fds[1].fd < 0 ? -1 : clock_now() + CLOSED_TIME;
			fds[2].fd = -1;
		}
	}
	return r;
}

static int run(struct call *call)
{
	unsigned char bytes[RPC_FRAME_HEADER_SIZE];
	int r = rpc_relay_open(&call->relay, &call->channel, &call->session);

	if (r < 0) {
		refuse(call, ENOMEM, "out of memory");
		return r;
	}
	if (!start_display(call) || !start_guest(call))
		return 0;
	r = rpc_send_frames(&call->channel, call->stop, bytes,
			    rpc_frame_put(bytes, RPC_ACCEPTED, NULL, 0));
	if (r == 0)
		r = carry(call);
	return r;
}

/* Nothing of the sandbox runs or is there any more. */
static void clean_up(struct call *call)
{
	process_kill(&call->guest.process);
	network_end(&call->network);
	display_end(&call->display);
	process_end_all();
}

int serve(const struct options *options, int fd)
{
	static struct call call;
	int r;

	call = (struct call){.options = options,
			     .channel = {.transport = &rpc_unix_transport, .fd = fd},
			     .display = {.ready = -1, .log = -1},
			     .network = {.go = -1},
			     .stop = stop_open()};
	if (call.stop < 0 || process_adopt() < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return EXIT_FAILED;
	r = rpc_receive_call(&call.channel, &call.session, call.stop, clock_now() + RPC_TIMEOUT,
			     &call.reception, &call.request);
	if (r == 0 && call.reception.frame.type == RPC_QUESTION)
		r = -EPROTO;
	if (r == 0 && can_begin(&call))
		r = run(&call);
	clean_up(&call);
	if (r == 0 && call.relay.over)
		await_end(&call, -1);
	return r == 0 ? 0 : EXIT_FAILED;
}
