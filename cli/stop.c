/*
 * Stopping: signals that ask the program to stop, and ending by one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/stop.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int stop_take(int stop)
{
	struct signalfd_siginfo info;

	return read(stop, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

void stop_die_of(int number)
{
	sigset_t signals;

	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&signals);
	sigaddset(&signals, number);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

void stop_die(int stop)
{
	int number = stop_take(stop);

	if (number > 0)
		stop_die_of(number);
}

int stop_open(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR)
		return -errno;
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
