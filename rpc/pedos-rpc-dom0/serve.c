/*
 * The daemon at work.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "serve.h"

#include "base/log.h"
#include "load.h"
#include "store.h"
#include "system/clock.h"
#include "update.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * Milliseconds until a failed update is tried again, and until we check that xenstore is still
 * there: its library does not report that.
 */
#define PAUSE 10000

/* Milliseconds for disposable VMs to be destroyed when the daemon ends. */
#define END_TIME 30000

/* Events that are taken at a time, so that a flood of them does not stop all else. */
#define EVENTS_MAX 1024

static bool watch_domains(struct machine *machine)
{
	if (xs_watch(machine->xs, "@introduceDomain", "introduce") &&
	    xs_watch(machine->xs, "@releaseDomain", "release"))
		return true;
	log_line(LOG_ERR, "watching for domains: %s", strerror(errno));
	return false;
}

static bool update_domains(struct daemon *daemon)
{
	struct machine *machine = &daemon->machine;
	int r = domains_update(&machine->domains, machine->xc, machine->xs);

	if (r == -EPERM)
		log_line(LOG_ERR, "the hypervisor does not say which domains run: this is not "
				  "dom0");
	else if (r < 0)
		log_line(LOG_ERR, "the hypervisor does not say which domains run: %s",
			 strerror(-r));
	machine->disposables.domains_aged = false;
	daemon->domains_known = r == 0;
	return r == 0;
}

static bool update(struct daemon *daemon)
{
	struct machine *machine = &daemon->machine;

	if (!update_domains(daemon))
		return false;
	requests_update(&daemon->requests, machine);
	return update_tables(machine->xs, &machine->policy, &machine->domains);
}

bool serve_begin(struct daemon *daemon)
{
	struct machine *machine = &daemon->machine;

	return watch_domains(machine) && update_domains(daemon) &&
	       load_has_room(&machine->policy, &machine->domains) &&
	       update_tables(machine->xs, &machine->policy, &machine->domains);
}

bool serve_check(struct daemon *daemon)
{
	return update_domains(daemon) &&
	       load_has_room(&daemon->machine.policy, &daemon->machine.domains);
}

/* Returns whether an event may mean that the tables are not right any more. */
static bool take_events(struct daemon *daemon)
{
	bool tables = false;
	char **event;

	for (int i = 0; i < EVENTS_MAX && (event = xs_check_watch(daemon->machine.xs)); i++) {
		const char *token = event[XS_WATCH_TOKEN];

		/* Guests cause these as often as they like, and only these. */
		if (strcmp(token, STORE_READY_TOKEN) == 0)
			daemon->machine.disposables.look = true;
		else if (strncmp(token, REQUESTS_TOKEN_BEGIN, strlen(REQUESTS_TOKEN_BEGIN)) == 0)
			requests_changed(&daemon->requests, token);
		else
			tables = true;
		free(event);
	}
	return tables;
}

static bool xenstore_there(struct xs_handle *xs)
{
	char *path = xs_get_domain_path(xs, 0);

	free(path);
	return path;
}

/* Returns whether to go on. */
static bool take_signal(struct daemon *daemon, int stop)
{
	struct signalfd_siginfo info;

	if (read(stop, &info, sizeof(info)) != sizeof(info) || info.ssi_signo != SIGHUP)
		return false;
	load_again(&daemon->machine, daemon->policy_directory);
	return true;
}

/* Sleep until something happens. Returns whether a signal has come. */
static bool wait_for_news(struct daemon *daemon, int stop, int timeout)
{
	static struct pollfd fds[2 + DISPOSABLES_MAX + REQUESTS_MAX];
	size_t count = 2;

	fds[0] = (struct pollfd){.fd = stop, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = xs_fileno(daemon->machine.xs), .events = POLLIN};
	disposables_wait_for(&daemon->machine.disposables, fds, &count, &timeout);
	requests_wait_for(&daemon->requests, fds, &count, &timeout);
	return poll(fds, count, timeout) > 0 && fds[0].revents;
}

/* Go on with all requests and disposable VMs, as far as it is known which domains run. */
static void step(struct daemon *daemon)
{
	struct machine *machine = &daemon->machine;

	if (!daemon->domains_known)
		return;
	disposables_step(&machine->disposables, machine->xs, &machine->domains);
	requests_step(&daemon->requests, machine);
}

/* Destroy all disposable VMs. Another signal makes an end of it. */
static void end_disposables(struct daemon *daemon, int stop)
{
	struct disposables *disposables = &daemon->machine.disposables;
	const int64_t end = clock_now() + END_TIME;
	bool stopped = false;
	int64_t now;

	requests_end(&daemon->requests, &daemon->machine);
	disposables_end(disposables);
	update_domains(daemon);
	step(daemon);
	while (disposables_left(disposables) > 0 && !stopped && (now = clock_now()) < end &&
	       xenstore_there(daemon->machine.xs)) {
		stopped = wait_for_news(daemon, stop, (int)(end - now));
		if (take_events(daemon) || disposables->domains_aged)
			update_domains(daemon);
		step(daemon);
	}
	if (disposables_left(disposables) > 0)
		log_line(LOG_WARNING,
			 "%u disposable VMs are left; the next pedos-rpc-dom0 destroys them",
			 disposables_left(disposables));
}

/*
 * Nobody would change the tables any more when a domain ends: another that gets its number would be
 * taken for it. So they go. Returns the exit status.
 */
int serve_clear(struct machine *machine)
{
	return update_clear(machine->xs) ? EXIT_SUCCESS : EXIT_FAILED;
}

/*
 * Events of domains are not examined one by
 * one: after any of them all tables are checked, and what is right is not written again.
 */
int serve(struct daemon *daemon, int stop)
{
	struct machine *machine = &daemon->machine;
	bool ok = update_forget_requests(machine->xs) && update(daemon), stopped, tables;
	int64_t again = clock_now() + PAUSE;

	for (;;) {
		step(daemon);
		stopped = wait_for_news(daemon, stop, PAUSE);
		tables = stopped;
		if (stopped && !take_signal(daemon, stop)) {
			end_disposables(daemon, stop);
			return serve_clear(machine);
		}
		if (!xenstore_there(machine->xs)) {
			log_line(LOG_ERR, "xenstore has gone");
			return EXIT_FAILED;
		}
		tables = take_events(daemon) || tables || machine->disposables.domains_aged;
		if (tables || (!ok && clock_now() >= again)) {
			ok = update(daemon);
			again = clock_now() + PAUSE;
		}
	}
}
