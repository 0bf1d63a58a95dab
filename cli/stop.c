/*
 * Ending as a program that was asked to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cli/stop.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

void stop_die(int stop)
{
	struct signalfd_siginfo info;
	sigset_t signals;

	if (read(stop, &info, sizeof(info)) != sizeof(info))
		return;
	signal((int)info.ssi_signo, SIG_DFL);
	raise((int)info.ssi_signo);
	sigemptyset(&signals);
	sigaddset(&signals, (int)info.ssi_signo);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}
