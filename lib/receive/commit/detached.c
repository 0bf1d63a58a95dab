/*
 * Work that goes on when its starter ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/detached.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Milliseconds. Nearly always the work is done by then, and whoever looks for what is left finds
 * nothing.
 */
#define WAIT       10000
#define SHORT_WAIT 1000

/* Where the descriptor is in the new process. Those before are /dev/null. */
#define DIR_FD 3

/* Hold nothing of our starter's: whoever waits for the end of its output must not wait for us. */
static void take_descriptors(int dir)
{
	int null;

	if (dir != DIR_FD && dup2(dir, DIR_FD) < 0)
		_exit(1);
	syscall(SYS_close_range, DIR_FD + 1, ~0U, 0);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < DIR_FD; fd++) {
		if (null < 0)
			close(fd);
		else if (fd != null)
			dup2(null, fd);
	}
	if (null > DIR_FD)
		close(null);
}

static _Noreturn void run(bool (*work)(int dir), int dir)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

	setsid();
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_IGN);
	take_descriptors(dir);
	prctl(PR_SET_NAME, "qfile-remove");
	_exit(work(DIR_FD) ? 0 : 1);
}

bool detached(bool (*work)(int dir), int dir, int stop)
{
	struct pollfd pollfds[2] = {{.events = POLLIN}, {.fd = stop, .events = POLLIN}};
	pid_t pid = fork();
	int status;

	if (pid == 0)
		run(work, dir);
	if (pid < 0)
		return work(dir);
	pollfds[0].fd = (int)syscall(SYS_pidfd_open, pid, 0);
	poll(pollfds, 2, stop < 0 ? SHORT_WAIT : WAIT);
	if (pollfds[1].revents)
		poll(pollfds, 1, SHORT_WAIT);
	close(pollfds[0].fd);
	return waitpid(pid, &status, WNOHANG) != pid || !WIFEXITED(status) ||
	       WEXITSTATUS(status) == 0;
}
