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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int child_start(struct child *child, char *const argv[], int64_t deadline)
{
	int r;

	*child = (struct child){.deadline = deadline};
	r = spawn_apart(argv, environ, -1, -1, -1, &child->pid);
	if (r < 0) {
		child->pid = 0;
		return r;
	}
	child->ended = (int)syscall(SYS_pidfd_open, child->pid, 0);
	if (child->ended >= 0)
		return 0;
	/* Without it nobody would notice the end. What was just started dies at once. */
	r = -errno;
	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
	return r;
}

void child_kill(struct child *child)
{
	if (child_runs(child))
		kill(-child->pid, SIGKILL);
}

bool child_ended(struct child *child, int64_t now, int *status)
{
	siginfo_t info = {.si_pid = 0};

	if (now >= child->deadline && !child->late) {
		child->late = true;
		child_kill(child);
	}
	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return false;
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	close(child->ended);
	child->pid = 0;
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
