/*
 * Ending the command of --via.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/via.h"
#include "cli/call.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT 2000 /* milliseconds, for a command that has nothing more to do */

/* Does the command end within the timeout? */
static bool ends_by_itself(pid_t pid)
{
	struct pollfd pollfd = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	bool ended = pollfd.fd < 0 || poll(&pollfd, 1, TIMEOUT) != 0;

	if (pollfd.fd >= 0)
		close(pollfd.fd);
	return ended;
}

int via_end(const struct peer *peer)
{
	bool asked = false;
	int status;

	if (peer->out >= 0)
		close(peer->out);
	if (peer->in >= 0)
		close(peer->in);
	if (!ends_by_itself(peer->pid)) {
		kill(peer->pid, SIGTERM);
		asked = true;
		if (!ends_by_itself(peer->pid))
			return -1;
	}
	while (waitpid(peer->pid, &status, 0) < 0 && errno == EINTR)
		;
	return asked ? -1 : status;
}

void via_explain(int status)
{
	if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127))
		warnx("the command of --via ended with status %d: it was not found, or could not "
		      "be run",
		      WEXITSTATUS(status));
	else if (WIFEXITED(status))
		warnx("the command of --via ended with status %d", WEXITSTATUS(status));
	else
		warnx("the command of --via was killed by signal %d", WTERMSIG(status));
}
