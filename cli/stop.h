/*
 * Stopping: signals that ask the program to stop, and ending by one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/*
 * From now on SIGINT, SIGTERM and SIGHUP are not delivered, but make a descriptor readable: see
 * signalfd(2). Everything that waits must poll it, too. Returns the descriptor or a negative errno.
 *
 * SIGPIPE and SIGXFSZ are ignored, so that a peer that goes away, or a file that may not grow,
 * makes a call fail instead. SIGCHLD gets its default, whatever the starter set: children are
 * waited for.
 */
int stop_open(void);

/*
 * Take the signal that made `stop`, of stop_open(), readable: it is not readable any more, until
 * the next one comes. Returns its number, or 0 if none has come.
 */
int stop_take(int stop);

/* End by this signal. */
void stop_die_of(int signal);

/*
 * End by the signal that made `stop`, of stop_open(), readable. A shell or script then sees what
 * has happened. Returns if no signal has come.
 */
void stop_die(int stop);

#endif
