/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "vm.h"
#include "cli/usage.h"

#include "cli/rpc.h"

#include <err.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int vm_call(const struct options *options, const char *program)
{
	const char **arguments =
		calloc(options->count + 2 * options->excluded + CALLING_PASSED_MAX + 8,
		       sizeof(*arguments));
	char service[256], progress[32];
	size_t n = 0;

	if (!arguments)
		err(EXIT_FAILED, NULL);
	if (!calling_service(&options->calling, &receiver, service)) {
		warnx("the service's name is too long");
		return EXIT_USAGE;
	}
	n = (size_t)calling_pass_on(&options->calling, arguments);
	if (options->move)
		arguments[n++] = "--move";
	if (options->flags & QFILE_IGNORE_LINKS)
		arguments[n++] = "--ignore-symlinks";
	if (options->flags & QFILE_DEREFERENCE)
		arguments[n++] = "--dereference";
	if (options->flags & QFILE_SKIP_UNREADABLE)
		arguments[n++] = "--skip-unreadable";
	if (options->flags & QFILE_ANY_TIME)
		arguments[n++] = "--any-time";
	for (size_t i = 0; i < options->excluded; i++) {
		arguments[n++] = "--exclude";
		arguments[n++] = options->exclude[i];
	}
	/* It is open in the client, and in what the client starts. */
	if (options->progress_fd >= 0) {
		snprintf(progress, sizeof(progress), "--progress-fd=%d", options->progress_fd);
		arguments[n++] = progress;
	}
	arguments[n++] = "--";
	memcpy(arguments + n, options->arguments, options->count * sizeof(*arguments));
	/* The client hands it on: this program knows whom it talks to, when it is run again. */
	if (setenv("QREXEC_REMOTE_DOMAIN", options->calling.vm, 1) < 0)
		err(EXIT_FAILED, NULL);
	rpc_call(options->calling.vm, service, program, arguments);
	return EXIT_FAILED;
}
