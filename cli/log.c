/*
 * The log of this machine.
 *
 * It is not written by syslog(3), which waits for ever for a log that takes nothing, and does not
 * tell whether there is one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/log.h"

#include "text/printable.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* Bytes of a line's text: with what stands before it, it fits the kilobyte that RFC 3164 allows. */
#define TEXT_MAX_BYTES 700

#define WAIT_MILLISECONDS 1000

/* Connect to the log. Returns a descriptor, -1: there is none. */
static int connect_log(void)
{
	/* Datagrams, as everybody has it today, or a stream, as some had it. */
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
	static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		int fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		if (fd < 0)
			return -1;
		if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

/* Its NUL separates a line from the next one in a stream. */
static bool send_line(const char *line)
{
	size_t size = strlen(line) + 1;
	int fd = connect_log();
	ssize_t sent;

	if (fd < 0)
		return false;
	sent = send(fd, line, size, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN) {
		struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

		poll(&pollfd, 1, WAIT_MILLISECONDS);
		sent = send(fd, line, size, MSG_NOSIGNAL);
	}
	close(fd);
	return sent == (ssize_t)size;
}

static bool log_line(const char *source, const char *untrusted, size_t length)
{
	char text[TEXT_MAX_BYTES + 1], from[128], when[32], line[sizeof(text) + 512];
	time_t now = time(NULL);
	struct tm local;

	text_printable(untrusted, length, text, sizeof(text));
	text_printable(source ? source : "?", source ? strlen(source) : 1, from, sizeof(from));
	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &local);
	snprintf(line, sizeof(line), "<%d>%s %.64s[%ld]: from %s, for uid %lu: %s",
		 LOG_AUTHPRIV | LOG_WARNING, when, program_invocation_short_name, (long)getpid(),
		 from, (unsigned long)geteuid(), text);
	return send_line(line);
}

bool log_alarm(const char *source, const char *untrusted_text)
{
	static const char more[] = "more was said, and is left out";
	static unsigned lines;
	bool taken = false;

	for (const char *line = untrusted_text; *line && lines < LOG_LINES_MAX;) {
		size_t length = strcspn(line, "\n");
		const char *next = line + length + (line[length] == '\n');

		if (length > 0 && ++lines == LOG_LINES_MAX && *next)
			taken = log_line(source, more, strlen(more)) || taken;
		else if (length > 0)
			taken = log_line(source, line, length) || taken;
		line = next;
	}
	return taken;
}
