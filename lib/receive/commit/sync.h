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
#include <stdint.h>

/*
 * syncfs() of the file system that the directory `dir` is on. No signal interrupts that call, and a
 * slow disk may take minutes for it, so it is made in a thread of its own, which is left to itself
 * when the delivery is given up. As cancel_check(), or the errno of syncfs().
 * -EOPNOTSUPP: it cannot be done here.
 */
int sync_cancellable(int dir, struct cancel *cancel);

/*
 * Begin to write, while more comes, so that less is left for the end: the same in a thread that
 * nobody waits for, and whose failure is found again by whoever syncs in the end. One at a time,
 * and only now and then, however often this is called.
 */
struct sync_early {
	int running;  /* where one that was begun says that it has ended; -1: none was */
	int64_t next; /* not before then, as clock_now() */
};

void sync_early(struct sync_early *early, int dir);
void sync_early_end(struct sync_early *early);

/* What the file system lacks if one of these functions returns -EOPNOTSUPP. */
#define SYNC_LACKS "it cannot promise that what is written reaches the disk"

/*
 * Would the others fail here, whatever is written? Costs nothing where `each`, as of
 * sync_needs_each(), is false. -EOPNOTSUPP: the system or the file system has no such call.
 */
int sync_probe(int dir, bool each);

/* syncfs() of the file system that `dir` is on, at once. -EOPNOTSUPP: it cannot be done here. */
int sync_whole(int dir);

/* Bring the names in a directory to stable storage: fsync(), or syncfs() where it has none.
 * -EOPNOTSUPP: it has neither. */
int sync_directory(int dir);

/*
 * Does syncfs() of the file system that `dir` is on leave something out? FUSE and 9p keep to
 * themselves what another program or machine has taken from them; only fsync() reaches that.
 */
bool sync_needs_each(int dir);

#endif
