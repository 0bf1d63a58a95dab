/*
 * A process that removes a node from xenstore when its starter dies.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "transport/xen/guard.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/xen/xenstore.h"

/*
 * The guard itself. It closes all descriptors of its starter, and has a session of its own, so that
 * it is not killed with that of its starter.
 */
static _Noreturn void watch_over(int fd, const char *path)
{
	struct xenstore store;
	char dismissed;
	ssize_t n;

	setsid();
	/* Nor with all others of its starter's session, which are asked to end together. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (fd > 0)
		close_range(0, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0U, 0);
	do
		n = read(fd, &dismissed, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0 && xenstore_open(&store, NULL, NULL) == 0)
		xenstore_remove(&store, path);
	_exit(0);
}

int rpc_guard_start(struct rpc_guard *guard, const char *path)
{
	int ends[2];

	/* Not a pipe: if the guard was killed, writing to a pipe would raise SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	guard->pid = fork();
	if (guard->pid == 0)
		watch_over(ends[1], path);
	close(ends[1]);
	if (guard->pid < 0) {
		close(ends[0]);
		return -errno;
	}
	guard->fd = ends[0];
	return 0;
}

void rpc_guard_dismiss(struct rpc_guard *guard)
{
	if (guard->fd < 0)
		return;
	send(guard->fd, "", 1, MSG_NOSIGNAL);
	close(guard->fd);
	guard->fd = -1;
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
