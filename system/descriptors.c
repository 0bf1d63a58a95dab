/*
 * The descriptors of a process that goes on alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "system/descriptors.h"

#include <sys/syscall.h>
#include <unistd.h>

static void close_between(int after, int before)
{
	if (before - after > 1)
		syscall(SYS_close_range, (unsigned)after + 1, (unsigned)before - 1, 0);
}

void descriptors_keep(int one, int other)
{
	int low = one < other ? one : other, high = one < other ? other : one;

	close_between(STDERR_FILENO, low);
	close_between(low > STDERR_FILENO ? low : STDERR_FILENO, high);
	syscall(SYS_close_range, (unsigned)(high > STDERR_FILENO ? high : STDERR_FILENO) + 1, ~0U,
		0);
}
