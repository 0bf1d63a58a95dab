/*
 * The log of a daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/log.h"

#include "system/systemlog.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A log that takes nothing must not keep callers waiting. */
#define WAIT_MILLISECONDS 100

static bool to_system;

/*
 * Is stderr read by the journal? The variable alone does not say so: programs that were started
 * from a desktop have it, too, whatever their stderr is.
 */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void log_line(int priority, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (to_system)
		systemlog_send(LOG_DAEMON | priority, line, WAIT_MILLISECONDS);
	else if (is_journal()) /* it reads the priority from the line */
		fprintf(stderr, "<%d>%s\n", priority, line);
	else
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, line);
}

void log_to_system(void)
{
	if (!systemlog_is_there())
		log_line(LOG_WARNING, "there is no system log here (/dev/log): what is logged from "
				      "now on is "
				      "lost; with --foreground the log goes to stderr");
	to_system = true;
}
