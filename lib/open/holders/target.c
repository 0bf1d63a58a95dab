/*
 * The file that is looked for, and what happens to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/holders/target.h"
#include "open/holders/process.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE | IN_DELETE | IN_CREATE)

/* Sets `inotify`, and `watch`. Returns `inotify`. */
static int watch(struct target *target)
{
	target->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (target->inotify < 0)
		return target->inotify = -errno;
	target->watch = inotify_add_watch(target->inotify, target->directory,
					  /* Without closings, two openings would be one event. */
					  IN_OPEN | IN_CLOSE_NOWRITE | CHANGES | IN_ONLYDIR);
	if (target->watch < 0) {
		int r = -errno;

		close(target->inotify);
		target->inotify = r;
	}
	return target->inotify;
}

void target_begin(struct target *target)
{
	target->last_open = target->last_change = clock_now();
	target->opened = target->changed = target->opened_last = false;
	if (watch(target) < 0)
		target->opened = target->changed = target->opened_last = true;
}

void target_end(struct target *target)
{
	if (target->inotify >= 0)
		close(target->inotify);
	target->inotify = -EBADF;
}

static void note(struct target *target, const struct inotify_event *event, unsigned *ours)
{
	bool lost = event->mask & IN_Q_OVERFLOW,
	     named = event->len > 0 && strcmp(event->name, target->name) == 0;

	if (event->wd != target->watch && !lost)
		return;
	if (named && event->mask & IN_OPEN && *ours > 0) {
		(*ours)--;
		return;
	}
	if (!lost && !named)
		return;
	if (lost || event->mask & IN_OPEN) {
		target->opened = target->opened_last = true;
		target->last_open = clock_now();
	}
	if (lost || event->mask & CHANGES) {
		target->changed = true;
		target->opened_last = lost;
		target->last_change = clock_now();
	}
}

void target_read(struct target *target, unsigned ours)
{
	alignas(struct inotify_event) char events[4096];
	ssize_t n;

	if (target->inotify < 0)
		return;
	while ((n = read(target->inotify, events, sizeof(events))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event =
				(const struct inotify_event *)(events + at);

			note(target, event, &ours);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
}

bool watched_parse(const char *line, struct watched *watched)
{
	return sscanf(line, "inotify wd:%*x ino:%lx sdev:%lx", &watched->inode, &watched->device) ==
	       2;
}

struct naming {
	struct target_names *names;
	int directory; /* as inotify numbers it */
};

static bool add_name(const char *line, void *argument)
{
	const struct naming *naming = argument;
	struct watched watched;
	unsigned number;

	if (sscanf(line, "inotify wd:%x", &number) != 1 || !watched_parse(line, &watched))
		return false;
	if ((int)number == naming->directory)
		naming->names->directory = watched;
	else
		naming->names->file = watched;
	return false;
}

int target_names(struct target *target, struct target_names *names)
{
	struct naming naming = {.names = names};
	char info[64];
	int r, file;

	*names = (struct target_names){.file.inode = 0};
	/* There may be one to be had now. */
	if (target->inotify < 0 && watch(target) < 0)
		return target->inotify;
	file = inotify_add_watch(target->inotify, target->path, IN_DELETE_SELF | IN_DONT_FOLLOW);
	if (file < 0 && errno != ENOENT)
		return -errno;
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", target->inotify);
	naming.directory = target->watch;
	r = process_any(AT_FDCWD, info, '\n', add_name, &naming);
	if (file >= 0 && file != target->watch)
		inotify_rm_watch(target->inotify, file);
	return r;
}
