/*
 * How a daemon goes to the background.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "base/background.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The child writes one byte when it is ready. If it ends without one, it has failed. */
static _Noreturn void wait_for_child(int fd)
{
	char ready;
	ssize_t n;

	do
		n = read(fd, &ready, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int background_begin(void)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	if (pid < 0) {
		int code = errno;

		close(fds[0]);
		close(fds[1]);
		return -code;
	}
	close(fds[0]);
	setsid(); /* cannot fail: a new child leads no process group */
	return fds[1];
}

const char *background_path(const char *path)
{
	char *here, *absolute = NULL;

	if (*path == '/')
		return path;
	here = getcwd(NULL, 0);
	if (here && asprintf(&absolute, "%s/%s", here, path) < 0)
		absolute = NULL;
	free(here);
	return absolute;
}

int background_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;

	log_to_system();
	if (null < 0 || chdir("/") < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 || write(fd, "", 1) != 1)
		r = -errno;
	if (null >= 0)
		close(null);
	close(fd);
	return r;
}
