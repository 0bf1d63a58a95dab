/*
 * The local program of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "program.h"
#include "cli/call.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Milliseconds for the program to end. Twice that, and the call has ended within two seconds. */
#define END_TIMEOUT 900

/*
 * The program's stdout leads to the service. Ours, where the shell of a graphical wrapper may read
 * the progress, it finds as the descriptor SAVED_FD_1. Returns that descriptor.
 */
static int save_stdout(void)
{
	int saved = dup(STDOUT_FILENO);
	char number[16];

	snprintf(number, sizeof(number), "%d", saved);
	if (saved >= 0)
		setenv("SAVED_FD_1", number, 1);
	return saved;
}

int program_start(struct program *program, char *const argv[])
{
	struct peer peer;
	int saved = save_stdout(), r = call_program(argv, environ, -1, &peer);

	if (saved >= 0)
		close(saved);
	if (r < 0)
		return r;
	*program = (struct program){.pid = peer.pid,
				    .in = peer.in,
				    .out = peer.out,
				    .ended = (int)syscall(SYS_pidfd_open, peer.pid, 0)};
	if (program->ended >= 0)
		return 0;
	r = -errno;
	kill(peer.pid, SIGKILL);
	waitpid(peer.pid, NULL, 0);
	close(peer.in);
	close(peer.out);
	return r;
}

int program_wait(struct program *program, int timeout)
{
	struct pollfd fd = {.fd = program->ended, .events = POLLIN};
	int status;

	if (poll(&fd, 1, timeout) <= 0)
		return -ETIMEDOUT;
	if (waitpid(program->pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_end(struct program *program)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (unsigned i = 0; i < 2 && program_wait(program, END_TIMEOUT) < 0; i++)
		kill(program->pid, signals[i]);
}
