/*
 * The directory of a call on this machine, for a socket. Another process can remove it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

/* Have it known to all processes that are forked from now on. 0 or a negative errno. */
int directory_share(void);

/*
 * Make it: empty, entered by nobody else, in $XDG_RUNTIME_DIR or, where that fails, /tmp. 0, or a
 * negative errno, then there is none. There may be one at a time.
 */
int directory_make(void);

/* Its path; "" if there is none. */
const char *directory_path(void);

/* Remove it, with the sockets in it, if there is one. */
void directory_remove(void);

#endif
