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
 * amount of memory and descriptors.
 */
int remove_contents(int dir);

#endif
