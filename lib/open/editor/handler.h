/*
 * The handler: the program that shows the file, and all that it starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef HANDLER_H
#define HANDLER_H
#include <stdbool.h>
#include <sys/types.h>

struct handler {
	pid_t pid;
	/* A pidfd: readable when it has ended. -1: handler_lives() knows that already. */
	int ended;
	int status; /* as waitpid(2) has it, once it has ended */
};

/*
 * Start it with stdin from /dev/null and the caller's stderr for stdout too, no signal blocked,
 * none ignored that stop_open() ignores. From here on this process adopts what the handler
 * leaves behind.
 */
int handler_start(struct handler *handler, char *const argv[], char *const environment[]);
/* Does it live, or any that it started? Needs a process without other children. */
bool handler_lives(struct handler *handler);
/* Ask what still lives of it to end, and give it `timeout` milliseconds for that. */
void handler_end(struct handler *handler, int timeout);

#endif
