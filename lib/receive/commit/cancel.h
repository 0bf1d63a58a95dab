/*
 * Whether a delivery is to be given up: the user wants to stop, or the time is over.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef CANCEL_H
#define CANCEL_H
#include <stdint.h>

struct cancel {
	int stop;         /* becomes readable when the user wants to stop; -1: they cannot */
	int64_t deadline; /* as clock_now(); INT64_MAX: none */
	unsigned steps;   /* until `stop` is looked at again */
};

/* `timeout` seconds from now; 0: no deadline. */
void cancel_begin(struct cancel *cancel, int stop, unsigned timeout);

/*
 * 0: go on. -ECANCELED: `stop`. -ETIMEDOUT: the deadline. Cheap enough to be called for every
 * entry: most calls make no system call.
 */
int cancel_check(struct cancel *cancel);

/* The same, after waiting until `fd` (-1: none) is readable, for at most `milliseconds`. */
int cancel_wait(struct cancel *cancel, int fd, int milliseconds);

#endif
