/*
 * Words about a receiver that did not answer, about one that does not know what it is asked for,
 * and about what is none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef LOST_H
#define LOST_H
#include "explain.h"

/* The connection ended without a result. */
void explain_lost(const struct explain *about, struct ending *ending);

/*
 * Does the result come from a stranger: is it text that something else has written, or has the
 * receiver failed because of what it was asked to accept? Returns false if it is neither, and
 * otherwise fills *ending.
 */
bool explain_stranger(const struct explain *about, struct ending *ending);

/*
 * The command of --via has not shown to lead to a receiver: it has ended so, and `answered`
 * something else than a receiver.
 */
void explain_no_receiver(const struct explain *about, bool answered, struct ending *ending);

#endif
