/*
 * The local program whose stdin and stdout are joined to the service's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_PROGRAM_H
#define RPC_PROGRAM_H
#include <sys/types.h>

struct program {
	pid_t pid;
	int ended; /* a descriptor that becomes readable when it has ended */
	int in;    /* what it writes */
	int out;   /* what it reads */
};

/* Start it with a pipe each way. 0 or a negative errno. */
int program_start(struct program *program, char *const argv[]);
/*
 * Wait for it to end, for at most `timeout` milliseconds (-1: for ever). Returns its exit status,
 * 128 + N if signal N ended it. -ETIMEDOUT: it still runs.
 */
int program_wait(struct program *program, int timeout);
/* The call is lost: give it a moment to end by itself, then end it. */
void program_end(struct program *program);

#endif
