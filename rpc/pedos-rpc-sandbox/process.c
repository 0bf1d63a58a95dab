/*
 * The processes of a sandbox, as seen from outside.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "process.h"

#include "cli/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Set signals as a program expects them. */
static void reset_signals(void)
{
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Give each descriptor its number. None is overwritten before it has been moved out of the way. */
static int number_descriptors(const int *fds, size_t count)
{
	int moved[PROCESS_FDS_MAX];

	for (size_t i = 0; i < count; i++) {
		moved[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, PROCESS_FDS_MAX);
		if (moved[i] < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (dup2(moved[i], (int)i) < 0)
			return -1;
	}
	return (int)syscall(SYS_close_range, (unsigned)count, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
}

/* In the new process. Returns only when that fails. */
static void become(char *const argv[], char *const environment[], const int *fds, size_t count,
		   pid_t parent)
{
	reset_signals();
	umask(022);
	setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return;
	if (number_descriptors(fds, count) == 0)
		execve(argv[0], argv, environment);
}

int process_start(struct process *process, char *const argv[], char *const environment[],
		  const int *fds, size_t count)
{
	pid_t parent = getpid();
	int failed[2], code = 0;

	if (pipe2(failed, O_CLOEXEC) < 0)
		return -errno;
	process->pid = fork();
	if (process->pid == 0) {
		int report = fcntl(failed[1], F_DUPFD_CLOEXEC, PROCESS_FDS_MAX);

		/* It closes when the program starts; if it cannot, we write why. */
		become(argv, environment, fds, count, parent);
		code = errno;
		(void)!write(report, &code, sizeof(code));
		_exit(127);
	}
	if (process->pid < 0)
		code = errno;
	close(failed[1]);
	if (process->pid > 0 && read(failed[0], &code, sizeof(code)) > 0)
		waitpid(process->pid, NULL, 0);
	close(failed[0]);
	if (code == 0) {
		process->ended = (int)syscall(SYS_pidfd_open, process->pid, 0);
		if (process->ended >= 0)
			return 0;
		code = errno;
		kill(process->pid, SIGKILL);
		waitpid(process->pid, NULL, 0);
	}
	process->pid = 0;
	return -code;
}

int process_wait(struct process *process)
{
	int status = 0;

	while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(process->ended);
	process->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_kill(struct process *process)
{
	if (process->pid == 0)
		return;
	kill(process->pid, SIGKILL);
	process_wait(process);
}

/* ---- All of them ---- */

int process_adopt(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static void kill_children(void)
{
	FILE *file = fopen("/proc/thread-self/children", "re");
	int pid;

	while (file && fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (file)
		fclose(file);
}

/*
 * To kill what we have started is not enough: a bubblewrap that is killed early has not told its
 * own child yet to end with it.
 */
void process_end_all(void)
{
	do
		kill_children();
	while (wait(NULL) > 0 || errno == EINTR);
}

/* ---- The guard ---- */

/* Until it ends. Returns its status. */
static int watch(struct process *process, int stop)
{
	struct pollfd fds[] = {{.fd = process->ended, .events = POLLIN},
			       {.fd = stop, .events = POLLIN}};

	while (!fds[0].revents) {
		if (poll(fds, 2, -1) < 0)
			fds[0].revents = fds[1].revents = 0;
		if (fds[1].revents)
			kill(process->pid, stop_take(stop));
	}
	return process_wait(process);
}

/* What is left to the other process: while we had them, nobody would see that it has gone. */
static void leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
}

int process_guard(void)
{
	struct process worker;
	const pid_t guard = getpid();
	int stop = stop_open(), status;

	if (stop < 0 || process_adopt() < 0)
		return -2;
	worker.pid = fork();
	if (worker.pid < 0)
		return -2;
	if (worker.pid == 0) {
		close(stop);
		/* Signals are blocked: it is told as soon as it asks. */
		return prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != guard ? -2 : -1;
	}
	leave_streams();
	worker.ended = (int)syscall(SYS_pidfd_open, worker.pid, 0);
	status = worker.ended < 0 ? -2 : watch(&worker, stop);
	process_end_all();
	return status;
}
