/*
 * Finding out whether a command leads to a receiver, before anything is sent to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef PROBE_H
#define PROBE_H
#include "explain.h"

/*
 * Call the command of --via with an empty delivery, which every receiver answers: with a result
 * that no shell could write. Returns 0 if that has come. Otherwise a negative errno, and *ending
 * says what is wrong; -ECANCELED: `stop` became readable, and `signals` too if that was a signal.
 */
int probe_receiver(const struct calling_options *calling, int stop, int signals,
		   struct ending *ending);

#endif
