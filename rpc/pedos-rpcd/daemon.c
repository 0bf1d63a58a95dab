/*
 * The daemon itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "daemon.h"

#include "log.h"
#include "serve.h"

#include "protocol/frame.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SOURCES_AT_ONCE 8  /* this many sources may have all the calls that they are allowed */
#define ROUND           64 /* calls that are accepted before signals are handled again */
#define LISTENING_MAX   128

/* A call that is being served. */
struct slot {
	pid_t pid; /* 0: free */
	unsigned origin;
	char id[33];
};

struct daemon {
	const struct options *options;
	struct rpc_policy policy;
	struct rpc_listener listener;
	struct slot *slots;
	size_t slot_count;
	int signals;
	unsigned refused;  /* calls since the log last told of them */
	time_t refused_at; /* when that was */
};

static void load_policy(struct daemon *daemon)
{
	struct rpc_policy_error error;
	struct rpc_policy policy;
	char text[4500];

	if (daemon->options->transport->rules) {
		log_line(LOG_INFO, "the policy is dom0's; nothing to read again");
	} else if (rpc_policy_load(daemon->options->policy, &policy, &error) < 0) {
		log_line(LOG_ERR, "the policy stays as it was: %s",
			 rpc_policy_error_text(&error, text, sizeof(text)));
	} else {
		rpc_policy_free(&daemon->policy);
		daemon->policy = policy;
		log_line(LOG_INFO, "read the policy again: %zu rules", policy.count);
	}
}

static void reap(struct daemon *daemon)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (size_t i = 0; i < daemon->slot_count; i++) {
			struct slot *slot = &daemon->slots[i];

			if (slot->pid != pid)
				continue;
			slot->pid = 0;
			daemon->listener.transport->ended(&daemon->listener, slot->origin,
							  slot->id);
		}
	}
}

/* Returns whether to go on. */
static bool take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;
	bool go_on = true;

	while (read(daemon->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			load_policy(daemon);
		else if (info.ssi_signo != SIGCHLD)
			go_on = false;
	}
	reap(daemon);
	return go_on;
}

/* A free slot for a call from `origin`. NULL: it has too many calls, or no slot is free. */
static struct slot *find_slot(struct daemon *daemon, unsigned origin)
{
	struct slot *free = NULL;
	unsigned calls = 0;

	for (size_t i = 0; i < daemon->slot_count; i++) {
		struct slot *slot = &daemon->slots[i];

		if (slot->pid == 0)
			free = slot;
		else if (slot->origin == origin)
			calls++;
	}
	return calls < daemon->options->max_calls ? free : NULL;
}

/* At most one line a second, so that a source that calls too often cannot fill the log. */
static void log_refused(struct daemon *daemon, const struct rpc_pending *pending)
{
	time_t now = time(NULL);

	daemon->refused++;
	if (now == daemon->refused_at)
		return;
	log_line(LOG_WARNING,
		 "%u more calls at once than --max-calls allows were refused, the last from %s%u",
		 daemon->refused, *pending->source ? pending->source : "uid ", pending->origin);
	daemon->refused_at = now;
	daemon->refused = 0;
}

static void refuse(struct daemon *daemon, struct rpc_pending *pending)
{
	unsigned char bytes[REFUSAL_FRAMES_MAX];
	size_t length = refusal_frames(
		bytes, EBUSY, "you have too many calls at once; try again when one has ended");

	log_refused(daemon, pending);
	daemon->listener.transport->refuse(&daemon->listener, pending, bytes, length);
}

/* Returns false in the process of the call, when it has been served. */
static bool serve_pending(struct daemon *daemon, struct rpc_pending *pending)
{
	struct slot *slot = find_slot(daemon, pending->origin);
	pid_t pid, own = getpid();

	if (!slot) {
		refuse(daemon, pending);
		return true;
	}
	pid = fork();
	if (pid == 0) {
		sigset_t all;

		close(daemon->signals);
		sigfillset(&all);
		sigprocmask(SIG_UNBLOCK, &all, NULL);
		serve(daemon->options, &daemon->listener, &daemon->policy, pending, own);
		return false;
	}
	if (pid < 0) {
		refuse(daemon, pending);
		return true;
	}
	slot->pid = pid;
	slot->origin = pending->origin;
	memcpy(slot->id, pending->id, sizeof(slot->id));
	daemon->listener.transport->release(&daemon->listener, pending);
	return true;
}

/* Returns false in the process of a call. */
static bool take_calls(struct daemon *daemon)
{
	struct rpc_pending pending;

	for (unsigned i = 0;
	     i < ROUND && daemon->listener.transport->accept(&daemon->listener, &pending) == 1;
	     i++) {
		if (!serve_pending(daemon, &pending))
			return false;
	}
	return true;
}

/* End all calls, and wait for their processes: each ends its service first. */
static void end_calls(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->slot_count; i++) {
		if (daemon->slots[i].pid > 0)
			kill(daemon->slots[i].pid, SIGTERM);
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static int open_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool daemon_open(struct daemon **made, const struct options *options,
		 const struct rpc_policy *policy)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	struct rpc_failure failure = {.text = "out of memory"};

	if (daemon) {
		daemon->options = options;
		daemon->policy = *policy;
		daemon->slot_count = (size_t)options->max_calls * SOURCES_AT_ONCE;
		daemon->slots = calloc(daemon->slot_count, sizeof(*daemon->slots));
		daemon->signals = open_signals();
	}
	if (!daemon || !daemon->slots || daemon->signals < 0 ||
	    options->transport->listen(&daemon->listener, &options->listen, &failure) < 0) {
		log_line(LOG_ERR, "%s", failure.text);
		return false;
	}
	*made = daemon;
	return true;
}

int daemon_run(struct daemon *daemon)
{
	struct pollfd fds[1 + LISTENING_MAX] = {{.fd = daemon->signals, .events = POLLIN}};

	for (;;) {
		int timeout = -1;
		size_t n = daemon->listener.transport->listening(&daemon->listener, fds + 1,
								 LISTENING_MAX, &timeout);

		poll(fds, 1 + n, timeout);
		if (fds[0].revents && !take_signals(daemon))
			break;
		if (!take_calls(daemon))
			return 0;
	}
	end_calls(daemon);
	daemon->listener.transport->unlisten(&daemon->listener);
	return 0;
}
