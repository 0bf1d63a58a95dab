/*
 * Work that goes on when its starter ends, or is killed by a hang-up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef DETACHED_H
#define DETACHED_H
#include <stdbool.h>

/*
 * Do work(dir) in a process of its own, in a session of its own, that holds no descriptor but
 * `dir`. Waits for its end, but not for long: ten seconds, or one if the user wants to stop (`stop`
 * is readable) or cannot say so (-1). Where no process can be had, it is done before this returns.
 * Returns false only if it has ended by then, and work() has returned false.
 */
bool detached(bool (*work)(int dir), int dir, int stop);

#endif
