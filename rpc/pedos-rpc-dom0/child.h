/*
 * A program that dom0's program has started, xl or the prompt, and that it never waits for: it asks
 * now and then whether the program has ended.
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
	pid_t pid; /* it leads a session and a process group of its own; 0: none */
	int ended; /* a descriptor that becomes readable when it has ended */
	int64_t deadline;
	bool late; /* it was killed because of the deadline */
};

/*
 * Start argv[0], which is looked for in PATH. It reads /dev/null, and writes to our stderr. It is
 * killed when it still runs at `deadline`, a time of clock_now(). 0 or a negative errno.
 */
int child_start(struct child *child, char *const argv[], int64_t deadline);

static inline bool child_runs(const struct child *child)
{
	return child->pid > 0;
}

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
