/*
 * The keeper: after a session that has ended early, it waits until no application has the file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "open/editor/keeper.h"
#include "system/clock.h"
#include "system/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#define LOOK 1000 /* milliseconds at least from one look to the next: nobody waits for it */

int keeper_detach(const struct workdir *workdir)
{
	sigset_t none;
	int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	setsid();
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	descriptors_keep(workdir->dir, workdir->above);
	return 0;
}

static bool lives(const struct process *process)
{
	struct process now;
	int dir = process_open(process->pid), r;

	if (dir < 0)
		return dir != -ESRCH;
	r = process_read(dir, &now);
	close(dir);
	return r == -ESRCH ? false : r < 0 || now.start == process->start;
}

/* Has somebody else removed the directory? Then there is nothing to wait for. */
static bool is_removed(const struct workdir *workdir)
{
	struct stat status;

	return fstat(workdir->dir, &status) == 0 && status.st_nlink == 0;
}

void keeper_wait(struct editing *editing)
{
	enum verdict verdict;
	int64_t left;

	holders_again(&editing->holders);
	editing->started = clock_now() - LOOK;
	while (!is_removed(editing->saves.workdir)) {
		target_read(&editing->holders.target, 0);
		editing->evidence.handler_lives =
			editing->evidence.handler_lives && lives(&editing->handler_process);
		verdict = editing_look(editing);
		if (verdict == VERDICT_OVER || verdict == VERDICT_UNOPENED)
			break;
		left = editing->next - clock_now();
		poll(NULL, 0, left > LOOK ? (int)left : LOOK);
	}
	holders_close(&editing->holders);
}
