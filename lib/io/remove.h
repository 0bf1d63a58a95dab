/*
 * Removing what a directory contains.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef IO_REMOVE_H
#define IO_REMOVE_H

/*
 * Remove everything in the directory `dir`, whatever its modes, width and depth. Needs a constant
 * amount of memory and descriptors. Returns 0 or a negative errno; -ENOTEMPTY: the file system says
 * that entries were removed, but they are still there.
 */
int remove_contents(int dir);

#endif
