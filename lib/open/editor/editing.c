/*
 * While the file is being edited: what is saved goes back, until nobody has the file in use any
 * more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/editing.h"
#include "system/clock.h"

#include "format/error.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/*
 * Milliseconds between two looks whether what a handler left behind lives, or somebody else has the
 * file in use.
 */
#define LOOK 200

/*
 * Milliseconds in which nobody has the file in use, after which nobody will. The handler may have
 * told an application that is only starting, and finds no file when we are too fast; being too slow
 * costs no more than time. 10 s where nobody has even opened it yet: applications start in less,
 * except when the whole machine does. 5 s where somebody did, who may only have been looking which
 * application it is for. 1 s where that was the application: it was saved or seen in use, or the
 * handler took longer than handing over does. It may just be putting another file in its place.
 */
enum {
	PATIENCE_UNSEEN = 10000,
	PATIENCE_OPENED = 5000,
	PATIENCE_USED = 1000
};

/* Milliseconds that handing over may take, where the handler has to be loaded from a slow disk. */
#define HANDING_OVER 5000

/*
 * Milliseconds for programs to end that were asked to: what they still write is to be removed with
 * the rest.
 */
#define END_PATIENCE 2000

/*
 * How often the last save is sent again because it was written to meanwhile, when nobody should.
 */
#define LAST_TRIES 3

/*
 * Send what the file holds now, if the opener does not have it. As reply_save(); 0, too, where
 * there is no file.
 */
static int send_version(struct editing *editing)
{
	struct stat status;
	int fd = workdir_open(editing->workdir, &status), r;

	if (fd < 0)
		/* Moved away, and another is coming; or removed, which is no save. */
		return fd == -ENOENT ? 0 : fd;
	r = reply_save(editing->reply, fd, &status);
	close(fd);
	return r;
}

/* Wait for whatever comes first. */
static int wait_for_news(struct editing *editing)
{
	int timeout = watch_timeout(&editing->watch);
	struct pollfd pollfds[] = {
		{.fd = editing->stop, .events = POLLIN}, /* -1 is passed over */
		/* Asks for errors only: that nobody reads any more. */
		{.fd = editing->out},
		{.fd = editing->watch.fd, .events = POLLIN},
		{.fd = editing->handler.ended, .events = POLLIN},
	};

	/* The end of processes that are not our children shows only when one looks. */
	if (editing->handler.ended < 0 && (timeout < 0 || timeout > LOOK))
		timeout = LOOK;
	if (poll(pollfds, sizeof(pollfds) / sizeof(*pollfds), timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (pollfds[0].revents)
		return -ECANCELED;
	return pollfds[1].revents ? -ECONNRESET : 0;
}

/* How long to wait for somebody who uses it. A handler that failed has sent nobody. */
static int others_timeout(const struct editing *editing)
{
	const struct watch *watch = &editing->watch;

	if (editing->used || watch->saved || editing->ended - editing->started > HANDING_OVER)
		return PATIENCE_USED;
	if (editing->handler.status != 0)
		return 0;
	return watch->opened ? PATIENCE_OPENED : PATIENCE_UNSEEN;
}

/* Does anybody have the file in use, or may they soon? */
static bool is_used(struct editing *editing)
{
	if (handler_lives(&editing->handler))
		return true;
	if (editing->ended == 0)
		editing->ended = clock_now();
	if (in_use(&editing->holder, editing->workdir)) {
		editing->used = true;
		editing->idle_since = 0;
		return true;
	}
	if (editing->idle_since == 0 || editing->idle_since < editing->watch.last)
		editing->idle_since = clock_now();
	return clock_now() - editing->idle_since < others_timeout(editing);
}

static int attend(struct editing *editing)
{
	do {
		int r = wait_for_news(editing);

		if (r == 0)
			r = watch_read(&editing->watch);
		if (r < 0)
			return r;
		/* Each once it is complete; under version 1 only the last can be sent. */
		if (!watch_settled(&editing->watch) || editing->view_only ||
		    !editing->reply->records)
			continue;
		r = send_version(editing);
		if (r < 0 && editing->reply->ended)
			return r;
		/* What cannot be read now may be so at the end. */
		if (r == -EAGAIN)
			watch_again(&editing->watch);
	} while (is_used(editing));
	return 0;
}

/* Send the last save, which is complete. */
static int send_last(struct editing *editing)
{
	int r = -EAGAIN;

	if (editing->view_only)
		return 0;
	for (int i = 0; r == -EAGAIN && i < LAST_TRIES; i++)
		r = send_version(editing);
	return r == -EAGAIN ? -ESTALE : r;
}

int editing_run(struct editing *editing, char *const argv[], char *const environment[],
		struct qfile_error *error)
{
	const struct workdir *workdir = editing->workdir;
	int r, last;

	r = watch_open(&editing->watch, workdir->directory, workdir->name);
	if (r < 0)
		return error_set(error, r, "watching the directory", workdir->directory);
	editing->started = clock_now();
	r = handler_start(&editing->handler, argv, environment);
	if (r < 0) {
		error_set(error, r, "starting the handler", argv[0]);
	} else {
		r = attend(editing);
		if (r == -ECANCELED)
			reply_hurry(editing->reply);
		/*
		 * After the end nobody writes any more, so the save is complete, however recent it
		 * is. Where we stop before the end, only a complete one is sent: a half-written one
		 * must not replace the original.
		 */
		watch_read(&editing->watch);
		last = r == 0 || editing->watch.complete ? send_last(editing) : 0;
		handler_end(&editing->handler, END_PATIENCE);
		r = r == 0 && last < 0 ? last : r;
		if (r < 0)
			error_set(error, r, r == -ECANCELED ? NULL : "sending what was saved",
				  r == -ECANCELED ? NULL : workdir->name);
	}
	watch_close(&editing->watch);
	return r;
}
