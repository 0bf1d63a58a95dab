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
	/* A pidfd, readable when the handler has ended. -1: handler_lives() has noticed that. */
	int ended;
	int status; /* as waitpid(2) returns it, once the handler has ended */
};

/*
 * Start the handler, with /dev/null as stdin and the caller's stderr as stdout. No signal is
 * blocked, and none is ignored that stop_open() ignores. From now on this process adopts what the
 * handler leaves behind.
 */
int handler_start(struct handler *handler, char *const argv[], char *const environment[]);
/* Is it alive, or anything that it started? The process must have no other children. */
bool handler_lives(struct handler *handler);
/* Send SIGTERM to what is still alive of it, and wait `timeout` milliseconds for the end. */
void handler_end(struct handler *handler, int timeout);

#endif
