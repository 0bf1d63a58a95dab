/*
 * How a daemon goes to the background. Whoever started it gets their prompt back when it is ready,
 * and learns from the exit status whether it is.
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
 * Let the parent exit with 0. Stdin and stdout become /dev/null; stderr stays, for messages. Closes
 * `fd`. 0 or a negative errno.
 */
int background_ready(int fd);

#endif
