/*
 * The processes of a sandbox, as seen from outside.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
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
