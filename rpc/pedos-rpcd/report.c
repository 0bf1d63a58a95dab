/*
 * What the processes of calls tell the daemon.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int report_open(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ? -errno : 0;
}

void report_say(int fd, enum report_kind kind, unsigned origin, const char *text)
{
	struct report report = {.kind = kind, .origin = origin, .pid = getpid()};

	snprintf(report.text, sizeof(report.text), "%s", text);
	/* The daemon reads all the time. If it has gone, so are we in a moment. */
	while (send(fd, &report, sizeof(report), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

bool report_next(int fd, struct report *report)
{
	return recv(fd, report, sizeof(*report), MSG_DONTWAIT) == sizeof(*report);
}
