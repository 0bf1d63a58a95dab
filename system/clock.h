/*
 * A clock for measuring time: setting the date does not change it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#ifndef SYSTEM_CLOCK_H
#define SYSTEM_CLOCK_H
#include <stdint.h>
#include <time.h>

/* Milliseconds since a fixed moment in the past. */
static inline int64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Milliseconds of processor time that this process has used. */
static inline int64_t clock_used(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

#endif
