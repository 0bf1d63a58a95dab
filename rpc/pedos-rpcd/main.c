/*
 * pedos-rpcd: serve the calls of other virtual machines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/background.h"
#include "base/log.h"
#include "cli/startup.h"
#include "daemon.h"
#include "domains.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Read the policy, where this daemon has one of its own. Returns false after saying what is wrong:
 * with a wrong one nobody would know what it denies.
 */
static bool load_policy(const struct options *options, struct rpc_policy *policy)
{
	struct rpc_policy_error error;
	char text[4500];

	*policy = (struct rpc_policy){.count = 0};
	if (options->transport->rules)
		return true;
	if (rpc_policy_load(options->policy, policy, &error) < 0) {
		log_line(LOG_ERR, "the policy is wrong: %s",
			 rpc_policy_error_text(&error, text, sizeof(text)));
		return false;
	}
	if (policy->files == 0)
		log_line(LOG_WARNING, "there is no policy in %s: every call is refused",
			 options->policy);
	return true;
}

static int failed_background(int error)
{
	log_line(LOG_ERR, "going to the background: %s", strerror(error));
	return EXIT_FAILED;
}

/*
 * The policy to begin with. Who has opened the sockets keeps them open, so that callers would find
 * nobody where we did not start; they are refused. Returns whether to begin.
 */
static bool begin_with(const struct options *options, struct rpc_policy *policy)
{
	if (load_policy(options, policy))
		return true;
	if (options->listen.inherited == 0)
		return false;
	log_line(LOG_ERR, "every call is refused until the policy is right, and is read again "
			  "(SIGHUP, or systemctl reload)");
	return true;
}

int main(int argc, char **argv)
{
	struct options options;
	struct rpc_policy policy;
	struct daemon *daemon;
	int status, ready = -1;

	descriptors_fill();
	/* Write each line of the log at once: the processes of calls write there, too. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	/* Close what the program that started us has left open: no service must inherit it. */
	syscall(SYS_close_range, (unsigned)(3 + options.listen.inherited), ~0u, 0);
	if (!domains_check(&options))
		return EXIT_FAILED;
	if (options.check)
		return load_policy(&options, &policy) ? 0 : EXIT_FAILED;
	if (!begin_with(&options, &policy))
		return EXIT_FAILED;
	if (!options.foreground)
		ready = background_begin();
	if (!options.foreground && ready < 0)
		return failed_background(-ready);
	if (!daemon_open(&daemon, &options, &policy))
		return EXIT_FAILED;
	daemon_log_ready(daemon);
	if (!options.foreground) {
		/* Said to who started us; now it is the beginning of the log, too. */
		status = background_ready(ready);
		if (status < 0)
			return failed_background(-status);
		daemon_log_ready(daemon);
	}
	return daemon_run(daemon);
}
