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
	/* A pidfd, readable when the handler has ended. -1: handler_attend() has noticed that. */
	int ended;
	int status; /* as waitpid(2) returns it, once the handler has ended */
	/*
	 * It has failed, or one of its processes died of a signal, or said so of another, since
	 * this was false.
	 */
	bool died;
	bool waited; /* one of its processes was waited for, since this was false */
	/*
	 * A pipe with what it says, and all that it starts. It is theirs for reading, too, so that
	 * none of them ever dies of writing to it: they may go on when we are gone.
	 */
	int said, theirs;
};

/*
 * Start the handler in a session of its own, with /dev/null as stdin, and as stdout and stderr a
 * pipe that leads to the caller's stderr. No signal is blocked, and none is ignored that
 * stop_open() ignores. From now on this process adopts what the handler leaves behind.
 */
int handler_start(struct handler *handler, char *const argv[], char *const environment[]);
/*
 * Pass on what it has said, and notice that it has ended. The process must have no other children.
 * Returns whether it lives.
 */
bool handler_attend(struct handler *handler);
/*
 * What poll(2) is to wait for, so that handler_attend() has something to do: the descriptor, or -1,
 * and the events.
 */
int handler_poll(const struct handler *handler, short *events);
/*
 * Let go of it. It is not ended, nor is what it has started, which may hold what was not saved yet;
 * what they say from now on is heard by nobody.
 */
void handler_leave(struct handler *handler);

#endif
