/*
 * Calling a VM through the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "vm.h"
#include "cli/number.h"
#include "cli/rpc.h"
#include "cli/usage.h"

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <qfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The descriptor by which the agent that the client runs says that it has given the report. */
#define REPORTS_TO "QFILE_AGENT_REPORTS_TO"

int vm_reports_to(void)
{
	const char *text = getenv(REPORTS_TO);
	uint64_t fd;

	if (!text || !parse_count(text, &fd) || fd > INT_MAX ||
	    fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
		return -1;
	unsetenv(REPORTS_TO);
	return write((int)fd, "", 1) == 1 ? (int)fd : -1;
}

static int stay(const char *vm, const char *service, const char *program, const char **arguments,
		enum vm_report *reported)
{
	int ends[2], status;
	char text[16], bytes[VM_REPORTED];
	ssize_t n;

	if (pipe2(ends, O_NONBLOCK) < 0)
		err(EXIT_FAILED, NULL);
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(text, sizeof(text), "%d", ends[1]);
	if (setenv(REPORTS_TO, text, 1) < 0)
		err(EXIT_FAILED, NULL);
	status = rpc_run(vm, service, program, arguments);
	n = read(ends[0], bytes, sizeof(bytes));
	*reported = n > 0 ? (enum vm_report)n : VM_UNHEARD;
	return status;
}

int vm_call(const struct options *options, const char *program, enum vm_report *reported)
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
	if (reported)
		return stay(options->calling.vm, service, program, arguments, reported);
	rpc_call(options->calling.vm, service, program, arguments);
	return EXIT_FAILED;
}
