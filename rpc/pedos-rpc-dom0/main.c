/*
 * pedos-rpc-dom0: tell the guests, through xenstore, whom they may call and who may call them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/background.h"
#include "base/log.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "domains.h"
#include "options.h"
#include "update.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/*
 * Milliseconds until a failed update is tried again, and until we check that xenstore is still
 * there: its library does not report that.
 */
#define PAUSE 10000

/* The state of the daemon. */
struct daemon {
	const char *policy_directory;
	struct rpc_policy policy;
	struct domains domains;
	xc_interface *xc;
	struct xs_handle *xs;
};

/* ---- The policy ---- */

static bool read_policy(const char *directory, struct rpc_policy *policy)
{
	static struct rpc_policy_error error;
	static char text[sizeof(error.file) + 256];

	if (rpc_policy_load(directory, policy, &error) < 0) {
		log_line(LOG_ERR, "the policy is wrong: %s",
			 rpc_policy_error_text(&error, text, sizeof(text)));
		return false;
	}
	if (policy->files == 0)
		log_line(LOG_WARNING, "%s has no file *.policy: nobody may call anything",
			 directory);
	return true;
}

/* Does every text for the running domains fit into xenstore? If not, says which does not. */
static bool has_room(const struct rpc_policy *policy, const struct domains *domains)
{
	const struct domain *source, *target;

	if (!tables_too_large(policy, domains->list, domains->count, &source, &target))
		return true;
	log_line(LOG_WARNING,
		 "too many rules concern calls from \"%s\" to \"%s\": together they may have %d "
		 "bytes; say more with fewer, through * and @anyvm",
		 source->name, target->name, RPC_PAIR_TEXT_MAX);
	return false;
}

/* Read the policy again. If it is wrong, the old one stays in force. */
static void reload(struct daemon *daemon)
{
	struct rpc_policy policy;

	if (!read_policy(daemon->policy_directory, &policy)) {
		log_line(LOG_WARNING, "the policy that was read before stays in force");
	} else if (!has_room(&policy, &daemon->domains)) {
		log_line(LOG_WARNING, "the policy that was read before stays in force");
		rpc_policy_free(&policy);
	} else {
		rpc_policy_free(&daemon->policy);
		daemon->policy = policy;
	}
}

/* ---- Xen ---- */

/* Our messages are clearer than those of Xen's libraries, which would come in addition. */
static void stay_silent(struct xentoollog_logger *logger, xentoollog_level level, int code,
			const char *context, const char *format, va_list arguments)
{
	(void)logger, (void)level, (void)code, (void)context, (void)format, (void)arguments;
}

static void show_no_progress(struct xentoollog_logger *logger, const char *context,
			     const char *what, int percent, unsigned long done, unsigned long total)
{
	(void)logger, (void)context, (void)what, (void)percent, (void)done, (void)total;
}

static bool open_xenstore(struct daemon *daemon)
{
	daemon->xs = xs_open(0);
	if (!daemon->xs)
		log_line(LOG_WARNING,
			 "no connection to xenstore (is this dom0, is xenstored running, are you "
			 "root?): %s",
			 strerror(errno));
	return daemon->xs;
}

static bool open_xen(struct daemon *daemon)
{
	static struct xentoollog_logger silent = {.vmessage = stay_silent,
						  .progress = show_no_progress};

	daemon->xc = xc_interface_open(&silent, &silent, 0);
	if (!daemon->xc)
		log_line(LOG_WARNING,
			 "no connection to the hypervisor (does this machine run Xen, is this "
			 "dom0, "
			 "are you root?): %s",
			 strerror(errno));
	return daemon->xc && open_xenstore(daemon);
}

static bool watch_domains(struct daemon *daemon)
{
	if (xs_watch(daemon->xs, "@introduceDomain", "introduce") &&
	    xs_watch(daemon->xs, "@releaseDomain", "release"))
		return true;
	log_line(LOG_ERR, "watching for domains: %s", strerror(errno));
	return false;
}

static bool update_domains(struct daemon *daemon)
{
	int r = domains_update(&daemon->domains, daemon->xc, daemon->xs);

	if (r == -EPERM)
		log_line(LOG_ERR, "the hypervisor does not say which domains run: this is not "
				  "dom0");
	else if (r < 0)
		log_line(LOG_ERR, "the hypervisor does not say which domains run: %s",
			 strerror(-r));
	return r == 0;
}

/* ---- Serving ---- */

static bool update(struct daemon *daemon)
{
	return update_domains(daemon) && update_tables(daemon->xs, &daemon->policy,
						       daemon->domains.list, daemon->domains.count);
}

/* The first update. Unlike later ones it must succeed completely. */
static bool begin(struct daemon *daemon)
{
	return open_xen(daemon) && watch_domains(daemon) && update_domains(daemon) &&
	       has_room(&daemon->policy, &daemon->domains) &&
	       update_tables(daemon->xs, &daemon->policy, daemon->domains.list,
			     daemon->domains.count);
}

static void drain_watches(struct xs_handle *xs)
{
	char **event;

	while ((event = xs_check_watch(xs)))
		free(event);
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
	reload(daemon);
	return true;
}

/*
 * Nobody would change the tables any more when a domain ends: another that gets its number would be
 * taken for it. So they go. Returns the exit status.
 */
static int end(struct daemon *daemon)
{
	return update_clear(daemon->xs) ? EXIT_SUCCESS : EXIT_FAILED;
}

/*
 * Serve until a signal ends us. Returns the exit status. Events are not examined one by one: after
 * any of them all tables are checked, and what is right is not written again.
 */
static int serve(struct daemon *daemon, int stop)
{
	struct pollfd fds[] = {{.fd = stop, .events = POLLIN},
			       {.fd = xs_fileno(daemon->xs), .events = POLLIN}};
	bool ok = true;

	for (;;) {
		int ready = poll(fds, 2, PAUSE);

		if (ready > 0 && fds[0].revents && !take_signal(daemon, stop))
			return end(daemon);
		if (!xenstore_there(daemon->xs)) {
			log_line(LOG_ERR, "xenstore has gone");
			return EXIT_FAILED;
		}
		drain_watches(daemon->xs);
		if (ready > 0 || !ok)
			ok = update(daemon);
	}
}

static int clear(struct daemon *daemon)
{
	return open_xenstore(daemon) ? end(daemon) : EXIT_FAILED;
}

/* Returns a descriptor for background_ready(), or -1 for the foreground. */
static int to_background(const struct options *options)
{
	int fd;

	if (options->foreground || options->once)
		return -1;
	fd = background_begin();
	if (fd < 0)
		errx(EXIT_FAILED, "going to the background: %s", strerror(-fd));
	return fd;
}

static int run(struct daemon *daemon, const struct options *options)
{
	int ready, stop, r;

	if (!read_policy(options->policy, &daemon->policy))
		return EXIT_FAILED;
	if (!daemon->policy_directory)
		errx(EXIT_FAILED, "the working directory cannot be found: give an absolute path, "
				  "or --foreground");
	ready = to_background(options);
	stop = stop_open();
	if (stop < 0)
		errx(EXIT_FAILED, "waiting for signals: %s", strerror(-stop));
	if (!begin(daemon))
		return EXIT_FAILED;
	if (options->once)
		return EXIT_SUCCESS;
	r = ready >= 0 ? background_ready(ready) : 0;
	if (r < 0) {
		log_line(LOG_ERR, "going to the background: %s", strerror(-r));
		return EXIT_FAILED;
	}
	return serve(daemon, stop);
}

int main(int argc, char **argv)
{
	static struct daemon daemon;
	struct options options;
	int status;

	descriptors_fill();
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = options_parse(&options, argc, argv);
	if (status >= 0)
		return status;
	/* In the background the working directory is another one. */
	daemon.policy_directory =
		options.foreground ? options.policy : background_path(options.policy);
	return options.clear ? clear(&daemon) : run(&daemon, &options);
}
