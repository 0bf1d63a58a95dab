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

/* The service, and the words that the receiver is asked with, joined with '+'. */
static bool name_service(const struct options *options, char *service, size_t size)
{
	return (size_t)snprintf(service, size, "%s%s%s",
				options->service ? options->service : "PedOS.Filecopy",
				options->allow_all_names ? "+allow-all-names" : "",
				options->rename ? "+rename" : "") < size;
}

int vm_call(const struct options *options, const char *program)
{
	const char **arguments =
		calloc(options->count + 2 * options->excluded + 10, sizeof(*arguments));
	char service[256], progress[32];
	size_t n = 0;

	if (!arguments)
		err(EXIT_FAILED, NULL);
	if (!name_service(options, service, sizeof(service))) {
		warnx("the service's name is too long");
		return EXIT_USAGE;
	}
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
	if (options->verbose)
		arguments[n++] = "--verbose";
	for (size_t i = 0; i < options->excluded; i++) {
		arguments[n++] = "--exclude";
		arguments[n++] = options->exclude[i];
	}
	if (options->progress) {
		snprintf(progress, sizeof(progress), "--progress=%s", options->progress);
		arguments[n++] = progress;
	}
	/* It is open in the client, and in what the client starts. */
	if (options->progress_fd >= 0) {
		snprintf(progress, sizeof(progress), "--progress-fd=%d", options->progress_fd);
		arguments[n++] = progress;
	}
	arguments[n++] = "--";
	memcpy(arguments + n, options->arguments, options->count * sizeof(*arguments));
	rpc_call(options->vm, service, program, arguments);
	return EXIT_FAILED;
}
