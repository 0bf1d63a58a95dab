/*
 * The local program whose stdin and stdout are joined to the service's.
 *
 * The room rpc/pedos-rpc is the program that calls. It includes cli and the rooms of rpc. Of
 * rpc/policy it only reads what dom0 has written for this guest, to list whom it may call: the
 * other end decides. It starts the local program, and handles signals and exit statuses. It passes
 * streams on without interpreting them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_PROGRAM_H
#define RPC_PROGRAM_H
#include <sys/types.h>

struct program {
	pid_t pid;
	int ended; /* a descriptor that becomes readable when the program has ended */
	int in;    /* our end of its stdout */
	int out;   /* our end of its stdin */
};

/* Start it, with pipes as its stdin and stdout. 0 or a negative errno. */
int program_start(struct program *program, char *const argv[]);
/*
 * Wait for it to end, for at most `timeout` milliseconds (-1: for ever). Returns its exit status,
 * 128 + N if signal N ended it. -ETIMEDOUT: it still runs.
 */
int program_wait(struct program *program, int timeout);
/* The call has failed: wait a moment for the program to end by itself, then end it. */
void program_end(struct program *program);

#endif
