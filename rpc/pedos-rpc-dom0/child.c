/*
 * A program that dom0's program has started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "child.h"

#include "system/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int child_start(struct child *child, char *const argv[], int64_t deadline)
{
	int r;

	*child = (struct child){.runs = true, .deadline = deadline};
	r = spawn_apart(argv, environ, -1, -1, -1, &child->pid);
	if (r < 0) {
		child->runs = false;
		return r;
	}
	child->ended = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->ended >= 0)
		return 0;
	/* Without it nobody would notice the end. What was just started dies at once. */
	r = -errno;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	child->runs = false;
	return r;
}

int child_ask(struct child *child, const char *path, const char *request, int64_t deadline)
{
	const ssize_t length = (ssize_t)strlen(request);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, r = 0;

	*child = (struct child){.deadline = deadline};
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    sizeof(address.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    send(fd, request, (size_t)length, MSG_NOSIGNAL) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	child->runs = true;
	child->ended = fd;
	return 0;
}

void child_kill(struct child *child)
{
	if (!child_runs(child))
		return;
	if (child->pid > 0)
		kill(-child->pid, SIGKILL);
	else /* any byte; if there is nobody any more, that is seen as its end */
		send(child->ended, "k", 1, MSG_NOSIGNAL);
}

static bool own_ended(struct child *child, int *status)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return true;
}

static bool other_ended(struct child *child, int *status)
{
	unsigned char byte = CHILD_UNKNOWN;

	if (recv(child->ended, &byte, 1, 0) < 0 && errno == EAGAIN)
		return false;
	*status = byte;
	return true;
}

bool child_ended(struct child *child, int64_t now, int *status)
{
	if (now >= child->deadline && !child->late) {
		child->late = true;
		child_kill(child);
	}
	if (child->pid > 0 ? !own_ended(child, status) : !other_ended(child, status))
		return false;
	close(child->ended);
	child->runs = false;
	return true;
}

void child_lower(int *timeout, int64_t when, int64_t now)
{
	int64_t left = when > now ? when - now : 0;

	if (*timeout < 0 || left < *timeout)
		*timeout = (int)left;
}

void child_wait_for(const struct child *child, struct pollfd *fds, size_t *count, int *timeout,
		    int64_t now)
{
	if (!child_runs(child))
		return;
	fds[(*count)++] = (struct pollfd){.fd = child->ended, .events = POLLIN};
	if (!child->late)
		child_lower(timeout, child->deadline, now);
}
