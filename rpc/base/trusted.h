/*
 * Files that nobody could have changed or exchanged but root and the user that we are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef RPC_TRUSTED_H
#define RPC_TRUSTED_H
#include <sys/stat.h>

/*
 * Look at every directory and link on the way to `path`, and at what is there: *status. 0: they
 * belong to root or to us, and nobody else may write to any of them; a directory in which each may
 * remove only what is theirs may be written to. What was found stays the same then, unless root or
 * we change it. -EPERM: that is not so. -ENOENT: there is nothing. Other errors of the system.
 */
int trusted_find(const char *path, struct stat *status);

#endif
