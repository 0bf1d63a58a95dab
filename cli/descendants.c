/*
 * The processes that a command has started, and those that these have started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/descendants.h"
#include "system/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Beyond that many at a time some would be found only when others have ended. */
#define PIDS_MAX 256

struct pids {
	pid_t pid[PIDS_MAX];
	int count;
};

/* Children that are none of the command's. */
static struct pids strangers;

static bool has(const struct pids *pids, pid_t pid)
{
	for (int i = 0; i < pids->count; i++) {
		if (pids->pid[i] == pid)
			return true;
	}
	return false;
}

static void add(struct pids *pids, pid_t pid)
{
	if (pids->count < PIDS_MAX && !has(pids, pid))
		pids->pid[pids->count++] = pid;
}

/* Add our children, which include what was adopted. */
static void add_children(struct pids *pids)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid;

	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1) {
		if (!has(&strangers, pid))
			add(pids, pid);
	}
	fclose(file);
}

void descendants_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	strangers.count = 0;
	add_children(&strangers);
}

static bool lives(pid_t pid)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

/*
 * Send a signal to each of our children that has not got it yet, and wait for those that have
 * ended, but not for `first`. Returns how many live. What these have started becomes ours when they
 * end: that they are asked first lets them end it in their own way.
 */
static int signal_all(pid_t first, int number, struct pids *told)
{
	struct pids found = {.count = 0};
	int live = 0;

	add(&found, first);
	add_children(&found);
	for (int i = 0; i < found.count; i++) {
		const pid_t pid = found.pid[i];

		if (pid != first &&
		    (waitpid(pid, NULL, WNOHANG) == pid || getsid(pid) != getsid(0)))
			continue;
		if (!lives(pid))
			continue;
		live++;
		if (!has(told, pid))
			kill(pid, number);
		add(told, pid);
	}
	return live;
}

void descendants_end(pid_t pid, int timeout)
{
	static const int numbers[] = {SIGTERM, SIGKILL};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct pids told = {.count = 0};
		const int64_t end = clock_now() + timeout;

		while (signal_all(pid, numbers[i], &told) > 0 && clock_now() < end)
			poll(NULL, 0, 10);
	}
}
