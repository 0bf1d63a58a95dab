/*
 * How a daemon goes to the background: the one who started it learns whether it works before they
 * get their prompt back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_BACKGROUND_H
#define RPC_BACKGROUND_H

/*
 * Go on in a child, in a session of its own; the parent waits and exits. To be called before there
 * are threads or connections. Returns a descriptor for background_ready(); without that call, when
 * the child ends, the parent exits with 1. A negative errno on failure, in the parent.
 */
int background_begin(void);

/*
 * Let the parent exit with 0. From here on stdin and stdout are /dev/null; stderr stays, for
 * messages.
 */
int background_ready(int fd);

#endif
