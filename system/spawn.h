/*
 * Starting programs.
 *
 * The room system has what any other room may need of the system: the clock, numbers on the wire,
 * starting programs and the system's log. It includes no other room and no library but that of C,
 * and knows nothing of files that are copied, or of calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_SPAWN_H
#define SYSTEM_SPAWN_H
#include <sys/types.h>

/*
 * Start argv[0], which is searched for in the PATH as by execvp(3), with `environment`, and
 * signals as programs expect them. `in` becomes its stdin (-1: /dev/null), `out` its stdout (-1:
 * the caller's stderr), and `err` its stderr (-1: the caller's). 0: *pid is its PID. A negative
 * errno: it cannot be started.
 */
int spawn(char *const argv[], char *const environment[], int in, int out, int err, pid_t *pid);
/* The same in a session of its own, so that no terminal's or caller's signal is meant for it. */
int spawn_apart(char *const argv[], char *const environment[], int in, int out, int err,
		pid_t *pid);

#endif
