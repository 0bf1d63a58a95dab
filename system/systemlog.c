/*
 * The log of this machine.
 *
 * It is not written by syslog(3), which waits for ever for a log that takes nothing, and does not
 * tell whether there is one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/systemlog.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 1200

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

bool systemlog_is_there(void)
{
	int fd = connect_log();

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Its NUL separates a line from the next one in a stream. */
static bool send_line(const char *line, int milliseconds)
{
	size_t size = strlen(line) + 1;
	int fd = connect_log();
	ssize_t sent;

	if (fd < 0)
		return false;
	sent = send(fd, line, size, MSG_NOSIGNAL);
	if (sent < 0 && errno == EAGAIN) {
		struct pollfd pollfd = {.fd = fd, .events = POLLOUT};

		poll(&pollfd, 1, milliseconds);
		sent = send(fd, line, size, MSG_NOSIGNAL);
	}
	close(fd);
	return sent == (ssize_t)size;
}

bool systemlog_send(int priority, const char *text, int milliseconds)
{
	char when[32], line[LINE_SIZE];
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &local);
	snprintf(line, sizeof(line), "<%d>%s %.64s[%ld]: %s", priority, when,
		 program_invocation_short_name, (long)getpid(), text);
	return send_line(line, milliseconds);
}
