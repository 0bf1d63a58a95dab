/*
 * The local program of a call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MOMENT 900 /* milliseconds: two of them, and the whole call has ended within two seconds */

/* With these as stdin and stdout, and with the signals as a program expects them. */
static int spawn(struct program *program, int in, int out, char *const argv[])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, pipe_signal;
	int r;

	sigemptyset(&none);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	r = posix_spawnp(&program->pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

static void close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

int program_start(struct program *program, char *const argv[])
{
	int to[2], from[2], r;

	if (pipe2(to, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(from, O_CLOEXEC) < 0) {
		r = -errno;
		close_both(to);
		return r;
	}
	r = spawn(program, to[0], from[1], argv);
	program->ended = r == 0 ? (int)syscall(SYS_pidfd_open, program->pid, 0) : -1;
	if (r == 0 && program->ended < 0) {
		r = -errno;
		kill(program->pid, SIGKILL);
		waitpid(program->pid, NULL, 0);
	}
	if (r < 0) {
		close_both(to);
		close_both(from);
		return r;
	}
	close(to[0]);
	close(from[1]);
	program->out = to[1];
	program->in = from[0];
	return 0;
}

int program_wait(struct program *program, int patience)
{
	struct pollfd fd = {.fd = program->ended, .events = POLLIN};
	int status;

	if (poll(&fd, 1, patience) <= 0 || waitpid(program->pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void program_end(struct program *program)
{
	static const int signals[] = {SIGTERM, SIGKILL};

	for (unsigned i = 0; i < 2 && program_wait(program, MOMENT) < 0; i++)
		kill(program->pid, signals[i]);
}
