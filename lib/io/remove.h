/*
 * Emptying a directory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef EMPTY_H
#define EMPTY_H

/*
 * Remove all that `dir` holds, whatever its modes, width and depth. Needs a constant amount of
 * memory and descriptors.
 */
int remove_contents(int dir);

#endif
