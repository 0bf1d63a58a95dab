/*
 * Bringing a delivery to stable storage, as long as nobody gives it up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "receive/commit/sync.h"

#include "io/stream.h"
#include "io/thread.h"
#include "system/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/statfs.h>
#include <unistd.h>

#define EARLY_INTERVAL 250 /* milliseconds */

/* The thread's own, freed by it. */
struct job {
	int dir;
	int done; /* a pipe, for the result */
};

/* Does this errno say that there is no such call, and not that the disk failed? */
static bool is_unknown(int error)
{
	return error == EINVAL || error == EPERM || error == ENOSYS || error == EOPNOTSUPP;
}

int sync_whole(int dir)
{
	if (syncfs(dir) == 0)
		return 0;
	return is_unknown(errno) ? -EOPNOTSUPP : -errno;
}

static void *run(void *argument)
{
	struct job *job = argument;
	int r = sync_whole(job->dir);

	/* It is no matter if nobody reads it any more. */
	(void)stream_write_full(job->done, &r, sizeof(r));
	close(job->done);
	close(job->dir);
	free(job);
	return NULL;
}

/* Start it. Returns the pipe that the result comes from, or -1. */
static int start(int dir)
{
	struct job *job = malloc(sizeof(*job));
	int ends[2];

	if (job && pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
		*job = (struct job){.dir = fcntl(dir, F_DUPFD_CLOEXEC, 0), .done = ends[1]};
		if (job->dir >= 0 && thread_start(run, job))
			return ends[0];
		if (job->dir >= 0)
			close(job->dir);
		close(ends[0]);
		close(ends[1]);
	}
	free(job);
	return -1;
}

/* Read the result. Returns 1 when it is there, 0 when not yet. */
static int read_result(int done, int *result)
{
	ssize_t n = read(done, result, sizeof(*result));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	/* A thread that cannot say how it went: nobody knows what is on the disk. */
	return n == sizeof(*result) ? 1 : -EIO;
}

int sync_cancellable(int dir, struct cancel *cancel)
{
	int done = start(dir), result = 0, r;

	/* Where no thread can be had, nobody can give it up. */
	if (done < 0)
		return sync_whole(dir);
	do {
		r = cancel_wait(cancel, done, 1000);
		if (r == 0)
			r = read_result(done, &result);
	} while (r == 0);
	close(done);
	return r < 0 ? r : result;
}

void sync_early_end(struct sync_early *early)
{
	if (early->running >= 0)
		close(early->running);
	early->running = -1;
}

void sync_early(struct sync_early *early, int dir)
{
	int result, own;

	if (clock_now() < early->next ||
	    (early->running >= 0 && read_result(early->running, &result) == 0))
		return;
	sync_early_end(early);
	/* A failure is told once to each open directory. This one is not the one that counts. */
	own = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own < 0)
		return;
	early->running = start(own);
	early->next = clock_now() + EARLY_INTERVAL;
	close(own);
}

int sync_directory(int dir)
{
	if (fsync(dir) == 0)
		return 0;
	return is_unknown(errno) ? sync_whole(dir) : -errno;
}

int sync_probe(int dir, bool each)
{
	/* A system that has the call looks at the descriptor first. */
	if (syncfs(-1) < 0 && is_unknown(errno))
		return -EOPNOTSUPP;
	return each ? sync_directory(dir) : 0;
}

bool sync_needs_each(int dir)
{
	struct statfs status;

	return fstatfs(dir, &status) < 0 || status.f_type == FUSE_SUPER_MAGIC ||
	       status.f_type == V9FS_MAGIC;
}
