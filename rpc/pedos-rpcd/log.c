/*
 * pedos-rpcd's log.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void log_line(int priority, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (getenv("JOURNAL_STREAM")) /* the journal reads the priority from the line */
		fprintf(stderr, "<%d>%s\n", priority, line);
	else
		fprintf(stderr, "pedos-rpcd: %s\n", line);
}
