/*
 * The handler: the program that shows the file, and all that it starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/handler.h"

#include "open/editor/watch.h"
#include "system/clock.h"
#include "system/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds between two checks whether the processes have ended. */
#define LOOK 10

int handler_start(struct handler *handler, char *const argv[], char *const environment[])
{
	int r;

	*handler = (struct handler){.ended = -1};
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	r = spawn(argv, environment, -1, -1, -1, &handler->pid);
	if (r < 0)
		return r;
	handler->ended = pidfd_open(handler->pid, 0);
	if (handler->ended < 0) {
		r = -errno;
		handler_end(handler, 0);
	}
	return r;
}

bool handler_lives(struct handler *handler)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != handler->pid)
			continue;
		handler->status = status;
		if (handler->ended >= 0)
			close(handler->ended);
		handler->ended = -1;
	}
	return pid == 0; /* otherwise there is no child */
}

/* ---- Ending it ---- */

/*
 * Returns the parent of a process, or 0 if there is no such process. /proc/PID/stat has it after
 * the process's name, which may contain any bytes.
 */
static pid_t parent_of(pid_t pid)
{
	char path[32], text[512], *end;
	pid_t parent = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	end = strrchr(text, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool is_descendant(pid_t pid)
{
	while (pid > 1) {
		pid = parent_of(pid);
		if (pid == getpid())
			return true;
	}
	return false;
}

/*
 * Open the pidfd first, then check whose it is: if the number is reused in between, no other
 * process gets the signal.
 */
static void ask_to_end(pid_t pid)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0)
		return;
	if (is_descendant(pid))
		pidfd_send_signal(fd, SIGTERM, NULL, 0);
	close(fd);
}

void handler_end(struct handler *handler, int timeout)
{
	int64_t end = clock_now() + timeout;
	const struct dirent *entry;
	DIR *list = handler_lives(handler) ? opendir("/proc") : NULL;

	if (list) {
		while ((entry = readdir(list))) {
			pid_t pid = (pid_t)atoi(entry->d_name); /* 0: no process */

			if (pid > 0)
				ask_to_end(pid);
		}
		closedir(list);
	}
	while (handler_lives(handler) && clock_now() < end)
		poll(NULL, 0, LOOK);
	if (handler->ended >= 0)
		close(handler->ended);
	handler->ended = -1;
}
