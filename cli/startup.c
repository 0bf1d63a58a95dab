/*
 * What a program does first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright the qfilecopy authors
 */
#include "cli/startup.h"
#include "cli/usage.h"
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Bytes. Half of it is for names, which the programs copy, and for looking up accounts. */
#define LEAST_STACK ((rlim_t)64 << 10)

void descriptors_fill(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void stack_need(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur >= LEAST_STACK)
		return;
	limit.rlim_cur = LEAST_STACK;
	if (limit.rlim_max < LEAST_STACK || setrlimit(RLIMIT_STACK, &limit) < 0)
		errx(EXIT_FAILED, "the limit of the stack is too low: at least 64 KiB are needed "
				  "(ulimit -s)");
}
