/*
 * Whether a delivery is to be given up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/cancel.h"

#include "system/clock.h"

#include <errno.h>
#include <poll.h>

/* Entries between two looks: some microseconds of work each, and a look takes about one. */
#define STEPS 64

void cancel_begin(struct cancel *cancel, int stop, unsigned timeout)
{
	*cancel = (struct cancel){
		.stop = stop,
		.deadline = timeout ? clock_now() + (int64_t)timeout * 1000 : INT64_MAX,
	};
}

int cancel_wait(struct cancel *cancel, int fd, int milliseconds)
{
	struct pollfd pollfds[2] = {{.fd = cancel->stop, .events = POLLIN},
				    {.fd = fd, .events = POLLIN}};

	cancel->steps = STEPS;
	if (poll(pollfds, 2, milliseconds) < 0 && errno != EINTR)
		return -errno;
	if (pollfds[0].revents)
		return -ECANCELED;
	return clock_now() > cancel->deadline ? -ETIMEDOUT : 0;
}

int cancel_check(struct cancel *cancel)
{
	if (cancel->steps > 0) {
		cancel->steps--;
		return 0;
	}
	return cancel_wait(cancel, -1, 0);
}
