/*
 * Directories of the user's own, for what can be kept nowhere else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PRIVATE_H
#define PRIVATE_H

/*
 * Open the directory at `path`. It and those above it are made, 0700, where they are missing. No
 * other user has a say in where that is: every directory and every link on the way must belong to
 * the caller or to root. Returns a descriptor. -EPERM: one does not, or the directory is not the
 * caller's alone. -ELOOP: it is itself a link. Else the errno of making or opening one.
 */
int private_open(const char *path);

#endif
