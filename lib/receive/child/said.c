/*
 * The confined child's stderr.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/said.h"

#include "text/printable.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int said_open(struct said *said)
{
	int fds[2];

	said->used = 0;
	said->fd = -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* Whoever still has the other end: the monitor does not wait for them. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	said->fd = fds[0];
	return fds[1];
}

static void stop_listening(struct said *said)
{
	if (said->fd >= 0)
		close(said->fd);
	said->fd = -1;
}

void said_listen(struct said *said)
{
	ssize_t n;

	while (said->fd >= 0) {
		n = read(said->fd, said->untrusted + said->used,
			 sizeof(said->untrusted) - said->used);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			said->used += (size_t)n;
		if (n <= 0 || said->used == sizeof(said->untrusted))
			stop_listening(said);
	}
}

void said_close(struct said *said, char text[QFILE_SAID_SIZE])
{
	said_listen(said);
	stop_listening(said);
	while (said->used > 0 && said->untrusted[said->used - 1] == '\n')
		said->used--;
	for (size_t i = 0; i < said->used; i++) {
		if (said->untrusted[i] == '\n')
			said->untrusted[i] = ' ';
	}
	text_printable(said->untrusted, said->used, text, QFILE_SAID_SIZE);
}
