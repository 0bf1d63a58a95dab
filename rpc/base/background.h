/*
 * How a daemon goes to the background. Whoever started it gets their prompt back when it is ready,
 * and learns from the exit status whether it is. Then it has nothing of theirs any more: no
 * terminal, no pipe that they wait for, and no directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_BACKGROUND_H
#define RPC_BACKGROUND_H

/*
 * Continue in a child, which has a session of its own; the parent waits and exits. Call this before
 * there are threads or connections. Returns a descriptor for background_ready(). If the child ends
 * without calling that, the parent exits with 1. On failure there is no child: a negative errno.
 */
int background_begin(void);

/*
 * The same path for one whose working directory is another: absolute. NULL: the working directory
 * has no path, or there is no memory; errno says which. It is not freed.
 */
const char *background_path(const char *path);

/*
 * Let the parent exit with 0. Stdin, stdout and stderr become /dev/null, the working directory
 * becomes "/", and log_line() writes to the system log. Closes `fd`. 0 or a negative errno; that
 * can only be told to the system log.
 */
int background_ready(int fd);

#endif
