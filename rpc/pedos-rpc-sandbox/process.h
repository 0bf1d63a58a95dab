/*
 * The processes of a sandbox, as seen from outside.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PROCESS_H
#define PROCESS_H
#include <sys/types.h>

#define PROCESS_FDS_MAX 16

struct process {
	pid_t pid; /* 0: none */
	int ended; /* becomes readable when it has ended */
};

/*
 * Start argv[0], a path, in a session of its own, with fds[i] as its descriptor i and no other, and
 * with signals and umask as programs expect them. If this process ends, however it does, it is
 * killed. 0 or a negative errno.
 */
int process_start(struct process *process, char *const argv[], char *const environment[],
		  const int *fds, size_t count);

/* Wait until it ends. Returns its status; 128 + N: ended by signal N. */
int process_wait(struct process *process);

/* Kill it, if it runs, and wait for its end. */
void process_kill(struct process *process);

/* From now on, what our processes leave behind when they end is ours. 0 or a negative errno. */
int process_adopt(void);

/* Kill all of our processes, and what they leave behind, until none is left. */
void process_end_all(void);

/*
 * Go on in another process, to which stdin and stdout are left: -1 is returned there. The one that
 * was here guards it: it hands on signals that ask it to stop and, when it has ended, however it
 * did, ends what it has left; then its status is returned, as by process_wait(). If the guard is
 * killed, the other is asked to stop by SIGTERM. -2: this failed, and errno says why.
 */
int process_guard(void);

#endif
