/*
 * The handler: the program that shows the file, and all that it starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/handler.h"

#include "io/stream.h"
#include "system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What it says ---- */

static int open_again(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return openat(AT_FDCWD, path, flags | O_CLOEXEC);
}

static void close_pipe(struct handler *handler)
{
	if (handler->said >= 0)
		close(handler->said);
	if (handler->theirs >= 0)
		close(handler->theirs);
	handler->said = handler->theirs = -1;
}

/*
 * Make the pipe. Who has an end of it open for both, as pipe2() does not give it, never writes to a
 * pipe that nobody reads. Where that cannot be had, they get our stderr itself.
 */
static void make_pipe(struct handler *handler)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	stream_widen_pipe(ends[1]);
	handler->said = open_again(ends[0], O_RDONLY | O_NONBLOCK);
	handler->theirs = open_again(ends[0], O_RDWR);
	close(ends[0]);
	close(ends[1]);
	if (handler->said < 0 || handler->theirs < 0)
		close_pipe(handler);
}

static bool stderr_takes(void)
{
	struct pollfd pollfd = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&pollfd, 1, 0) > 0;
}

/* As far as our stderr takes it: nobody is to wait for that. */
static void pass_on(struct handler *handler)
{
	char text[PIPE_BUF];
	ssize_t n;

	while (handler->said >= 0 && stderr_takes() &&
	       (n = read(handler->said, text, sizeof(text))) > 0)
		(void)!write(STDERR_FILENO, text, (size_t)n);
}

int handler_poll(const struct handler *handler, short *events)
{
	bool takes = handler->said >= 0 && stderr_takes();

	*events = takes ? POLLIN : POLLOUT;
	return takes ? handler->said : handler->said < 0 ? -1 : STDERR_FILENO;
}

/* ---- Its processes ---- */

int handler_start(struct handler *handler, char *const argv[], char *const environment[])
{
	int r;

	*handler = (struct handler){.ended = -1, .said = -1, .theirs = -1};
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	make_pipe(handler);
	r = spawn_apart(argv, environment, -1, handler->theirs, handler->theirs, &handler->pid);
	if (r == 0) {
		handler->ended = pidfd_open(handler->pid, 0);
		if (handler->ended >= 0)
			return 0;
		r = -errno;
		/* It has just begun: there is nothing to lose yet. */
		kill(handler->pid, SIGKILL);
		waitpid(handler->pid, NULL, 0);
	}
	close_pipe(handler);
	return r;
}

bool handler_attend(struct handler *handler)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		handler->waited = true;
		/*
		 * A shell says by its status that a program has died so. And what an application
		 * cannot go on with is often an exception, which ends in a status as well.
		 */
		handler->died |= WIFSIGNALED(status) || WEXITSTATUS(status) > 128 ||
				 (pid == handler->pid && status != 0);
		if (pid != handler->pid)
			continue;
		handler->status = status;
		if (handler->ended >= 0)
			close(handler->ended);
		handler->ended = -1;
	}
	pass_on(handler);
	return handler->ended >= 0;
}

void handler_leave(struct handler *handler)
{
	handler_attend(handler);
	/* Whoever goes on must not wait for a pipe that is full. */
	if (handler->theirs >= 0)
		fcntl(handler->theirs, F_SETFL, O_RDWR | O_NONBLOCK);
	close_pipe(handler);
	if (handler->ended >= 0)
		close(handler->ended);
	handler->ended = -1;
}
