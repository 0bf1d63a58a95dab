/*
 * Bringing a delivery to stable storage, as long as nobody gives it up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYNC_H
#define SYNC_H
#include "receive/commit/cancel.h"

#include <stdbool.h>

/*
 * syncfs() of the file system that the directory `dir` is on. No signal interrupts that call, and a
 * slow disk may take minutes for it, so it is made in a thread of its own, which is left to itself
 * when the delivery is given up. As cancel_check(), or the errno of syncfs().
 */
int sync_cancellable(int dir, struct cancel *cancel);

/* Bring the names in a directory to stable storage: fsync(), or syncfs() where it has none. */
int sync_directory(int dir);

/*
 * Does syncfs() of the file system that `dir` is on leave something out? FUSE and 9p keep to
 * themselves what another program or machine has taken from them; only fsync() reaches that.
 */
bool sync_needs_each(int dir);

#endif
