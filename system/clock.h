/*
 * The time that passes, whatever the calendar says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_CLOCK_H
#define SYSTEM_CLOCK_H
#include <stdint.h>
#include <time.h>

/* Milliseconds since some moment in the past, which stays the same. */
static inline int64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
