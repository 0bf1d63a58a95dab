/*
 * The daemon itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "daemon.h"

#include "base/log.h"
#include "calls.h"
#include "domains.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define LISTENING_MAX 128

struct daemon {
	struct calls calls;
};

static void load_policy(struct daemon *daemon)
{
	const struct options *options = daemon->calls.options;
	struct rpc_policy_error error;
	struct rpc_policy policy;
	char text[4500];

	if (options->transport->rules) {
		log_line(LOG_INFO, "the policy is dom0's; nothing to read again");
	} else if (rpc_policy_load(options->policy, &policy, &error) < 0) {
		log_line(LOG_ERR, "the policy stays as it was: %s",
			 rpc_policy_error_text(&error, text, sizeof(text)));
	} else {
		calls_set_policy(&daemon->calls, &policy);
		log_line(LOG_INFO, "read the policy again: %zu %s", policy.count,
			 policy.count == 1 ? "rule" : "rules");
	}
}

/* Returns whether to go on. */
static bool take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;
	bool go_on = true;

	while (read(daemon->calls.signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			load_policy(daemon);
		else if (info.ssi_signo != SIGCHLD)
			go_on = false;
	}
	calls_reap(&daemon->calls);
	return go_on;
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

	if (!daemon || calls_open(&daemon->calls, options, policy) < 0 ||
	    (daemon->calls.signals = open_signals()) < 0 ||
	    options->transport->listen(&daemon->calls.listener, &options->listen, &failure) < 0) {
		log_line(LOG_ERR, "%s", failure.text);
		return false;
	}
	if (!domains_check_inherited(options, &daemon->calls.listener)) {
		options->transport->unlisten(&daemon->calls.listener);
		return false;
	}
	*made = daemon;
	return true;
}

void daemon_log_ready(const struct daemon *daemon)
{
	domains_log(daemon->calls.options, &daemon->calls.listener);
}

/* Sleep until something has happened. */
static void wait_for_news(struct daemon *daemon, struct pollfd *signals, struct pollfd *of_calls)
{
	struct pollfd fds[1 + CALLS_FDS + LISTENING_MAX] = {
		{.fd = daemon->calls.signals, .events = POLLIN}};
	struct rpc_listener *listener = &daemon->calls.listener;
	int timeout = refusals_flush(&daemon->calls.refusals);
	size_t n;

	calls_wait_for(&daemon->calls, fds + 1, &timeout);
	n = listener->transport->listening(listener, fds + 1 + CALLS_FDS, LISTENING_MAX, &timeout);
	poll(fds, 1 + CALLS_FDS + n, timeout);
	*signals = fds[0];
	memcpy(of_calls, fds + 1, CALLS_FDS * sizeof(*of_calls));
}

int daemon_run(struct daemon *daemon)
{
	struct pollfd signals, of_calls[CALLS_FDS];

	for (;;) {
		wait_for_news(daemon, &signals, of_calls);
		/* First, since a new policy is for those that are pending, too. */
		if (signals.revents && !take_signals(daemon))
			break;
		calls_go_on(&daemon->calls, of_calls);
		calls_accept(&daemon->calls);
	}
	calls_end(&daemon->calls);
	daemon->calls.listener.transport->unlisten(&daemon->calls.listener);
	return 0;
}
