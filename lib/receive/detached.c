/*
 * Work that goes on when its starter ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/detached.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Milliseconds. Nearly always the work is done by then, and whoever looks finds it done. */
#define MOMENT 1000

/* Where the descriptors are in the new process. Those before are /dev/null. */
#define DIR_FD   3
#define ALIVE_FD 4

/* Hold nothing of our starter's: whoever waits for the end of its output must not wait for us. */
static void take_descriptors(int dir, int alive)
{
	int null, high_dir = fcntl(dir, F_DUPFD, ALIVE_FD + 1);
	int high_alive = fcntl(alive, F_DUPFD, ALIVE_FD + 1);

	if (high_dir < 0 || high_alive < 0 || dup2(high_dir, DIR_FD) < 0 ||
	    dup2(high_alive, ALIVE_FD) < 0)
		_exit(1);
	syscall(SYS_close_range, ALIVE_FD + 1, ~0U, 0);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < DIR_FD; fd++) {
		if (null < 0)
			close(fd);
		else if (fd != null)
			dup2(null, fd);
	}
	if (null > ALIVE_FD)
		close(null);
}

static _Noreturn void run(void (*work)(int dir), int dir, int alive)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

	setsid();
	/* Nobody waits for it, and it is nobody's child: not even a zombie is left. */
	if (fork() > 0)
		_exit(0);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_IGN);
	take_descriptors(dir, alive);
	prctl(PR_SET_NAME, "qfile-remove");
	work(DIR_FD);
	_exit(0);
}

void detached(void (*work)(int dir), int dir)
{
	struct pollfd alive = {.events = POLLIN};
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		work(dir);
		return;
	}
	pid = fork();
	if (pid == 0)
		run(work, dir, ends[1]);
	close(ends[1]);
	if (pid < 0)
		work(dir);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	alive.fd = ends[0];
	poll(&alive, 1, MOMENT);
	close(ends[0]);
}
