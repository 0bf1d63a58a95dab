/*
 * Sweeping: what receivers that were killed have left is finished, or removed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SWEEP_H
#define SWEEP_H
#include <stdbool.h>

/*
 * Go over what receivers that were killed left in `incoming`: finish what was decided, remove the
 * rest, in a process that outlives this one; detached() says how long this waits for it. What
 * cannot be dealt with is left for the next one: returns whether there is nothing of that, as far
 * as is known.
 */
bool sweep(int incoming, int stop);

/* The same in this process. */
bool sweep_here(int incoming);

#endif
