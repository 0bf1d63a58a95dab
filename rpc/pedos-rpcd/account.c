/*
 * The account that a service runs as.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define END_TIMEOUT 5000 /* milliseconds for a service to clean up */

int account_find(struct account *account, const char *name)
{
	struct passwd *entry = name ? getpwnam(name) : getpwuid(geteuid());

	*account = (struct account){.uid = geteuid(),
				    .gid = getegid(),
				    .home = "/",
				    .shell = "/bin/sh",
				    .change = geteuid() == 0};
	if (!entry && name)
		return -ENOENT;
	if (entry) {
		account->uid = entry->pw_uid;
		account->gid = entry->pw_gid;
		snprintf(account->name, sizeof(account->name), "%s", entry->pw_name);
		snprintf(account->home, sizeof(account->home), "%s", entry->pw_dir);
		snprintf(account->shell, sizeof(account->shell), "%s", entry->pw_shell);
	}
	return account->change || account->uid == geteuid() ? 0 : -EPERM;
}

const char *account_default(const struct options *options, const char *domain)
{
	if (options->user)
		return options->user;
	/* A daemon that a plain user started serves as that user, even under another name. */
	return geteuid() == 0 ? domain : NULL;
}

int account_become(const struct account *account)
{
	if (account->change && (initgroups(account->name, account->gid) < 0 ||
				setresgid(account->gid, account->gid, account->gid) < 0 ||
				setresuid(account->uid, account->uid, account->uid) < 0))
		return -errno;
	return 0;
}

int account_end_with(pid_t parent, int signal)
{
	if (prctl(PR_SET_PDEATHSIG, signal) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
}

/* Set signals as a program expects them. */
static void reset_signals(void)
{
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		signal(n, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process. Returns only when that fails. */
static void become_program(const struct account *account, char *const argv[],
			   char *const environment[], const int fds[3], pid_t parent)
{
	reset_signals();
	umask(022);
	setsid();
	/* All of `fds` are above 2, so none is overwritten before it is copied. */
	for (int i = 0; i < 3; i++) {
		if (dup2(fds[i], i) < 0)
			return;
	}
	if (account_become(account) < 0)
		return;
	/* It must not outlive us, even if we are killed. */
	if (account_end_with(parent, SIGKILL) < 0)
		return;
	if (chdir(account->home) < 0 && chdir("/") < 0)
		return;
	execve(argv[0], argv, environment);
}

int account_run(const struct account *account, char *const argv[], char *const environment[],
		const int fds[3], struct account_process *process)
{
	pid_t parent = getpid();
	int failed[2], code = 0;

	if (pipe2(failed, O_CLOEXEC) < 0)
		return -errno;
	process->pid = fork();
	if (process->pid == 0) {
		/* The pipe closes when the program starts; if it cannot, we write why. */
		if (syscall(SYS_close_range, 3u, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */) == 0 ||
		    errno == ENOSYS || errno == EINVAL)
			become_program(account, argv, environment, fds, parent);
		code = errno;
		(void)!write(failed[1], &code, sizeof(code));
		_exit(127);
	}
	if (process->pid < 0)
		code = errno;
	close(failed[1]);
	if (process->pid > 0 && read(failed[0], &code, sizeof(code)) > 0)
		waitpid(process->pid, NULL, 0);
	close(failed[0]);
	if (code != 0)
		return -code;
	process->ended = (int)syscall(SYS_pidfd_open, process->pid, 0);
	if (process->ended < 0) {
		code = errno;
		kill(process->pid, SIGKILL);
		waitpid(process->pid, NULL, 0);
	}
	return -code;
}

int account_process_status(const struct account_process *process)
{
	siginfo_t info;

	if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT) < 0)
		return 255;
	return info.si_code == CLD_EXITED ? info.si_status & 0xff : 128 + info.si_status;
}

void account_process_reap(const struct account_process *process)
{
	waitpid(process->pid, NULL, 0);
	close(process->ended);
}

void account_process_end(const struct account_process *process)
{
	struct pollfd ended = {.fd = process->ended, .events = POLLIN};

	kill(-process->pid, SIGTERM);
	poll(&ended, 1, END_TIMEOUT);
	kill(-process->pid, SIGKILL);
	account_process_reap(process);
}
