/*
 * A lock on a file, for other openers to see, and for nobody else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef OPENER_LOCK_H
#define OPENER_LOCK_H
#include <stdbool.h>
#include <sys/stat.h>

/*
 * Lock the file that `status` is of, until the descriptor that is returned is closed. It need not
 * be writable, its file system needs no locks, and no lock of another program is in the way.
 *  -EWOULDBLOCK: an opener of somebody who may write to the file has locked it.
 * Otherwise the errno of making the lock. Openers that cannot see each other, as in another network
 * namespace or on another machine, do not lock each other out: their saves still never replace what
 * they have not seen.
 */
int lock_take(const struct stat *status);

/* Does an opener of somebody who may write to the file hold its lock, or can that not be seen? */
bool lock_is_held(const struct stat *status);

#endif
