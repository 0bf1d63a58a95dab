/*
 * Change a stream as a sender could who knows the format: what is changed keeps its lengths right,
 * so that the rest of the stream is still read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef MUTATE_H
#define MUTATE_H
#include "tree.h"

/* Change one thing, or two or three. What the tree then points to lives until the next call. */
void mutate_tree(struct tree *tree, unsigned seed);

#endif
