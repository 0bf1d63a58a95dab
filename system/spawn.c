/*
 * Starting programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

/* No signal is blocked, and none that our programs ignore or catch is ignored. */
static void set_signals(posix_spawnattr_t *attributes, short flags)
{
	sigset_t none, ours;

	sigemptyset(&none);
	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	sigaddset(&ours, SIGXFSZ);
	sigaddset(&ours, SIGCHLD);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &ours);
	posix_spawnattr_setflags(attributes,
				 (short)(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
}

static int start(char *const argv[], char *const environment[], const int fds[3], short flags,
		 pid_t *pid)
{
	const int in = fds[0], out = fds[1], err = fds[2];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r;

	posix_spawnattr_init(&attributes);
	set_signals(&attributes, flags);
	posix_spawn_file_actions_init(&actions);
	if (in < 0)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out < 0 ? STDERR_FILENO : out, STDOUT_FILENO);
	if (err >= 0)
		posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	r = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

int spawn(char *const argv[], char *const environment[], int in, int out, int err, pid_t *pid)
{
	return start(argv, environment, (int[]){in, out, err}, 0, pid);
}

int spawn_apart(char *const argv[], char *const environment[], int in, int out, int err, pid_t *pid)
{
	return start(argv, environment, (int[]){in, out, err}, POSIX_SPAWN_SETSID, pid);
}
