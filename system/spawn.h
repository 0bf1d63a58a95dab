/*
 * Starting programs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_SPAWN_H
#define SYSTEM_SPAWN_H
#include <sys/types.h>

/*
 * Start argv[0], found as execvp(3) finds it, with `environment`, the caller's stderr, and signals
 * as programs expect them. `in` becomes its stdin, -1: /dev/null; `out` its stdout, -1: stderr.
 * Returns 0 and its PID, or a negative errno.
 */
int spawn(char *const argv[], char *const environment[], int in, int out, pid_t *pid);

#endif
