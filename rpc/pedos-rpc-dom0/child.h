/*
 * A program that dom0's program has started, or had started: xl or the prompt. It is never waited
 * for: dom0's program asks now and then whether it has ended.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CHILD_H
#define CHILD_H
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All zeros: none runs. */
struct child {
	bool runs;
	pid_t pid; /* it leads a session and a process group of its own; 0: it is another's child */
	int ended; /* a descriptor that becomes readable when it has ended */
	int64_t deadline;
	bool late; /* it was killed because of the deadline */
};

/*
 * Start argv[0], which is looked for in PATH. It reads /dev/null, and writes to our stderr. It is
 * killed when it still runs at `deadline`, a time of clock_now(). 0 or a negative errno.
 */
int child_start(struct child *child, char *const argv[], int64_t deadline);

/*
 * Ask who listens at the Unix socket `path` to start a program: `request` says which, in at most
 * 255 bytes. What comes back is one byte, its status. 0 or a negative errno.
 */
int child_ask(struct child *child, const char *path, const char *request, int64_t deadline);

static inline bool child_runs(const struct child *child)
{
	return child->runs;
}

#define CHILD_UNKNOWN 255 /* the status of another's child, if nothing is said of it */

/*
 * Has it ended? Then it is reaped, and *status is its status as in a shell (128 + N: signal N).
 * False: it runs; it is killed if it is late. Not to be called if none runs.
 */
bool child_ended(struct child *child, int64_t now, int *status);

/* Kill it and its process group. It has to be reaped by child_ended() nevertheless. */
void child_kill(struct child *child);

/* Lower *timeout to the milliseconds until `when`, a time of clock_now(). -1: no timeout yet. */
void child_lower(int *timeout, int64_t when, int64_t now);

/*
 * If it runs, add its descriptor to the *count that are in `fds`, and lower *timeout to the
 * milliseconds until its deadline.
 */
void child_wait_for(const struct child *child, struct pollfd *fds, size_t *count, int *timeout,
		    int64_t now);

#endif
