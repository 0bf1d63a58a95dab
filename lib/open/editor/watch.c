/*
 * Watching one file in a directory: hints that something happens to it.
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

#define OPENING (IN_OPEN | IN_CLOSE_NOWRITE)
#define COMING  (IN_CREATE | IN_MOVE | IN_DELETE)
#define WRITING (IN_MODIFY | IN_CLOSE_WRITE)

static int add(struct watch *watch, const char *directory)
{
	watch->wd = inotify_add_watch(watch->fd, directory,
				      OPENING | COMING | WRITING | IN_ATTRIB | IN_ONLYDIR);
	return watch->wd < 0 ? -errno : 0;
}

int watch_open(struct watch *watch, const char *directory, const char *name)
{
	int r;

	*watch = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .last = clock_now()};
	snprintf(watch->name, sizeof(watch->name), "%s", name);
	if (watch->fd < 0)
		return -errno;
	r = add(watch, directory);
	if (r < 0)
		watch_close(watch);
	return r;
}

void watch_close(struct watch *watch)
{
	if (watch->fd >= 0)
		close(watch->fd);
	watch->fd = -1;
}

int watch_follow(struct watch *watch, const char *directory)
{
	watch->touched = true;
	if (watch->fd < 0)
		return 0;
	inotify_rm_watch(watch->fd, watch->wd);
	return add(watch, directory);
}

static void note_closing(struct watch *watch)
{
	watch->closed = true;
	watch->closed_at = clock_now();
	watch->kept = 0;
	watch->saved = true;
}

static void note_opening(struct watch *watch, uint32_t mask)
{
	if (mask & IN_OPEN) {
		watch->opened = watch->looked = true;
		watch->kept += watch->closed;
	} else if (watch->kept > 0) {
		watch->kept--;
	}
}

static void note_change(struct watch *watch, uint32_t mask)
{
	watch->touched = true;
	if (mask & IN_ATTRIB)
		return;
	watch->last = clock_now();
	/* What comes to the name has been written elsewhere. */
	if (mask & COMING)
		watch->modified = false;
	if (mask & IN_MODIFY)
		watch->modified = true;
	if (mask & (COMING | IN_MODIFY)) {
		watch->closed = false;
		watch->kept = 0;
	}
	watch->came |= mask & (IN_CREATE | IN_MOVED_TO);
	if (mask & IN_MOVED_TO)
		watch->saved = true;
	if (mask & IN_CLOSE_WRITE)
		note_closing(watch);
}

/* Without what this process itself has done. */
static uint32_t of_others(struct watch *watch, uint32_t mask)
{
	if (mask & IN_OPEN && watch->own_openings > 0) {
		watch->own_openings--;
		mask &= ~(uint32_t)IN_OPEN;
	}
	if (mask & IN_CLOSE_NOWRITE && watch->own_closings > 0) {
		watch->own_closings--;
		mask &= ~(uint32_t)IN_CLOSE_NOWRITE;
	}
	return mask;
}

static void note(struct watch *watch, const struct inotify_event *event)
{
	uint32_t mask = event->mask;

	if (mask & IN_MODIFY)
		watch->writes = true;
	if (mask & IN_Q_OVERFLOW) /* anything may be among the events that were lost */
		mask = IN_OPEN | IN_CREATE | WRITING;
	else if (event->wd != watch->wd || event->len == 0 || strcmp(event->name, watch->name) != 0)
		return;
	else
		mask = of_others(watch, mask);
	if (mask & OPENING)
		note_opening(watch, mask);
	if (mask & (COMING | WRITING | IN_ATTRIB))
		note_change(watch, mask);
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

int watch_opened_here(struct watch *watch)
{
	int r;

	watch->own++;
	watch->own_openings = 1;
	watch->own_closings++;
	r = watch_read(watch);
	/* If it was not told, it was one event with another one, or the directory is another. */
	watch->own_openings = 0;
	return r;
}

int watch_closed_here(struct watch *watch)
{
	int r = watch_read(watch);

	/* The same. */
	watch->own--;
	if (watch->own == 0)
		watch->own_closings = 0;
	return r;
}
