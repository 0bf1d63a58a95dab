/*
 * The other end: a command that is joined by two pipes, or the rpc client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/call.h"
#include "system/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

int call_program(char *const argv[], char *const environment[], int err, struct peer *peer)
{
	int to[2], from[2], r;

	if (pipe2(to, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(from, O_CLOEXEC) < 0) {
		r = -errno;
		close(to[0]);
		close(to[1]);
		return r;
	}
	r = spawn(argv, environment, to[0], from[1], err, &peer->pid);
	close(to[0]);
	close(from[1]);
	if (r < 0) {
		close(to[1]);
		close(from[0]);
		return r;
	}
	peer->out = to[1];
	peer->in = from[0];
	return 0;
}

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Look for `name` in the directories of `search_path`. */
static bool find_program(const char *name, const char *search_path, char path[PATH_MAX])
{
	while (search_path && *search_path) {
		size_t length = strcspn(search_path, ":");

		/* An empty entry means the current directory, from which nothing must be run. */
		if (length > 0 &&
		    snprintf(path, PATH_MAX, "%.*s/%s", (int)length, search_path, name) <
			    PATH_MAX &&
		    is_program(path))
			return true;
		search_path += length + (search_path[length] == ':');
	}
	return false;
}

int call_find_client(const char *search_path, char path[4096])
{
	static const char usual[] = "/usr/lib/qubes:/usr/lib/pedos:/usr/bin:/usr/local/bin";

	return find_program("qrexec-client-vm", usual, path) ||
			       find_program("qrexec-client-vm", search_path, path) ||
			       find_program("pedos-rpc", search_path, path)
		       ? 0
		       : -ENOENT;
}

bool call_leads_nowhere(int fd)
{
	struct stat status;

	if (isatty(fd))
		return true;
	if (getenv("QREXEC_REMOTE_DOMAIN") || fstat(fd, &status) < 0)
		return false;
	if (S_ISCHR(status.st_mode))
		return status.st_rdev == makedev(1, 3);
	return S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) >= status.st_size;
}
