/*
 * What is written to the log of this machine.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/log.h"

#include "system/systemlog.h"
#include "text/printable.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* Bytes of a line's text: with what stands before it, it fits the kilobyte that RFC 3164 allows. */
#define TEXT_MAX_BYTES 700

#define WAIT_MILLISECONDS 1000

static bool log_line(int priority, const char *source, const char *untrusted, size_t length)
{
	char text[TEXT_MAX_BYTES + 1], from[128], line[sizeof(text) + sizeof(from) + 64];

	text_printable(untrusted, length, text, sizeof(text));
	text_printable(source ? source : "?", source ? strlen(source) : 1, from, sizeof(from));
	snprintf(line, sizeof(line), "from %s, for uid %lu: %s", from, (unsigned long)geteuid(),
		 text);
	return systemlog_send(priority, line, WAIT_MILLISECONDS);
}

static bool log_lines(int priority, const char *source, const char *untrusted_text)
{
	static const char more[] = "more was said, and is left out";
	static unsigned lines;
	bool taken = false;

	for (const char *line = untrusted_text; *line && lines < LOG_LINES_MAX;) {
		size_t length = strcspn(line, "\n");
		const char *next = line + length + (line[length] == '\n');

		if (length > 0 && ++lines == LOG_LINES_MAX && *next)
			taken = log_line(priority, source, more, strlen(more)) || taken;
		else if (length > 0)
			taken = log_line(priority, source, line, length) || taken;
		line = next;
	}
	return taken;
}

bool log_alarm(const char *source, const char *untrusted_text)
{
	return log_lines(LOG_AUTHPRIV | LOG_WARNING, source, untrusted_text);
}

bool log_notice(const char *source, const char *untrusted_text)
{
	return log_lines(LOG_USER | LOG_NOTICE, source, untrusted_text);
}
