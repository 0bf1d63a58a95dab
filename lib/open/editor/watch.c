/*
 * Watching one file in a directory, to notice when it is saved.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/watch.h"
#include "system/clock.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds. Programs that write in several steps pause for less, and no user notices it. */
#define QUIET 500

int watch_open(struct watch *watch, const char *directory, const char *name)
{
	*watch = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .last = clock_now()};
	snprintf(watch->name, sizeof(watch->name), "%s", name);
	if (watch->fd < 0)
		return -errno;
	if (inotify_add_watch(watch->fd, directory,
			      IN_OPEN | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE |
				      IN_ONLYDIR) < 0) {
		int r = -errno;

		watch_close(watch);
		return r;
	}
	return 0;
}

void watch_close(struct watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

static void note(struct watch *watch, const struct inotify_event *event)
{
	uint32_t mask = event->mask;

	if (mask & IN_Q_OVERFLOW) /* a save may be among the events that were lost */
		mask |= IN_CLOSE_WRITE;
	else if (event->len == 0 || strcmp(event->name, watch->name) != 0)
		return;
	if (mask & IN_OPEN)
		watch->opened = true;
	if (!(mask & (IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE)))
		return;
	watch->last = clock_now();
	watch->complete = mask & (IN_CLOSE_WRITE | IN_MOVED_TO);
	watch->told = false;
	watch->saved |= watch->complete;
}

int watch_read(struct watch *watch)
{
	alignas(struct inotify_event) char events[4096];

	for (;;) {
		ssize_t n = read(watch->fd, events, sizeof(events));

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? 0 : -errno;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(events + at);

			note(watch, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

int watch_timeout(const struct watch *watch)
{
	int64_t left = watch->last + QUIET - clock_now();

	return !watch->complete || watch->told ? -1 : left > 0 ? (int)left : 0;
}

bool watch_settled(struct watch *watch)
{
	bool settled = watch_timeout(watch) == 0;

	watch->told |= settled;
	return settled;
}

void watch_again(struct watch *watch)
{
	watch->told = false;
	watch->last = clock_now();
}
