/*
 * Editing: sends back what is saved, until no process has the file in use any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editing.h"
#include "open/editor/editor.h"
#include "system/clock.h"

#include "format/error.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/*
 * Milliseconds between two checks whether processes that the handler left behind are alive, or
 * others have the file in use.
 */
#define LOOK 200

/*
 * How long the file must not be in use, in milliseconds, before the session ends. The handler may
 * have handed the file to an application that is still starting, and that would find no file if the
 * session ended too early. Ending too late only costs time.
 */
enum {
	/* Nobody has opened the file yet. Applications start faster, except during boot. */
	TIMEOUT_UNSEEN = 10000,
	/* It was opened, but perhaps only to find out which application it is for. */
	TIMEOUT_OPENED = 5000,
	/*
	 * An application had it: it was saved, or seen in use, or the handler ran for longer than
	 * handing over takes. The application may just be replacing it.
	 */
	TIMEOUT_USED = 1000
};

/* Milliseconds that handing over may take, even if the handler is loaded from a slow disk. */
#define HANDING_OVER 5000

/*
 * Milliseconds for programs to end after SIGTERM, so that what they still write is removed with the
 * rest.
 */
#define END_TIMEOUT 2000

/* Wait until something happens. */
static int wait_for_news(struct editing *editing)
{
	int timeout = saves_timeout(&editing->saves);
	struct pollfd pollfds[] = {
		{.fd = editing->stop, .events = POLLIN}, /* poll(2) ignores -1 */
		/* Without events it still reports an error: that nobody reads any more. */
		{.fd = editing->out},
		{.fd = editing->saves.watch.fd, .events = POLLIN},
		{.fd = editing->handler.ended, .events = POLLIN},
	};

	/* Nothing tells when a process ends that is not our child: check regularly. */
	if (editing->handler.ended < 0 && (timeout < 0 || timeout > LOOK))
		timeout = LOOK;
	if (poll(pollfds, sizeof(pollfds) / sizeof(*pollfds), timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (pollfds[0].revents)
		return -ECANCELED;
	return pollfds[1].revents ? -ECONNRESET : 0;
}

/* How long to wait for a process that uses the file: a handler that failed has told none. */
static int others_timeout(const struct editing *editing)
{
	const struct watch *watch = &editing->saves.watch;

	if (editing->used || watch->saved || editing->ended - editing->started > HANDING_OVER)
		return TIMEOUT_USED;
	if (editing->handler.status != 0)
		return 0;
	return watch->opened ? TIMEOUT_OPENED : TIMEOUT_UNSEEN;
}

/* Does any process have the file in use, or may one soon? */
static bool is_used(struct editing *editing)
{
	if (handler_lives(&editing->handler))
		return true;
	if (editing->ended == 0)
		editing->ended = clock_now();
	if (in_use(&editing->user, editing->saves.workdir)) {
		editing->used = true;
		editing->idle_since = 0;
		return true;
	}
	if (editing->idle_since == 0 || editing->idle_since < editing->saves.watch.last)
		editing->idle_since = clock_now();
	return clock_now() - editing->idle_since < others_timeout(editing);
}

static int attend(struct editing *editing)
{
	do {
		int r = wait_for_news(editing);

		if (r == 0)
			r = saves_attend(&editing->saves);
		if (r < 0)
			return r;
	} while (is_used(editing));
	return 0;
}

int editing_run(struct editing *editing, char *const argv[], char *const environment[],
		struct qfile_error *error)
{
	const struct workdir *workdir = editing->saves.workdir;
	int r = saves_open(&editing->saves), last;

	if (r < 0)
		return error_set(error, r, EDITOR_WATCHING, workdir->directory);
	editing->started = clock_now();
	r = handler_start(&editing->handler, argv, environment);
	if (r < 0) {
		error_set(error, r, "starting the handler", argv[0]);
	} else {
		r = attend(editing);
		if (r == -ECANCELED)
			reply_hurry(editing->saves.reply);
		last = saves_send_last(&editing->saves, r == 0);
		handler_end(&editing->handler, END_TIMEOUT);
		r = r == 0 && last < 0 ? last : r;
		if (r < 0)
			error_set(error, r, r == -ECANCELED ? NULL : "sending what was saved",
				  r == -ECANCELED ? NULL : workdir->name);
	}
	saves_close(&editing->saves);
	return r;
}
