/*
 * pedos-rpc-dom0: tell the guests, through xenstore, whom they may call and who may call them, and
 * make disposable VMs for their calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/background.h"
#include "base/log.h"
#include "cli/startup.h"
#include "cli/stop.h"
#include "load.h"
#include "options.h"
#include "serve.h"
#include "xl.h"

#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool open_xenstore(struct machine *machine)
{
	machine->xs = xs_open(0);
	if (!machine->xs)
		log_line(LOG_WARNING,
			 "no connection to xenstore (is this dom0, is xenstored running, are you "
			 "root?): %s",
			 strerror(errno));
	return machine->xs;
}

static bool open_hypervisor(struct machine *machine)
{
	static struct xentoollog_logger silent = {.vmessage = stay_silent,
						  .progress = show_no_progress};

	machine->xc = xc_interface_open(&silent, &silent, 0);
	if (!machine->xc)
		log_line(LOG_WARNING,
			 "no connection to the hypervisor (does this machine run Xen, is this "
			 "dom0, "
			 "are you root?): %s",
			 strerror(errno));
	return machine->xc;
}

static bool open_xen(struct machine *machine)
{
	return open_hypervisor(machine) && open_xenstore(machine);
}

static int clear(struct machine *machine)
{
	return open_xenstore(machine) ? serve_clear(machine) : EXIT_FAILED;
}

static int serve_xl(struct machine *machine)
{
	machine->disposables.templates.directory = machine->options->disposables;
	return open_hypervisor(machine) ? xl_serve(machine) : EXIT_FAILED;
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
	struct disposables *disposables = &daemon->machine.disposables;
	int ready, stop, r;

	disposables->templates.directory = options->disposables;
	if (!load_policy(options->policy, &daemon->machine.policy) ||
	    !templates_load(&disposables->templates))
		return EXIT_FAILED;
	if (options->check)
		return open_xen(&daemon->machine) && serve_check(daemon) ? EXIT_SUCCESS
									 : EXIT_FAILED;
	if (!options->foreground) {
		/* In the background the working directory is another one. */
		daemon->policy_directory = background_path(options->policy);
		disposables->templates.directory = background_path(options->disposables);
	}
	if (!daemon->policy_directory || !disposables->templates.directory)
		errx(EXIT_FAILED, "the working directory cannot be found: give an absolute path, "
				  "or --foreground");
	ready = to_background(options);
	stop = stop_open();
	if (stop < 0)
		errx(EXIT_FAILED, "waiting for signals: %s", strerror(-stop));
	if (!open_xen(&daemon->machine) || !serve_begin(daemon))
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
	daemon.policy_directory = options.policy;
	daemon.machine.options = &options;
	daemon.machine.disposables.options = &options;
	if (options.serve_xl)
		return serve_xl(&daemon.machine);
	return options.clear ? clear(&daemon.machine) : run(&daemon, &options);
}
