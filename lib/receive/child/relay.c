/*
 * The stream's way to the confined child.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/child/relay.h"

#include "io/stream.h"
#include "sandbox/capabilities.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a pipe holds unless somebody widens it. */
#define PIECE ((size_t)64 << 10)

/*
 * A named pipe is in another file system, and has a mode and times there that the child could
 * change. One that is open for writing, too, could be filled by the child.
 */
static bool only_readable_pipe(int in, int flags)
{
	struct statfs status;

	return (flags & O_ACCMODE) == O_RDONLY && fstatfs(in, &status) == 0 &&
	       status.f_type == PIPEFS_MAGIC;
}

/*
 * Not by splice(), which would spare a copy: while it waits for a terminal or socket it holds the
 * pipe's lock, and neither the child nor the monitor could do anything with the pipe meanwhile.
 *
 * Returns 0 at the stream's end, or when nobody reads it any more.
 */
static int carry(void)
{
	static char buffer[PIECE];

	for (;;) {
		ssize_t n = stream_read_some(STDIN_FILENO, buffer, sizeof(buffer));
		int r;

		if (n <= 0)
			return (int)n;
		r = stream_write_full(STDOUT_FILENO, buffer, (size_t)n);
		if (r < 0)
			return r == -EPIPE ? 0 : r;
	}
}

/* Its exit status is the errno; all of Linux's that reading can end with are below 256. */
static _Noreturn void be_relay(int in, int out, pid_t monitor)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != monitor)
		_exit(0);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    syscall(SYS_close_range, STDERR_FILENO, ~0U, 0) < 0)
		_exit(errno);
	/* It looks at nothing that it carries. Yet there is nothing that it needs a right for. */
	_exit(-(capabilities_drop() < 0 ? -EPERM : carry()));
}

int relay_open(struct relay *relay, int in)
{
	int flags = fcntl(in, F_GETFL), fds[2];
	pid_t monitor = getpid();

	*relay = (struct relay){.fd = in};
	if (flags < 0)
		return -errno;
	if (only_readable_pipe(in, flags))
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	relay->pid = fork();
	if (relay->pid == 0)
		be_relay(in, fds[1], monitor);
	close(fds[1]);
	if (relay->pid < 0) {
		int r = -errno;

		close(fds[0]);
		*relay = (struct relay){.fd = in};
		return r;
	}
	relay->fd = fds[0];
	return 0;
}

int relay_close(struct relay *relay)
{
	int status = 0;

	if (relay->pid == 0)
		return 0;
	close(relay->fd);
	/* One that has closed its end of the pipe by ending keeps its exit status. */
	kill(relay->pid, SIGKILL);
	while (waitpid(relay->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
}
