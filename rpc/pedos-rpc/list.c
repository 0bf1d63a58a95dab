/*
 * Whom the caller may call: what the policy says, through who knows it. On one machine that is the
 * daemon of each VM, and in a guest what dom0 has written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "list.h"

#include "ask.h"
#include "sandbox.h"

#include "policy/pair.h"
#include "system/clock.h"
#include "text/similar.h"

#include <err.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *reason(int code)
{
	switch (code) {
	case -EPROTO:
		return "its pedos-rpcd is of another version";
	case -ECONNRESET:
		return "its pedos-rpcd has hung up";
	case -ETIMEDOUT:
		return "its pedos-rpcd does not answer";
	default:
		return strerror(-code);
	}
}

/* Ask its daemon. 1: it may be called. 0: it may not. Otherwise that is not known, and why. */
static int ask_daemon(const struct options *options, const char *target,
		      struct rpc_failure *failure)
{
	struct rpc_reception answer;
	struct rpc_channel channel;
	struct rpc_session session;
	struct rpc_refusal refusal;
	int r = options->transport->connect(&channel, target, options->sockets, failure);

	if (r == -ENOENT || r == -ECONNREFUSED) /* a socket that nobody serves any more */
		return 0;
	if (r < 0)
		return r;
	r = ask(&channel, &session, RPC_QUESTION, &options->call, -1, clock_now() + RPC_TIMEOUT,
		&answer);
	channel.transport->close(&channel);
	if (r == 0 && answer.frame.type == RPC_ASKING) /* that is for calls */
		r = -EPROTO;
	if (r < 0)
		return rpc_fail(failure, r, "asking whether %s may be called: %s", target,
				reason(r));
	if (answer.frame.type == RPC_ACCEPTED)
		return 1;
	rpc_refusal_decode(answer.payload, answer.frame.length, &refusal);
	if (refusal.code == EACCES)
		return 0;
	return rpc_fail(failure, -EIO, "asking whether %s may be called: %s", target,
			refusal.code == EBUSY ? "it has too many calls; try again later"
					      : "its pedos-rpcd does not answer that");
}

/* The same by what dom0 has written. That it has written something says that it is some service. */
static int decide(const struct options *options, const char *target, struct rpc_failure *failure)
{
	static struct rpc_rule rules[RPC_PAIR_RULES_MAX];
	static char text[RPC_PAIR_TEXT_MAX];
	char source[RPC_NAME_SIZE];
	const char *why = "";
	ssize_t n;

	if (!*options->call.service)
		return 1;
	n = options->transport->told(target, text, sizeof(text));
	if (n < 0)
		return rpc_fail(failure, (int)n, "what %s may be called for is not known: %s",
				target,
				n == -ENOENT ? "dom0 does not say it; is its pedos-rpc-dom0 of "
					       "another version?"
					     : strerror((int)-n));
	n = rpc_pair_parse(text, (size_t)n, source, rules, &why);
	if (n < 0)
		return rpc_fail(failure, (int)n, "what dom0 says of calls to %s cannot be used: %s",
				target, why);
	return rpc_policy_decide(rules, (size_t)n, options->call.service, source, target).action !=
	       RPC_DENY;
}

/*
 * Is this VM the caller? Who looks for another VM does not mean their own, even where the policy
 * allows that. Guests need not ask: dom0 tells none of itself.
 */
static bool is_caller(const struct options *options, const char *target)
{
	const struct passwd *account;

	if (options->transport->told)
		return false;
	if (*options->call.source)
		return strcmp(options->call.source, target) == 0;
	account = getpwuid(geteuid());
	return account && strcmp(account->pw_name, target) == 0;
}

static int may_call(const struct options *options, const char *target, struct rpc_failure *failure)
{
	const bool disposable = rpc_disposable_ok(target);
	int r = disposable ? disposable_serves(options->call.service, failure)
			   : !is_caller(options, target);

	if (r <= 0)
		return r;
	/* A sandbox is the caller's own. */
	if (disposable && sandbox_is_meant(options))
		return 1;
	return options->transport->told ? decide(options, target, failure)
					: ask_daemon(options, target, failure);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What was written to stdout has to be there. Returns the status to exit with. */
static int end_output(int status)
{
	if (ferror(stdout) || fflush(stdout) != 0) {
		warn("writing to stdout");
		return EXIT_FAILED;
	}
	return status;
}

int list_targets(const struct options *options)
{
	struct rpc_targets targets = {.count = 0};
	struct rpc_failure failure, nobody;
	int found = options->transport->targets(options->sockets, &targets, &nobody);
	bool named = false;
	int status = 0;

	if (sandbox_is_meant(options) && sandbox_targets(&targets, &failure) < 0) {
		warnx("%s", failure.text);
		status = EXIT_FAILED;
	}
	if (targets.count > 0)
		qsort(targets.names, targets.count, sizeof(*targets.names), compare);
	for (size_t i = 0; i < targets.count; i++) {
		int may = may_call(options, targets.names[i], &failure);

		if (may < 0) {
			warnx("%s", failure.text);
			status = EXIT_FAILED;
		} else if (may > 0) {
			puts(targets.names[i]);
			named = true;
		}
	}
	rpc_targets_free(&targets);
	/* Where no daemon has run, a sandbox can be all that there is. */
	if (found < 0 && !(found == -ENOENT && named)) {
		warnx("%s", nobody.text);
		status = EXIT_FAILED;
	}
	return end_output(status);
}

int list_kind(const struct options *options)
{
	const bool on_this_machine = options->transport == &rpc_unix_transport;

	if (options->disposable)
		puts(sandbox_is_meant(options) ? "sandbox" : "disposable");
	else
		puts(on_this_machine ? "account" : "vm");
	return end_output(0);
}

bool list_similar(const struct options *options, char name[RPC_NAME_SIZE])
{
	struct rpc_targets targets = {.count = 0};
	unsigned least = SIMILAR_NOT;
	struct rpc_failure failure;

	if (options->transport->targets(options->sockets, &targets, &failure) < 0)
		targets.count = 0;
	for (size_t i = 0; i < targets.count; i++) {
		const char *other = targets.names[i];
		unsigned distance = similar_distance(options->target, other);

		if (distance < least && may_call(options, other, &failure) == 1) {
			least = distance;
			snprintf(name, RPC_NAME_SIZE, "%s", other);
		}
	}
	rpc_targets_free(&targets);
	return least < SIMILAR_NOT;
}
